/**
 * Runs the project's own `tsc`, with the Node that runs this program.
 *
 * A run counts only if the compiler finished: its exit code is 0, or it is 1 or 2 and the compiler printed an error.
 * After any other end the output may be incomplete. So the check fails, and does not report a project without errors.
 */
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Path from "effect/Path"
import * as ChildProcess from "effect/process/ChildProcess"
import { ChildProcessSpawner } from "effect/process/ChildProcessSpawner"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import { isListed, listingOf } from "./imports.ts"

/** No TypeScript is installed for the project. */
export class CompilerMissing extends Schema.TaggedError<CompilerMissing>()("CompilerMissing", {
  folder: Schema.String
}) {
  override get message() {
    return `no TypeScript is installed for \`${this.folder}\`; help: npm install --save-dev typescript`
  }
}

/** The compiler did not finish. */
export class CompilerFailed extends Schema.TaggedError<CompilerFailed>()("CompilerFailed", {
  project: Schema.String,
  how: Schema.String,
  said: Schema.String,
  command: Schema.String
}) {
  override get message() {
    const said = this.said === "" ? "" : ` (${this.said})`
    return `the compiler ${this.how} on \`${this.project}\`, so its errors are not known${said}; ` +
      `help: see what the compiler prints by itself: ${this.command}`
  }
}

/** The compiler does not understand the configuration. */
export class ConfigurationWrong extends Schema.TaggedError<ConfigurationWrong>()("ConfigurationWrong", {
  project: Schema.String,
  errors: Schema.String
}) {
  override get message() {
    return `\`${this.project}\` is not a configuration that the compiler understands; help: repair it\n${this.errors}`
  }
}

export interface CompilerOptions {
  /** The path of the Node that runs this program. It runs the compiler, too. */
  readonly node: string
  readonly folder: string
}

// How many characters of the compiler's standard error are read to find the reason of its end.
const saidMax = 20_000
const reasonMax = 200
const isError = /^(?:.+\(\d+,\d+\): )?error TS\d+: /
const reason = /^(?:\w*error|panic|fatal)\b/i

export const compilerOf = Effect.fnUntraced(function*({ folder, node }: CompilerOptions) {
  const path = yield* Path.Path
  const spawner = yield* ChildProcessSpawner
  const compiler = yield* findCompiler(folder)
  const run = Effect.fnUntraced(function*(
    project: string,
    flags: ReadonlyArray<string>,
    keeps: (line: string) => boolean
  ) {
    const args = [compiler, "-p", project, ...flags]
    const handle = yield* spawner.spawn(ChildProcess.make(node, args, { cwd: folder }))
    const beside = handle.stderr.pipe(
      Stream.decodeText,
      Stream.runFold(() => "", (said, text) => said.length < saidMax ? said + text.slice(0, saidMax) : said)
    )
    let hasErrors = false
    const lines = handle.stdout.pipe(
      Stream.decodeText,
      Stream.splitLines,
      Stream.filter((line) => {
        hasErrors ||= isError.test(line)
        return keeps(line)
      }),
      Stream.runCollect
    )
    const [printed, said] = yield* Effect.all([lines, beside], { concurrency: 2 })
    const how = yield* Effect.match(handle.exitCode, {
      onFailure: () => "was killed",
      onSuccess: (code) =>
        code === 0 || ((code === 1 || code === 2) && hasErrors) ? undefined : `ended with ${code} and no error`
    })
    if (how === undefined) return printed
    const command = path.relative(folder, compiler)
    return yield* new CompilerFailed({ project, how, said: reasonIn(said), command: `node ${command} -p ${project}` })
  }, Effect.scoped)
  const all = () => true
  return {
    errors: (project: string) =>
      Effect.map(run(project, ["--noEmit", "--pretty", "false"], all), (lines) => `${lines.join("\n")}\n`),
    configuration: (project: string) =>
      Effect.map(run(project, ["--showConfig", "--pretty", "false"], all), (lines) => lines.join("\n")),
    // The trace is long, so only the lines that `listingOf` reads are kept.
    listing: Effect.fnUntraced(function*(project: string) {
      const flags = ["--listFilesOnly", "--traceResolution", "--pretty", "false", "--locale", "en"]
      const listing = listingOf(yield* run(project, flags, (line) => isListed(line, path)), folder, path)
      const errors = listing.errors.filter((error) => isOfConfiguration(error, project, listing.files))
      if (errors.length > 0) return yield* new ConfigurationWrong({ project, errors: errors.join("\n") })
      return listing
    })
  }
})

// Returns the line that most likely says the reason: a crash prints its place before its message.
const reasonIn = (said: string): string => {
  const lines = said.split("\n").map((line) => line.trim()).filter((line) => line !== "")
  return (lines.find((line) => reason.test(line)) ?? lines[0] ?? "").slice(0, reasonMax)
}

// The errors of a configuration: the compiler cannot read it, or what it extends is missing or forms a circle. Any
// other error is one of the project, and the compiler checks the project nevertheless.
const unreadable = /^(?:(.+?)\(\d+,\d+\): )?error TS(?:1\d{3}|5014|5024|5083|18000|18001): /
const isOfConfiguration = (error: string, project: string, files: ReadonlyArray<string>): boolean => {
  const [found, file] = unreadable.exec(error) ?? []
  if (found === undefined || file === undefined) return found !== undefined
  return file === project || (file.endsWith(".json") && !files.includes(file))
}

// Finds the compiler nearest to the folder, as a module of the project would.
const findCompiler = Effect.fnUntraced(function*(folder: string) {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  for (let at = path.resolve(folder);; at = path.dirname(at)) {
    const compiler = path.join(at, "node_modules/typescript/bin/tsc")
    if (yield* fs.exists(compiler)) return compiler
    if (path.dirname(at) === at) return yield* new CompilerMissing({ folder })
  }
})
