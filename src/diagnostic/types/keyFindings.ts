/**
 * Keys that a manifest cannot place, or that are not keys.
 *
 * @since 0.1.0
 */
import type { message } from "../Diagnostic.ts"
import { finding, say } from "../internal/finding.ts"

/**
 * E0101: a raw key that no family of the manifest matches.
 *
 * @category patterns and keys
 * @since 0.1.0
 */
export type keyUnknown<
  Id extends string,
  Key extends string,
  Help extends string = "declare a pattern for it, or check its spelling"
> = message<"E0101", `no family of '${Id}' matches the key '${Key}'`, Help>
export const keyUnknown = (id: string, key: string, help = "declare a pattern for it, or check its spelling") =>
  finding("E0101", "KeyUnknown", say`no family of ${id} matches the key ${key}`, help)

/**
 * E0106: a key with nothing between two colons, or at an end.
 *
 * @category patterns and keys
 * @since 0.1.0
 */
export type keySegmentEmpty<Key extends string> = message<
  "E0106",
  `the key '${Key}' has an empty segment`,
  "put one ':' between segments and none at the ends"
>
export const keySegmentEmpty = (key: string) =>
  finding(
    "E0106",
    "KeyMalformed",
    say`the key ${key} has an empty segment`,
    say`put one ${":"} between segments and none at the ends`
  )

/**
 * E0106: a pattern where one key is expected.
 *
 * @category patterns and keys
 * @since 0.1.0
 */
export type keyIsPattern<Key extends string> = message<
  "E0106",
  `'${Key}' is a pattern, not a key`,
  "name one key, or use the family's invalidateWhere for many"
>
export const keyIsPattern = (key: string) =>
  finding(
    "E0106",
    "KeyMalformed",
    say`${key} is a pattern, not a key`,
    "name one key, or use the family's invalidateWhere for many"
  )

/**
 * E0109: a parameter whose value is missing, is refused by its codec, or is not exactly one segment of a key.
 *
 * **Details**
 *
 * Found at run time only. The value is not part of the sentence: it may be secret.
 *
 * @category patterns and keys
 * @since 0.1.0
 */
export const parameterNotSegment = (pattern: string, name: string, hasCodec = false) =>
  name === "*" ? restNotSegments(pattern) : finding(
    "E0109",
    "KeyMalformed",
    say`the parameter ${name} of ${pattern} does not spell one segment of a key`,
    (hasCodec
      ? "give a value that its codec accepts, and whose text is the same after it was read and written again, and is"
      : "give a string that is") +
      say` non-empty and without ${":"}, ${"{"}, ${"}"} and ${"*"}`
  )

/**
 * E0109: a star in the place of one parameter, as if it were a pattern. Found at run time only.
 *
 * @category patterns and keys
 * @since 0.1.0
 */
export const parameterStar = (pattern: string, name: string) =>
  finding(
    "E0109",
    "KeyMalformed",
    say`the parameter ${name} of ${pattern} is ${"*"}, and a key is not a pattern`,
    "give the parameters of one key, or use invalidateWhere or invalidateAll for many"
  )

const restNotSegments = (pattern: string) =>
  finding(
    "E0109",
    "KeyMalformed",
    say`the parameter ${"*"} of ${pattern} does not spell the rest of a key`,
    say`give a string of one segment or more, joined by ${":"}, each non-empty and without ${"{"}, ${"}"} and ${"*"}`
  )

/**
 * E0109: a parameter whose text its codec refuses. The message does not show the value. The compiler finds it in a raw
 * key if the codec takes literals.
 *
 * @category patterns and keys
 * @since 0.1.0
 */
export type parameterRefused<Pattern extends string, Name extends string> = message<
  "E0109",
  `the parameter '${Name}' of '${Pattern}' does not fit its codec`,
  "give a value that its codec accepts"
>

/**
 * E0109: a parameter whose text its codec refuses. The message does not show the value. The compiler finds it in a raw
 * key if the codec takes literals.
 *
 * @category patterns and keys
 * @since 0.1.0
 */
export const parameterRefused = (pattern: string, name: string) =>
  finding(
    "E0109",
    "KeyMalformed",
    say`the parameter ${name} of ${pattern} does not fit its codec`,
    "give a value that its codec accepts"
  )

/**
 * E0109: a parameter whose text UTF-8 cannot say, so no connection can carry the key. Found at run time only.
 *
 * @category patterns and keys
 * @since 0.1.0
 */
export const parameterNotUnicode = (pattern: string, name: string) =>
  finding(
    "E0109",
    "KeyMalformed",
    say`the parameter ${name} of ${pattern} has a lone surrogate`,
    "give a string of whole characters"
  )

/**
 * E0109: a parameter whose codec reads the text, and would write the value in another way, so two texts would be one
 * key. Found at run time only.
 *
 * @category patterns and keys
 * @since 0.1.0
 */
export const parameterSpeltOtherwise = (pattern: string, name: string) =>
  finding(
    "E0109",
    "KeyMalformed",
    say`the parameter ${name} of ${pattern} is not spelt as its codec spells it`,
    "give the text that the codec writes for the value"
  )

/**
 * E0109: parameters that make a longer key than any tier keeps. Found at run time only.
 *
 * @category patterns and keys
 * @since 0.1.0
 */
export const keyTooLong = (pattern: string, bytesMax: number) =>
  finding(
    "E0109",
    "KeyMalformed",
    say`the parameters of ${pattern} make a key of more than ${String(bytesMax)} bytes`,
    say`use a digest for long values`
  )

/**
 * E0110: parameters that spell a key of a more specific family. Found at run time only.
 *
 * @category patterns and keys
 * @since 0.1.0
 */
export const keyOfOtherFamily = (pattern: string, inner: string, family: string) =>
  finding(
    "E0110",
    "KeyMalformed",
    say`these parameters of ${pattern} spell a key of ${inner}, which belongs to family ${family}`,
    say`use the accessor of ${family}`
  )
