/**
 * Stateless: a cache in which every key has one owner, and every write invalidates what depends on it.
 *
 * @since 0.1.0
 */

/**
 * How a family's values become bytes, for the tiers that keep bytes.
 *
 * @since 0.1.0
 */
export * as Codec from "./store/Codec.ts"

/**
 * What a tier keeps for one key: a value and what the engine must know to judge it.
 *
 * - All times are milliseconds since the epoch by the engine's Clock; `Infinity` means never.
 * - `stamp` orders an entry against invalidations and never against a clock.
 *
 * Not here: the key (a partition is asked by key) and the tier (a partition says where it found an entry).
 *
 * @since 0.1.0
 */
export * as Entry from "./store/Entry.ts"

/**
 * Which entry leaves when a cache is full.
 *
 * A policy never sees keys or values. It knows the entries of one shard by their slots: small integers that the shard hands
 * out and reuses. The shard reports what happens to a slot, and asks for victims until `weight` is at most `weightMax`:
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
export * as EvictionPolicy from "./store/EvictionPolicy.ts"

export * as MemoryStore from "./store/MemoryStore.ts"

/**
 * The contract of a tier: where entries live, by family and key.
 *
 * - `open` resolves a family once; what it returns, a `Partition`, is asked by the key *within* the family (its
 *   parameters joined by `:`), so no operation parses or matches a pattern.
 * - A read that starts after a write of the same partition returned sees that write or a later one, in this process.
 * - Writes of one partition take effect in the order in which they were called.
 * - `remove` and `recordMarks` are durable, as far as the tier is durable at all, when they return; `set` may be later,
 *   but never overtakes an earlier `remove`.
 * - An entry past its `expiresAt` is never returned.
 * - A tier may forget any entry at any time. It never forgets a mark, and never returns what was removed.
 *
 * Not here: loading, dependencies between keys, deciding whether an entry is still valid. The engine does that.
 *
 * @since 0.1.0
 */
export * as Store from "./store/Store.ts"

/**
 * What can go wrong in a tier.
 *
 * One error, `StoreError`, with a `reason`, so that callers recover with `Effect.catchReason("StoreError", ...)`.
 * A value never appears in a message.
 *
 * @since 0.1.0
 */
export * as StoreError from "./store/StoreError.ts"
