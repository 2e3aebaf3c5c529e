/**
 * Capabilities: what a program must hold to read or to write keys, as services in the requirements of its Effect.
 *
 * Providing a service removes from `R` every requirement that is a subtype of it. A capability carries the region of
 * its pattern as a covariant tuple, so the ownership of `user:*` removes a requirement for `user:{id}`; a borrow is a
 * subtype of the same ownership, so an owner may read; and a borrow never removes an ownership.
 *
 * - Capabilities exist for declared patterns only, so the run time knows which grants cover a family.
 * - Keys that are carved out of a pattern live in a realm of their own: the owner of the rest does not discharge them.
 * - The cache is part of a capability: another cache's ownership is worth nothing here.
 *
 * Not here: exclusion in time. Types cannot end; {@link Lease} and scopes do.
 *
 * @since 0.1.0
 */
export * as Capability from "./Capability.ts"

/**
 * Leases: rights to one key that end.
 *
 * @since 0.1.0
 */
export * as Lease from "./Lease.ts"
