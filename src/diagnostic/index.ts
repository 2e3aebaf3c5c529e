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
 * Explains each code at length: the mistake, the smallest program that makes it, why it is one, and the repair.
 *
 * - Both programs of an explanation are complete modules; the failing one has exactly this finding.
 * - Codes that the outside world causes (stores, time, load) have no program: none fails by itself.
 *
 * @since 0.1.0
 */
export * as Explanations from "./Explanations.ts"
