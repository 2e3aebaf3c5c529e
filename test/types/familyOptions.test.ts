/**
 * A wrong value of an option of a family gets one error of the compiler, at the option, which says what the option
 * takes.
 */
import { assert, describe, it } from "@effect/vitest"
import type { FamilySpec } from "../../src/ownership/Definition.ts"
import * as Compiler from "../support/compiler.ts"

// Each option of a family with a value that does not fit, and a program that uses all of the manifest.
const wrong: { readonly [Option in keyof FamilySpec]-?: ReadonlyArray<string> } = {
  pattern: ["42", "undefined"],
  layer: ["42", "{}"],
  partOf: ["42"],
  carvedFrom: ["42"],
  derives: [`"user:{id}"`, "42", "[42]", "{}"],
  borrows: [`"user:{id}"`, "42"],
  fanout: [`"yes"`, "false"],
  params: ["42", `["id"]`, "{ id: String }"],
  value: ["String", `"text"`, "Manifest.type"],
  error: ["Error", `"Down"`],
  sensitive: [`"yes"`],
  version: ["{}", "true"],
  timeToLive: [`"5 mins"`, `"forever"`, "true", "new Date()"],
  idleTimeToLive: [`"30 min"`],
  staleWhileRevalidate: [`"1 hr"`],
  staleIfError: [`"1 hr"`],
  jitter: [`"0.1"`, "true"],
  refreshAhead: [`"0.8"`, `"xFetch"`],
  negativeTimeToLive: [`"1 sec"`],
  softTimeout: [`"1 sec"`],
  hardTimeout: [`"1 sec"`],
  consistency: [`"weak"`, `"1 second"`, `{ bounded: "1 sec" }`, `{ bounds: 5 }`],
  loadConcurrency: [`"8"`],
  loadQueueMax: [`"8"`, "null"],
  retryAfterFailure: [`"1 sec"`],
  onAbandoned: [`"keep"`, "true"],
  freeze: [`"yes"`],
  weigher: ["1", `(key: string) => key`],
  capacity: [`"8"`, "null"],
  weightMax: [`"8"`, "null"]
}

const written = (line: string): string =>
  `import { Effect, Schema } from "effect"
import * as Manifest from "../../src/manifest/Manifest.ts"
class App extends Manifest.Service<App>()("App", {
  layers: { server: {} },
  families: {
    user: { pattern: "user:{id}", layer: "server", value: Schema.Struct({ name: Schema.String }) },
    doc: ${line},
    page: { pattern: "page:{id}", value: Schema.String, derives: ["doc:{id}"] }
  },
  readers: { report: { borrows: ["doc:{id}", "page:{id}"] } }
}) {}
const { doc, page, user } = App.keys
export const live = App.modules({
  user: App.owner("user", { lookup: ({ id }) => Effect.succeed({ name: id }) }),
  doc: App.owner("doc", { lookup: ({ id }) => Effect.map(user.get({ id }), ({ name }) => name) }),
  page: App.owner("page", { lookup: ({ id }) => Effect.map(doc.get({ id }), (text) => text.toUpperCase()) })
})
export const program = Effect.gen(function*() {
  yield* doc.set({ id: "1" }, "one")
  yield* doc.update({ id: "1" }, (was) => was + "!")
  yield* App.batch([doc.setting({ id: "1" }, "two"), page.deleting({ id: "1" })])
  yield* App.invalidate("doc:*")
  const { name } = yield* user.get({ id: "1" })
  return (yield* doc.get({ id: "1" })).length + (yield* page.get({ id: "1" })).length + name.length
})
`

// A pattern that is none has no keys, so nothing that reads them can be written down.
const bare = (line: string): string =>
  `import * as Manifest from "../../src/manifest/Manifest.ts"
export class App extends Manifest.Service<App>()("App", { families: { doc: ${line}, user: { pattern: "user:{id}" } } }) {}
export const { user } = App.keys
`

const lineWith = (option: string, value: string): string => {
  const rest: { readonly [option: string]: string } = {
    pattern: `"doc:{id}"`,
    value: "Schema.String",
    derives: `["user:{id}"]`
  }
  const all = Object.entries({ ...rest, [option]: value }).map(([name, text]) => `${name}: ${text}`)
  return `{ ${all.join(", ")} }`
}

const cases = Object.entries(wrong).flatMap(([option, values]) =>
  values.map((value, index) => ({
    option,
    value,
    file: `${option}${index}.ts`,
    source: option === "pattern" ? bare(`{ pattern: ${value} }`) : written(lineWith(option, value))
  }))
)
const lines = ["42", `"doc:{id}"`, "[]", "{}", "undefined", "() => ({})"].map((line, index) => ({
  option: "a line",
  value: line,
  file: `line${index}.ts`,
  source: bare(line)
}))
const right = { option: "nothing", value: "", file: "right.ts", source: written(lineWith("timeToLive", `"5 minutes"`)) }
const all = [...cases, ...lines, right]
const output = Compiler.runOn("options", Object.fromEntries(all.map(({ file, source }) => [file, source])))

describe("wrong value of an option of a family", () => {
  for (const { option, value, file } of all) {
    it(`the compiler refuses a wrong value of an option at the option: ${file}, ${option}: ${value}`, () => {
      const errors = output.split(/\n(?=\S)/).filter((error) => error.startsWith(`${file}(`))
      if (file === "right.ts") return assert.deepStrictEqual(errors, [])
      assert.lengthOf(errors, 1, errors.join("\n"))
      assert.match(errors[0]!, /E0\d{3}: /)
      assert.match(errors[0]!, new RegExp(option === "a line" ? "E0408: 'doc'" : /E0408/))
    })
  }
})
