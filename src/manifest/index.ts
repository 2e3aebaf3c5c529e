/**
 * Several manifests over one store, as types: no key may belong to two of them.
 *
 * @since 0.1.0
 */
export * as Composition from "./Composition.ts"

/**
 * Functions, methods and programs that say what they do to the cache, as types: a body may do no more than it declares.
 *
 * @since 0.1.0
 */
export * as Declared from "./Declared.ts"

/**
 * Access to the keys of one family, as a user of a manifest sees it.
 *
 * - Operations name the family's declared pattern as their requirement: `Owns` to write, `Borrows` to read.
 * - A reader or writer has resolved its right once; its operations require nothing.
 * - Reads and writes answer with values; invalidation follows the manifest and is done when a write returns.
 *
 * @since 0.1.0
 */
export * as Family from "./Family.ts"

/**
 * A manifest: one class that declares every key pattern of a cache, who owns it, and what derives from what.
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
 * @since 0.1.0
 */
export * as Manifest from "./Manifest.ts"

/**
 * The application as types: one layer per family or reader, each given exactly what the manifest grants it.
 *
 * An object literal has one value per name, so a family has one owner by construction, and a module that needs more
 * than its borrows, or gives away what it does not own, does not compile.
 *
 * @since 0.1.0
 */
export * as Modules from "./Modules.ts"

/**
 * What an owner may say, as types: the family that it owns, and a lookup that reads nothing but what the family
 * derives from.
 *
 * The lookup is where an entry comes from, so whatever it reads of the same cache must be a declared source: else a
 * change there would not reach the entry. Its requirements show what it reads, and anything else is refused, on the
 * lookup.
 *
 * Not here: which *keys* of a source it reads. Types cannot tell `user:1` from `user:2`; the engine compares the
 * reads that it tracks (E0232).
 *
 * @since 0.1.0
 */
export * as Owner from "./Owner.ts"
