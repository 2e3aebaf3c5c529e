/**
 * Finds the other party of a finding: the place that declares the family or the pattern in its sentence.
 *
 * A project may have several manifests that have families of one name. The manifest around the finding counts, or else
 * the nearest manifest that is named before it, by its own name or by an accessor.
 */
import type { Finding, Place } from "./findings.ts"
import type { Meanings } from "./meaning.ts"
import { escape, offsetOf } from "./source.ts"

export interface Declaration extends Place {
  readonly length: number
  readonly label: string
}

/** Replaces comments by blanks, because examples in comments declare families, too. */
export const withoutComments = (text: string): string =>
  text.replace(
    /("(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|`(?:[^`\\]|\\.)*`)|\/\/[^\n]*|\/\*[^]*?\*\//g,
    (all: string, literal: string | undefined) => literal ?? all.replace(/[^\n]/g, " ")
  )

type Source = readonly [file: string, text: string]

/** A file, or the part of a file that is one manifest. */
interface Area {
  readonly file: string
  readonly text: string
  readonly start: number
  readonly end: number
}

interface Manifest extends Area {
  readonly name: string
}

/** Finds the other party of a finding. `sources` are the files to search, nearest first. */
export const findOther = (
  finding: Finding,
  sources: Iterable<Source>,
  meanings?: Meanings
): Declaration | undefined => {
  const files = [...sources]
  const manifests = files.flatMap(manifestsIn)
  const meant = findManifest(finding, files, manifests, meanings)
  if (meant === "elsewhere") return undefined
  const found = meant && findIn(finding, [meant])
  if (found !== undefined) return found
  // A finding inside a manifest does not concern another manifest. Outside of all manifests, a name before the finding
  // may belong to the statement before, so all files are searched.
  const text = files.find(([file]) => file === finding.file)?.[1] ?? ""
  const isInside = meant !== undefined && isWithin({ file: finding.file, at: offsetOf(text, finding) }, meant)
  const isOther = (spot: Spot) => isInside && manifests.some((one) => one !== meant && isWithin(spot, one))
  return findIn(finding, files.map(([file, text]) => ({ file, text, start: 0, end: text.length })), isOther)
}

interface Spot {
  readonly file: string
  readonly at: number
}

const isWithin = ({ at, file }: Spot, area: Area): boolean => file === area.file && area.start <= at && at < area.end

// A sentence names the refused party first and the other party last, so its names are tried from the end.
const findIn = (
  finding: Finding,
  areas: ReadonlyArray<Area>,
  isOther: (spot: Spot) => boolean = () => false
): Declaration | undefined => {
  const named = [...finding.sentence.matchAll(/'([^']+)'/g)].map(([, name]) => name!).toReversed()
  const names = named.length > 0 ? named : /"([^"]+)"/.exec(finding.label ?? "")?.slice(1) ?? []
  for (const name of names) {
    for (const area of areas) {
      const found = findDeclaration(name, area, finding, isOther)
      if (found !== undefined) return found
    }
  }
  return undefined
}

const findDeclaration = (
  name: string,
  area: Area,
  finding: Finding,
  isOther: (spot: Spot) => boolean
): Declaration | undefined => {
  const family = new RegExp(
    `(?<![\\w$])(["']?)${escape(name)}\\1\\s*:\\s*\\{\\s*(?:pattern|borrows|layer|reads)\\b`,
    "g"
  )
  const pattern = new RegExp(`(?<=\\bpattern\\s*:\\s*)(["'\`])${escape(name)}\\1`, "g")
  for (const [shape, label] of [[family, `'${name}' is declared here`], [pattern, "declared here"]] as const) {
    for (const { 0: text, index } of area.text.matchAll(shape)) {
      const spot = { file: area.file, at: index }
      if (!isWithin(spot, area) || isOther(spot)) continue
      const before = area.text.slice(0, index).split("\n")
      const line = before.length
      if (area.file === finding.file && line === finding.line) continue
      const length = shape === family ? text.search(/\s*:/) : text.length
      return { file: area.file, line, column: before.at(-1)!.length + 1, length, label }
    }
  }
  return undefined
}

// In how many lines before a finding its call may begin.
const linesBefore = 5

// Finds the manifest that a finding concerns. The answer is `elsewhere` for a manifest that is named, and is not in
// these files.
const findManifest = (
  finding: Finding,
  files: ReadonlyArray<Source>,
  manifests: ReadonlyArray<Manifest>,
  meanings: Meanings | undefined
): Manifest | "elsewhere" | undefined => {
  const text = files.find(([file]) => file === finding.file)?.[1] ?? ""
  const at = offsetOf(text, finding)
  const around = manifests.find((manifest) => isWithin({ file: finding.file, at }, manifest))
  if (around !== undefined) return around
  const lines = text.split("\n")
  const first = Math.max(1, finding.line - linesBefore)
  const proved = meanings &&
    provedAt(meanings, finding.file, [offsetOf(text, { ...finding, line: first, column: 1 }), at])
  const found = proved && manifests.find(({ file, name }) => file === proved.file && name === proved.name)
  if (found !== undefined) return found
  const owners = accessorsIn(text)
  const before = lines.slice(first - 1, finding.line).join("\n")
  const [, missing] = /(?:Owns|Borrows|Appoints|Admits)<"[^"]*", (\w+)>/.exec(finding.label ?? "") ?? []
  for (const name of `${before}\n${finding.label ?? ""}`.match(/[\w$]+/g)?.toReversed() ?? []) {
    const owner = owners.get(name) ?? name
    const found = manifests.find((manifest) => manifest.name === owner)
    if (found !== undefined) return found
    if (owners.has(name) || name === missing || new RegExp(`(?<![.\\w$])${escape(name)}\\.keys\\b`).test(before)) {
      return "elsewhere"
    }
  }
  return undefined
}

// Finds the last name between two places that is proved to mean a manifest.
const provedAt = (meanings: Meanings, file: string, [from, to]: readonly [number, number]) => {
  const { tokens = [] } = meanings.sourceOf(file) ?? {}
  for (let at = tokens.findLastIndex(({ start }) => start <= to); at >= 0 && tokens[at]!.start >= from; at--) {
    const meaning = tokens[at]!.kind === "name" ? meanings.pathAt(file, at)?.meaning : undefined
    if (meaning !== undefined && "of" in meaning) return meaning.of
  }
  return undefined
}

const manifestsIn = ([file, text]: Source): ReadonlyArray<Manifest> =>
  [...text.matchAll(/\bclass\s+(\w+)\s+extends\s+[\w.]*Service<\1>\s*\(\)\s*\(/g)].map(({ 1: name, index }) => {
    // The manifest ends where the body of the class begins: `}) {`.
    const length = text.slice(index).search(/\)\s*\{/)
    return { name: name!, file, text, start: index, end: length < 0 ? text.length : index + length }
  })

// Returns the manifest of each accessor: `const { user } = AppCache.keys`, and `const user = AppCache.keys.user`.
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
