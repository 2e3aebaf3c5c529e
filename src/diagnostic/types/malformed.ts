/**
 * Patterns that are malformed, as types and as functions: E0103.
 *
 * @since 0.1.0
 */
import type { message } from "../Diagnostic.ts"
import { finding, say } from "../internal/finding.ts"

/**
 * E0103: a pattern with nothing between two colons, or at an end.
 *
 * @category patterns and keys
 * @since 0.1.0
 */
export type patternSegmentEmpty<Pattern extends string> = message<
  "E0103",
  `the pattern '${Pattern}' has an empty segment`,
  "put one ':' between segments and none at the ends"
>
export const patternSegmentEmpty = (pattern: string) =>
  finding(
    "E0103",
    "PatternMalformed",
    say`the pattern ${pattern} has an empty segment`,
    say`put one ${":"} between segments and none at the ends`
  )

/**
 * E0103: a pattern with `*` before its last segment.
 *
 * @category patterns and keys
 * @since 0.1.0
 */
export type patternRestInside<Pattern extends string> = message<
  "E0103",
  `the pattern '${Pattern}' has '*' before its last segment`,
  "write {name} for one segment; '*' stands for the segments that follow"
>
export const patternRestInside = (pattern: string) =>
  finding(
    "E0103",
    "PatternMalformed",
    say`the pattern ${pattern} has ${"*"} before its last segment`,
    say`write {name} for one segment; ${"*"} stands for the segments that follow`
  )

/**
 * E0103: a parameter without a name, or with a brace or star in it.
 *
 * @category patterns and keys
 * @since 0.1.0
 */
export type patternParameterMalformed<Pattern extends string, Segment extends string> = message<
  "E0103",
  `'${Segment}' in the pattern '${Pattern}' is not a parameter`,
  "write {name} for one segment, or a last '*' for the segments that follow"
>
export const patternParameterMalformed = (pattern: string, segment: string) =>
  finding(
    "E0103",
    "PatternMalformed",
    say`${segment} in the pattern ${pattern} is not a parameter`,
    say`write {name} for one segment, or a last ${"*"} for the segments that follow`
  )

/**
 * E0103: a parameter that is spelt as other libraries spell it, such as `user/:id` or `user:$id`.
 *
 * @category patterns and keys
 * @since 0.1.0
 */
export type patternSpeltOtherwise<
  Pattern extends string,
  Help extends string = "write {name} for one segment, and ':' between two"
> = message<
  "E0103",
  `the pattern '${Pattern}' spells a parameter in another way than {name}`,
  Help
>
export const patternSpeltOtherwise = (
  pattern: string,
  help = say`write {name} for one segment, and ${":"} between two`
) =>
  finding(
    "E0103",
    "PatternMalformed",
    say`the pattern ${pattern} spells a parameter in another way than {name}`,
    help
  )

/**
 * E0103: a parameter that may be missing.
 *
 * @category patterns and keys
 * @since 0.1.0
 */
export type patternParameterOptional<Pattern extends string, Segment extends string> = message<
  "E0103",
  `'${Segment}' in the pattern '${Pattern}' is optional, and a key has all its segments`,
  "declare a family for the keys with it, and one for those without"
>
export const patternParameterOptional = (pattern: string, segment: string) =>
  finding(
    "E0103",
    "PatternMalformed",
    say`${segment} in the pattern ${pattern} is optional, and a key has all its segments`,
    "declare a family for the keys with it, and one for those without"
  )

/**
 * E0103: white space in the name of a parameter, or at an end of a segment.
 *
 * @category patterns and keys
 * @since 0.1.0
 */
export type patternWhiteSpace<Pattern extends string, Segment extends string> = message<
  "E0103",
  `the pattern '${Pattern}' has white space in '${Segment}'`,
  "remove it: a name has no white space, and a text has none at its ends"
>
export const patternWhiteSpace = (pattern: string, segment: string) =>
  finding(
    "E0103",
    "PatternMalformed",
    say`the pattern ${pattern} has white space in ${segment}`,
    "remove it: a name has no white space, and a text has none at its ends"
  )

/**
 * E0103: a pattern that uses one name for two segments.
 *
 * @category patterns and keys
 * @since 0.1.0
 */
export type patternParameterTwice<Pattern extends string, Name extends string> = message<
  "E0103",
  `the pattern '${Pattern}' names the parameter '${Name}' twice`,
  "give each parameter a name of its own"
>
export const patternParameterTwice = (pattern: string, name: string) =>
  finding(
    "E0103",
    "PatternMalformed",
    say`the pattern ${pattern} names the parameter ${name} twice`,
    "give each parameter a name of its own"
  )

/**
 * E0103: a segment that is partly text and partly wildcard.
 *
 * @category patterns and keys
 * @since 0.1.0
 */
export type patternSegmentMixed<Pattern extends string, Segment extends string> = message<
  "E0103",
  `'${Segment}' in the pattern '${Pattern}' mixes text with a wildcard`,
  "a segment is text, {name}, or a last '*'"
>
export const patternSegmentMixed = (pattern: string, segment: string) =>
  finding(
    "E0103",
    "PatternMalformed",
    say`${segment} in the pattern ${pattern} mixes text with a wildcard`,
    say`a segment is text, {name}, or a last ${"*"}`
  )

/**
 * E0103: a pattern of more than 16 segments.
 *
 * @category patterns and keys
 * @since 0.1.0
 */
export type patternTooLong<Pattern extends string> = message<
  "E0103",
  `the pattern '${Pattern}' has more than 16 segments`,
  "join segments, or end it with '*'"
>
export const patternTooLong = (pattern: string) =>
  finding(
    "E0103",
    "PatternMalformed",
    say`the pattern ${pattern} has more than 16 segments`,
    say`join segments, or end it with ${"*"}`
  )
