/**
 * The declarations of a manifest, as they are written: families, readers, deployment layers, and what a piece of code
 * declares.
 *
 * The types check a definition where it is written. For manifests that were cast or built from data, the run time finds
 * the same mistakes, with the same words.
 *
 * @since 0.1.0
 */
import type { FamilyPolicy } from "./FamilyPolicy.ts"

/**
 * A value that stands for a type: a Schema, or `Manifest.type<A>()`.
 *
 * @stability experimental
 * @category models
 * @since 0.1.0
 */
export interface Typed {
  readonly Type: unknown
}

/**
 * The names of the options of a family for its keys, its values and its owner, and their docs.
 *
 * **Details**
 *
 * A manifest has a type of its own for each option. An editor shows the docs of this one beside it.
 *
 * @stability experimental
 * @category models
 * @since 0.1.0
 */
export interface FamilyOptions {
  /** The keys of the family: texts and parameters, joined by colons, such as `user:{id}` or `user:{id}:*`. */
  readonly pattern: unknown
  /** The deployment layer that may write the family, such as `server`. A part (`partOf`) has that of its whole. */
  readonly layer?: unknown
  /** The nearest enclosing family, if its owner owns this family, too. */
  readonly partOf?: unknown
  /** The nearest enclosing family, if its owner does not own this family. */
  readonly carvedFrom?: unknown
  /**
   * Patterns whose change invalidates this family, written with this family's parameter names. The lookup may read
   * them.
   */
  readonly derives?: unknown
  /** Patterns that the module of this family may read. Its lookup may not read them. */
  readonly borrows?: unknown
  /** Confirms that one change of a source should invalidate many entries of this family. */
  readonly fanout?: unknown
  /**
   * Schemas of the parameters, by name. The encoded string is the segment of the key. A parameter without a schema is a
   * text or a number. `Manifest.type<A>()` can only stand for a type of texts here.
   */
  readonly params?: unknown
  /** The schema of the values. If no tier has to encode them, `Manifest.type<A>()` is enough. */
  readonly value?: unknown
  /** The schema of the errors of the lookup. Every read that loads may then fail with these errors. */
  readonly error?: unknown
  /**
   * Hides keys, tags and values in errors, events, explanations, lists of hot keys, logs and metrics. The hash of
   * `SensitiveKey.hash` stands for each parameter and each tag. A family that derives from this one, directly or
   * through others, is sensitive, too, and so is a family that lies inside its pattern.
   */
  readonly sensitive?: unknown
}

/**
 * One line of a manifest: all keys of one pattern.
 *
 * @stability experimental
 * @category models
 * @since 0.1.0
 */
export interface FamilySpec extends FamilyPolicy, FamilyOptions {
  readonly pattern: string
  readonly layer?: string | undefined
  readonly partOf?: string | undefined
  readonly carvedFrom?: string | undefined
  readonly derives?: ReadonlyArray<string> | undefined
  readonly borrows?: ReadonlyArray<string> | undefined
  readonly fanout?: true | undefined
  readonly params?: { readonly [name: string]: Typed } | undefined
  readonly value?: Typed | undefined
  readonly error?: Typed | undefined
  readonly sensitive?: boolean | undefined
}

/**
 * A module that owns no family, and may read the families that it lists.
 *
 * @stability experimental
 * @category models
 * @since 0.1.0
 */
export interface ReaderSpec {
  /** The deployment layer in which the module runs. */
  readonly layer?: string | undefined
  /** The patterns of the families that the module may read. */
  readonly borrows: ReadonlyArray<string>
}

/**
 * A deployment layer: a part of a program, such as `client` or `server`. It says which others its programs may read.
 *
 * @stability experimental
 * @category models
 * @since 0.1.0
 */
export interface LayerSpec {
  /** The deployment layers that its programs may read, besides their own. One that only reads needs no family. */
  readonly reads?: ReadonlyArray<string> | undefined
}

/**
 * The definition of a manifest: its families, readers, deployment layers and version.
 *
 * @stability experimental
 * @category models
 * @since 0.1.0
 */
export interface Definition {
  /** A version for all families at once. An entry that a tier keeps under another version is absent. */
  readonly version?: string | number | undefined
  /** The deployment layers, by name. */
  readonly layers?: { readonly [name: string]: LayerSpec } | undefined
  /** The families, each under the name of its accessor. */
  readonly families: { readonly [name: string]: FamilySpec }
  /** The modules that read and own no family, by name. */
  readonly readers?: { readonly [name: string]: ReaderSpec } | undefined
}

/**
 * Marks a definition that the compiler has not inferred yet. It is a symbol, because editors do not offer symbols, and
 * it exists only as a type.
 *
 * @stability experimental
 * @category type level
 * @since 0.1.0
 */
export declare const Undetermined: unique symbol

/**
 * A definition that the compiler has not inferred yet. For a manifest with a function whose parameters have no types,
 * the compiler first uses the constraint of the definition's type parameter. That constraint is this type, and it
 * reports no mistakes.
 *
 * **Details**
 *
 * It accepts a definition of another shape, so that the definition is inferred as it was written. Otherwise one wrong
 * option would make all families unknown. {@link Misshapen} then reports the wrong option.
 *
 * @stability experimental
 * @category models
 * @since 0.1.0
 */
export type AnyDefinition = AnySections | (object & { readonly [Undetermined]?: never; readonly families?: never })
interface AnySections {
  readonly [Undetermined]?: never
  readonly version?: Definition["version"] | Anything
  readonly layers?: Definition["layers"] | Anything
  readonly families: { readonly [name: string]: AnyFamily | Anything } | Anything
  readonly readers?: Definition["readers"] | Anything
}

/**
 * One family of {@link AnyDefinition}. It names the types of the options, and accepts other types, too.
 *
 * @stability experimental
 * @category models
 * @since 0.1.0
 */
export type AnyFamily = { readonly [Option in keyof FamilySpec]?: FamilySpec[Option] | Anything }

/**
 * Any value. Unlike `unknown`, it leaves a union the functions that it has beside it.
 *
 * @stability experimental
 * @category models
 * @since 0.1.0
 */
export type Anything = {} | null | undefined

/**
 * The names of the options of {@link Declared}, and their docs.
 *
 * **Details**
 *
 * A check gives an option its type where it is written. An editor shows the docs of this one beside it.
 *
 * @stability experimental
 * @category models
 * @since 0.1.0
 */
export interface DeclaredDocs {
  /** The deployment layer in which the body runs. It must be one that may do what the body declares. */
  readonly layer?: unknown
  /** Patterns of families that the body may write, and read. */
  readonly owns?: unknown
  /** Patterns of families that the body may read. */
  readonly borrows?: unknown
  /**
   * What the writes of the body may drop: exactly the families that derive from owned ones, at any distance. The list
   * does nothing by itself: each write drops what derives from the key that it writes.
   */
  readonly invalidates?: unknown
}

/**
 * The declaration of a function or a method: the families that it owns and borrows, those that its writes may drop, and
 * its deployment layer.
 *
 * @stability experimental
 * @category models
 * @since 0.1.0
 */
export interface Declared extends DeclaredDocs {
  readonly layer?: string | undefined
  readonly owns?: ReadonlyArray<string> | undefined
  readonly borrows?: ReadonlyArray<string> | undefined
  readonly invalidates?: ReadonlyArray<string> | undefined
}
