/**
 * Checks a project for `stateless check [tsconfig]`: runs the project's own `tsc` on it and on each project that it
 * references, and prints our findings with both of their parties.
 */
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Option from "effect/Option"
import * as Order from "effect/Order"
import * as Path from "effect/Path"
import * as Schema from "effect/Schema"
import { compilerOf, type CompilerOptions } from "./compiler.ts"
import { findMisfit, findOutsideKeys, findUnknown, findUnprovided } from "./compilerErrors.ts"
import { type Declaration, findOther, withoutComments } from "./declarations.ts"
import { type Finding, parse, type Place, type Report } from "./findings.ts"
import { builtBy, type Listing } from "./imports.ts"
import { Meanings } from "./meaning.ts"
import { findMisused } from "./misused.ts"
import { neverRunIn } from "./neverRun.ts"
import { type Project, projectsOf } from "./projects.ts"
import { render, type Style } from "./render.ts"

export interface Options extends CompilerOptions {
  readonly project: string
  readonly isJson: boolean
  readonly style: Style
  /**
   * How many files are read besides those with errors: to find the other party of a finding, and operations that
   * nothing runs.
   */
  readonly filesMax: number
}

/** Neither the named project nor one that it references has files. */
export class NothingToCheck extends Schema.TaggedError<NothingToCheck>()("NothingToCheck", {
  project: Schema.String
}) {
  override get message() {
    return `\`${this.project}\` has no files, and leads to none by its references, so there is nothing to check; ` +
      "help: name a tsconfig with files"
  }
}

/** Returns the number of errors of any kind: those of the compiler, and operations that nothing runs. */
export const check = Effect.fnUntraced(function*(options: Options) {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const compiler = yield* compilerOf(options)
  const projects = yield* projectsOf(options.folder, options.project)
  // All files are read, because a manifest is often in another file than its misuse, and because the compiler does not
  // report operations that nothing runs.
  const parts: Array<Part> = []
  for (const { file, references } of projects.all) {
    const listing = yield* compiler.listing(file)
    const { files } = listing
    if (files.length === 0 && references.length === 0) {
      yield* Console.error(`stateless: \`${file}\` has no files and no references, so there is nothing to check`)
    }
    const built = builtBy(yield* compiler.configuration(file), path.dirname(file), files, path)
    parts.push({ file, references, built, ...listing })
  }
  if (parts.every(({ files }) => files.length === 0)) {
    return yield* new NothingToCheck({ project: options.project })
  }
  const report = parse((yield* Effect.forEach(projects.all, ({ file }) => compiler.errors(file))).join("\n"))
  const texts = new Map<string, string>()
  const read = Effect.fnUntraced(function*(file: string) {
    if (texts.has(file)) return
    const text = yield* Effect.orElseSucceed(fs.readFileString(path.resolve(options.folder, file)), () => "")
    // The compiler counts lines by each of these ends.
    texts.set(file, text.replace(/\r\n?|[\u2028\u2029]/g, "\n"))
  })
  const places = [...report.findings, ...report.others.flatMap(({ place }) => place === undefined ? [] : [place])]
  yield* Effect.forEach(places, ({ file }) => read(file), { discard: true })
  const listed = new Set(parts.flatMap(({ files }) => files))
  yield* Effect.forEach([...listed].slice(0, options.filesMax), read, { discard: true })
  yield* warnOfUnbuilt(report, parts, options)
  const { others, shown } = findAll(report, parts, texts, resolverOf(parts, texts))
  others.unshift(...projects.cycles)
  shown.sort((a, b) => byPlace(a.finding, b.finding))
  yield* options.isJson
    ? Console.log(JSON.stringify({ findings: shown.map(toJson), others }, undefined, 2))
    : shown.length + others.length === 0
    ? Console.log(cleanLine(listed.size, parts, options))
    : print(shown, others, texts, options.style)
  return shown.length + others.length
})

