/**
 * The load that a caller brings to `getOr` keeps the rules of a lookup, and the message says what is wrong with it.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Compiler from "../support/compiler.ts"

const prelude = `import { Effect } from "effect"
import * as Manifest from "../../src/manifest/Manifest.ts"
export class Other extends Manifest.Service<Other>()("Other", { families: { other: { pattern: "other:{id}" } } }) {}
export class App extends Manifest.Service<App>()("App", {
  families: {
    user: { pattern: "user:{id}", value: Manifest.type<string>() },
    prefs: { pattern: "prefs:{id}", value: Manifest.type<string>() },
    page: { pattern: "page:{id}", value: Manifest.type<"a" | "b">(), error: Manifest.type<"down">(), derives: ["user:{id}"] }
  }
}) {}
const key = { id: 1 }
const { page, prefs, user } = App.keys
const other = Other.keys.other
`

const loads: ReadonlyArray<readonly [load: string, message: RegExp | undefined]> = [
  ["Effect.succeed('a')", undefined],
  ["Effect.as(user.get(key), 'a')", undefined],
  ["Effect.fail('down' as const)", undefined],
  ["Effect.as(prefs.get(key), 'a')", /E0211: the lookup of family 'page' reads 'prefs:\{id\}'/],
  ["page.get(key)", /E0211: .* its own family/],
  ["Effect.as(other.has(key), 'a')", /E0211: .* of another manifest/],
  ["Effect.as(prefs.set(key, 'x'), 'a')", /E0212: the lookup of family 'page' writes 'prefs:\{id\}'/],
  ["Effect.as(Effect.andThen(user.get(key), user.delete(key)), 'a')", /E0212/],
  ["Effect.fail(new Error('down'))", /E0213: this load fails with an error/],
  ["() => Effect.succeed('a')", /E0114: the load of a key of 'page:\{id\}' is a function/],
  ["Promise.resolve('a')", /E0114: .* is a Promise/],
  ["'a'", /E0114: .* is a value/],
  ["Effect.succeed('c')", /E0114: this is not a valid value for 'page:\{id\}'/]
]

describe("loads of getOr", () => {
  for (const holder of ["page", "writer"]) {
    it(`a load of ${holder === "page" ? "an accessor" : "a writer"} is checked, and the message says what is wrong with it`, () => {
      const uses = loads.map(([load], at) => `export const use${at} = ${holder}.getOr(key, ${load})`)
      const source = `${prelude}export declare const writer: Effect.Success<typeof page.writer>\n${uses.join("\n")}\n`
      const first = source.split("\n").findIndex((line) => line.startsWith("export const use0")) + 1
      const errors = Compiler.runOn("loads", { "program.ts": source }).split(/\n(?=\S)/)
      loads.forEach(([load, message], at) => {
        const found = errors.filter((error) => error.startsWith(`program.ts(${first + at},`)).join("\n")
        if (message === undefined) assert.strictEqual(found, "", load)
        else assert.match(found, message, load)
      })
    })
  }
})
