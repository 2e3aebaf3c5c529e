/**
 * Checks that both sides of an edge spell their parameters alike: E0416.
 *
 * A change reaches a dependent by the texts of the parameters. The compiler asks for codecs of the same type. Here the
 * codecs must also do the same: the same transformations of the same texts.
 *
 * Not here: a comparison of what two transformations do. Two transformations are the same if they are one object. The
 * types of this check are in `spelling.ts`.
 */
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as AST from "effect/SchemaAST"
import * as ReferenceFindings from "../../diagnostic/types/referenceFindings.ts"
import * as KeyPattern from "../../pattern/KeyPattern.ts"
import type { Draft, Report } from "./draft.ts"

/**
 * Reports the references that spell a parameter in another way than a family that they reach. `wrong` has the paths of
 * mistakes that are found, as JSON.
 */
export const checkSpelling = (draft: Draft, report: Report, wrong: ReadonlySet<string>): void => {
  for (const { name, pattern, spec } of draft.families.values()) {
    spec.derives?.forEach((source, index) => {
      const path = ["families", name, "derives", String(index)]
      const reference = KeyPattern.parsePattern(source)
      if (Result.isFailure(reference) || wrong.has(JSON.stringify(path))) return
      for (const { value: other } of draft.patterns.touched(reference.success)) {
        const at = reference.success.segments.findIndex((segment, i) => {
          const there = other.pattern.segments[i]
          return segment._tag === "Hole" && there?._tag === "Hole" && pattern.holes.includes(segment.name) &&
            !isSpeltAlike(spec.params?.[segment.name], other.spec.params?.[there.name])
        })
        const segment = reference.success.segments[at]
        if (segment?._tag === "Hole") {
          return report(path, ReferenceFindings.speltOtherwise(name, source, segment.name, other.name))
        }
      }
    })
  }
}

const isSpeltAlike = (a: unknown, b: unknown): boolean => {
  const [here, there] = [spellingOf(a), spellingOf(b)]
  return here.length === there.length && here.every((step, i) => step === there[i])
}

const spellingOf = (codec: unknown): ReadonlyArray<unknown> => Schema.isSchema(codec) ? stepsOf(codec.ast) : []

// The transformations from a value to a text, in their order; those of a union under the index of its member.
const stepsOf = (ast: AST.AST): ReadonlyArray<unknown> => {
  const own = ast.encoding?.flatMap(({ to, transformation }) => [transformation, ...stepsOf(to)]) ?? []
  if (!AST.isUnion(ast)) return own
  const members = ast.types.flatMap((member, place) => {
    const steps = stepsOf(member)
    return steps.length === 0 ? [] : [place, ...steps]
  })
  return [...own, ...members]
}
