/**
 * Places in a text of a program, and texts within it.
 */
import type { Place } from "./findings.ts"

/** How many characters lie before a place. */
export const offsetOf = (source: string, { column, line }: Place): number => {
  let start = 0
  for (let at = 1; at < line; at++) start = source.indexOf("\n", start) + 1
  return start + column - 1
}

/** A regular expression that matches a text and nothing else. */
export const escape = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")

/**
 * Comments, texts and regular expressions, in which brackets do not count; and the brackets. A slash begins a regular
 * expression where no value ends.
 */
export const tokens = new RegExp(
  [
    /\/\/[^\n]*|\/\*[^]*?\*\//,
    /"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|`(?:[^`\\]|\\.)*`/,
    /(?<=[=(,:;!&|?{}[>]\s*|\breturn\s+)\/(?:\[(?:[^\]\\\n]|\\.)*\]|[^/\\\n[]|\\.)+\//,
    /[([{)\]},]/
  ].map(({ source }) => source).join("|"),
  "g"
)

/** The same text with blanks for comments, and for what stands in texts and regular expressions. */
export const masked = (text: string): string =>
  text.replace(
    tokens,
    (token) => token.length === 1 ? token : `${token[0]}${token.slice(1, -1).replace(/[^\n]/g, " ")}${token.at(-1)}`
  )

/** The place of a character. */
export const placeOf = (source: string, offset: number): Pick<Place, "line" | "column"> => {
  const before = source.slice(0, offset).split("\n")
  return { line: before.length, column: before.at(-1)!.length + 1 }
}
