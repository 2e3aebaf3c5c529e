/**
 * `PatternSet` compiles many patterns into one automaton. It gives the answers that a comparison with each pattern
 * gives.
 */
import { assert, describe, it } from "@effect/vitest"
import * as fc from "fast-check"
import {
  covers,
  isMoreSpecific,
  type KeyPattern,
  matches,
  overlaps,
  parsePatternUnsafe
} from "../../src/pattern/KeyPattern.ts"
import * as PatternSet from "../../src/pattern/types/patternSet.ts"
import { pattern, universe } from "../support/patternTruth.ts"

const patterns = fc.uniqueArray(pattern, { maxLength: 12, selector: (source) => parsePatternUnsafe(source).normal })
const setOf = (sources: ReadonlyArray<string>) =>
  PatternSet.make(sources.map((source) => [parsePatternUnsafe(source), source] as const))
const sorted = (members: ReadonlyArray<PatternSet.Member<string>>) => members.map((member) => member.value).toSorted()

describe("PatternSet", () => {
  it("a key is routed to the most specific pattern that matches it", () => {
    fc.assert(
      fc.property(patterns, (sources) => {
        const set = setOf(sources)
        const parsed = sources.map(parsePatternUnsafe)
        for (const key of universe) {
          const matching = parsed.filter((p) => matches(key, p))
          const best = matching.find((p) => matching.every((other) => other === p || isMoreSpecific(p, other)))
          assert.strictEqual(set.route(key), best?.source, key)
        }
      }),
      { numRuns: 150 }
    )
  })

  it("a question about a pattern gets the answer of a comparison with each member", () => {
    fc.assert(
      fc.property(patterns, pattern, (sources, asked) => {
        const set = setOf(sources)
        const p = parsePatternUnsafe(asked)
        const where = (test: (q: KeyPattern) => boolean) =>
          sources.filter((source) => test(parsePatternUnsafe(source))).toSorted()
        assert.deepStrictEqual(sorted(set.overlapping(p)), where((q) => overlaps(p, q)))
        assert.deepStrictEqual(sorted(set.covering(p)), where((q) => covers(q, p)))
        assert.deepStrictEqual(
          sorted(set.crossing(p)),
          where((q) => overlaps(p, q) && !covers(p, q) && !covers(q, p))
        )
      }),
      { numRuns: 500 }
    )
  })

  it("the patterns around the one that covers a question have no key of it, and no other pattern is left out", () => {
    fc.assert(
      fc.property(patterns, pattern, (sources, asked) => {
        const set = setOf(sources)
        const p = parsePatternUnsafe(asked)
        const touched = sorted(set.touched(p))
        for (const key of universe) {
          const route = matches(key, p) ? set.route(key) : undefined
          if (route !== undefined) assert.include(touched, route, `${asked} has ${key}`)
        }
        const [nearest] = set.covering(p)
        const isAround = (q: KeyPattern) =>
          nearest !== undefined && q.normal !== nearest.pattern.normal && covers(q, nearest.pattern)
        assert.deepStrictEqual(
          touched,
          sources.filter((source) => {
            const q = parsePatternUnsafe(source)
            return overlaps(p, q) && !isAround(q)
          }).toSorted()
        )
      }),
      { numRuns: 500 }
    )
  })

  it("the patterns that cover another are listed with the most specific first", () => {
    const set = setOf(["*", "user:*", "user:{id}", "user:{id}:*"])
    assert.deepStrictEqual(set.covering(parsePatternUnsafe("user:{x}:posts")).map((m) => m.value), [
      "user:{id}:*",
      "user:*",
      "*"
    ])
  })

  it("a text that is not a key has no route", () => {
    const set = setOf(["*", "a:{x}"])
    for (const text of ["", "a:", ":a", "a::b", "a:{x}", "a:*", "*"]) assert.isUndefined(set.route(text), text)
  })

  it("the answers stay right when there are more states than the bound", () => {
    // 13 places with a text or a hole: 2^13 states, twice the bound.
    const sources = Array.from(
      { length: 13 },
      (_, place) => Array.from({ length: 13 }, (_, index) => index === place ? "a" : `{p${index}}`).join(":")
    )
    const set = setOf(sources)
    for (let bits = 0; bits < 2 ** 13; bits++) {
      const key = Array.from({ length: 13 }, (_, index) => (bits >> index) % 2 === 1 ? "a" : "z")
      const first = key.indexOf("a")
      assert.strictEqual(set.route(key.join(":")), first < 0 ? undefined : sources[first])
    }
  })
})
