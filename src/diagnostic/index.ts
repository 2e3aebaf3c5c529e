/**
 * What functions, methods and programs declare wrongly, or do beyond what they declare.
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
 * Values that do not fit: parameters of a key, values of an entry, answers of a lookup. What is a type only is found by
 * the compiler alone.
 *
 * A message that takes the place of a wrong argument needs a type parameter for the argument, and with it literals and
 * callbacks lose the types that they take from their context. So what an operation takes is a union of its type with
 * {@link Otherwise}, which nothing inhabits: the compiler tries what it is given against the type, and where that fails
 * it prints the union, in its own words and at the property that is wrong.
 *
 * @since 0.1.0
 */
export * as Misfit from "./Misfit.ts"

/**
 * What a caller may have meant by a name that nothing declares: a declared one that differs in one letter, in the order
 * of two, or in capitals. Types and functions of one name give one answer.
 *
 * - Two declared names that are as near make no suggestion, since either would be a guess. A name of one letter is near
 *   to none.
 * - Asked in failing branches only, so a program that compiles pays nothing.
 *
 * @since 0.1.0
 */
export * as Nearest from "./Nearest.ts"

/**
 * What the compiler does not know: plain strings, templates with a hole, choices of several, names that are computed,
 * requirements of any. What it does not know it cannot check, so it refuses. Found by the compiler alone.
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
 * Where several things are wrong and there is room for one message.
 *
 * @since 0.1.0
 */
export * as Several from "./Several.ts"

/**
 * What is wired wrongly: modules with rights that their lines of the manifest do not give them, owners that are missing
 * or twice, engines in the wrong place.
 *
 * @since 0.1.0
 */
export * as Wiring from "./Wiring.ts"
