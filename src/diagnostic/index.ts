/**
 * Functions, methods and programs with a wrong declaration, or that do more than they declare.
 *
 * @since 0.1.0
 */
export * as Declaring from "./Declaring.ts"

/**
 * A finding: a mistake that Stateless can name, with its code, its sentence and its help.
 *
 * A finding is written twice, side by side, as a type and as a function of the same name. The compiler prints the text
 * of the type where the mistake is. The run time calls the function, for manifests that are built from data and for
 * programs with casts. Both say the same sentence. The type starts with the code and puts names in single quotes, since
 * compilers print a message inside double quotes. The function keeps the code in a field and puts names in backticks.
 *
 * - A code never changes its meaning and is never used again.
 * - A message has at most 300 characters if the names in it are of ordinary length, since compilers cut it at 320.
 * - Codes: `E01xx` patterns and keys, `E02xx` ownership and capabilities, `E03xx` stores, `E04xx` manifests, `E05xx`
 *   the engine. The findings of stores and of the engine, and `E0218`, are defined beside their errors.
 *
 * @since 0.1.0
 */
export * as Diagnostic from "./Diagnostic.ts"

/**
 * What each code means, at length: the mistake, the smallest program that makes it, why it is one, and the repair.
 *
 * - Both programs of an explanation are complete modules; the failing one has exactly this finding.
 * - Codes that the outside world causes (stores, time, load) have no program: none fails by itself.
 *
 * @since 0.1.0
 */
export * as Explanations from "./Explanations.ts"

/**
 * Keys that a manifest cannot place, or that are not keys.
 *
 * @since 0.1.0
 */
export * as KeyFindings from "./KeyFindings.ts"

/**
 * What a lookup may not do.
 *
 * @since 0.1.0
 */
export * as LookupFindings from "./LookupFindings.ts"

/**
 * Patterns that are malformed, as types and as functions: E0103.
 *
 * @since 0.1.0
 */
export * as Malformed from "./Malformed.ts"

/**
 * The sections and options of a manifest, and manifests side by side.
 *
 * @since 0.1.0
 */
export * as ManifestFindings from "./ManifestFindings.ts"

/**
 * Values of a wrong type: parameters of a key, values of an entry, results of a lookup, options. Only the compiler
 * finds those that have no function here.
 *
 * A message in the place of a wrong argument would need a type parameter for the argument. With a type parameter,
 * literals and callbacks lose the types that they take from their context. So a parameter of an operation is a union of
 * its type with {@link Otherwise}, and no value has the type `Otherwise`. The compiler compares the argument with the
 * type. If that fails, it prints the union, in its own words and at the property that is wrong.
 *
 * @since 0.1.0
 */
export * as Misfit from "./Misfit.ts"

/**
 * Suggests what a caller may have meant by an unknown name: a declared name that differs in one letter, in the order of
 * two letters, or in capitals. A type and a function of one name give the same answer.
 *
 * - If two declared names are equally near, there is no suggestion, because each would be a guess. A name of one letter
 *   is not near to any name.
 * - Only failing branches ask for it, so a program that compiles pays nothing.
 *
 * @since 0.1.0
 */
export * as Nearest from "./Nearest.ts"

/**
 * Types that the compiler cannot check, because it does not know them: plain strings, templates with a hole, choices,
 * computed names, requirements of `any`. It refuses them. Only the compiler finds these mistakes.
 *
 * @since 0.1.0
 */
export * as Opaque from "./Opaque.ts"

/**
 * Patterns that share keys, and `partOf` and `carvedFrom`, which say who owns the shared keys.
 *
 * @since 0.1.0
 */
export * as OverlapFindings from "./OverlapFindings.ts"

/**
 * Owners of families: which family is meant, and whether it may have an owner here.
 *
 * @since 0.1.0
 */
export * as OwnerFindings from "./OwnerFindings.ts"

/**
 * What `derives` and `borrows` list.
 *
 * @since 0.1.0
 */
export * as ReferenceFindings from "./ReferenceFindings.ts"

/**
 * Rights that a program lacks, or that nothing can provide; operations that are never run.
 *
 * @since 0.1.0
 */
export * as RightFindings from "./RightFindings.ts"

/**
 * One message for several mistakes, because the compiler shows only one.
 *
 * @since 0.1.0
 */
export * as Several from "./Several.ts"

/**
 * Mistakes in wiring: modules with rights that the manifest does not give them, owners that are missing or given twice,
 * and engines in the wrong place.
 *
 * @since 0.1.0
 */
export * as Wiring from "./Wiring.ts"
