/**
 * `stateless check` over whole projects: it counts errors, shows the other party of a finding, and never calls a
 * project clean whose compiler did not finish.
 */
import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, it } from "@effect/vitest"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Path from "effect/Path"
import * as PlatformError from "effect/PlatformError"
import type * as ChildProcess from "effect/process/ChildProcess"
import * as Spawner from "effect/process/ChildProcessSpawner"
import * as Result from "effect/Result"
import * as Sink from "effect/Sink"
import * as Stream from "effect/Stream"
import { check } from "../../src/cli/check.ts"
import { plain } from "../../src/cli/render.ts"

const files = {
  "src/use.ts": `import { AppCache } from "./cache.js"\nexport const one = AppCache.get("usr:42")\n`,
  // The compiler takes a lone carriage return for the end of a line, too.
  "src/lost.ts": `import { AppCache } from "@/cache.js"\rAppCache.batch([])\r`,
  "src/other.ts": "export const two: number = 2\n",
  "src/cache.ts": `export class AppCache extends Manifest.Service<AppCache>()("AppCache", {\n  families: {\n    ` +
    `user: { pattern: "user:{id}" }\n  }\n}) {}\n`,
  "tsconfig.json": `{ "files": [], "references": [{ "path": "./app.json" }] }`,
  "app.json": "{}",
  "node_modules/typescript/bin/tsc": ""
}
const errors = [
  `src/use.ts(2,33): error TS2345: Argument of type '"usr:42"' is not assignable to parameter of type '"E0402: 'x' ` +
  `borrows 'user:{id}', but no family declares it; help: declare it"'.`,
  "src/other.ts(1,1): error TS2304: Cannot find name 'x'.",
  ""
].join("\n")

const argumentsOf = (command: ChildProcess.Command) => "args" in command ? command.args.map(String) : []
const projectIn = (command: ChildProcess.Command) => {
  const args = argumentsOf(command)
  return args[args.indexOf("-p") + 1]!
}

// How a run of the compiler ends.
interface End {
  readonly code?: number
  readonly signal?: string
  readonly printed: string
  readonly said?: string
}

const killed = (signal: string) =>
  Effect.fail(
    PlatformError.systemError({ _tag: "Unknown", module: "ChildProcess", method: "exitCode", description: signal })
  )
const bytes = (text: string) => text === "" ? Stream.empty : Stream.encodeText(Stream.make(text))
const handleOf = ({ code = 0, printed, said = "", signal }: End) =>
  Spawner.makeHandle({
    pid: Spawner.ProcessId(1),
    exitCode: signal === undefined ? Effect.succeed(Spawner.ExitCode(code)) : killed(signal),
    isRunning: Effect.succeed(false),
    kill: () => Effect.void,
    stdin: Sink.drain,
    stdout: bytes(printed),
    stderr: bytes(said),
    all: Stream.empty,
    getInputFd: () => Sink.drain,
    getOutputFd: () => Stream.empty,
    unref: Effect.succeed(Effect.void)
  })

const runs = ["--listFilesOnly", "--showConfig", "--noEmit"] as const

// A project in a folder of its own, with a compiler whose output is known.
const checkWith = (
  filesMax: number,
  given: { readonly [project: string]: string } = { "app.json": errors },
  ends: { readonly [run in typeof runs[number]]?: End } = {},
  isJson = true,
  other: { readonly [file: string]: string } = {}
) =>
  Effect.gen(function*() {
    const fs = yield* FileSystem.FileSystem
    const path = yield* Path.Path
    const folder = yield* fs.makeTempDirectoryScoped()
    for (const [name, text] of Object.entries({ ...files, ...other })) {
      yield* fs.makeDirectory(path.dirname(path.join(folder, name)), { recursive: true })
      yield* fs.writeFileString(path.join(folder, name), text)
    }
    const found = ([from, specifier, target]: readonly [string, string, string]) => [
      `======== Resolving module '${specifier}' from '${path.join(folder, from)}'. ========`,
      `File '${path.join(folder, "src/guess.ts")}' does not exist.`,
      `======== Module name '${specifier}' was successfully resolved to '${path.join(folder, target)}'. ========`
    ]
    const listed = [
      ...found(["src/use.ts", "./cache.js", "src/cache.ts"]),
      ...found(["src/lost.ts", "@/cache.js", "src/cache.ts"]),
      ...Object.keys(files).map((name) => path.join(folder, name))
    ]
    const endOf = (command: ChildProcess.Command): End => {
      const run = runs.find((flag) => argumentsOf(command).includes(flag))!
      const project = given[projectIn(command)]
      const printed = run === "--showConfig" ? "{}" : run === "--noEmit" ? project ?? "" : project === undefined
        ? ""
        : listed.join("\n")
      return ends[run] ?? { code: run === "--noEmit" && printed !== "" ? 2 : 0, printed }
    }
    const printed: Array<string> = []
    const told: Array<string> = []
    const count = yield* check({ project: "tsconfig.json", isJson, style: plain, node: "node", folder, filesMax })
      .pipe(
        Effect.provideService(
          Spawner.ChildProcessSpawner,
          Spawner.make((command) => Effect.sync(() => handleOf(endOf(command))))
        ),
        Effect.provideService(Console.Console, {
          ...globalThis.console,
          log: (text: string) => void printed.push(text),
          error: (text: string) => void told.push(text)
        })
      )
    return { count, report: isJson ? JSON.parse(printed.join("")) : undefined, printed, told }
  }).pipe(Effect.scoped, Effect.provide(NodeServices.layer))

