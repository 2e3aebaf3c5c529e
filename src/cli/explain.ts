/**
 * Explains a code for `stateless explain CODE`: what it means, a program that fails with it, and the repaired program.
 */
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as Explanations from "../diagnostic/Explanations.ts"

/** The given text is not a code. */
export class CodeUnknown extends Schema.TaggedError<CodeUnknown>()("CodeUnknown", { code: Schema.String }) {
  override get message() {
    return `there is no code \`${this.code}\`; help: ${nearest(this.code)}`
  }
}

// The codes that are named where the text is a number that no code has.
const nearMax = 5

const numberOf = (code: string): number => Number(code.replace(/^e/i, ""))

const nearest = (code: string): string => {
  const codes = Explanations.all.map((each) => each.code).toSorted()
  const wanted = numberOf(code)
  if (Number.isNaN(wanted)) return `the codes are ${codes.join(", ")}`
  const meant = codes.find((each) => numberOf(each) === wanted)
  if (meant !== undefined) return `did you mean ${meant}?`
  const distance = (each: string) => Math.abs(numberOf(each) - wanted)
  const near = codes.toSorted((a, b) => distance(a) - distance(b)).slice(0, nearMax).toSorted()
  return `the nearest codes are ${near.join(", ")}`
}

export const explain = (code: string, isJson: boolean): Effect.Effect<void, CodeUnknown> => {
  const explanation = Explanations.find(code.toUpperCase())
  if (explanation === undefined) return Effect.fail(new CodeUnknown({ code }))
  return Console.log(isJson ? JSON.stringify(explanation, undefined, 2) : show(explanation))
}

const indent = (text: string): string => text.trimEnd().split("\n").map((line) => line && `    ${line}`).join("\n")

const show = (explanation: Explanations.Explanation): string =>
  [
    `${explanation.code}, found by ${explanation.foundBy}`,
    explanation.what,
    explanation.why,
    ...(explanation.failing === undefined ? [] : ["This fails:", indent(explanation.failing)]),
    explanation.repair,
    ...(explanation.repaired === undefined ? [] : ["This is right:", indent(explanation.repaired)])
  ].join("\n\n")
