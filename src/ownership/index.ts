/**
 * Checks the declaration of a function or a method at run time. It reports the same findings as the types, in the same
 * words, at the same properties. It is for declarations that were cast, or built from data.
 *
 * @since 0.1.0
 */
export * as Declaration from "./Declaration.ts"

/**
 * The checks of what a function or a method declares.
 *
 * @since 0.1.0
 */
export * as DeclarationChecks from "./DeclarationChecks.ts"

/**
 * What a manifest declares, as it is written: families, readers, layers, and what a piece of code declares.
 *
 * The types check a definition in `DefinitionChecks`; `Validation` finds the same mistakes, with the same words, in
 * manifests that are built from data.
 *
 * @since 0.1.0
 */
export * as Definition from "./Definition.ts"

/**
 * The checks of a definition, as types.
 *
 * {@link Checked} is a definition in which a message takes the place of each wrong property. So the compiler reports
 * the message there: `Type '"user:profile"' is not assignable to type '"E0102: 'user:profile' is already owned through
 * ..."'`. `Validation` finds the same mistakes, with the same words, in manifests that are built from data.
 *
 * The cost grows linearly with the number of families, because:
 *
 * - The facts about a definition are computed once (`shared/facts.ts`).
 * - A recursive result never meets a constraint. A constraint would make the compiler enumerate the whole recursion.
 * - A message is computed in the failing branch only.
 *
 * @since 0.1.0
 */
export * as DefinitionChecks from "./DefinitionChecks.ts"

/**
 * Facts about a definition: the index of its patterns, and which families a pattern, a right or a change reaches.
 *
 * A fact is a conditional type on the bare parameter. It stays closed while the parameter is generic, and the compiler
 * computes it once for each definition. A plain alias would be unfolded into its users and computed in each of them.
 *
 * @since 0.1.0
 */
export * as DefinitionFacts from "./DefinitionFacts.ts"

/**
 * The help for a text or a name that the manifest does not declare.
 *
 * The checks ask for it in the failing branch only.
 *
 * @since 0.1.0
 */
export * as DefinitionHelp from "./DefinitionHelp.ts"

/**
 * The layers of a deployment: which of them a program can read, and what may stand where a layer is named.
 *
 * @since 0.1.0
 */
export * as DefinitionLayers from "./DefinitionLayers.ts"

/**
 * The parts of a definition, by name.
 *
 * {@link At} asks for one property. `K extends keyof T` would list all keys of `T` at every use.
 *
 * @since 0.1.0
 */
export * as DefinitionParts from "./DefinitionParts.ts"

/**
 * Definitions of another shape than `Definition`: what the compiler reports of them, and what the rest of the program
 * sees of them.
 *
 * @since 0.1.0
 */
export * as DefinitionShape from "./DefinitionShape.ts"

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
 * Questions that the checks ask about any type.
 *
 * @since 0.1.0
 */
export * as TypeQuestions from "./TypeQuestions.ts"

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
