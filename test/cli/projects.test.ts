/**
 * The projects that `stateless check` compiles: a configuration and every project that it references.
 */
import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Path from "effect/Path"
import { projectsOf } from "../../src/cli/projects.ts"

// The projects that are found from `tsconfig.json`, in a folder of their own.
const find = (configurations: { readonly [file: string]: string }, project = "tsconfig.json") =>
  Effect.gen(function*() {
    const fs = yield* FileSystem.FileSystem
    const path = yield* Path.Path
    const folder = yield* fs.makeTempDirectoryScoped()
    for (const [name, text] of Object.entries(configurations)) {
      yield* fs.makeDirectory(path.dirname(path.join(folder, name)), { recursive: true })
      yield* fs.writeFileString(path.join(folder, name), text)
    }
    return yield* projectsOf(folder, project)
  }).pipe(Effect.scoped, Effect.provide(NodeServices.layer))
const references = (...paths: ReadonlyArray<string>) =>
  JSON.stringify({ files: [], references: paths.map((path) => ({ path })) })

describe("projects of a check", () => {
  it.effect("the projects are the referenced ones, each once, by file and by folder", () =>
    Effect.gen(function*() {
      const { all, cycles } = yield* find({
        "tsconfig.json": `{ // as Vite has it
          "files": [], "references": [{ "path": "./a" }, { "path": "./tsconfig.node.json", },],
        }`,
        "tsconfig.node.json": "{}",
        "a/tsconfig.json": references("../b/tsconfig.json"),
        "b/tsconfig.json": references("../tsconfig.node.json")
      })
      assert.deepStrictEqual(all, [
        { file: "tsconfig.node.json", references: [] },
        { file: "b/tsconfig.json", references: ["tsconfig.node.json"] },
        { file: "a/tsconfig.json", references: ["b/tsconfig.json"] },
        { file: "tsconfig.json", references: ["a/tsconfig.json", "tsconfig.node.json"] }
      ])
      assert.deepStrictEqual(cycles, [])
    }))

  it.effect("projects that reference each other in a circle are an error", () =>
    Effect.gen(function*() {
      const { all, cycles } = yield* find({
        "tsconfig.json": references("a"),
        "a/tsconfig.json": references("../b"),
        "b/tsconfig.json": references("../a")
      })
      assert.strictEqual(all.length, 3)
      assert.deepStrictEqual(cycles, [
        "b/tsconfig.json: error: references form a cycle: a/tsconfig.json -> b/tsconfig.json -> a/tsconfig.json"
      ])
    }))

  it.effect("a missing reference and an invalid configuration are left to the compiler", () =>
    Effect.gen(function*() {
      const { all } = yield* find({ "tsconfig.json": references("nowhere", "broken"), "broken/tsconfig.json": "{ tru" })
      assert.deepStrictEqual(all.map(({ file }) => file), ["broken/tsconfig.json", "tsconfig.json"])
    }))

  it.effect("the number of projects is bounded", () =>
    Effect.gen(function*() {
      const many = Array.from({ length: 500 }, (_, index) => `${index}.json`)
      const configurations = Object.fromEntries(many.map((name) => [name, "{}"]))
      const error = yield* Effect.flip(find({ ...configurations, "tsconfig.json": references(...many) }))
      assert.strictEqual(error._tag, "ProjectsTooMany")
    }))

  it.effect("a tsconfig that does not exist has no projects", () =>
    Effect.gen(function*() {
      const error = yield* Effect.flip(find({ "tsconfig.json": "{}" }, "tsconfig.app.json"))
      assert.strictEqual(error._tag, "ProjectMissing")
      assert.include(error.message, "there is no `tsconfig.app.json`;")
      const folder = yield* Effect.flip(find({ "src/main.ts": "" }, "src"))
      assert.include(folder.message, "there is no `tsconfig.json` in `src`;")
    }))
})
