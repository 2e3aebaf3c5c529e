/**
 * The other party of a finding: where the family, or the pattern, that its sentence names is declared.
 *
 * A project may have several manifests, with families of one name. The one that is meant is the one around the finding,
 * or else the nearest one that is named before it, be it by an accessor.
 */
import type { Finding, Place } from "./findings.ts"
import { escape, offsetOf } from "./source.ts"

export interface Declaration extends Place {
  readonly length: number
  readonly label: string
}

/** The same text with blanks for comments, where examples declare families, too. */
export const withoutComments = (text: string): string =>
  text.replace(
    /("(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|`(?:[^`\\]|\\.)*`)|\/\/[^\n]*|\/\*[^]*?\*\//g,
    (all: string, literal: string | undefined) => literal ?? all.replace(/[^\n]/g, " ")
  )

type Source = readonly [file: string, text: string]

/** A file, or the part of it that is one manifest. */
interface Area {
  readonly file: string
  readonly text: string
  readonly start: number
  readonly end: number
}

interface Manifest extends Area {
  readonly name: string
}

/** `sources` are the files in which to look, nearest first. */
export const findOther = (finding: Finding, sources: Iterable<Source>): Declaration | undefined => {
  const files = [...sources]
  const meant = findManifest(finding, files)
  const areas: ReadonlyArray<Area> = files.map(([file, text]) => ({ file, text, start: 0, end: text.length }))
  return (meant && findIn(finding, [meant])) ?? findIn(finding, areas)
}

// A sentence names who was refused first and the other party last, so names are tried from its end.
const findIn = (finding: Finding, areas: ReadonlyArray<Area>): Declaration | undefined => {
  const named = [...finding.sentence.matchAll(/'([^']+)'/g)].map(([, name]) => name!).toReversed()
  const names = named.length > 0 ? named : /"([^"]+)"/.exec(finding.label ?? "")?.slice(1) ?? []
  for (const name of names) {
    for (const area of areas) {
      const found = findDeclaration(name, area, finding)
      if (found !== undefined) return found
    }
  }
  return undefined
}

const findDeclaration = (name: string, area: Area, finding: Finding): Declaration | undefined => {
  const family = new RegExp(
    `(?<![\\w$])(["']?)${escape(name)}\\1\\s*:\\s*\\{\\s*(?:pattern|borrows|layer|reads)\\b`,
    "g"
  )
  const pattern = new RegExp(`(?<=\\bpattern\\s*:\\s*)(["'\`])${escape(name)}\\1`, "g")
  for (const [shape, label] of [[family, `'${name}' is declared here`], [pattern, "declared here"]] as const) {
    for (const { 0: text, index } of area.text.matchAll(shape)) {
      if (index < area.start || index >= area.end) continue
      const before = area.text.slice(0, index).split("\n")
      const line = before.length
      if (area.file === finding.file && line === finding.line) continue
      const length = shape === family ? text.search(/\s*:/) : text.length
      return { file: area.file, line, column: before.at(-1)!.length + 1, length, label }
    }
  }
  return undefined
}

// Lines before a finding in which the call that it is about may begin.
const linesBefore = 5

const findManifest = (finding: Finding, files: ReadonlyArray<Source>): Manifest | undefined => {
  const manifests = files.flatMap(manifestsIn)
  const text = files.find(([file]) => file === finding.file)?.[1] ?? ""
  const lines = text.split("\n")
  const at = offsetOf(text, finding)
  const around = manifests.find(({ end, file, start }) => file === finding.file && start <= at && at < end)
  if (around !== undefined) return around
  const owners = accessorsIn(text)
  const before = lines.slice(Math.max(0, finding.line - 1 - linesBefore), finding.line).join("\n")
  for (const name of `${before}\n${finding.label ?? ""}`.match(/[\w$]+/g)?.toReversed() ?? []) {
    const found = manifests.find((manifest) => manifest.name === (owners.get(name) ?? name))
    if (found !== undefined) return found
  }
  return undefined
}

const manifestsIn = ([file, text]: Source): ReadonlyArray<Manifest> =>
  [...text.matchAll(/\bclass\s+(\w+)\s+extends\s+[\w.]*Service<\1>\s*\(\)\s*\(/g)].map(({ 1: name, index }) => {
    // A class ends its manifest: `}) {`.
    const length = text.slice(index).search(/\)\s*\{/)
    return { name: name!, file, text, start: index, end: length < 0 ? text.length : index + length }
  })

// `const { user } = AppCache.keys`, and `const user = AppCache.keys.user`: whose accessors the names are.
const accessorsIn = (text: string): ReadonlyMap<string, string> => {
  const owners = new Map<string, string>()
  for (const [, names, manifest] of text.matchAll(/\{([^{}]*)\}\s*=\s*(\w+)\.keys\b/g)) {
    for (const [name] of names!.matchAll(/[\w$]+(?!\s*:|[\w$])/g)) owners.set(name, manifest!)
  }
  for (const [, name, manifest] of text.matchAll(/\bconst\s+([\w$]+)\s*=\s*(\w+)\.keys\./g)) {
    owners.set(name!, manifest!)
  }
  return owners
}
