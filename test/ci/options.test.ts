/**
 * Each option has a doc comment, a row in the tables of the README, a refusal of a wrong value at run time, and a test
 * that names it.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import * as CacheMetrics from "../../src/cache/CacheMetrics.ts"
import { placeOf } from "../../src/diagnostic/types/otherCaches.ts"
import { make } from "../../src/manifest/internal/manifest.ts"
import * as LmdbStore from "../../src/store/lmdb/LmdbStore.ts"
import * as MemoryStore from "../../src/store/memory/MemoryStore.ts"
import * as TieredStore from "../../src/store/TieredStore.ts"

const root = join(import.meta.dirname, "../..")
const read = (path: string): string => readFileSync(join(root, path), "utf8")
const readme = read("README.md")
const tests = readdirSync(join(root, "test"), { recursive: true, encoding: "utf8" })
  .filter((path) => path.endsWith(".test.ts") && path !== "ci/options.test.ts")
  .map((path) => read(`test/${path}`)).join("\n")

/** The options that an interface, or a type, of a file declares, each with whether a doc comment stands before it. */
const optionsOf = (path: string, name: string): ReadonlyMap<string, boolean> => {
  const text = read(path)
  const begin = text.search(new RegExp(`^export (?:interface|type) ${name}\\b`, "m"))
  assert.notStrictEqual(begin, -1, `${path} has no ${name}`)
  const body = text.slice(begin).split(/\n\}\n|\n\n(?=\/\*\*|\/\/|export|const)/)[0]!
  const found = new Map<string, boolean>()
  for (const { 1: doc, 2: option, 3: type } of body.matchAll(/(\*\/\n)? {2,4}readonly (\w+)\??:(.*)/g)) {
    if (type !== " undefined") found.set(option!, doc !== undefined)
  }
  return found
}

const memory = MemoryStore.layer({ capacity: 10 })
// No option takes a symbol.
const wrong: any = Symbol("wrong")
const at = { path: "/dev/null/none", durability: "process" } as const

/** What a wrong value of an option is refused with. */
type Refusal = (option: string) => Effect.Effect<unknown, unknown>
const ofFamily: Refusal = (option) => {
  const families = { family: { pattern: "family:{id}", [option]: wrong }, whole: { pattern: "whole:{id}" } }
  const { layer }: any = make("Options", { families })
  const store = option === "weigher" ? MemoryStore.layer({ weightMax: 10 }) : memory
  return Effect.flip(Effect.scoped(Layer.build(Layer.provide(layer as Layer.Layer<never, unknown>, store))))
}
const ofOwner: Refusal = (option) => {
  const app: any = make("Options", { families: { family: { pattern: "family:{id}" } } })
  const owner: Layer.Layer<never, unknown> = app.owner("family", { [option]: wrong })
  return Effect.flip(Effect.scoped(Layer.build(owner.pipe(Layer.provide(app.layer), Layer.provide(memory)) as never)))
}

const groups: ReadonlyArray<
  readonly [what: string, path: string, names: ReadonlyArray<string>, table: string, refusal: Refusal]
> = [
  ["a family", "src/ownership/FamilyPolicy.ts", ["PolicyOptions"], "### Options of a family", ofFamily],
  ["a family", "src/ownership/Definition.ts", ["FamilyOptions"], "### Options of a family", ofFamily],
  [
    "MemoryStore",
    "src/store/memory/MemoryStore.ts",
    ["Options", "Size"],
    "### Options of a store",
    (option) => {
      const bound = option === "capacity" || option === "weightMax" ? {} : { capacity: 10 }
      return Effect.flip(Effect.scoped(MemoryStore.make({ ...bound, [option]: wrong } as any)))
    }
  ],
  [
    "LmdbStore",
    "src/store/lmdb/LmdbStore.ts",
    ["Options"],
    "### Options of a store",
    (option) => Effect.flip(Effect.scoped(LmdbStore.make({ ...at, [option]: wrong })))
  ],
  [
    "TieredStore",
    "src/store/TieredStore.ts",
    ["Options"],
    "### Options of a store",
    (option) => Effect.flip(Effect.scoped(Layer.build(TieredStore.layer([memory, memory], { [option]: wrong } as any))))
  ],
  [
    "an owner",
    "src/manifest/types/ownerDocs.ts",
    ["OwnerDocs"],
    "### Options of an owner and of operations",
    ofOwner
  ],
  [
    "CacheMetrics.publish",
    "src/cache/CacheMetrics.ts",
    ["Options"],
    "### Options of an owner and of operations",
    (option) => {
      const { stats }: any = make("Options", { families: {} })
      return Effect.flip(CacheMetrics.publish(stats, { cache: "options", [option]: wrong } as any))
    }
  ]
]

/** The first cells of the rows below a heading. */
const rowsOf = (heading: string): string => {
  const [, rest] = readme.split(`\n${heading}\n`)
  assert.isDefined(rest, `no heading ${heading}`)
  return Array.from(rest!.split(/\n#+ /)[0]!.matchAll(/^\| (.*?) \|/gm), ([, cell]) => cell!).join("\n")
}

/** The option, or the places in the manifest, that an error names. */
const placesOf = (error: any): ReadonlyArray<string> => {
  const { error: inner, option } = error.reason
  const { option: ofStore, path, problems } = inner?.reason ?? {}
  return [option, ofStore, path, ...(problems ?? []).map((one: any) => one.path)].flat().map(String)
}

describe("option", () => {
  it("the table of places has each option of a family and of an owner, so that a message names the place", () => {
    for (const [what, path, names] of groups.filter(([what]) => what === "a family" || what === "an owner")) {
      const options = names.flatMap((name) => [...optionsOf(path, name).keys()])
      assert.deepStrictEqual(options.filter((option) => !Object.hasOwn(placeOf, option)), [], what)
    }
  })

  for (const [what, path, names, table, refusal] of groups) {
    const options = new Map(names.flatMap((name) => [...optionsOf(path, name)]))

    it(`the options of ${what} in ${path} are found`, () => assert.isAbove(options.size, 1))

    for (const [option, isDocumented] of options) {
      it.effect(`the option ${option} of ${what} has a doc comment, a row, a refusal and a test`, () =>
        Effect.gen(function*() {
          assert.isTrue(isDocumented, "a doc comment")
          const word = new RegExp(`\\b${option}\\b`)
          assert.match(rowsOf(table), word, "a row in the README")
          assert.match(tests, new RegExp(`\\b${option}:|["']${option}["']`), "a test that names it")
          const refused = yield* refusal(option)
          assert.match(placesOf(refused).join(" "), word, `a refusal that names it: ${String(refused)}`)
        }))
    }
  }
})