describe("check", () => {
  it.effect("check counts errors of all kinds, and shows the other party of a finding from an imported file", () =>
    Effect.gen(function*() {
      const { count, report } = yield* checkWith(5_000)
      assert.strictEqual(count, 3)
      assert.deepStrictEqual(report.others, ["src/other.ts(1,1): error TS2304: Cannot find name 'x'."])
      assert.strictEqual(report.findings.length, 2)
      assert.deepInclude(report.findings[1].other, { file: "src/cache.ts", line: 3, column: 22 })
    }))

  it.effect("check finds an operation that nothing runs through the `paths` of a configuration", () =>
    Effect.gen(function*() {
      const { report } = yield* checkWith(5_000)
      assert.deepInclude(report.findings[0], { file: "src/lost.ts", line: 2, code: "E0238" })
    }))

  it.effect("check reports an error in a file of two projects once", () =>
    Effect.gen(function*() {
      const { count, told } = yield* checkWith(5_000, { "app.json": errors, "tsconfig.json": errors })
      assert.strictEqual(count, 3)
      assert.deepStrictEqual(told, [])
    }))

  it.effect("check says what it has checked where it finds nothing, and prints no line as JSON for it", () =>
    Effect.gen(function*() {
      const lost = { "src/lost.ts": "export {}\n" }
      const clean = { "app.json": "" }
      const all = yield* checkWith(5_000, clean, {}, false, lost)
      assert.deepStrictEqual([all.count, all.printed], [0, [
        "stateless: checked 6 files of `tsconfig.json`, and found no errors"
      ]])
      const few = yield* checkWith(2, clean, {}, false, lost)
      assert.deepStrictEqual(few.printed, [
        "stateless: checked 6 files of `tsconfig.json`, and found no errors; operations that nothing runs were looked " +
        "for in 2 files"
      ])
      const both = yield* checkWith(5_000, { "app.json": "", "tsconfig.json": "" }, {}, false, lost)
      assert.deepStrictEqual(both.printed, [
        "stateless: checked 6 files of `tsconfig.json` in 2 projects, and found no errors"
      ])
      const { count, report } = yield* checkWith(5_000, clean, {}, true, lost)
      assert.deepStrictEqual([count, report], [0, { findings: [], others: [] }])
    }))

  it.effect("check names a project without files", () =>
    Effect.gen(function*() {
      const { count, told } = yield* checkWith(5_000, { "tsconfig.json": "" })
      assert.strictEqual(count, 1)
      assert.deepStrictEqual(told, [
        "stateless: `app.json` has no files and no references, so there is nothing to check"
      ])
    }))

  it.effect("check does not take a project of no files, with references to none, for one without errors", () =>
    Effect.gen(function*() {
      const error = yield* Effect.flip(checkWith(5_000, {}))
      assert.include(error.message, "`tsconfig.json` has no files, and leads to none by its references, so there is")
    }))

  it.effect("check looks for the other party in a bounded number of files", () =>
    Effect.gen(function*() {
      const { count, report } = yield* checkWith(2)
      assert.strictEqual(count, 2)
      assert.isUndefined(report.findings[0].other)
    }))

  const whole = "src/other.ts(1,1): error TS2304: Cannot find name 'x'.\n"
  const ends: ReadonlyArray<readonly [what: string, end: End, how: RegExp | undefined]> = [
    ["without errors", { code: 0, printed: "" }, undefined],
    ["with errors, as TypeScript 7 ends", { code: 1, printed: whole }, undefined],
    ["with errors, as TypeScript 6 ends", { code: 2, printed: whole }, undefined],
    ["with errors of a path with an apostrophe", { code: 2, printed: whole.replace("other", "it's") }, undefined],
    ["by a throw of its own, without a word", { code: 1, printed: "" }, /ended with 1 and no error on `app.json`/],
    [
      "by a panic",
      { code: 2, printed: "", said: "goroutine 1\npanic: nil\n" },
      /ended with 2 and no error.*\(panic: nil\)/
    ],
    ["out of memory", { code: 134, printed: "" }, /ended with 134/],
    ["out of memory after the first errors", { code: 134, printed: whole }, /ended with 134/],
    ["by a signal", { signal: "SIGKILL", printed: "" }, /was killed on `app.json`/],
    ["by a signal in the middle of its errors", { signal: "SIGKILL", printed: whole }, /was killed/],
    ["by a signal in the middle of a line", { signal: "SIGABRT", printed: whole.slice(0, 20) }, /was killed/],
    ["with a long reason", { code: 7, printed: "", said: `at x\nError: ${"y".repeat(50_000)}` }, /\(Error: y{193}\)/]
  ]
  for (const [what, end, how] of ends) {
    for (const run of runs) {
      it.effect(`check calls no project clean when its compiler, run with ${run}, ends ${what} before its end`, () =>
        Effect.gen(function*() {
          const exit = yield* Effect.result(checkWith(5_000, { "app.json": "", "tsconfig.json": "" }, { [run]: end }))
          if (how === undefined) {
            // Without a listing there are no files.
            return Result.isSuccess(exit) ? undefined : assert.strictEqual(exit.failure._tag, "NothingToCheck")
          }
          assert.isTrue(Result.isFailure(exit))
          const { message } = (exit as Result.Failure<unknown, Error>).failure
          assert.match(message, how)
          assert.notInclude(message, "\n")
        }))
    }
  }
})
