/**
 * Explains codes for `stateless explain CODE`: what each means, a program that fails with it, and the repaired program.
 *
 * A code may be written as it comes: in lower case, as its number alone, or within the message of an error.
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

const nearest = (code: string): string => {
  const codes = Explanations.all.map((each) => each.code).toSorted()
  const wanted = Number(code.replace(/^e/i, ""))
  if (Number.isNaN(wanted)) return `a code is an E and four digits, such as E0203; the codes are ${codes.join(", ")}`
  const distance = (each: string) => Math.abs(Number(each.slice(1)) - wanted)
  const near = codes.toSorted((a, b) => distance(a) - distance(b)).slice(0, nearMax).toSorted()
  return `the nearest codes are ${near.join(", ")}`
}

/** The codes that a text names: each one in a message, or one that is written in another way. */
export const codesIn = (text: string): ReadonlyArray<string> => {
  const codes = text.match(/\be\d{4}\b/gi)
  if (codes !== null) return codes.map((code) => code.toUpperCase())
  const number = /^\s*e?0*(\d{1,4})\W*$/i.exec(text)?.[1]
  return [number === undefined ? text : `E${number.padStart(4, "0")}`]
}

/** Prints the explanations of codes, each once; fails if one of the texts has no code. */
export const explain = (texts: ReadonlyArray<string>, isJson: boolean): Effect.Effect<void, CodeUnknown> =>
  Effect.gen(function*() {
    const found: Array<Explanations.CodeExplanation> = []
    for (const code of new Set(texts.flatMap(codesIn))) {
      const explanation = Explanations.find(code)
      if (explanation === undefined) return yield* new CodeUnknown({ code })
      found.push(explanation)
    }
    const json = found.length === 1 ? found[0] : found
    yield* Console.log(isJson ? JSON.stringify(json, undefined, 2) : found.map(show).join("\n\n"))
  })

const indent = (text: string): string => text.trimEnd().split("\n").map((line) => line && `    ${line}`).join("\n")

const show = (explanation: Explanations.CodeExplanation): string =>
  [
    `${explanation.code}, found by ${explanation.foundBy}`,
    explanation.what,
    explanation.why,
    ...(explanation.failing === undefined ? [] : ["This fails:", indent(explanation.failing)]),
    explanation.repair,
    ...(explanation.repaired === undefined ? [] : ["This is right:", indent(explanation.repaired)])
  ].join("\n\n")
