/**
 * Fills the lines of comments, as dprint fills those of Markdown: a paragraph has as few lines of at most 120 columns
 * as it can.
 *
 *     node .ci/wrap.ts [--check]
 *
 * `npm run format` fills them, and `npm run lint` says which are not filled. Lists keep their items. Code, tables,
 * headings, tags, and lines that are set in further are left as they are.
 */
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { filesOf } from "./plain.ts"
import { parseSource } from "./source.ts"

const columnsMax = 120

/** A line of a comment: what stands before its text, and the text. */
interface Line {
  readonly prefix: string
  readonly text: string
}

const isFence = (text: string): boolean => text.startsWith("```")
const isOfOneLine = (text: string): boolean =>
  text === "" || /^(\s|[|#@>]|---|\*\*[^*]+\*\*( \(.*\))?$|(oxlint|dprint|eslint|@ts)-|=>)/.test(text)
const itemOf = (text: string): string | undefined => /^([-*]|\d+\.) +/.exec(text)?.[0]

const isWithinCode = (text: string): boolean => (text.match(/(?<!`)`(?!`)/g) ?? []).length % 2 === 1

/** Words that stay together: code, links, and a word that would begin an item, a heading or a tag. */
const wordsOf = (text: string): ReadonlyArray<string> => {
  const words: Array<string> = []
  for (const word of text.split(/ +/).filter((word) => word !== "")) {
    const last = words.at(-1)
    const isOpen = last !== undefined && (isWithinCode(last) || last.split("{@").length > last.split("}").length)
    if (last !== undefined && (isOpen || /^([-*+|#@>=]|\d+\.$)/.test(word))) words[words.length - 1] = `${last} ${word}`
    else words.push(word)
  }
  return words
}

const filled = (first: string, next: string, text: string): ReadonlyArray<string> => {
  const lines: Array<string> = []
  let line = first
  let isEmpty = true
  for (const word of wordsOf(text)) {
    if (!isEmpty && line.length + 1 + word.length > columnsMax) {
      lines.push(line)
      line = next
      isEmpty = true
    }
    line += isEmpty ? word : ` ${word}`
    isEmpty = false
  }
  return [...lines, line]
}

/** The lines of a comment, with its paragraphs filled. */
const refilled = (lines: ReadonlyArray<Line>): ReadonlyArray<string> => {
  const made: Array<string> = []
  let isCode = false
  let at = 0
  while (at < lines.length) {
    const { prefix, text } = lines[at]!
    if (isFence(text)) isCode = !isCode
    if (isCode || isFence(text) || isOfOneLine(text)) {
      made.push((prefix + text).trimEnd())
      at++
      continue
    }
    const item = itemOf(text)
    const indent = " ".repeat(item?.length ?? 0)
    const parts = [text]
    at++
    // What follows belongs to the paragraph if it is set in as far, and begins nothing else.
    while (at < lines.length) {
      const { text: next } = lines[at]!
      const rest = next.slice(indent.length)
      if (!next.startsWith(indent) || isOfOneLine(rest) || isFence(rest) || itemOf(rest) !== undefined) break
      parts.push(rest)
      at++
    }
    made.push(...filled(prefix + (item ?? ""), prefix + indent, parts.join(" ").slice(indent.length)))
  }
  return made
}

/** The text of a file with filled comments. */
export const wrapped = (path: string, text: string): string => {
  const lines = text.split("\n")
  const starts = [0]
  for (const line of lines) starts.push(starts.at(-1)! + line.length + 1)
  const lineAt = (offset: number): number => {
    let [low, high] = [0, lines.length - 1]
    while (low < high) {
      const middle = (low + high + 1) >> 1
      if (starts[middle]! <= offset) low = middle
      else high = middle - 1
    }
    return low
  }
  const edits: Array<readonly [from: number, to: number, made: ReadonlyArray<string>]> = []
  let group: Array<number> = []
  const endGroup = (): void => {
    if (group.length > 0) {
      const own = group.map((at): Line => {
        const [, prefix, text] = /^(\s*\/\/ ?)(.*)$/.exec(lines[at]!)!
        return { prefix: prefix!, text: text! }
      })
      edits.push([group[0]!, group.at(-1)! + 1, refilled(own)])
    }
    group = []
  }
  for (const { end, start } of parseSource(path, text).comments) {
    const [from, to] = [lineAt(start), lineAt(end - 1)]
    const isAlone = lines[from]!.slice(0, start - starts[from]!).trim() === ""
    if (text.startsWith("//", start)) {
      const isNext = isAlone && group.length > 0 && from === group.at(-1)! + 1 &&
        lines[from]!.search(/\S/) === lines[group[0]!]!.search(/\S/)
      if (!isNext) endGroup()
      if (isAlone && /^\s*\/\/( |$)/.test(lines[from]!)) group.push(from)
      continue
    }
    endGroup()
    const inner = lines.slice(from + 1, to)
    if (!isAlone || to - from < 2 || !inner.every((line) => /^\s* \*( |$)/.test(line))) continue
    const own = inner.map((line): Line => {
      const [, prefix, rest] = /^(\s* \* ?)(.*)$/.exec(line)!
      return { prefix: prefix!.trimEnd() + " ", text: rest! }
    })
    edits.push([from + 1, to, refilled(own)])
  }
  endGroup()
  for (const [from, to, made] of edits.toReversed()) lines.splice(from, to - from, ...made)
  return lines.join("\n")
}

if (import.meta.main) {
  const root = join(import.meta.dirname, "..")
  const isCheck = process.argv.includes("--check")
  let count = 0
  for (const { path, text } of filesOf(root)) {
    if (!path.endsWith(".ts")) continue
    const made = wrapped(path, text)
    if (made === text) continue
    count++
    const [before, after] = [text.split("\n"), made.split("\n")]
    const at = after.findIndex((line, i) => line !== before[i])
    if (isCheck) console.log(`${path}:${at + 1}: the lines of this comment are not filled; run \`npm run format\``)
    else writeFileSync(join(root, path), made)
  }
  if (count > 0 && isCheck) process.exitCode = 1
  if (count > 0 && !isCheck) console.log(`filled the comments of ${count} files`)
}
