/**
 * The facts of a file that come from its text. It is a plain function, so it can be tested without a cache.
 */
import type { Facts, File } from "./Index.ts"

const importPattern = /^\s*(?:import|export)\b[^"'`;]*?\bfrom\s*["']([^"'\n]+)["']|^\s*import\s*["']([^"'\n]+)["']/gm
const exportPattern =
  /^export\s+(?:declare\s+|default\s+|abstract\s+|async\s+)*(?:const|let|var|function\*?|class|interface|type|enum)\s+([\w$]+)/gm

const codeNames = /\.[cm]?[jt]sx?$/

const countLines = (text: string): number => {
  let lines = text === "" || text.endsWith("\n") ? 0 : 1
  for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) lines++
  return lines
}

const distinct = (found: Iterable<string | undefined>): ReadonlyArray<string> =>
  [...new Set([...found].filter((each) => each !== undefined))].toSorted()

/** The lines, imported modules and exported names of a file; only the lines, if it is not JavaScript or TypeScript. */
export const factsOf = (name: string, { bytes, text }: File): Facts => {
  if (text === null) return { bytes, binary: true, lines: 0, imports: [], exports: [] }
  const lines = countLines(text)
  if (!codeNames.test(name)) return { bytes, binary: false, lines, imports: [], exports: [] }
  const imports = distinct([...text.matchAll(importPattern)].map(([, from, bare]) => from ?? bare))
  const exports = distinct([...text.matchAll(exportPattern)].map(([, exported]) => exported))
  return { bytes, binary: false, lines, imports, exports }
}

/** The package of an import: `@scope/name/deep` gives `@scope/name`; none for a path. */
export const packageOf = (specifier: string): string | undefined => {
  if (specifier.startsWith(".") || specifier.startsWith("/")) return undefined
  return specifier.split("/", specifier.startsWith("@") ? 2 : 1).join("/")
}
