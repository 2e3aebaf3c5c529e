import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, it } from "@effect/vitest"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Path from "effect/Path"
import type * as ChildProcess from "effect/process/ChildProcess"
import { ChildProcessSpawner } from "effect/process/ChildProcessSpawner"
import * as Stream from "effect/Stream"
import { check } from "../../src/cli/check.ts"
import { plain } from "../../src/cli/render.ts"

const files = {
  "src/use.ts": `import { AppCache } from "./cache.js"\nexport const one = AppCache.get("usr:42")\n`,
  "src/lost.ts": `import { AppCache } from "@/cache.js"\nAppCache.batch([])\n`,
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

// A project in a folder of its own, with a compiler whose output is known.
const checkWith = (filesMax: number, given: { readonly [project: string]: string } = { "app.json": errors }) =>
  Effect.gen(function*() {
    const fs = yield* FileSystem.FileSystem
    const path = yield* Path.Path
    const folder = yield* fs.makeTempDirectoryScoped()
    for (const [name, text] of Object.entries(files)) {
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
    const spawner = yield* ChildProcessSpawner
    const printed: Array<string> = []
    const told: Array<string> = []
    const count = yield* check({ project: "tsconfig.json", isJson: true, style: plain, node: "node", folder, filesMax })
      .pipe(
        Effect.provideService(ChildProcessSpawner, {
          ...spawner,
          string: (command) =>
            Effect.sync(() => argumentsOf(command).includes("--showConfig") ? "{}" : given[projectIn(command)] ?? ""),
          streamLines: (command) => Stream.fromIterable(given[projectIn(command)] === undefined ? [] : listed)
        }),
        Effect.provideService(Console.Console, {
          ...globalThis.console,
          log: (text: string) => void printed.push(text),
          error: (text: string) => void told.push(text)
        })
      )
    return { count, report: JSON.parse(printed.join("")), told }
  }).pipe(Effect.scoped, Effect.provide(NodeServices.layer))

describe("check", () => {
  it.effect("counts errors of all kinds, and shows the other party of a finding from a file that it imports", () =>
    Effect.gen(function*() {
      const { count, report } = yield* checkWith(5_000)
      assert.strictEqual(count, 3)
      assert.deepStrictEqual(report.others, ["src/other.ts(1,1): error TS2304: Cannot find name 'x'."])
      assert.strictEqual(report.findings.length, 2)
      assert.deepInclude(report.findings[1].other, { file: "src/cache.ts", line: 3, column: 22 })
    }))

  it.effect("finds what nothing runs through the paths of a configuration", () =>
    Effect.gen(function*() {
      const { report } = yield* checkWith(5_000)
      assert.deepInclude(report.findings[0], { file: "src/lost.ts", line: 2, code: "E0238" })
    }))

  it.effect("reports an error of a file that two projects share once", () =>
    Effect.gen(function*() {
      const { count, told } = yield* checkWith(5_000, { "app.json": errors, "tsconfig.json": errors })
      assert.strictEqual(count, 3)
      assert.deepStrictEqual(told, [])
    }))

  it.effect("says which project has no files", () =>
    Effect.gen(function*() {
      const { count, told } = yield* checkWith(5_000, {})
      assert.strictEqual(count, 0)
      assert.deepStrictEqual(told, [
        "stateless: `app.json` has no files and no references, so there is nothing to check"
      ])
    }))

  it.effect("looks for that party in so many files and no more", () =>
    Effect.gen(function*() {
      const { count, report } = yield* checkWith(2)
      assert.strictEqual(count, 2)
      assert.isUndefined(report.findings[0].other)
    }))
})
