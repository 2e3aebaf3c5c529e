/**
 * Capabilities: the rights that a program needs to read or to write keys, as services in the requirements of its
 * Effect.
 *
 * Providing a service removes from `R` every requirement that is a subtype of it. A capability carries the region of
 * its pattern, covariant, so the ownership of `user:*` removes a requirement for `user:{id}`. A borrow is a subtype of
 * the same ownership, so an owner may read, and a borrow never removes an ownership.
 *
 * - Capabilities exist for declared patterns only, so the run time knows which grants cover a family.
 * - Keys that are carved out of a pattern have their own realm: the owner of the rest does not discharge them.
 * - The cache is part of a capability: the ownership of one cache gives no right in another.
 *
 * Not here: exclusion in time. Types cannot end; {@link Lease} and scopes do.
 *
 * @since 0.1.0
 */
export * as Capability from "./Capability.ts"

/**
 * Gives the right to a set of keys for a time: either many holders share it, or one holder has it alone. A user takes a
 * lease with `lease` of an accessor, and gives it to a write.
 *
 * - At any moment, of the leases held on patterns that share a key, either all are shared or there is only one.
 * - Tokens only grow: a later lease has a greater token, also after a restart (`Lease.token` says how). So a write with
 *   the token of an ended lease can be distinguished from a write of the present holder (a *fencing token*).
 * - Every wait ends: by a grant, by the request's own deadline, or because a holder's time is over.
 * - While a key has a lease, only a write that carries an exclusive lease of the key changes its value. Loads,
 *   refreshes, deletions and invalidations go through, because they say that the source has changed. The holder may
 *   have read the key before, so the next write under the lease is refused then, unless the value that came is equal.
 *
 * Not here: the table that grants leases (`shared/leaseTable.ts`), and leases among processes.
 *
 * @since 0.1.0
 */
export * as Lease from "./Lease.ts"
