/**
 * Refuses admission: the entry that was written last is the victim, so what is there stays until it ends or is removed.
 *
 * For a store whose values exist nowhere else. Writers are refused before they write (`memoryPartition.ts`); this
 * policy keeps the bound for values that are not refused, such as those of lookups.
 *
 * It lies in `shared/`, and the other policies in `internal/`, because `MemoryStore` makes it: `EvictionPolicy.make`
 * does not offer it, and the shard asks it for weights.
 */
import { WeighedPolicy } from "../internal/weighedPolicy.ts"
import { invariant } from "./invariant.ts"

const byWrite = 0

export class Refuse extends WeighedPolicy {
  readonly name = "refuse"

  constructor(options: { readonly weightMax: number }) {
    super(1, options.weightMax)
  }

  insert(slot: number, weight: number): void {
    this.lists.addFirst(byWrite, slot)
    this.weights.add(slot, weight)
    this.size++
  }

  /** A use changes nothing. */
  hit(): void {}

  update(slot: number, weight: number): void {
    this.lists.moveToFirst(byWrite, slot)
    this.weights.replace(slot, weight)
  }

  override remove(slot: number): void {
    this.lists.remove(slot)
    this.weights.remove(slot)
    this.size--
  }

  /** The weight of an entry. */
  weightOf(slot: number): number {
    return this.weights.of(slot)
  }

  checkInvariants(): void {
    const slots = this.lists.toArray(byWrite, this.size)
    invariant(slots.length === this.size, "Refuse", "size counts the list", slots.length)
    this.weights.checkTotal(slots)
  }

  protected override victim(): number {
    return this.lists.first(byWrite)
  }
}
