/**
 * `stateless check [tsconfig]`: runs the project's own `tsc`, on the project and on each that it references, and shows
 * our findings with both of their parties.
 */
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Order from "effect/Order"
import * as Path from "effect/Path"
import * as ChildProcess from "effect/process/ChildProcess"
import { ChildProcessSpawner } from "effect/process/ChildProcessSpawner"
import * as Schema from "effect/Schema"
import { type Finding, parse, type Place } from "./findings.ts"
import { findMisfit, findUnknown, findUnprovided } from "./native.ts"
import { neverRunIn } from "./neverRun.ts"
import { type Declaration, findOther, withoutComments } from "./parties.ts"
import { projectsOf } from "./projects.ts"
import { render, type Style } from "./render.ts"

/** The project has no TypeScript of its own. */
export class CompilerMissing extends Schema.TaggedError<CompilerMissing>()("CompilerMissing", {
  folder: Schema.String
}) {
  override get message() {
    return `no TypeScript is installed for \`${this.folder}\`; help: npm install --save-dev typescript`
  }
}

export interface Options {
  readonly project: string
  readonly isJson: boolean
  readonly style: Style
  /** The Node that runs this program, which runs the compiler, too. */
  readonly node: string
  readonly folder: string
  /** Files, beside those with errors, that are read: for the other party of a finding, and for what is never run. */
  readonly filesMax: number
}