const cleanLine = (files: number, parts: ReadonlyArray<Part>, { filesMax, project }: Options): string => {
  const count = parts.filter((part) => part.files.length > 0).length
  const bounded = files > filesMax ? `; operations that nothing runs were looked for in ${filesMax} files` : ""
  return `stateless: checked ${plural(files, "file")} of ${
    count === 1 ? `\`${project}\`` : `\`${project}\` in ${plural(count, "project")}`
  }, and found no errors${bounded}`
}
const plural = (count: number, what: string) => `${count} ${what}${count === 1 ? "" : "s"}`

/** One project: its files, and the files that their imports name. */
interface Part extends Project, Listing {
  /** From each declaration file that the project builds to its source. */
  readonly built: ReadonlyMap<string, string>
}

type Resolve = (part: Part) => (from: string, specifier: string) => string | undefined

// The listing of a project resolves the imports of its own files. If a project sees only the declarations of a file,
// the listing of the project that builds them resolves its imports.
const resolverOf = (
  parts: ReadonlyArray<Part>,
  texts: ReadonlyMap<string, string>
): Resolve => {
  const built = new Map(parts.flatMap((part) => [...part.built]))
  const all = new Map<string, ReadonlyMap<string, string>>()
  for (const { targets } of parts) {
    for (const [from, named] of targets) if (!all.has(from)) all.set(from, named)
  }
  return ({ targets }) => (from, specifier) => {
    const target = (targets.get(from) ?? all.get(from))?.get(specifier)
    return target === undefined ? undefined : [target, built.get(target) ?? ""].find((file) => texts.has(file))
  }
}

// Finds our findings among the errors of the compiler, and the operations that nothing runs; each with its other party.
const findAll = (
  report: Report,
  parts: ReadonlyArray<Part>,
  texts: ReadonlyMap<string, string>,
  resolve: Resolve
): { readonly shown: Array<Shown>; readonly others: Array<string> } => {
  const codes = new Map([...texts].map(([file, text]) => [file, withoutComments(text)]))
  const shown: Array<Shown> = []
  const others: Array<string> = []
  const programs = parts.map((part) => ({
    files: part.files,
    resolve: resolve(part),
    meanings: new Meanings({ read: (file) => texts.get(file), resolve: resolve(part) })
  }))
  const programOf = (file: string) => programs.find(({ files }) => files.includes(file))
  const sourcesOf = (file: string) => nearFirst(file, codes, programOf(file)?.resolve ?? (() => undefined))
  const show = (finding: Finding) => {
    const meanings = programOf(finding.file)?.meanings
    shown.push({ finding, other: findOther(finding, sourcesOf(finding.file), meanings) })
  }
  report.findings.forEach(show)
  for (const { place, text } of report.others) {
    const code = place === undefined ? "" : codes.get(place.file)!
    const finding = place &&
      (findMisused(text, place, code) ?? findUnknown(text, place, code) ?? findMisfit(text, place, code) ??
        findUnprovided(text, place, sourcesOf(place.file)) ?? findOutsideKeys(text, place, sourcesOf(place.file)))
    if (finding === undefined) others.push(text)
    else show(finding)
  }
  const reported = new Set<string>()
  for (const { files, meanings } of programs) {
    // A file may belong to several projects.
    for (const file of files.filter((file) => texts.has(file) && !reported.has(file))) {
      reported.add(file)
      neverRunIn(meanings, file).forEach(show)
    }
  }
  return { shown, others }
}

const notBuilt = /error TS6305: /
const notFound = /error TS(?:2307|7016): /

// The compiler reads the declarations of a referenced project where they are built. If they are not, it only says that
// they are not found. So this says what to do.
const warnOfUnbuilt = Effect.fnUntraced(function*(report: Report, parts: ReadonlyArray<Part>, options: Options) {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const exists = (file: string) => Effect.orElseSucceed(fs.exists(path.resolve(options.folder, file)), () => false)
  const failing = new Set(report.others.flatMap(({ place, text }) => place && notFound.test(text) ? [place.file] : []))
  const named = new Set(
    parts.flatMap(({ files, references }) => files.some((file) => failing.has(file)) ? references : [])
  )
  const unbuilt = yield* Effect.filter(
    parts.filter(({ built, file }) => built.size > 0 && named.has(file)),
    ({ built }) => Effect.map(Effect.findFirst(built.keys(), exists), Option.isNone)
  )
  const isUnbuilt = unbuilt.length > 0 || report.others.some(({ text }) => notBuilt.test(text))
  if (!isUnbuilt) return
  yield* Console.error(
    "stateless: a referenced project is not built, so its declarations are not found; " +
      `help: build the references first: npx tsc --build ${options.project}`
  )
})

const byPlace = Order.combine(
  Order.mapInput(Order.String, ({ file }: Place) => file),
  Order.combine(
    Order.mapInput(Order.Number, ({ line }: Place) => line),
    Order.mapInput(Order.Number, ({ column }: Place) => column)
  )
)

interface Shown {
  readonly finding: Finding
  readonly other: Declaration | undefined
}

// The finding's own file, then the files that it imports, nearest first. A manifest that none of them contains is not a
// party of the finding.
const nearFirst = (
  file: string,
  texts: ReadonlyMap<string, string>,
  resolve: (from: string, specifier: string) => string | undefined
): ReadonlyArray<readonly [string, string]> => {
  const reached = new Set([file])
  for (const from of reached) {
    for (const [, specifier] of texts.get(from)!.matchAll(/\bfrom\s*["']([^"']*)["']/g)) {
      // The library declares no family of the project, even if its sources belong to the project.
      const found = /^effect-stateless(?:\/|$)/.test(specifier!) ? undefined : resolve(from, specifier!)
      if (found !== undefined) reached.add(found)
    }
  }
  return [...reached].map((name) => [name, texts.get(name)!])
}

const toJson = ({ finding, other }: Shown) => ({ ...finding, ...(other === undefined ? {} : { other }) })

const print = (
  shown: ReadonlyArray<Shown>,
  others: ReadonlyArray<string>,
  texts: ReadonlyMap<string, string>,
  style: Style
) => {
  const lineOf = (file: string, line: number) => texts.get(file)?.split(/\r?\n/)[line - 1] ?? ""
  const parts = [
    ...others,
    ...shown.map(({ finding, other }) => `${render(finding, other, lineOf, style)}\n`)
  ]
  return parts.length === 0 ? Effect.void : Console.log(parts.join("\n"))
}
