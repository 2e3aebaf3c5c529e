/**
 * Law 4, invalidation completeness: after any writes, in any order of fibers, every served value equals what its lookup
 * would return now.
 *
 * The manifest is random: trees and graphs of families, with parameters that are carried, dropped or constant, parts
 * and carved families, keys of several segments, and patterns that end in `*`. Each value names everything that its
 * lookup read, so that two values are equal only if all of it was.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import type * as Option from "effect/Option"
import * as fc from "fast-check"
import * as Lookup from "../../src/cache/Lookup.ts"
import type { FamilySpec } from "../../src/ownership/Definition.ts"
import type { ValidManifest } from "../../src/ownership/shared/validation.ts"
import type { KeyPattern } from "../../src/pattern/KeyPattern.ts"
import * as SeededScheduler from "../../src/testing/SeededScheduler.ts"
import { type App, at, checkInvariants, engine, type Running } from "../support/engine.ts"
import { manifest } from "../support/randomManifests.ts"

const texts = ["a", "b", "1"]
const rests = ["a", "1", "a:1"]
const tags = ["even", "odd"]

// Every key of the pattern over a few texts; where a value is bound, only that one.
const keysOf = (pattern: KeyPattern, bound: ReadonlyMap<string, string> = new Map()): ReadonlyArray<string> => {
  const choices = pattern.segments.map((segment) => {
    if (segment._tag === "Text") return [segment.text]
    const value = bound.get(segment.name)
    return value === undefined ? texts : [value]
  })
  if (pattern.rest) choices.push(rests)
  return choices.reduce<ReadonlyArray<string>>(
    (keys, values) => keys.flatMap((key) => values.map((value) => key === "" ? value : `${key}:${value}`)),
    [""]
  )
}

/** The source of truth, and what each lookup makes of it. */
class Database {
  readonly rows = new Map<string, number>()
  readonly keys: ReadonlyArray<readonly [family: string, key: string]>
  private readonly sources = new Map<string, ReadonlyArray<string>>()
  private writes = 0

  constructor(manifest: ValidManifest) {
    this.keys = [...manifest.families.values()].flatMap(({ name, pattern }) =>
      keysOf(pattern).filter((key) => manifest.patterns.route(key)?.name === name).map((key) => [name, key] as const)
    )
    const known = new Set(this.keys.map(([, key]) => key))
    for (const [name, key] of this.keys) {
      const { derives, pattern } = manifest.families.get(name)!
      const segments = key.split(":")
      const bound = new Map(
        pattern.segments.flatMap((segment, i) => segment._tag === "Hole" ? [[segment.name, segments[i]!] as const] : [])
      )
      const read = derives.flatMap((reference) => keysOf(reference, bound))
      this.sources.set(key, [...new Set(read)].filter((source) => known.has(source)).slice(0, readsMax))
    }
  }

  sourcesOf(key: string): ReadonlyArray<string> {
    return this.sources.get(key) ?? []
  }

  write(key: string): void {
    this.rows.set(key, ++this.writes)
  }

  valueOf(key: string): string {
    const read = this.sourcesOf(key).map((source) => this.valueOf(source))
    return `${key}=${this.rows.get(key) ?? 0}(${read.join()})`
  }

  tagsOf(key: string): ReadonlyArray<string> {
    return [tags[key.length % 2]!]
  }
}

// Bounds what one lookup reads where a reference leaves everything free.
const readsMax = 4

const kinds = ["delete", "invalidate", "where", "all", "tag", "refresh", "update", "read", "read", "read"] as const
const alone = [...kinds, "set", "set"] as const
const operation = (kinds: ReadonlyArray<string>) =>
  fc.record({ kind: fc.constantFrom(...kinds), on: fc.nat(), more: fc.nat(), bound: fc.nat(7) })
type Operation = typeof operation extends (...args: any) => fc.Arbitrary<infer A> ? A : never

const definitionOf = (valid: ValidManifest) => ({
  families: Object.fromEntries(
    [...valid.families.values()].map(({ name, spec }): [string, FamilySpec] => [name, spec])
  )
})

