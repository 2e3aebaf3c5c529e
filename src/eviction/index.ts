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
export * as EvictionPolicy from "./EvictionPolicy.ts"
