/**
 * What a manifest declares, as it is written: families, readers, layers, and what a piece of code declares.
 *
 * The types check a definition where it is written. For manifests that were cast or built from data, the run time finds
 * the same mistakes, with the same words.
 *
 * @since 0.1.0
 */
export * as Definition from "./Definition.ts"

/**
 * The graph of a manifest: which family owns, borrows and derives from which other family. From it, the plan of each
 * family is compiled: the entries that a write must invalidate.
 *
 * The reference `derives: ["user:{id}"]` of `profile:{id}` says that the entry `profile:7` was computed from `user:7`.
 * A parameter name that both sides have is carried along the edge. A parameter of the dependent that the reference does
 * not name is free. A text in the reference is a guard on the source. The plan of a family follows these edges to their
 * end, and composes the parameters that they carry. So a write executes a flat list of steps, and never matches a
 * pattern.
 *
 * - Completeness: every entry that depends on a key, through any chain of references, is in a step of the key's plan.
 * - Exactness: a step whose parameters are all bound drops one entry. A step with a free parameter drops the entries
 *   for every value of it. A parameter is free only if a link of the chain does not carry it.
 * - A step that a wider step of the same family contains is dropped.
 * - A plan is compiled at its first use: in a chain of families, each plan is as long as the rest of the chain.
 * - `*` is never carried, because its number of segments is not known.
 *
 * @since 0.1.0
 */
export * as DependencyGraph from "./DependencyGraph.ts"

/**
 * How a program writes a duration, in every option that takes one: as Effect does, or as a short text such as `"30m"`.
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
