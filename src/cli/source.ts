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
