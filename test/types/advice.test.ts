/**
 * The help of a message, followed word by word, repairs the program, and the program then does what was meant.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Explanations from "../../src/diagnostic/Explanations.ts"
import * as Key from "../../src/pattern/Key.ts"
import * as Compiler from "../support/compiler.ts"
import { engine } from "../support/engine.ts"

const program = (line: string): string =>
  [
    `import * as Key from "effect-stateless/pattern/Key"`,
    `import * as Manifest from "effect-stateless/manifest/Manifest"`,
    `class App extends Manifest.Service<App>()("App", {`,
    `  families: { user: { pattern: "user:{id}", value: Manifest.type<string>() } }`,
    `}) {}`,
    `export const one = (id: string) => ${line}`,
    `export const used = Key.isSegment`
  ].join("\n")

/** The functions of `Key` that a text names. */
const namedIn = (text: string): ReadonlyArray<string> => [...text.matchAll(/\bKey\.(\w+)/g)].map(([, name]) => name!)

/** A line that each finding refuses. */
const refused: ReadonlyArray<readonly [code: string, line: string]> = [
  ["E0107", "App.get(id)"],
  ["E0111", "App.get(`user:${id}`)"],
  ["E0111", "App.invalidate(`user:${id}`)"]
]
const doors = ["App.get", "App.getOption", "App.delete", "App.invalidate"]
const compile = (name: string, lines: ReadonlyArray<string>): string =>
  Compiler.runOn(name, Object.fromEntries(lines.map((line, i) => [`a${i}.ts`, program(line)])))

describe("help about the text of a raw key", () => {
  it.effect(
    "the function that the help for a text names makes it a segment, and the key is the one that is meant",
    () =>
      Effect.gen(function*() {
        const messages = compile("advice-refused", refused.map(([, line]) => line)).split(/\n(?=a\d)/)
        const names = new Set(refused.flatMap(([code], index) => {
          assert.include(messages[index], code)
          const named = [namedIn(messages[index]!), namedIn(Explanations.find(code)!.repair)]
          for (const each of named) assert.isNotEmpty(each, code)
          return named.flat()
        }))
        const followed = [...names].flatMap((name) => doors.map((door) => `${door}(\`user:\${Key.${name}(id)}\`)`))
        assert.strictEqual(compile("advice-followed", followed), "")
        const { app, as } = yield* engine(
          { families: { user: { pattern: "user:{id}" } } },
          ({ key }) => Effect.succeed(`of ${key}`)
        )
        for (const name of names) {
          const segment = (Key as unknown as Record<string, (text: string) => string>)[name]!
          assert.strictEqual(yield* as(app.get(`user:${segment("42")}` as never)), "of user:42")
          assert.throws(() => segment("4:2"))
        }
      }),
    60_000
  )
})
