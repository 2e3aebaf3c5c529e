/**
 * What a compiler printed, taken apart: our findings with their places, and everything else as it was.
 */

export interface Place {
  readonly file: string
  /** From 1, as compilers count. */
  readonly line: number
  readonly column: number
}

export interface Finding extends Place {
  readonly code: string
  readonly sentence: string
  readonly help: string
}

export interface Report {
  readonly findings: ReadonlyArray<Finding>
  /** Errors that are not ours, each with the lines that explain it. */
  readonly others: ReadonlyArray<string>
}

const place = /^(.+?)\((\d+),(\d+)\): error TS\d+: /
// A message is a string literal type: in double quotes, with those inside it escaped.
const message = /"(E\d{4}): ((?:[^"\\]|\\.)*?); help: ((?:[^"\\]|\\.)*?)"/

/** Reads what `tsc --pretty false` prints. */
export const parse = (output: string): Report => {
  const findings: Array<Finding> = []
  const others: Array<string> = []
  for (const error of output.split(/\r?\n(?=\S)/)) {
    const text = error.trimEnd()
    if (text === "") continue
    const at = place.exec(text)
    const ours = message.exec(text)
    if (at === null || ours === null) {
      others.push(text)
      continue
    }
    const [, code, sentence, help] = ours as unknown as [string, string, string, string]
    findings.push({ file: at[1]!, line: Number(at[2]), column: Number(at[3]), code, sentence, help })
  }
  return { findings, others }
}

/** The text at a place that the compiler would underline: a literal, a name, or one character. */
export const lengthAt = (line: string, column: number): number =>
  /^(?:"[^"]*"|'[^']*'|`[^`]*`|[\w$.]+)/.exec(line.slice(column - 1))?.[0].length ?? 1

export interface Declaration extends Place {
  readonly length: number
  readonly label: string
}

/**
 * Where the other party of a finding is declared: the family, or the pattern, that its sentence names.
 *
 * A sentence names who was refused first and the other party last, so names are tried from its end.
 */
export const findOther = (
  finding: Finding,
  sources: Iterable<readonly [file: string, text: string]>
): Declaration | undefined => {
  const names = [...finding.sentence.matchAll(/'([^']+)'/g)].map(([, name]) => name!).toReversed()
  const files = [...sources]
  for (const name of names) {
    for (const [file, text] of files) {
      const found = findDeclaration(name, file, text, finding)
      if (found !== undefined) return found
    }
  }
  return undefined
}

const escape = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")

const findDeclaration = (name: string, file: string, text: string, finding: Finding): Declaration | undefined => {
  const family = new RegExp(`(?<![\\w$])(["']?)${escape(name)}\\1\\s*:\\s*\\{\\s*(?:pattern|borrows|layer|reads)\\b`)
  const pattern = new RegExp(`(?<=\\bpattern\\s*:\\s*)(["'\`])${escape(name)}\\1`)
  for (const [shape, label] of [[family, `'${name}' is declared here`], [pattern, "declared here"]] as const) {
    const match = shape.exec(text)
    if (match === null) continue
    const before = text.slice(0, match.index).split("\n")
    const line = before.length
    if (file === finding.file && line === finding.line) continue
    const length = shape === family ? match[0].search(/\s*:/) : match[0].length
    return { file, line, column: before.at(-1)!.length + 1, length, label }
  }
  return undefined
}
