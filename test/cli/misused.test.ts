/**
 * `stateless check` explains errors of the compiler about what is used as something else. The errors are those of the
 * compiler itself.
 */
import { assert, describe, it } from "@effect/vitest"
import { parse } from "../../src/cli/findings.ts"
import { findMisused } from "../../src/cli/misused.ts"
import * as Compiler from "../support/compiler.ts"

const head = [
  `import { Effect, Stream } from "effect"`,
  `import * as CacheMetrics from "effect-stateless/cache/CacheMetrics"`,
  `import * as Manifest from "effect-stateless/manifest/Manifest"`,
  `import * as MemoryStore from "effect-stateless/store/MemoryStore"`,
  `class App extends Manifest.Service<App>()("App", {`,
  `  families: { text: { pattern: "text:{id}", value: Manifest.type<string>() } }`,
  `}) {}`,
  `const { text } = App.keys`,
  `const write = text.setting({ id: "1" }, "a")`,
  `const apart = { timeToLive: "5 minutes", mode: "markStale", capacity: 5, eviction: "lru" }`,
  `const { timeToLive, mode } = apart`,
  `const memory = { capacity: 5, eviction: "lru" }`,
  `const doc = { partOf: "doc" }`,
  `const served = { layer: "server" }`,
  `const batch = (list: ReadonlyArray<unknown>) => list`,
  `export const used = [Effect, Stream, CacheMetrics, MemoryStore, write, timeToLive, mode, memory, doc, served, batch]`
]

const definition = (family: string, sections = "") =>
  `class B extends Manifest.Service<B>()("B", { ${sections}families: { doc: { pattern: "doc:*" }, x: ${family} } }) {}`

type Misuse = readonly [line: string, code: string, sentence: string, help: string]
const plain: ReadonlyArray<Misuse> = [
  ["Effect.gen(function*() { yield* text.setting({ id: '1' }, 'a') })", "E0115", "'text:{id}', and is not", "'set'"],
  ["Effect.runPromise(write)", "E0115", "this says what to write to 'text:{id}', and is not an Effect", "'batch'"],
  ["Effect.all([write])", "E0115", "this says what to write to 'text:{id}', and is not an Effect", "'batch'"],
  ["App.batch(text.setting({ id: '1' }, 'a'), write)", "E0115", "a batch takes a list of writes", "in brackets"],
  ["App.batch(text.deleting({ id: '1' }), write, write)", "E0115", "a batch takes a list of writes", "in brackets"],
  ["Effect.gen(function*() { yield* App.events })", "E0408", "'events' is a Stream", "Stream.runForEach"],
  ["Effect.gen(function*() { yield* App.keys.text.keys() })", "E0408", "'keys' is a Stream", "Stream.runForEach"],
  ["Effect.gen(function*() { yield* text.entries() })", "E0408", "'entries' is a Stream", "Stream.runForEach"],
  ["Stream.runCollect(text.keys)", "E0408", "'keys' is a function that makes the Stream", "call it, keys()"],
  ["Stream.runDrain(App.keys.text.entries)", "E0408", "'entries' is a function that makes", "call it, entries()"],
  ["CacheMetrics.publish(App, { cache: 'a' })", "E0408", "this is the manifest 'App'", "give App.stats"],
  ["text.set({ id: '1' }, 'a', { timeToLive })", "E0408", "option 'timeToLive' is not known", "'as const'"],
  ["text.set({ id: '1' }, 'a', apart)", "E0408", "option 'timeToLive' is not known", "'as const'"],
  ["text.invalidate({ id: '1' }, { mode })", "E0408", "option 'mode' is not known", "'as const'"],
  ["MemoryStore.layer(memory)", "E0408", "option 'eviction' is not known", "'as const'"],
  [`() => { ${definition("{ ...doc, pattern: 'doc:{id}' }")} ; return B }`, "E0408", "option 'partOf'", "'as const'"],
  [
    `() => { ${definition("{ ...served, pattern: 'x:{id}' }", "layers: { server: {} }, ")} ; return B }`,
    "E0408",
    "option 'layer'",
    "'as const'"
  ]
]
// Mistakes of another kind, and the same mistakes with values of others.
const others = [
  "Effect.gen(function*() { yield* Stream.make(1) })",
  "Effect.runPromise('text')",
  "batch([1], [2])",
  "text.set({ id: '1' }, 'a', { timeToLive: true })",
  "text.set({ id: '1' }, 'a', { tags: 'a' })",
  "Stream.runCollect(() => Stream.make(1))"
]

const misuses: ReadonlyArray<Misuse> = [
  ...plain
]

describe("misuse in the words of the compiler", () => {
  const lines = [...misuses.map(([line]) => line), ...others]
  const sources = lines.map((line, i) => [`m${i}.ts`, [...head, `export const misuse = ${line}`].join("\n")] as const)
  const report = parse(Compiler.runOn("misused", Object.fromEntries(sources)))
  const foundIn = (index: number) => {
    const [file, source] = sources[index]!
    const errors = report.others.filter(({ place }) => place?.file === file)
    return { errors, found: errors.flatMap(({ place, text }) => findMisused(text, place!, source) ?? []) }
  }

  for (const [index, [line, code, sentence, help]] of misuses.entries()) {
    it(`a misuse gets a finding in place of the compiler's words: ${line}`, () => {
      const { errors, found } = foundIn(index)
      assert.lengthOf(errors, 1, JSON.stringify(report.findings.filter(({ file }) => file === sources[index]![0])))
      assert.lengthOf(found, 1, errors[0]!.text)
      assert.include(found[0], { code })
      assert.include(found[0]!.sentence, sentence)
      assert.include(found[0]!.help, help)
    })
  }

  for (const [index, line] of others.entries()) {
    it(`an error of the compiler with another cause stays as it is: ${line}`, () => {
      const { errors, found } = foundIn(misuses.length + index)
      assert.isNotEmpty(errors)
      assert.isEmpty(found)
    })
  }
})
