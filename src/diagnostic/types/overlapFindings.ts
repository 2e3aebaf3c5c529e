/**
 * Patterns that share keys, and `partOf` and `carvedFrom`, which say who owns the shared keys.
 *
 * @since 0.1.0
 */
import type { message } from "../Diagnostic.ts"
import { finding, say } from "../internal/finding.ts"

/**
 * E0102: a pattern inside another pattern, whose family does not say who owns it.
 *
 * @category patterns and keys
 * @since 0.1.0
 */
export type patternOwned<Pattern extends string, Outer extends string, Family extends string> = message<
  "E0102",
  `'${Pattern}' is already owned through '${Outer}' of family '${Family}'`,
  `add partOf: '${Family}' (same owner) or carvedFrom: '${Family}' (an owner of its own)`
>
export const patternOwned = (pattern: string, outer: string, family: string) =>
  finding(
    "E0102",
    "PatternOwned",
    say`${pattern} is already owned through ${outer} of family ${family}`,
    say`add partOf: ${family} (same owner) or carvedFrom: ${family} (an owner of its own)`
  )

/**
 * E0104: two families with the same keys.
 *
 * @category patterns and keys
 * @since 0.1.0
 */
export type patternRespelt<Pattern extends string, Other extends string, Family extends string> = message<
  "E0104",
  `'${Pattern}' denotes the same keys as '${Other}' of family '${Family}'`,
  "keep one of the two families"
>
export const patternRespelt = (pattern: string, other: string, family: string) =>
  finding(
    "E0104",
    "PatternRespelt",
    say`${pattern} denotes the same keys as ${other} of family ${family}`,
    "keep one of the two families"
  )

/**
 * E0105: two patterns that share keys, neither inside the other.
 *
 * @category patterns and keys
 * @since 0.1.0
 */
export type patternsCross<Pattern extends string, Other extends string, Family extends string, Key extends string> =
  message<
    "E0105",
    `'${Pattern}' and '${Other}' of family '${Family}' both own '${Key}' and neither is more specific`,
    "change one segment: either no key fits both, or one pattern lies inside the other"
  >
export const patternsCross = (pattern: string, other: string, family: string, key: string) =>
  finding(
    "E0105",
    "PatternsCross",
    say`${pattern} and ${other} of family ${family} both own ${key} and neither is more specific`,
    "change one segment: either no key fits both, or one pattern lies inside the other"
  )

/**
 * E0201: a family with both `partOf` and `carvedFrom`.
 *
 * @category ownership
 * @since 0.1.0
 */
export type enclosersBoth<Family extends string> = message<
  "E0201",
  `family '${Family}' gives both partOf and carvedFrom`,
  "keep partOf (same owner) or carvedFrom (an owner of its own)"
>
export const enclosersBoth = (family: string) =>
  finding(
    "E0201",
    "EnclosersBoth",
    say`family ${family} gives both partOf and carvedFrom`,
    "keep partOf (same owner) or carvedFrom (an owner of its own)"
  )

/**
 * E0202: `partOf` or `carvedFrom` of a family that does not lie inside another family.
 *
 * @category ownership
 * @since 0.1.0
 */
export type encloserNone<Pattern extends string, Option extends string> = message<
  "E0202",
  `'${Pattern}' lies inside no other pattern`,
  Pattern extends `${infer Head}:${infer Rest}` ? Rest extends "*" ? `remove ${Option}`
    : `remove ${Option}, or let it name a family whose pattern covers '${Pattern}', such as '${Head}:*'`
    : `remove ${Option}`
>
export const encloserNone = (pattern: string, option: "partOf" | "carvedFrom") => {
  const [head, ...rest] = pattern.split(":")
  const cover = `${head}:*`
  return finding(
    "E0202",
    "EncloserNone",
    say`${pattern} lies inside no other pattern`,
    rest.length === 0 || pattern === cover
      ? `remove ${option}`
      : `remove ${option}, or let it name a family whose pattern covers ${say`${pattern}`}, such as ${say`${cover}`}`
  )
}

/**
 * E0204: `partOf` or `carvedFrom` that names another family than the nearest enclosing one.
 *
 * @category ownership
 * @since 0.1.0
 */
export type encloserWrong<Pattern extends string, Named extends string, Outer extends string, Family extends string> =
  message<
    "E0204",
    `'${Pattern}' does not lie directly inside family '${Named}', but in '${Outer}' of family '${Family}'`,
    `name '${Family}'`
  >
export const encloserWrong = (pattern: string, named: string, outer: string, family: string) =>
  finding(
    "E0204",
    "EncloserWrong",
    say`${pattern} does not lie directly inside family ${named}, but in ${outer} of family ${family}`,
    say`name ${family}`
  )

/**
 * E0240: a part in another layer than its whole.
 *
 * @category ownership
 * @since 0.1.0
 */
export type partElsewhere<Part extends string, Here extends string, Whole extends string, Home extends string> =
  message<
    "E0240",
    `part '${Part}' is in deployment layer '${Here}', and its whole '${Whole}' is in ${[Home] extends [never] ?
      "no layer"
      : `layer '${Home}'`}`,
    `remove layer, because a part is in the layer of its whole, or give it an owner of its own: carvedFrom: '${Whole}'`
  >
export const partElsewhere = (part: string, here: string, whole: string, home: string | undefined) =>
  finding(
    "E0240",
    "PartElsewhere",
    say`part ${part} is in deployment layer ${here}, and its whole ${whole} is in ` +
      (home === undefined ? "no layer" : say`layer ${home}`),
    say`remove layer, because a part is in the layer of its whole, or give it an owner of its own: carvedFrom: ${whole}`
  )
