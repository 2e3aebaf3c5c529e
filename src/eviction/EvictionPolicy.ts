/**
 * Which entry leaves when a cache is full.
 *
 * A policy never sees keys or values. It knows the entries of one shard by their slots: small integers that the shard
 * hands out and reuses. The shard reports what happens to a slot, and asks for victims until `weight` is at most
 * `weightMax`:
 *
 * - Inserted slots are in the policy until `remove` is called with them or `evict` returns them; in between they may be
 *   hit and updated. A call that breaks this order is a defect.
 * - `weight` and `size` are at all times those of the slots in the policy.
 * - Equal calls give equal victims: whatever a policy needs of chance comes from its own seed.
 * - An entry that is heavier than `weightMax` is the next victim, so that it does not push the others out first.
 *
 * Not here: expired entries. A timer wheel finds those, and they should be removed before a victim is asked for.
 *
 * @since 0.1.0
 */
import { Adaptive } from "./internal/adaptive.ts"
import { Lru } from "./internal/lru.ts"
import { S3Fifo } from "./internal/s3Fifo.ts"
import { Sieve } from "./internal/sieve.ts"
import { WTinyLfu } from "./internal/wTinyLfu.ts"

/**
 * The order of eviction of one shard.
 *
 * @see {@link make} for the policies that exist
 * @category models
 * @since 0.1.0
 */
export interface EvictionPolicy {
  readonly name: string

  /**
   * The sum of the weights of the entries: at most `weightMax`, except between an insertion and the evictions after
   * it.
   */
  readonly weight: number

  readonly weightMax: number

  /** How many entries there are. */
  readonly size: number

  /**
   * The entry in `slot` is new. `weight` is an integer from 1 to 4,294,967,295; a cache that counts entries gives 1 to
   * each.
   */
  insert(slot: number, weight: number): void

  /** The entry in `slot` was read. Allocates nothing. */
  hit(slot: number): void

  /** The value in `slot` was replaced by one of this weight. Counts as a use, as `hit` does. */
  update(slot: number, weight: number): void

  /** The entry in `slot` has left for another reason than eviction: it was deleted, invalidated, or has expired. */
  remove(slot: number): void

  /**
   * Takes out the entry to evict, and gives its slot; -1 when there is none.
   *
   * It may be the entry inserted last: that is how a policy refuses admission.
   */
  evict(): number

  /** Changes the maximum; the caller then evicts until `weight` fits. */
  resize(weightMax: number): void

  /** Throws when the structure is broken. For tests: its cost grows with `size`. */
  checkInvariants(): void
}

/**
 * What every policy is made from.
 *
 * @category models
 * @since 0.1.0
 */
export interface Options {
  /** The largest sum of weights to keep, an integer from 0 (which keeps nothing). */
  readonly weightMax: number

  /**
   * 32 bits of the key in a slot, by which a policy knows the key again after it has left. The same from the insertion
   * until the entry has been removed or evicted. Asked when entries come and go; a policy that needs it at each hit
   * keeps it.
   */
  readonly hashOf: (slot: number) => number

  /** Where a policy that uses chance begins: 32 bits. Without one, all begin at the same. */
  readonly seed?: number | undefined
}

const policies = {
  lru: Lru,
  sieve: Sieve,
  s3Fifo: S3Fifo,
  wTinyLfu: WTinyLfu,
  adaptive: Adaptive
} satisfies Record<string, new(options: Options) => EvictionPolicy>

/**
 * The policies that exist.
 *
 * - `lru`: the entry unused for longest leaves first. For work in which what was just used is used next.
 * - `sieve`: the oldest entry that was not used since it was last looked at leaves first. For popularity that stays.
 * - `s3Fifo`: most entries leave soon, unless they are used twice or come back. For many keys that are read only once.
 * - `wTinyLfu`: an entry stays if it is read more often than the one it displaces. For loops, scans, and skewed work.
 * - `adaptive`: at any time whichever of these ideas hits most on a sample of the keys. The default, for work that is
 *   not known or changes.
 *
 * @category models
 * @since 0.1.0
 */
export type EvictionPolicyName = keyof typeof policies

/**
 * The names of all policies.
 *
 * @category constants
 * @since 0.1.0
 */
export const names: ReadonlyArray<EvictionPolicyName> = Object.keys(policies) as Array<EvictionPolicyName>

/**
 * Makes an empty policy.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = (name: EvictionPolicyName, options: Options): EvictionPolicy => new policies[name](options)