const perform = (
  { bound, kind, more, on }: Operation,
  database: Database,
  app: App
): Effect.Effect<unknown, any, any> => {
  const [name, key] = database.keys[on % database.keys.length]!
  const { of, params } = at(app, name, key)
  const write = Effect.sync(() => database.write(key))
  const writeAll = (keys: Iterable<readonly [string, string]>) =>
    Effect.forEach(keys, ([, key]) => Effect.sync(() => database.write(key)), { discard: true })
  switch (kind) {
    case "set":
      return Effect.andThen(
        write,
        Effect.suspend(() => of.set(params, database.valueOf(key), { tags: database.tagsOf(key) }))
      )
    case "delete":
      return Effect.andThen(write, of.delete(params))
    case "invalidate":
      return Effect.andThen(write, of.invalidate(params, { mode: more % 2 === 0 ? "hide" : "markStale" }))
    case "where": {
      const names = Object.keys(params).filter((param, i) => param !== "*" && ((bound >> i) & 1) === 1)
      const part = Object.fromEntries(names.map((param) => [param, params[param]]))
      const concerned = database.keys.filter(([other, key]) =>
        other === name && names.every((param) => at(app, name, key).params[param] === part[param])
      )
      return Effect.andThen(writeAll(concerned), of.invalidateWhere(part))
    }
    case "all":
      return Effect.andThen(writeAll(database.keys.filter(([other]) => other === name)), of.invalidateAll())
    case "tag": {
      const tag = tags[more % 2]!
      const tagged = database.keys.filter(([other, key]) => other === name && database.tagsOf(key).includes(tag))
      return Effect.andThen(writeAll(tagged), of.invalidateTag(tag))
    }
    case "refresh":
      return Effect.andThen(write, of.refresh(params))
    case "update":
      return of.update(params, () => Effect.map(write, () => database.valueOf(key)))
    default:
      return of.get(params)
  }
}

const play = (valid: ValidManifest, rounds: ReadonlyArray<ReadonlyArray<Operation>>) =>
  Effect.gen(function*() {
    const database = new Database(valid)
    // Lookups read with all rights: references to a part of a family are sources, too, and give no right to read.
    const running: Running = yield* engine(definitionOf(valid), (about, app) =>
      Effect.gen(function*() {
        const row = database.rows.get(about.key) ?? 0
        const read: Array<string> = []
        for (const source of database.sourcesOf(about.key)) {
          read.push(yield* running.as<string, any>(app.get(source) as Effect.Effect<string, any>))
        }
        return Lookup.loaded(`${about.key}=${row}(${read.join()})`, { tags: database.tagsOf(about.key) })
      }))
    const { app, as } = running
    if (database.keys.length === 0) return
    for (const round of rounds) {
      yield* Effect.forEach(round, (operation) => as(perform(operation, database, app)), { concurrency: "unbounded" })
      checkInvariants(running)
      for (const [name, key] of database.keys) {
        const { of, params } = at(app, name, key)
        const held: Option.Option<string> = yield* as(of.getOption(params)) as Effect.Effect<Option.Option<string>>
        if (held._tag === "Some") {
          assert.strictEqual(held.value, database.valueOf(key), `held after ${JSON.stringify(round)}`)
        }
      }
    }
    for (const [name, key] of database.keys) {
      const { of, params } = at(app, name, key)
      assert.strictEqual(yield* as(of.get(params)), database.valueOf(key))
    }
  })

const seed = fc.integer({ min: 0, max: 2 ** 31 - 1 })
// Shown as it would be written.
const withManifest = manifest.map((valid) =>
  Object.assign(valid, { [fc.toStringMethod]: () => JSON.stringify(definitionOf(valid)) })
)

describe("law 4: completeness", () => {
  it("no value that derives from an old one is served after any write or invalidation", async () => {
    const rounds = fc.array(fc.tuple(operation(alone)), { minLength: 1, maxLength: 20 })
    await fc.assert(
      fc.asyncProperty(
        withManifest,
        rounds,
        seed,
        (valid, rounds, seed) =>
          Effect.runPromise(SeededScheduler.run(Effect.scoped(play(valid, rounds)), { seed, yields: 0 }))
      )
    )
  })

  it("no value that derives from an old one is served while fibers read and write at the same time", async () => {
    const rounds = fc.array(fc.array(operation(kinds), { minLength: 1, maxLength: 6 }), { minLength: 1, maxLength: 4 })
    await fc.assert(
      fc.asyncProperty(
        withManifest,
        rounds,
        seed,
        (valid, rounds, seed) => Effect.runPromise(SeededScheduler.run(Effect.scoped(play(valid, rounds)), { seed }))
      )
    )
  })
})
