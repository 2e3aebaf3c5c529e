/**
 * The truth about patterns by enumeration: all keys over a small alphabet, matched by regular expressions.
 */
import * as Option from "effect/Option"
import * as fc from "fast-check"
import { type KeyPattern, matches } from "../../src/pattern/KeyPattern.ts"

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

/** The parameters of a key, undecoded; none if it is not a key of the pattern. The parameter `*` keeps its colons. */
export const parseKey = (pattern: KeyPattern, key: string): Option.Option<Readonly<Record<string, string>>> => {
  if (!matches(key, pattern)) return Option.none()
  const parts = key.split(":")
  const params: Record<string, string> = Object.create(null)
  pattern.segments.forEach((segment, index) => {
    if (segment._tag === "Hole") params[segment.name] = parts[index]!
  })
  if (pattern.rest) params["*"] = parts.slice(pattern.segments.length).join(":")
  return Option.some(params)
}
