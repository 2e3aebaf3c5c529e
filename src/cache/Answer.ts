/**
 * A value, and what the cache knows about it.
 *
 * @since 0.1.0
 */

/**
 * The answer to a read that asks for more than the value.
 *
 * @category models
 * @since 0.1.0
 */
export interface Answer<out V> {
  readonly value: V
  readonly tier: string
  readonly ageMillis: number
  readonly stale: boolean
  readonly staleMillis: number
  readonly stamp: number | undefined
  readonly version: number | undefined
  readonly costMillis: number
  readonly tags: ReadonlyArray<string>
}
