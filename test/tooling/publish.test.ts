/**
 * The build changes the sources for publication: import paths, and marks of calls without effects, so that bundlers
 * drop unused modules.
 */
import { assert, describe, it } from "@effect/vitest"
import { build, transform } from "esbuild"
import { rolldown } from "rolldown"
import { toPublished } from "../../.ci/publish.ts"

const pure = "/* @__PURE__ */ "
const publish = (text: string) => toPublished("a.ts", text)

const library = [
  "import { service, dual, Struct } from \"effect-like\"",
  "export class Store extends service()(\"Store\", { make: dual(1) }) {",
  "  static readonly layer = dual(0)",
  "  readonly own = dual(2)",
  "}",
  "export const get = dual(2, (a: number) => dual(a))",
  "export const shape = { a: new Struct(dual(3)) }",
  "export const piped = dual(4).pipe(dual(5))"
].join("\n")

describe("changes of the build", () => {
  it("relative imports end in `.js`, and others stay, in every form", () => {
    const text = [
      "import type { A } from \"./A.ts\"",
      "export * as B from \"../b/B.ts\"",
      "const c = () => import(\"./c.ts\")",
      "import * as Effect from \"effect/Effect\"",
      "const s = \"./A.ts\""
    ]
    const expected = [
      text[0]!.replace(".ts", ".js"),
      text[1]!.replace(".ts", ".js"),
      text[2]!.replace(".ts", ".js"),
      text[3],
      text[4]
    ]
    assert.strictEqual(publish(text.join("\n")), expected.join("\n"))
  })

  it("calls at the load of a module are marked once, even where several begin together", () => {
    assert.strictEqual(publish("const a = f(g())"), `const a = ${pure}f(${pure}g())`)
    assert.strictEqual(publish("class A extends f()(\"a\") {}"), `class A extends ${pure}f()("a") {}`)
    assert.strictEqual(publish("const a = f().pipe(g)"), `const a = ${pure}f().pipe(g)`)
    assert.strictEqual(publish("class A { static b = f() }"), `class A { static b = ${pure}f() }`)
    assert.strictEqual(publish("const a = new Map()"), `const a = ${pure}new Map()`)
  })

  it("calls that run later or have an effect are not marked", () => {
    for (
      const text of ["const f = () => g()", "function f() { return g() }", "class A { b = f(); c() { g() } }", "f()"]
    ) {
      assert.strictEqual(publish(text), text)
    }
  })

  it("esbuild and rolldown drop a marked module whose exports are not used, and no other", async () => {
    const { code } = await transform(publish(library), { loader: "ts", target: "es2023" })
    const { code: unmarked } = await transform(library, { loader: "ts", target: "es2023" })
    const bundle = async (code: string, entry: string) => {
      const files: Record<string, string> = { entry, library: code }
      const plugin = {
        name: "memory",
        resolveId: (id: string) => id in files ? id : { id, external: true, moduleSideEffects: false },
        load: (id: string) => files[id]
      }
      const bundled = await rolldown({ input: "entry", plugins: [plugin], logLevel: "silent" })
      const { output } = await bundled.generate({ format: "esm" })
      const { outputFiles } = await build({
        stdin: { contents: entry },
        bundle: true,
        format: "esm",
        write: false,
        plugins: [{
          name: "memory",
          setup(build) {
            build.onResolve({ filter: /^library$/ }, ({ path }) => ({ path, namespace: "memory" }))
            build.onResolve({ filter: /^effect-like$/ }, ({ path }) => ({ path, external: true, sideEffects: false }))
            build.onLoad({ filter: /.*/, namespace: "memory" }, () => ({ contents: code }))
          }
        }]
      })
      return [output[0].code, outputFiles[0]!.text]
    }
    const unused = "import { Store } from \"library\"\nexport const one = 1"
    for (const text of await bundle(code, unused)) assert.notMatch(text, /dual|service|Struct/)
    for (const text of await bundle(unmarked, unused)) assert.match(text, /dual/)
    for (const text of await bundle(code, "export { get } from \"library\"")) {
      assert.match(text, /dual\(2/)
      assert.notMatch(text, /service\(|new Struct/)
    }
  })
})
