/**
 * Prints a finding as rustc prints a borrow error: the refused line with a label, the line of the other party with
 * another label, then help and note.
 */
import type { Declaration } from "./declarations.ts"
import { type Finding, lengthAt } from "./findings.ts"

export interface Style {
  readonly refused: (text: string) => string
  readonly declared: (text: string) => string
  readonly frame: (text: string) => string
  readonly strong: (text: string) => string
}

const ansi = (codes: string) => (text: string): string => `\u001b[${codes}m${text}\u001b[0m`
const asIs = (text: string): string => text

export const plain: Style = { refused: asIs, declared: asIs, frame: asIs, strong: asIs }
export const colored: Style = { refused: ansi("1;31"), declared: ansi("1;34"), frame: ansi("34"), strong: ansi("1") }

interface Mark {
  readonly line: number
  readonly column: number
  readonly length: number
  readonly sign: string
  readonly label: string
  readonly paint: (text: string) => string
}

/** Prints a finding. `lineOf` returns a line of a file, or an empty text if the file does not have it. */
export const render = (
  finding: Finding,
  other: Declaration | undefined,
  lineOf: (file: string, line: number) => string,
  style: Style
): string => {
  const refused: Mark = {
    line: finding.line,
    column: finding.column,
    length: lengthAt(lineOf(finding.file, finding.line), finding.column),
    sign: "^",
    label: finding.label ?? "refused here",
    paint: style.refused
  }
  const declared: Mark | undefined = other && { ...other, sign: "-", paint: style.declared }
  const isNear = other?.file === finding.file
  const width = String(Math.max(finding.line, other?.line ?? 0)).length
  const bar = style.frame(`${" ".repeat(width)} |`)
  const arrow = (sign: string, file: string, mark: Mark) =>
    `${" ".repeat(width)}${style.frame(sign)} ${file}:${mark.line}:${mark.column}`
  const quote = (file: string, marks: ReadonlyArray<Mark>) => showLines(file, marks, lineOf, width, style)

  return [
    `${style.refused(`error[${finding.code}]`)}${style.strong(`: ${finding.sentence}`)}`,
    arrow("-->", finding.file, refused),
    bar,
    ...quote(finding.file, isNear && declared !== undefined ? [refused, declared] : [refused]),
    ...(isNear || declared === undefined
      ? []
      : [arrow(":::", other!.file, declared), bar, ...quote(other!.file, [declared])]),
    bar,
    `${" ".repeat(width)} ${style.frame("=")} ${style.strong("help")}: ${finding.help}`,
    `${" ".repeat(width)} ${style.frame("=")} ${style.strong("note")}: stateless explain ${finding.code} says more`
  ].join("\n")
}

const showLines = (
  file: string,
  marks: ReadonlyArray<Mark>,
  lineOf: (file: string, line: number) => string,
  width: number,
  style: Style
): ReadonlyArray<string> => {
  const sorted = marks.toSorted((a, b) => a.line - b.line)
  return sorted.flatMap((mark, index) => {
    const before = sorted[index - 1]
    const gap = before !== undefined && mark.line > before.line + 1 ? [style.frame("...")] : []
    // A tab is one column for the compiler, and several for a terminal.
    const text = lineOf(file, mark.line).replaceAll("\t", " ")
    const start = mark.column - 1
    const signs = mark.sign.repeat(Math.max(widthOf(text.slice(start, start + mark.length)), mark.length))
    const under = " ".repeat(widthOf(text.slice(0, start).padEnd(start))) + mark.paint(`${signs} ${mark.label}`)
    return [
      ...gap,
      `${style.frame(`${String(mark.line).padStart(width)} |`)} ${text}`,
      `${style.frame(`${" ".repeat(width)} |`)} ${under}`
    ]
  })
}

// A terminal shows these letters two columns wide. Emoji are two columns wide, and two characters long.
const wide = /[\p{sc=Han}\p{sc=Hangul}\u3000-\u30ff\uff01-\uff60]/gu
const widthOf = (text: string): number =>
  text.length + (text.match(wide)?.filter(({ length }) => length === 1).length ?? 0)
