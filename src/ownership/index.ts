/**
 * The declarations of a manifest, as they are written: families, readers, layers, and what a piece of code declares.
 *
 * The types check a definition where it is written. For manifests that were cast or built from data, the run time finds
 * the same mistakes, with the same words.
 *
 * @since 0.1.0
 */
export * as Definition from "./Definition.ts"

/**
 * The graph of a manifest: which family owns, borrows and derives from which other family, and what a write of each
 * family invalidates. A manifest class has it as `graph`.
 *
 * Not here: how it is made and compiled (`shared/graph.ts`), and its drawings (`GraphDrawing.ts`).
 *
 * @since 0.1.0
 */
export * as DependencyGraph from "./DependencyGraph.ts"

/**
 * A duration as a program writes it, in each option that takes one: as Effect does, or as a short text such as `"30m"`.
 *
 * - One parser reads all of them. Options of a family, of one value, of a lease and of a store take the same forms.
 * - A text that is none of the forms is refused where the option is checked, with the name of the option.
 *
 * Not here: points in time, and the words of a lifetime that are not durations (`"never"`, `"doNotStore"`).
 *
 * @since 0.1.0
 */
export * as DurationInput from "./DurationInput.ts"

/**
 * The policy of a family: lifetimes, staleness, loading. It is plain data, and every option may be left out.
 *
 * @since 0.1.0
 */
export * as FamilyPolicy from "./FamilyPolicy.ts"

/**
 * Drawings of a dependency graph, for documents and reviews: in Mermaid, and in the DOT language of Graphviz.
 *
 * @since 0.1.0
 */
export * as GraphDrawing from "./GraphDrawing.ts"

/**
 * The mistakes of a manifest: one of them with its place, and the error that holds them all.
 *
 * Not here: how a mistake is found (`internal/check*.ts`), and the words for it (`diagnostic/types/`).
 *
 * @since 0.1.0
 */
export * as ManifestError from "./ManifestError.ts"
