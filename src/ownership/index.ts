/**
 * Checks the declaration of a function or a method at run time. It reports the same findings as the types, in the same
 * words, at the same properties. It is for declarations that were cast, or built from data.
 *
 * @since 0.1.0
 */
export * as Declaration from "./Declaration.ts"

/**
 * What a manifest declares, as it is written: families, readers, layers, and what a piece of code declares.
 *
 * The types check a definition in `shared/checks.ts`; `Validation` finds the same mistakes, with the same words, in
 * manifests that are built from data.
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
 * The policy of a family: lifetimes, staleness, loading. It is plain data, and every option may be left out.
 *
 * @since 0.1.0
 */
export * as FamilyPolicy from "./FamilyPolicy.ts"

/**
 * A set of families of one manifest, as one bit for each family.
 *
 * The number of families that can reach a family grows with the manifest. A chain of 1,000 families has 500,000 pairs
 * of a family and another one that its changes reach. As bits the pairs take 128 kB, and the union of two sets takes
 * one step for 32 families.
 *
 * @since 0.1.0
 */
export * as FamilySet from "./FamilySet.ts"

/**
 * Drawings of a dependency graph, for documents and reviews: in Mermaid, and in the DOT language of Graphviz.
 *
 * @since 0.1.0
 */
export * as GraphDrawing from "./GraphDrawing.ts"

/**
 * Checks a manifest at run time, for manifests that are built from data. It reports the same findings as the types, in
 * the same words.
 *
 * A manifest that passes becomes a {@link ValidManifest}: its patterns are parsed and indexed. For each family it has
 * the same facts as the types: the nearest encloser, the owner, the realm, the families that cover it, and the families
 * that it may read.
 *
 * - Every mistake is reported, each once, with the path of the property that the compiler would underline.
 * - A family whose pattern is malformed takes no part in the other checks.
 *
 * @since 0.1.0
 */
export * as Validation from "./Validation.ts"
