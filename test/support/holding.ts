/**
 * An engine over each arrangement of tiers with a folder, and what it answers about one key that it holds.
 */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as Lookup from "../../src/cache/Lookup.ts"
import * as Manifest from "../../src/manifest/Manifest.ts"
import * as LmdbStore from "../../src/store/lmdb/LmdbStore.ts"
import * as MemoryStore from "../../src/store/memory/MemoryStore.ts"
import * as TieredStore from "../../src/store/TieredStore.ts"

class App extends Manifest.Service<App>()("Holding", {
  families: {
    given: { pattern: "given:{key}", value: Schema.String, staleIfError: "1 hour" },
    loaded: { pattern: "loaded:{key}", value: Schema.Number },
    none: { pattern: "none:{key}", value: Schema.String, negativeTimeToLive: "1 hour" },
    made: { pattern: "made:{key}", value: Schema.String, derives: ["given:{key}"] }
  }
}) {}

const { given, loaded, made, none } = App.keys
const id = { key: "1" }

/** The file is looked at once a second, whatever the upkeep does. */
const warm = (path: string) => LmdbStore.layer({ path, durability: "process", sweepInterval: "1 hour" })
const memory = () => MemoryStore.layer({ capacity: 100 })

/** The stores over a folder; `own` is a folder that stays with the engine. */
export const arrangements = {
  "LMDB alone": (path: string) => warm(path),
  "memory over LMDB": (path: string) => TieredStore.layer([memory(), warm(path)]),
  "memory over LMDB, on eviction": (path: string) => TieredStore.layer([memory(), warm(path)], { set: "onEviction" }),
  "two memories over LMDB": (path: string) => TieredStore.layer([memory(), memory(), warm(path)]),
  "memory over an own folder over LMDB": (path: string, own: string) =>
    TieredStore.layer([memory(), warm(own), warm(path)])
}

export type Arrangement = keyof typeof arrangements

export const names = Object.keys(arrangements) as ReadonlyArray<Arrangement>

/** What an engine answers that holds the key, and what one answers whose folder belongs to another process by now. */
export const whole = ["given", "given", true, "loaded once", "given", "none: 1 lookups", "written"]
export const lost = ["FolderGone", undefined, false, "loaded again", "nothing", "none: 2 lookups", "FolderGone"]

/** What such an engine answers to everything else that a caller may ask for. */
export const refused = {
  getMany: "FolderGone",
  getOr: "brought",
  again: "brought again",
  refresh: "FolderGone",
  update: "FolderGone",
  patch: undefined,
  setIfAbsent: "FolderGone",
  setMany: "FolderGone",
  getAndDelete: "FolderGone",
  delete: "FolderGone",
  invalidateAll: "FolderGone",
  reschedule: false,
  count: "FolderGone",
  page: "FolderGone",
  sample: "FolderGone",
  get: "FolderGone"
}

const reasonOf = (exit: Exit.Exit<unknown, unknown>): unknown => {
  if (Exit.isSuccess(exit)) return exit.value
  const { reason } = Cause.squash(exit.cause) as { readonly reason: any }
  return reason._tag === "StoreFailed" ? reason.error.reason._tag : reason._tag
}

/** Opens an engine. `fill` gives it the key, and `answers` asks for it in several ways. */
export const holding = Effect.fnUntraced(function*(name: Arrangement, path: string, own: string) {
  let loads = 0
  let misses = 0
  const modules = App.modules({
    given: App.owner("given"),
    loaded: App.owner("loaded", { lookup: () => Effect.sync(() => ++loads) }),
    none: App.owner("none", { lookup: () => Effect.sync(() => (misses++, Lookup.absent)) }),
    made: App.owner("made", {
      lookup: (id) => Effect.matchCause(given.get(id), { onFailure: () => "nothing", onSuccess: (value) => value })
    })
  })
  const context = yield* Layer.build(Layer.fresh(Layer.provide(modules, arrangements[name](path, own))))
  const ask = <A, E>(effect: Effect.Effect<A, E, any>): Effect.Effect<unknown> =>
    Effect.map(Effect.exit(Effect.provideContext(effect as Effect.Effect<A, E>, context as any)), reasonOf)
  const fill = Effect.gen(function*() {
    yield* ask(given.set(id, "given"))
    for (const read of [loaded.get(id), made.get(id), none.get(id)]) yield* ask<unknown, unknown>(read)
  })
  const answers = Effect.gen(function*() {
    const before = loads
    const all = [
      yield* ask(given.get(id)),
      yield* ask(Effect.map(given.getOption(id), Option.getOrUndefined)),
      yield* ask(given.has(id)),
      (yield* ask(loaded.get(id)), yield* ask(loaded.get(id)), loads === before ? "loaded once" : "loaded again"),
      (yield* ask(made.get(id)), yield* ask(made.get(id))),
      (yield* ask(none.get(id)), `none: ${misses} lookups`),
      yield* ask(Effect.as(given.set({ key: "2" }, "other"), "written"))
    ]
    return all
  })
  const operations = {
    getMany: ask(given.getMany([id, { key: "2" }])),
    getOr: ask(given.getOr(id, Effect.succeed("brought"))),
    again: ask(given.getOr(id, Effect.succeed("brought again"))),
    refresh: ask(loaded.refresh(id)),
    update: ask(loaded.update(id, () => Effect.succeed(-1))),
    patch: ask(Effect.map(given.patch(id, () => "patched"), Option.getOrUndefined)),
    setIfAbsent: ask(given.setIfAbsent(id, "set")),
    setMany: ask(given.setMany([[id, "set"]])),
    getAndDelete: ask(given.getAndDelete(id)),
    delete: ask(given.delete(id)),
    invalidateAll: ask(given.invalidateAll()),
    reschedule: ask(given.reschedule(id, "1 hour")),
    count: ask(given.count()),
    page: ask(given.page(undefined, 1)),
    sample: ask(given.sample(1)),
    get: ask(given.get(id))
  }
  const others = Effect.all(operations)
  return { fill, answers, operations, others }
})
