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

/** The places of characters of a text, which are asked for in their order. */
export const placesIn = (source: string): (offset: number) => Pick<Place, "line" | "column"> => {
  let line = 1
  let start = 0
  return (offset) => {
    for (let end = source.indexOf("\n", start); end >= 0 && end < offset; end = source.indexOf("\n", start)) {
      line++
      start = end + 1
    }
    return { line, column: offset - start + 1 }
  }
}
