/**
 * Random valid manifests over two texts and three parameter names.
 */
import * as Result from "effect/Result"
import * as fc from "fast-check"
import type { Definition, FamilySpec } from "../../src/ownership/Definition.ts"
import { validate, type ValidManifest } from "../../src/ownership/shared/validation.ts"
import { covers, overlaps, parsePatternUnsafe } from "../../src/pattern/KeyPattern.ts"

const names = ["x", "y", "z"]

export const pattern: fc.Arbitrary<string> = fc
  .tuple(
    fc.array(fc.oneof(fc.constantFrom("a", "b"), fc.nat(2)), { minLength: 1, maxLength: 3 }),
    fc.integer({ min: 0, max: 3 })
  )
  .map(([segments, last]) => {
    const free = [...names]
    const parts = segments.map((segment) =>
      typeof segment === "string" ? segment : `{${free.splice(segment % free.length, 1)[0]}}`
    )
    return [...parts, ...(last === 0 ? ["*"] : [])].join(":")
  })

interface Line {
  readonly pattern: string
  readonly isCarved: boolean
  readonly derives: ReadonlyArray<string>
}

// Adds what keeps the manifest valid, and leaves out the rest.
const build = (lines: ReadonlyArray<Line>): ValidManifest => {
  const kept: Array<Line> = []
  for (const line of lines) {
    const p = parsePatternUnsafe(line.pattern)
    const clash = kept.map((other) => parsePatternUnsafe(other.pattern)).some((q) =>
      overlaps(p, q) && covers(p, q) === covers(q, p)
    )
    if (!clash) kept.push(line)
  }
  const families: { [name: string]: FamilySpec } = {}
  kept.forEach(({ isCarved, pattern: source }, index) => {
    const p = parsePatternUnsafe(source)
    const outer = kept
      .map((line, at) => ({ name: `f${at}`, pattern: parsePatternUnsafe(line.pattern) }))
      .filter((other) => other.pattern.source !== source && covers(other.pattern, p))
      .reduce<{ readonly name: string; readonly pattern: typeof p } | undefined>(
        (nearest, other) => nearest === undefined || covers(nearest.pattern, other.pattern) ? other : nearest,
        undefined
      )
    families[`f${index}`] = {
      pattern: source,
      fanout: true,
      ...(outer === undefined ? {} : isCarved ? { carvedFrom: outer.name } : { partOf: outer.name })
    }
  })
  kept.forEach(({ derives }, index) => {
    for (const reference of derives) {
      const name = `f${index}`
      const spec = families[name]!
      families[name] = { ...spec, derives: [...spec.derives ?? [], reference] }
      if (Result.isFailure(validate("Random", { families }))) families[name] = spec
    }
  })
  return Result.getOrThrow(validate("Random", { families } satisfies Definition))
}

export const manifest: fc.Arbitrary<ValidManifest> = fc
  .array(
    fc.record({ pattern, isCarved: fc.boolean(), derives: fc.array(pattern, { maxLength: 6 }) }),
    { minLength: 2, maxLength: 7 }
  )
  .map(build)
