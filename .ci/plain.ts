/**
 * Finds phrases that are hard to read: in comments, messages and texts of TypeScript, in documents, and in scripts.
 *
 * `npm run lint` runs it over every file that git knows. `architecture.ts` has its rules from here, so there is one
 * list.
 */
import { execFileSync } from "node:child_process"
import { existsSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { lineOf, parseSource, type Source, type Violation, walk } from "./source.ts"

// The tests of the rules: their texts are what the rules find.
const planting = "test/architecture.test.ts"

const comparatives = "longer|later|earlier|larger|smaller|greater|slower|faster|older|newer|better|worse|more|less"

/** Phrases that a reader whose third language is English must read twice, each with the better form. */
const unclear: ReadonlyArray<readonly [phrase: RegExp, better: string]> = [
  [
    /\b(nobody|whoever|somebody|anybody|no one|someone|anyone|everyone|everybody)\b/gi,
    "name the actor: caller, reader, owner, listener, tier, engine or process"
  ],
  [/\bNor\s+(do|does|did|is|are|was|were|has|have|can|may|will)\b/g, "put the subject before the verb"],
  [/\bSo\s+(does|is|are|was|were|has|have|can|may|will)\b/g, "put the subject before the verb"],
  [/\bbe\s+it\b/gi, "write `whether a or b`"],
  [/\bthe\s+same(,\s+with|\s+of)\b/gi, "say what it does, or `like x, with y`"],
  [
    new RegExp(`(?<!\\bthere\\s+)\\b(is|are)\\s+no\\b(?!\\s+(${comparatives})\\b)`, "gi"),
    "write `is not a` or `are not`"
  ],
  [/\btold\s+of\b/gi, "write `is called with`, `receives` or `learns that`"],
  [/\b(is|are|was|be)\s+told\b(?!\s+(apart|from|of)\b)/gi, "write `gets`, `receives` or `learns that`"],
  [/\ball\s+that\b/gi, "write `everything that`, or name what it is"],
  [/\ball\s+the\s+same\b/gi, "write `nevertheless`"],
  [/\banew\b/gi, "write `again`"],
  [/\bas\s+far\s+as\b/gi, "write `if`, `only` or `up to`"],
  [/\bsomething\s+else\s+than\b/gi, "write `another value than`, or name what it is"],
  [/\bcalled\s+like\b/gi, "write `has the name of`"],
  [/\bmend(s|ed|ing)?\b/gi, "write `repair`"],
  [/\b(for|in)\s+want\s+of\b/gi, "write `because there is no`"],
  [/\b(he|him|his|whom)\b/gi, "name the actor: caller, reader, owner, listener, tier, engine or process"],
  [/\bhears?\s+of\b/gi, "write `receives`, `sees` or `learns that`"],
  [/\bfor\s+whatever\b/gi, "write `for any`"],
  // Within a sentence it says what follows: `and so is the next one` has its subject beside it.
  [/\bSo\s+(is|are)\b/g, "write the subject first: `x is refused as well`"],
  // One word for each concept: the glossary of `src/README.md`.
  [/\b(owner|layer|delegate|borrower|lease)'s\s+scope\b/g, "write `Scope`: a scope is that of a mark"],
  [/\bscope\s+(has\s+)?close[sd]?\b/g, "write `Scope`: a scope is that of a mark"],
  [/\bdoubtful\b/gi, "write `uncertain`, or of a commit `in doubt`"],
  [
    /\b(idle|shorter|longer|new)\s+life\b|\blife\s+of\s+(a|an|the|its|each)\s+(\w+\s+)?(value|entry|key|page|family|log)\b/gi,
    "write `lifetime`: a life is a run over a place"
  ],
  [
    /\b(lookup(Many)?|combinator|operation|function)s?\s+((has|have)\s+)?answer(s|ed)?\b(?!\s+of)/gi,
    "write `returns`: a lookup returns, a tier answers"
  ]
]

/** The comments and texts of a file, at their offsets, without the marks of comments; the rest is blank. */
const proseOf = ({ comments, program, text }: Source, withTexts: boolean): string => {
  const prose = text.replace(/\S/g, "\0").split("")
  const keep = (start: number, written: string) => {
    for (let i = 0; i < written.length; i++) prose[start + i] = written[i]!
  }
  walk(program, ({ end, start, type, value }) => {
    if (!withTexts) return false
    if (type === "TemplateElement" || (type === "Literal" && typeof value === "string")) {
      keep(start, text.slice(start, end))
    }
  })
  const marks = /^\/[/*]+|\*\/$|^\s*\*/gm
  for (const { end, start } of comments) {
    keep(start, text.slice(start, end).replace(marks, (mark) => " ".repeat(mark.length)))
  }
  return prose.join("")
}

export const refuseUnclear = (prose: string, at: number, refuse: (offset: number, message: string) => void): void => {
  for (const [phrase, better] of unclear) {
    for (const { 0: found, index } of prose.matchAll(phrase)) {
      refuse(at + index, `\`${found.replace(/\s+/g, " ")}\` is hard to read: ${better}`)
    }
  }
}

const findIn = (path: string, prose: string): ReadonlyArray<Violation> => {
  const violations: Array<Violation> = []
  refuseUnclear(prose, 0, (offset, message) => violations.push({ path, line: lineOf(prose, offset), message }))
  return violations
}

/** Comments and texts of a program are plain English: none of the phrases that hide who acts. */
export const plainSource = (source: Source): ReadonlyArray<Violation> =>
  findIn(source.path, proseOf(source, source.path !== planting))

export interface Document {
  readonly path: string
  readonly text: string
}

/** The text with nothing in place of its blocks of code; no line moves. */
export const withoutBlocks = (text: string): string =>
  text.replace(/^(```+|~~~+)[\s\S]*?^\1/gm, (block) => block.replace(/[^\n]/g, ""))

/** Documents are plain English, as comments are. What stands between backticks may be a name. */
export const plainDocument = ({ path, text }: Document): ReadonlyArray<Violation> =>
  findIn(path, withoutBlocks(text).replace(/`[^`\n]*`/g, (code) => "\0".repeat(code.length)))

/** Scripts of a shell and settings of GitHub: their comments and messages are plain English. */
const plainScript = ({ path, text }: Document): ReadonlyArray<Violation> =>
  findIn(path, text.replace(/^(\s*)#/gm, "$1 "))

const generated = /(^|\/)index\.ts$/
const read = /\.(ts|md)$|^\.(ci|githooks|github)\//

/** The findings in one file. */
export const findings = (file: Document): ReadonlyArray<Violation> => {
  const { path, text } = file
  if (path.endsWith(".ts")) return plainSource(parseSource(path, text))
  if (path.endsWith(".md")) return plainDocument(file)
  return plainScript(file)
}

/** The files with comments or prose that git knows, or would add. */
export const filesOf = (root: string): ReadonlyArray<Document> =>
  execFileSync("git", ["ls-files", "--cached", "--others", "--exclude-standard"], { cwd: root, encoding: "utf8" })
    .trim().split("\n")
    .filter((path) => read.test(path) && !generated.test(path) && existsSync(join(root, path)))
    .map((path) => ({ path, text: readFileSync(join(root, path), "utf8") }))

if (process.argv[1] === import.meta.filename) {
  const found = filesOf(join(import.meta.dirname, "..")).flatMap(findings)
  for (const { line, message, path } of found) console.error(`${path}:${line}: ${message}`)
  if (found.length > 0) process.exitCode = 1
}
