import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, it } from "@effect/vitest"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Path from "effect/Path"
import { ChildProcessSpawner } from "effect/process/ChildProcessSpawner"
import { check } from "../../src/cli/check.ts"
import { plain } from "../../src/cli/render.ts"

const files = {
  "src/use.ts": `import { AppCache } from "./cache.js"\nexport const one = AppCache.get("usr:42")\n`,
  "src/other.ts": "export const two: number = 2\n",
  "src/cache.ts": `export class AppCache extends Manifest.Service<AppCache>()("AppCache", {\n  families: {\n    ` +
    `user: { pattern: "user:{id}" }\n  }\n}) {}\n`,
  "node_modules/typescript/bin/tsc": ""
}
const errors = [
  `src/use.ts(2,33): error TS2345: Argument of type '"usr:42"' is not assignable to parameter of type '"E0402: 'x' ` +
  `borrows 'user:{id}', but no family declares it; help: declare it"'.`,
  "src/other.ts(1,1): error TS2304: Cannot find name 'x'.",
  ""
].join("\n")

// A project in a folder of its own, with a compiler whose output is known.
const checkWith = (filesMax: number) =>
  Effect.gen(function*() {
    const fs = yield* FileSystem.FileSystem
    const path = yield* Path.Path
    const folder = yield* fs.makeTempDirectoryScoped()
    for (const [name, text] of Object.entries(files)) {
      yield* fs.makeDirectory(path.dirname(path.join(folder, name)), { recursive: true })
      yield* fs.writeFileString(path.join(folder, name), text)
    }
    const listed = Object.keys(files).map((name) => path.join(folder, name)).join("\n")
    const spawner = yield* ChildProcessSpawner
    const printed: Array<string> = []
    const count = yield* check({ project: "tsconfig.json", isJson: true, style: plain, node: "node", folder, filesMax })
      .pipe(
        Effect.provideService(ChildProcessSpawner, {
          ...spawner,
          string: (command) =>
            Effect.succeed("args" in command && command.args.includes("--listFilesOnly") ? listed : errors)
        }),
        Effect.provideService(Console.Console, {
          ...globalThis.console,
          log: (text: string) => void printed.push(text)
        })
      )
    return { count, report: JSON.parse(printed.join("")) }
  }).pipe(Effect.scoped, Effect.provide(NodeServices.layer))

describe("check", () => {
  it.effect("counts errors of all kinds, and shows the other party of a finding from a file that it imports", () =>
    Effect.gen(function*() {
      const { count, report } = yield* checkWith(5_000)
      assert.strictEqual(count, 2)
      assert.deepStrictEqual(report.others, ["src/other.ts(1,1): error TS2304: Cannot find name 'x'."])
      assert.strictEqual(report.findings.length, 1)
      assert.deepInclude(report.findings[0].other, { file: "src/cache.ts", line: 3, column: 22 })
    }))

  it.effect("looks for that party in so many files and no more", () =>
    Effect.gen(function*() {
      const { count, report } = yield* checkWith(2)
      assert.strictEqual(count, 2)
      assert.isUndefined(report.findings[0].other)
    }))
})
