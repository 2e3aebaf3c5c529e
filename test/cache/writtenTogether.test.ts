/**
 * A change that writes several keys pushes a source out of memory. What was made from the source is dropped, and what
 * the change itself has written stays, in whatever order its keys are put.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { Manifest } from "../../src/index.ts"
import * as LmdbStore from "../../src/store/lmdb/LmdbStore.ts"
import * as MemoryStore from "../../src/store/memory/MemoryStore.ts"
import * as TieredStore from "../../src/store/TieredStore.ts"
import { type Value, valueSchema } from "../support/arrangements/world.ts"
import { Database } from "../support/database.ts"
import { settle } from "../support/effects.ts"
import { type App, checkInvariants, engine, type Running } from "../support/engine.ts"
import { temporaryFolder } from "../support/folder.ts"

// Four entries fit: the source, what was made from it, and two more.
const capacity = 4
const memory = () => MemoryStore.layer({ capacity, eviction: "lru", shards: 1 })

type Name = "user" | "guess" | "profile" | "sheet" | "other"

// No codec takes a user, so memory alone keeps them.
const definition = {
  families: {
    user: { pattern: "user:{id}", value: Manifest.type<Value>() },
    guess: { pattern: "guess:{id}", value: valueSchema, derives: ["user:{id}"] },
    profile: { pattern: "profile:{id}", value: valueSchema, derives: ["user:{id}"] },
    sheet: { pattern: "sheet:{number}", value: valueSchema, derives: ["user:{id}"], fanout: true as const },
    other: { pattern: "other:{id}", value: valueSchema }
  }
}

const lookup = ({ key }: { readonly key: string }, app: App<Name>): Effect.Effect<unknown, unknown, any> =>
  key.startsWith("guess:") ? app.keys.user.get({ id: "1" }) : Effect.succeed({ row: 0 })

type Put = readonly [family: Name, params: object]

const one = { id: "1" }
const mine: ReadonlyArray<Put> = [["profile", one], ["sheet", { number: "1" }]]
const others: ReadonlyArray<Put> = ["a", "b"].map((id) => ["other", { id }])
const orders: { readonly [order: string]: (own: Put) => ReadonlyArray<Put> } = {
  "the dependent first": (own) => [own, ...others],
  "the dependent in between": (own) => [others[0]!, own, ...others.slice(1)],
  "the dependent last": (own) => [...others, own],
  "the source before the dependent": (own) => [["user", one], own, ...others],
  "the source after the dependent": (own) => [own, ["user", one], ...others]
}

const doors: {
  readonly [door: string]: (running: Running<Name>, puts: ReadonlyArray<Put>) => Effect.Effect<unknown, any, any>
} = {
  "a batch without options": ({ app }, puts) =>
    app.batch(puts.map(([name, params]) => (app.keys[name] as any).setting(params, { row: 7 }))),
  "a batch with options": ({ app }, puts) =>
    app.batch(puts.map(([name, params]) => (app.keys[name] as any).setting(params, { row: 7 }, { tags: ["t"] }))),
  "a transaction": ({ app }, puts) =>
    app.transaction(new Database(0).withTransaction())(
      Effect.forEach(puts, ([name, params]) => app.keys[name].set(params, { row: 7 }))
    )
}

const held = (running: Running<Name>, [name, params]: Put) =>
  Effect.map(running.as<any, any>(running.app.keys[name].getAnswerOption(params)), (option) => option.value?.value.row)

/** The value is in memory, and where there is a file, there too. */
const kept = Effect.fnUntraced(function*(running: Running<Name>, store: string, own: Put) {
  assert.strictEqual(yield* held(running, own), 7, own[0])
  yield* settle
  assert.strictEqual(yield* held(running, own), 7, own[0])
  if (store === "memory") return
  for (let i = 0; i < 12; i++) yield* running.as(running.app.keys.other.set({ id: `${i}` }, { row: 0 }))
  assert.strictEqual(yield* held(running, own), 7, `${own[0]}, below`)
})

const stores = {
  memory: () => memory(),
  "memory over memory": () => TieredStore.layer([memory(), MemoryStore.layer({ capacity: 100 })]),
  "memory over a file": (path: string) =>
    TieredStore.layer([memory(), LmdbStore.layer({ path, durability: "process" })])
}

describe("change of several keys", () => {
  for (const [name, store] of Object.entries(stores)) {
    for (const [door, write] of Object.entries(doors)) {
      for (const [order, puts] of Object.entries(orders)) {
        // In the body of a transaction, one write comes after the other.
        if (door === "a transaction" && order === "the source after the dependent") continue
        it.effect(`${door} keeps its values, ${order}: ${name}`, () =>
          Effect.gen(function*() {
            const running = yield* engine(definition, lookup, { store: store(yield* temporaryFolder) })
            for (const own of mine) {
              yield* running.as(running.app.keys.guess.get(one))
              yield* settle
              yield* running.as(write(running, puts(own)))
              const isSet = puts(own).some(([family]) => family === "user")
              // A source that is pushed out later takes along what is held then.
              yield* kept(running, isSet ? "memory" : name, own)
              if (name !== "memory over memory") {
                assert.isUndefined(yield* held(running, ["guess", one]), "the older one")
              }
              yield* running.as(running.app.keys[own[0]].invalidateAll())
            }
            checkInvariants(running, false)
          }))
      }
    }
  }

  for (const [name, store] of Object.entries(stores)) {
    for (const [way, options] of [["the short way", undefined], ["the long way", { tags: ["t"] }]] as const) {
      for (const family of ["profile", "sheet"] as const) {
        it.effect(`setMany keeps its values by ${way}: ${family}, ${name}`, () =>
          Effect.gen(function*() {
            const running = yield* engine(definition, lookup, { store: store(yield* temporaryFolder) })
            const { [family]: of, guess } = running.app.keys
            yield* running.as(guess.get(one))
            yield* settle
            const all = ["1", "2", "3"].map((id) => family === "sheet" ? { number: id } : { id })
            yield* running.as(of.setMany(all.map((params) => [params, { row: 7 }]), options))
            for (const params of all) yield* kept(running, "memory", [family, params])
            for (const params of all) yield* kept(running, name, [family, params])
            if (name !== "memory over memory") assert.isUndefined(yield* held(running, ["guess", one]))
            checkInvariants(running, false)
          }))
      }
    }
  }

  for (const [name, store] of Object.entries(stores)) {
    it.effect(`a load of several keys keeps its values: ${name}`, () =>
      Effect.gen(function*() {
        let loaded = 0
        const running: Running<Name> = yield* engine(definition, lookup, {
          store: store(yield* temporaryFolder),
          lookupMany: (keys) =>
            Effect.map(running.as(running.app.keys.user.get(one)), () => keys.map(() => ({ row: ++loaded })))
        })
        const { guess, sheet } = running.app.keys
        yield* running.as(guess.get(one))
        yield* settle
        const all = ["1", "2", "3", "4"].map((number) => ({ number }))
        yield* running.as(sheet.getMany(all))
        for (const [i, params] of all.entries()) assert.strictEqual(yield* held(running, ["sheet", params]), i + 1)
        yield* settle
        for (const [i, params] of all.entries()) assert.strictEqual(yield* held(running, ["sheet", params]), i + 1)
        checkInvariants(running, false)
      }))
  }
})
