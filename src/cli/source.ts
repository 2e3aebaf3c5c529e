/**
 * Converts between places and offsets in the text of a program, and finds its brackets.
 */
import type { Place } from "./findings.ts"

/** Returns the number of characters before a place. */
export const offsetOf = (source: string, { column, line }: Place): number => {
  let start = 0
  for (let at = 1; at < line; at++) start = source.indexOf("\n", start) + 1
  return start + column - 1
}

/** Returns the source of a regular expression that matches a text and nothing else. */
export const escape = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")

/**
 * Matches brackets, and also comments, texts and regular expressions, in which brackets do not count. A slash begins a
 * regular expression where no value ends.
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

/** Makes a function that returns the place of an offset. Its offsets must be given in ascending order. */
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