/** How many errors there are, of any kind: those of the compiler, and operations that nothing runs. */
export const check = Effect.fnUntraced(function*(options: Options) {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const spawner = yield* ChildProcessSpawner
  const compiler = yield* findCompiler(options.folder)
  const projects = yield* projectsOf(options.folder, options.project)
  const run = (project: string, flags: ReadonlyArray<string>) =>
    spawner.string(ChildProcess.make(options.node, [compiler, "-p", project, ...flags], { cwd: options.folder }))
  const report = parse(
    (yield* Effect.forEach(projects.all, ({ file }) => run(file, ["--noEmit", "--pretty", "false"]))).join("\n")
  )
  const texts = new Map<string, string>()
  const read = Effect.fnUntraced(function*(file: string) {
    if (texts.has(file)) return
    texts.set(file, yield* Effect.orElseSucceed(fs.readFileString(path.resolve(options.folder, file)), () => ""))
  })
  const places = [...report.findings, ...report.others.flatMap(({ place }) => place === undefined ? [] : [place])]
  yield* Effect.forEach(places, ({ file }) => read(file), { discard: true })
  // The manifest is often in another file than its misuse, and what is never run is no error to the compiler.
  const listed = new Set<string>()
  const parts: Array<Part> = []
  for (const { file: project, hasReferences } of projects.all) {
    const files = (yield* run(project, ["--listFilesOnly"])).split(/\r?\n/)
      .filter((file) => file !== "" && !file.includes("node_modules") && !file.endsWith(".d.ts"))
      .map((file) => path.relative(options.folder, file))
    if (files.length === 0 && !hasReferences) {
      yield* Console.error(`stateless: \`${project}\` has no files and no references, so there is nothing to check`)
    }
    files.forEach((file) => listed.add(file))
    const aliases = aliasesIn(yield* run(project, ["--showConfig"]))
    parts.push({ files, aliases, folder: path.dirname(project) })
  }
  yield* Effect.forEach([...listed].slice(0, options.filesMax), read, { discard: true })
  const codes = new Map([...texts].map(([file, text]) => [file, withoutComments(text)]))
  const shown: Array<Shown> = []
  const others: Array<string> = [...projects.cycles]
  const show = (finding: Finding) =>
    shown.push({ finding, other: findOther(finding, nearFirst(finding.file, codes, path)) })
  report.findings.forEach(show)
  for (const { place, text } of report.others) {
    const code = place === undefined ? "" : codes.get(place.file)!
    const finding = place &&
      (findUnknown(text, place, code) ?? findMisfit(text, place, code) ??
        findUnprovided(text, place, nearFirst(place.file, codes, path)))
    if (finding === undefined) others.push(text)
    else show(finding)
  }
  const reported = new Set<string>()
  for (const { aliases, files, folder } of parts) {
    const findIn = neverRunIn({
      read: (file) => texts.get(file),
      resolve: (from, specifier) =>
        targetsOf(from, specifier, aliases, folder, path).map((target) => fileOf(target, texts))
          .find((file) => file !== undefined)
    })
    // A file may belong to several projects.
    for (const file of files.filter((file) => texts.has(file) && !reported.has(file))) {
      reported.add(file)
      findIn(file).forEach(show)
    }
  }
  shown.sort((a, b) => byPlace(a.finding, b.finding))
  yield* options.isJson
    ? Console.log(JSON.stringify({ findings: shown.map(toJson), others }, undefined, 2))
    : print(shown, others, texts, options.style)
  return shown.length + others.length
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

// The finding's own file, then those that it imports, nearest first: another manifest of the project is no party to it.
const nearFirst = (
  file: string,
  texts: ReadonlyMap<string, string>,
  path: Path.Path
): ReadonlyArray<readonly [string, string]> => {
  const reached = new Set([file])
  for (const from of reached) {
    for (const [, specifier] of texts.get(from)!.matchAll(/\bfrom\s*["'](\.[^"']*)["']/g)) {
      const found = fileOf(path.join(path.dirname(from), specifier!), texts)
      if (found !== undefined) reached.add(found)
    }
  }
  return [...reached].map((name) => [name, texts.get(name)!])
}

/** The files of one project, and the names that its `paths` give to files. */
interface Part {
  readonly files: ReadonlyArray<string>
  readonly aliases: ReadonlyArray<readonly [name: string, targets: ReadonlyArray<string>]>
  readonly folder: string
}

// `paths` of a configuration, as the compiler prints it with all that it extends.
const aliasesIn = (configuration: string): Part["aliases"] => {
  try {
    const { baseUrl = ".", paths = {} } = JSON.parse(configuration).compilerOptions
    return Object.entries<ReadonlyArray<string>>(paths).map(([name, targets]) => [
      name,
      targets.map((target) => `${baseUrl}/${target}`)
    ])
  } catch {
    return []
  }
}

// The files that an import may mean, without their endings.
const targetsOf = (
  from: string,
  specifier: string,
  aliases: Part["aliases"],
  folder: string,
  path: Path.Path
): ReadonlyArray<string> => {
  if (specifier.startsWith(".")) return [path.join(path.dirname(from), specifier)]
  for (const [name, targets] of aliases) {
    const [before, after] = name.split("*") as [string, string?]
    const isNamed = after === undefined
      ? specifier === name
      : specifier.startsWith(before) && specifier.endsWith(after) && specifier.length >= before.length + after.length
    if (!isNamed) continue
    const middle = specifier.slice(before.length, specifier.length - (after?.length ?? 0))
    return targets.map((target) => path.join(folder, target.replace("*", () => middle)))
  }
  return []
}

const endings = [".ts", ".tsx", ".mts", ".cts", ".js", ".jsx", ".mjs", ".cjs"]

// The file that a path of an import names: a compiled one stands for its source.
const fileOf = (target: string, texts: ReadonlyMap<string, string>): string | undefined => {
  const source = target.replace(/\.[cm]?jsx?$/, "")
  const compiled = target === source ? [] : [target]
  return [
    ...(target === source ? [target] : []),
    ...endings.map((ending) => source + ending),
    ...endings.map((ending) => `${target}/index${ending}`),
    ...compiled
  ].find((name) => texts.has(name))
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

// The compiler nearest to the folder, as a module of the project finds it.
const findCompiler = Effect.fnUntraced(function*(folder: string) {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  for (let at = path.resolve(folder);; at = path.dirname(at)) {
    const compiler = path.join(at, "node_modules/typescript/bin/tsc")
    if (yield* fs.exists(compiler)) return compiler
    if (path.dirname(at) === at) return yield* new CompilerMissing({ folder })
  }
})
