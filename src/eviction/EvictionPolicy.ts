/**
 * Chooses the entry that leaves when a cache is full.
 *
 * A policy never sees keys or values. It knows the entries of one shard by their slots: small integers that the shard
 * hands out and reuses. The shard reports what happens to a slot, and asks for victims until `weight` is at most
 * `weightMax`:
 *
 * - A slot is in the policy from `insert` until `remove` takes it out or `evict` returns it. In between it may be hit
 *   and updated. A call that breaks this order is a defect.
 * - `weight` and `size` always count exactly the slots in the policy.
 * - Equal calls give equal victims: a policy that uses chance draws it from its own seed.
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
 * @stability experimental
 * @category models
 * @since 0.1.0
 */
export interface EvictionPolicy {
  readonly name: string

  /**
   * The sum of the weights of the entries: at most `weightMax`, except between an insertion and the evictions after it.
   */
  readonly weight: number

  readonly weightMax: number

  /** How many entries there are. */
  readonly size: number

  /**
   * Reports a new entry in `slot`. `weight` is an integer from 1 to 4,294,967,295; a cache that counts entries
   * passes 1.
   */
  insert(slot: number, weight: number): void

  /** Reports a read of the entry in `slot`. Allocates nothing. */
  hit(slot: number): void

  /** Reports a new value in `slot`, with this weight. Counts as a use, as `hit` does. */
  update(slot: number, weight: number): void

  /**
   * Reports that the entry in `slot` left for another reason than eviction: it was deleted, invalidated, or has
   * expired.
   */
  remove(slot: number): void

  /**
   * Takes out the entry to evict, and returns its slot; -1 when the policy is empty.
   *
   * The victim may be the entry inserted last: in this way a policy refuses admission.
   */
  evict(): number

  /**
   * Whether a read of the entry in `slot` was reported since its insertion. It may be asked until the slot is inserted
   * again, also after the entry has left. Absent where a policy does not know, so that a hit need not note it.
   */
  wasRead?(slot: number): boolean

  /** Changes the maximum; the caller then evicts until `weight` fits. */
  resize(weightMax: number): void

  /** Throws when the structure is broken. For tests: its cost grows with `size`. */
  checkInvariants(): void
}

/**
 * What every policy is made from.
 *
 * @stability experimental
 * @category models
 * @since 0.1.0
 */
export interface Options {
  /** The largest sum of weights to keep, an integer of at least 0; with 0 the policy keeps nothing. */
  readonly weightMax: number

  /**
   * Returns 32 bits of the key in a slot; by them a policy recognizes a key that comes back. They stay the same from
   * the insertion until the entry is removed or evicted. A policy asks when entries come and go; a policy that needs
   * the hash at each hit stores it.
   */
  readonly hashOf: (slot: number) => number

  /** The seed of a policy that uses chance: 32 bits. Without a seed, all policies draw the same numbers. */
  readonly seed?: number | undefined
}

type Make = new(options: Options) => EvictionPolicy

// A type without the classes: a declaration file cannot name those.
const policies: {
  readonly lru: Make
  readonly sieve: Make
  readonly s3Fifo: Make
  readonly wTinyLfu: Make
  readonly adaptive: Make
} = {
  lru: Lru,
  sieve: Sieve,
  s3Fifo: S3Fifo,
  wTinyLfu: WTinyLfu,
  adaptive: Adaptive
}

/**
 * The policies that exist.
 *
 * - `lru`: evicts the entry that was unused for longest. For work that soon uses the same keys again.
 * - `sieve`: evicts the oldest entry that was not used since its last inspection. For popularity that stays.
 * - `s3Fifo`: evicts most entries soon, unless they are used twice or come back. For many keys that are read only once.
 * - `wTinyLfu`: keeps an entry if it is read more often than the one it displaces. For loops, scans, and skewed work.
 * - `adaptive`: follows the one of these ideas that hits most on a sample of the keys at the time. The default, for
 *   work that is not known or changes.
 *
 * @stability experimental
 * @category models
 * @since 0.1.0
 */
export type EvictionPolicyName = keyof typeof policies

/**
 * The names of all policies.
 *
 * **When to use**
 *
 * To check a name that comes from a configuration, or to run a test with each policy.
 *
 * **Example** (A name from a configuration)
 *
 * ```ts
 * import { EvictionPolicy } from "effect-stateless"
 *
 * const known = (name: string) => EvictionPolicy.names.some((each) => each === name)
 * known("lru") // => true
 * known("fifo") // => false
 * ```
 *
 * @see {@link EvictionPolicyName} for what each policy is for
 * @stability experimental
 * @category constants
 * @since 0.1.0
 */
export const names: ReadonlyArray<EvictionPolicyName> = Object.keys(policies) as Array<EvictionPolicyName>

/**
 * Makes an empty policy.
 *
 * **When to use**
 *
 * In a tier of your own that keeps live objects, or in a simulation that compares policies. A cache takes the name of a
 * policy: `MemoryStore.layer({ capacity, eviction: "lru" })`.
 *
 * **Example** (The entry that was unused for longest)
 *
 * ```ts
 * import { EvictionPolicy } from "effect-stateless"
 *
 * const lru = EvictionPolicy.make("lru", { weightMax: 2, hashOf: (slot) => slot })
 * lru.insert(0, 1)
 * lru.insert(1, 1)
 * lru.hit(0)
 * lru.insert(2, 1)
 * lru.evict() // => 1
 * ```
 *
 * @see {@link names} for the names
 * @stability experimental
 * @category constructors
 * @since 0.1.0
 */
export const make = (name: EvictionPolicyName, options: Options): EvictionPolicy => new policies[name](options)
