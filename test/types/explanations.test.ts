/**
 * Each code has an explanation, whose failing program fails by this code alone and whose repaired program compiles.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as fs from "node:fs"
import * as path from "node:path"
import { findMisfit, findUnprovided } from "../../src/cli/compilerErrors.ts"
import { parse } from "../../src/cli/findings.ts"
import { Meanings } from "../../src/cli/meaning.ts"
import { neverRunIn } from "../../src/cli/neverRun.ts"
import * as Explanations from "../../src/diagnostic/Explanations.ts"
import * as MemoryStore from "../../src/store/memory/MemoryStore.ts"
import * as Compiler from "../support/compiler.ts"

const shown = Explanations.all.filter(({ failing }) => failing !== undefined)
const output = Compiler.runOn(
  "explanations",
  Object.fromEntries(shown.flatMap(({ code, failing, repaired }) => [
    [`${code}.failing.ts`, failing!],
    [`${code}.repaired.ts`, repaired!]
  ]))
)
const errorsIn = (file: string): ReadonlyArray<string> =>
  output.split(/\n(?=\S)/).filter((error) => error.startsWith(`${file}(`))

// The code that `stateless check` shows, which knows some errors by the compiler's own words.
const codeOf = (error: string): string | undefined => {
  const { findings: [finding], others: [other] } = parse(error)
  return finding?.code ?? findMisfit(other!.text, other!.place!, "")?.code ??
    findUnprovided(other!.text, other!.place!, [])?.code
}

const lostIn = (text: string) =>
  neverRunIn(new Meanings({ read: () => text, resolve: () => undefined }), "a.ts").map(({ code }) => code)

// How programs that only the run time refuses are run: an export, with the layers that it needs.
type Program = { readonly [name: string]: any }
type Ran = Effect.Effect<unknown, unknown>
const store = MemoryStore.layer({ capacity: 10 })
const running: { readonly [code: string]: (program: Program, name: string) => Ran } = {
  E0216: ({ AppCache, one }) =>
    Effect.scoped(Layer.build(one.pipe(Layer.provide(AppCache.layer), Layer.provide(store)))) as Ran,
  E0217: (program, name) => Effect.provide(program[name], Layer.provide(program["AppCache"].layer, store)) as Ran,
  E0219: (program, name) => {
    const { AppCache } = program
    return Effect.provide(
      program[name],
      Layer.provide(AppCache.modules({ user: AppCache.owner("user") }), store)
    ) as Ran
  },
  E0507: ({ AppCache, CountLive }) =>
    Effect.provide(
      AppCache.keys.count.get({ id: 1 }),
      Layer.provide(AppCache.modules({ count: CountLive }), store)
    ) as Ran
}
const runOf = async (code: string, which: "failing" | "repaired") => {
  const program: Program = await import(path.join(Compiler.root, `.gen/explanations/${code}.${which}.ts`))
  const [name] = Object.keys(program).filter((one) => one !== "AppCache")
  return Effect.runPromiseExit(running[code]!(program, name!))
}

describe("explanations", () => {
  for (const code of Object.keys(running)) {
    it(`${code}: the failing program fails with this code when it runs, and the repaired one does not`, async () => {
      const failed = await runOf(code, "failing")
      assert.isTrue(Exit.isFailure(failed) && Cause.pretty(failed.cause).includes(`${code}: `), String(failed))
      const repaired = await runOf(code, "repaired")
      assert.isTrue(Exit.isSuccess(repaired), String(repaired))
    }, 120_000)
  }

  it("the explanations cover every code of the sources once", () => {
    const sources = fs.readdirSync(path.join(Compiler.root, "src"), { recursive: true, encoding: "utf8" })
      .filter((file) => file.endsWith(".ts"))
      .map((file) => fs.readFileSync(path.join(Compiler.root, "src", file), "utf8"))
    const known = new Set(sources.flatMap((text) => [...text.matchAll(/"(E0\d{3})"/g)].map(([, code]) => code)))
    assert.deepStrictEqual(Explanations.all.map(({ code }) => code).toSorted(), [...known].toSorted())
    assert.strictEqual(new Set(Explanations.all.map(({ code }) => code)).size, Explanations.all.length)
    assert.strictEqual(Explanations.find("E0203")?.code, "E0203")
    assert.isUndefined(Explanations.find("E9999"))
    // Nothing else tells that a code is explained as another one.
    assert.include(Explanations.find("E0506")?.what, "lease")
    assert.include(Explanations.find("E0508")?.what, "manifest")
  })

  for (const { code, foundBy } of shown) {
    it(`${code}: the failing program fails by this finding alone, and the repaired one compiles`, () => {
      assert.deepStrictEqual(errorsIn(`${code}.repaired.ts`), [])
      const failing = errorsIn(`${code}.failing.ts`)
      if (foundBy === "stateless check") {
        assert.deepStrictEqual(lostIn(shown.find((one) => one.code === code)!.failing!), [code])
        assert.deepStrictEqual(lostIn(shown.find((one) => one.code === code)!.repaired!), [])
      }
      if (foundBy !== "the compiler") return assert.deepStrictEqual(failing, [])
      assert.isNotEmpty(failing)
      for (const error of failing) assert.strictEqual(codeOf(error), code)
    })
  }
})
