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
export * as EvictionPolicy from "./EvictionPolicy.ts"
