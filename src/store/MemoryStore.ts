export interface MemoryPartition<V> {
  readonly _: V
}
