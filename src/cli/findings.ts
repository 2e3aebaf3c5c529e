/**
 * Reads the output of a compiler: separates our findings, with their places, from all other errors.
 */
import type * as Diagnostic from "../diagnostic/Diagnostic.ts"
import * as RightFindings from "../diagnostic/types/rightFindings.ts"

export interface Place {
  readonly file: string
  /** Lines and columns count from 1, as compilers count. */
  readonly line: number
  readonly column: number
}

export interface Finding extends Place {
  readonly code: string
  readonly sentence: string
  readonly help: string
  /** A few words about the refused text, from the compiler's own message. */
  readonly label?: string
}

/** An error in the compiler's own words, with the lines that explain it. */
export interface Other {
  readonly text: string
  readonly place: Place | undefined
}

export interface Report {
  readonly findings: ReadonlyArray<Finding>
  readonly others: ReadonlyArray<Other>
}

const place = /^(.+?)\((\d+),(\d+)\): error TS\d+: /
// A message is a string literal type: in double quotes, where those inside it are escaped; or a template literal, if
// one of its names is unknown.
const message = /(["`])(E\d{4}): ((?:(?!\1)[^\\]|\\.)*?); help: ((?:(?!\1)[^\\]|\\.)*?)\1/
const unknownName = /'\$\{string\}'/g

/** Reads the output of `tsc --pretty false` for several projects. An error in a file of two projects counts once. */
export const parse = (output: string): Report => {
  const findings: Array<Finding> = []
  const others: Array<Other> = []
  for (const text of new Set(output.split(/\r?\n(?=\S)/).map((error) => error.trimEnd()))) {
    if (text === "") continue
    const at = place.exec(text)
    const where = at === null ? undefined : { file: at[1]!, line: Number(at[2]), column: Number(at[3]) }
    if (where !== undefined && ofSeveral.test(text)) {
      findings.push({ ...where, ...say(RightFindings.writeChoice()) })
      continue
    }
    const ours = message.exec(text)
    if (where === undefined || ours === null) {
      others.push({ text, place: where })
      continue
    }
    const [code, sentence, help] = ours.slice(2).map((part) => part.replace(unknownName, "...")) as [
      string,
      string,
      string
    ]
    const label = misfits.has(code) ? labelOf(text) : rightOf(text)
    findings.push({ ...where, code, sentence, help, ...(label === undefined ? {} : { label }) })
  }
  return { findings, others }
}

/** Returns the words of a finding as compilers print them: with single quotes in place of backticks. */
export const say = ({ code, help, sentence }: Diagnostic.Diagnostic): Pick<Finding, "code" | "sentence" | "help"> => ({
  code,
  sentence: sentence.replaceAll("`", "'"),
  help: help.replaceAll("`", "'")
})

// For these codes, the compiler's own words say which part is wrong.
const misfits = new Set(["E0112", "E0113", "E0114"])
// A longer type does not help the reader.
const typeLengthMax = 60

// A value, or the function of an update, for a union of families: it would have to fit each of them.
const ofSeveral = /^[^\n]*(?:(?:Value|NewEntry)<.*> & (?:Value|NewEntry)<|=> NewValue<.*>\) & \(\(was: )/

// A message that is the name of a property cannot name a pattern. The compiler names it in the line above.
const rightOf = (text: string): string | undefined => {
  const right = /Type '(Owns<"[^"]+", \w+>)' is not assignable to type 'Borrows(?:Capability)?<[^]*Property '"E/.exec(
    text
  )
  return right === null ? undefined : `this requires ${right[1]}`
}

/** Returns in few words what the compiler says about a value that does not fit. */
export const labelOf = (text: string): string | undefined => {
  const missing = /Property '([^'[]+)' is missing in type/.exec(text)
  if (missing !== null) return `'${missing[1]}' is missing`
  // Properties whose names are symbols are ours, and a caller cannot give them.
  const several = /is missing the following properties from type .*: ([^:\n]+)$/m.exec(text)?.[1]!
    .split(", ").filter((name) => !name.startsWith("["))
  if (several?.length === 1) return `'${several[0]}' is missing`
  if (several !== undefined) return `missing: ${several.join(", ")}`
  const surplus = /'([^']+)' does not exist in type/.exec(text)
  if (surplus !== null) return `there is no '${surplus[1]}'`
  const count = /Expected ([\d-]+) arguments?, but got (\d+)/.exec(text)
  if (count !== null) return `expected ${count[1]} arguments, got ${count[2]}`
  const types = [...text.matchAll(/(?:Type|Argument of type) '(.+?)' is not assignable to/g)]
  const type = types.at(-1)?.[1]
  if (type === undefined || type.length > typeLengthMax) return undefined
  const path = [...text.matchAll(/Types of property '([^']+)' are incompatible/g)].map(([, name]) => name).join(".")
  return path === "" ? `this is '${type}'` : `its '${path}' is '${type}'`
}

/** Returns the length of the text that the compiler would underline: a literal, a name, or one character. */
export const lengthAt = (line: string, column: number): number =>
  /^(?:"[^"]*"|'[^']*'|`[^`]*`|[\w$.]+)/.exec(line.slice(column - 1))?.[0].length ?? 1
