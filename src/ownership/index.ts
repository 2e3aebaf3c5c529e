/**
 * The run-time twin of the checks of what a function or method declares: same findings, same words, on the same
 * properties. For declarations that were cast, or built from data.
 *
 * @since 0.1.0
 */
export * as Declaration from "./Declaration.ts"

/**
 * What a manifest says, and the checks of what it says, as types.
 *
 * {@link Checked} is a definition with every wrong property replaced by a string literal type that says what is
 * wrong, so that the compiler reports it there: `Type '"user:profile"' is not assignable to type '"E0102:
 * 'user:profile' is already owned through ..."'`. `Validation` finds the same mistakes, with the same words, in
 * manifests built from data.
 *
 * What keeps the checks linear in the number of families:
 *
 * - A fact about a definition is a conditional type on the bare parameter. It stays closed while the parameter is
 *   generic and is computed once per definition afterwards; a plain alias would be unfolded into its users and
 *   computed in each.
 * - {@link At} asks for one property. `K extends keyof T` would list all keys of `T` at every use.
 * - A recursive result never meets a constraint, which would make the compiler enumerate the whole recursion.
 * - Messages are computed in the failing branch only.
 *
 * @since 0.1.0
 */
export * as Definition from "./Definition.ts"

/**
 * Who owns, borrows and derives from whom, as a value; and what each write must invalidate, compiled.
 *
 * A reference such as `derives: ["user:{id}"]` of `profile:{id}` says: the entry `profile:7` was computed from
 * `user:7`. A name that both sides have is carried along the edge; a parameter of the dependent that the reference
 * does not name is free; text in the reference is a guard on the source. The plan of a family follows these edges to
 * their end, composing what they carry, so that a write executes a flat list of steps and never matches a pattern.
 *
 * - Completeness: whatever depends on a key, through any chain of references, is in a step of its plan.
 * - Exactness: a step whose parameters are all bound drops one entry. A free parameter drops every value of it, and
 *   is free only if some link of the chain does not carry it.
 * - A step that a wider step of the same family contains is dropped.
 * - A plan is compiled when it is asked for: along a chain of families each is as long as the rest of the chain.
 * - `*` never carries: how many segments it has is not known.
 *
 * @since 0.1.0
 */
export * as DependencyGraph from "./DependencyGraph.ts"

/**
 * How the entries of a family live: lifetimes, staleness, loading. Pure data, all optional.
 *
 * @since 0.1.0
 */
export * as FamilyPolicy from "./FamilyPolicy.ts"

/**
 * A set of families of one manifest, as one bit for each family.
 *
 * What can reach a family grows with the manifest: along a chain of 1,000 families there are 500,000 pairs of a family
 * and one that its changes reach. As bits they take 128 kB, and the union of two sets is one step for 32 families.
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
 * The run-time twin of the manifest's type-level checks, for manifests built from data: same findings, same words.
 *
 * A manifest that passes becomes a {@link ValidManifest}: patterns parsed and indexed, and for each family the answers
 * that the types give about it: its nearest encloser, its owner, its realm, what covers it, what it may read.
 *
 * - Every mistake is reported, each once, with the path of the property that the compiler would underline.
 * - A family whose pattern is malformed takes no part in the other checks.
 *
 * @since 0.1.0
 */
export * as Validation from "./Validation.ts"
