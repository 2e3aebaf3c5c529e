/**
 * The truth about patterns by enumeration: all keys over a small alphabet, matched by regular expressions.
 */
import * as fc from "fast-check"

export const texts = ["a", "b"] as const
const letters = [...texts, "c"]
export const lengthMax = 4

/** Every key of up to `lengthMax` segments; `c` stands for every text that no pattern writes. */
export const universe: ReadonlyArray<string> = (() => {
  const keys: Array<string> = []
  let longest = [""]
  for (let length = 1; length <= lengthMax; length++) {
    longest = longest.flatMap((key) => letters.map((letter) => key === "" ? letter : `${key}:${letter}`))
    keys.push(...longest)
  }
  return keys
})()

/** Matches a pattern by a regular expression instead of by segments. */
export const expressionOf = (pattern: string): RegExp =>
  new RegExp(
    `^${
      pattern.split(":").map((segment) => segment === "*" ? ".+" : segment.startsWith("{") ? "[^:]+" : segment).join(
        ":"
      )
    }$`
  )

export const keysOf = (pattern: string): ReadonlySet<string> => {
  const expression = expressionOf(pattern)
  return new Set(universe.filter((key) => expression.test(key)))
}

/** Patterns of up to three segments and a rest: short enough that the universe can tell them apart. */
export const pattern: fc.Arbitrary<string> = fc
  .tuple(fc.array(fc.constantFrom(...texts, "{x}"), { minLength: 1, maxLength: 3 }), fc.boolean())
  .map(([segments, rest]) =>
    [...segments.map((segment, index) => segment === "{x}" ? `{p${index}}` : segment), ...(rest ? ["*"] : [])].join(":")
  )
