/**
 * Reads and writes the keys of one family: the operations of `AppCache.keys.user`, of its readers and of its writers.
 *
 * - Operations require a right to the pattern of the family: `Owns` to write, `Borrows` to read.
 * - A reader or a writer has found its right once, so its operations require nothing.
 * - When a write returns, everything that derives from the written key is dropped, as the manifest says.
 *
 * Not here: operations on several families at once (`Manifest`), and how entries are made (`Owner`).
 *
 * @since 0.1.0
 */
export * as Family from "./Family.ts"

/**
 * Declares a cache for the people who write a program with it: one class that lists every family of keys, who owns it,
 * and what derives from what.
 *
 * ```ts
 * import * as Manifest from "effect-stateless/manifest/Manifest"
 *
 * class AppCache extends Manifest.Service<AppCache>()("AppCache", {
 *   families: {
 *     user: { pattern: "user:{id}", value: Manifest.type<{ readonly name: string }>() },
 *     profile: { pattern: "profile:{id}", value: Manifest.type<string>(), derives: ["user:{id}"] }
 *   }
 * }) {}
 * ```
 *
 * - The compiler checks the whole manifest, and reports each mistake on the property that makes it.
 * - Rights come from `owner`, `borrower`, `delegate` and `modules`, and from nowhere else.
 * - The class is the service of its engine: two manifests have two engines, even over one store.
 *
 * Not here: the operations of one family (`Family`), the options of an owner (`Owner`), and the run time, which is in
 * `internal/`.
 *
 * @since 0.1.0
 */
export * as Manifest from "./Manifest.ts"

/**
 * Types the options of an owner, for the person who writes a lookup: which family it owns, and what its lookup may
 * read.
 *
 * - A lookup makes the entries of a family. So everything that it reads of the same cache must be a declared source of
 *   the family: otherwise a change of the source would not reach the entry.
 * - The requirements of a lookup show what it reads. A lookup that reads anything else does not compile, and the
 *   message stands at the lookup.
 *
 * Not here: which *keys* of a source a lookup reads. Types cannot tell `user:1` from `user:2`. The engine tracks the
 * reads of a lookup, and compares them (E0232).
 *
 * @since 0.1.0
 */
export * as Owner from "./Owner.ts"

/**
 * A manifest for programs that have keys and no types: servers, command lines, dashboards, tests of a protocol. It
 * finds the family of a key, and says how the values of the family travel.
 *
 * - A key has one spelling. A text that the codec of a parameter would write in another way is refused, because a
 *   server that cuts keys out of a text would make two entries of one.
 * - Values travel as a text, as bytes, or as JSON. The form depends on the schema alone, so a client can rely on it.
 * - A value that does not fit is refused with its place, and the refusal never contains the value. For a sensitive
 *   family it does not contain the place either.
 *
 * Not here: entries and rights. A remote describes; to read and to write, a program uses the manifest's own operations.
 *
 * @since 0.1.0
 */
export * as Remote from "./Remote.ts"
