/**
 * What the compiler writes into the declaration files of a user's program can be imported by those who use it.
 *
 * `package.json` closes `internal/` and `shared/`. If a declaration file names a type from there, the compiler of the
 * next program does not find it, reports nothing with `skipLibCheck`, and takes `any` in its place.
 */
import { assert, describe, it } from "@effect/vitest"
import * as fs from "node:fs"
import * as path from "node:path"
import * as Compiler from "../support/compiler.ts"

const program = `
import * as Effect from "effect/Effect"
import * as Manifest from "effect-stateless/manifest/Manifest"

export class App extends Manifest.Service<App>()("App", {
  layers: { server: {} },
  families: {
    user: { pattern: "user:{id}", value: Manifest.type<string>(), error: Manifest.type<"down">(), layer: "server" },
    file: { pattern: "file:*", value: Manifest.type<number>(), layer: "server" },
    size: { pattern: "file:{id}", partOf: "file", derives: ["user:{id}"], layer: "server" }
  },
  readers: { report: { borrows: ["user:{id}"] } }
}) {}

export const { batch, compose, fn, get, inLayer, invalidate, keys, layer, method, modules, owner, delegate, borrower } =
  { ...App, ...Manifest } as typeof App & typeof Manifest
export const { user } = App.keys
export const { deleteMany, getAnswer, set, update, writer } = App.keys.user
export const rename = App.fn("rename", { owns: ["user:{id}"] })
export const accessors = <S extends typeof App>(self: S) => self.keys
export const write = Effect.flatMap(App.keys.user.writer, (user) => user.set({ id: 1 }, "Ann"))
`

describe("declaration files", () => {
  it("the declaration file of a program names only modules that a program can import", () => {
    const name = "declarations"
    const out = path.join(Compiler.root, ".gen", name, "out")
    const printed = Compiler.runOn(name, { "app.ts": program }, [
      "--noEmit",
      "false",
      "--declaration",
      "--emitDeclarationOnly",
      "--outDir",
      out
    ])
    assert.strictEqual(printed, "")
    const declared = fs.readFileSync(path.join(out, ".gen", name, "app.d.ts"), "utf8")
    const named = [...new Set(Array.from(declared.matchAll(/"([^"\n]*\/src\/[^"\n]*)"/g), ([, module]) => module!))]
    assert.isAbove(named.length, 5)
    assert.deepStrictEqual(named.filter((module) => /\/(internal|shared)\//.test(module)), [])
  })
})
