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

/**
 * One finding: what was refused and why (`sentence`), and what to do about it (`help`).
 *
 * @stability stable
 * @category models
 * @since 0.1.0
 */
export interface Diagnostic<out Tag extends string = string, out Code extends string = string> {
  readonly _tag: Tag
  readonly code: Code
  readonly sentence: string
  readonly help: string
}

/**
 * The sentence and the help in one line, as an error's `message` shows them.
 *
 * **When to use**
 *
 * To show a finding to a person, for example one of the `problems` of a `ManifestError`.
 *
 * **Example** (A malformed pattern)
 *
 * ```ts
 * import { Result } from "effect"
 * import { Diagnostic, KeyPattern } from "effect-stateless"
 *
 * const parsed = KeyPattern.parsePattern("user:{")
 * Result.isFailure(parsed) && Diagnostic.format(parsed.failure).includes("; help: ") // => true
 * ```
 *
 * @see {@link formatAsType} for the line of the compiler
 * @stability stable
 * @category formatting
 * @since 0.1.0
 */
export const format = (diagnostic: Diagnostic): string => `${diagnostic.sentence}; help: ${diagnostic.help}`

/**
 * The line that the compiler prints for the same finding: code first, single quotes instead of backticks.
 *
 * **When to use**
 *
 * In a test that compares a finding at run time with the error of the compiler.
 *
 * **Example** (The same finding as the compiler prints it)
 *
 * ```ts
 * import { Result } from "effect"
 * import { Diagnostic, KeyPattern } from "effect-stateless"
 *
 * const parsed = KeyPattern.parsePattern("user:{")
 * Result.isFailure(parsed) && Diagnostic.formatAsType(parsed.failure).startsWith(parsed.failure.code) // => true
 * ```
 *
 * @see {@link format} for the text of an error
 * @stability stable
 * @category formatting
 * @since 0.1.0
 */
export const formatAsType = (diagnostic: Diagnostic): string =>
  `${diagnostic.code}: ${format(diagnostic).replaceAll("`", "'")}`

/**
 * The text of a finding as the compiler prints it.
 *
 * @stability stable
 * @category type level
 * @since 0.1.0
 */
export type message<Code extends string, Sentence extends string, Help extends string> =
  `${Code}: ${Sentence}; help: ${Help}`
