/**
 * Documents the options of an owner, for a hover at the place where they are written.
 *
 * It is an interface without types. A hover shows the comments of its members beside the checked types; it would show
 * no comments of a mapped type.
 */

/** The options of an owner, each with its documentation. Their types are in `OwnerOptions`. */
export interface OwnerDocs {
  /**
   * Loads the value of one key.
   *
   * **Details**
   *
   * - It gets the parameters of the key, and what is known of the entry before (`LookupContext`).
   * - It returns an Effect of the value, or of `Lookup.loaded(value, options)` to set a lifetime, tags or a revision.
   * - Each load has a Scope of its own, which closes when the load ends. So do not return what was acquired in it: a
   *   reader would get a file or a connection that is closed.
   * - Without `lookup` and `lookupMany`, a read of an absent key fails with `Absent`.
   */
  readonly lookup?: unknown
  /**
   * Loads the values of several keys, for `getMany`, and returns them in the same order. Without `lookup`, it loads
   * single keys, too.
   */
  readonly lookupMany?: unknown
  /** Loads the given keys before the first read, and again on a schedule. */
  readonly warm?: unknown
  /** Loads keys again shortly before they end, if their reads so far make another read likely. */
  readonly predict?: unknown
  /** The lookups of the parts (`partOf`) of the family, by the names of the parts. */
  readonly parts?: unknown
}
