/**
 * A derived value is fresh no longer than the values that it was made from. The tests hold this in every arrangement of
 * tiers, for each way in which a source ends.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { TestClock } from "effect/testing"
import * as fc from "fast-check"
import type { LoadedOptions, LookupContext } from "../../src/cache/Lookup.ts"
import * as Lookup from "../../src/cache/Lookup.ts"
import type { FamilyPolicy } from "../../src/ownership/FamilyPolicy.ts"
import * as MemoryStore from "../../src/store/memory/MemoryStore.ts"
import * as TieredStore from "../../src/store/TieredStore.ts"
import {
  ArrangedWorld,
  type Arrangement,
  arrangements,
  inside,
  pass,
  type Value,
  valueSchema
} from "../support/arrangements/world.ts"
import type { App } from "../support/engine.ts"

interface Ways {
  readonly source?: FamilyPolicy
  readonly derived?: FamilyPolicy
  readonly bulk?: boolean
}

/** `user`, `profile` made from it, `page` made from that; and `board` and each `sheet`, made from four users. */
type Derived = "profile" | "page" | "guess" | "safe" | "board" | "sheet"

class Chain extends ArrangedWorld<Derived> {
  private readonly ways: Ways

  constructor(arrangement: Arrangement, ways: Ways, folder: string) {
    super(arrangement, ways.source ?? {}, folder)
    this.ways = ways
  }

  override get families() {
    const { derived } = this.ways
    return {
      ...super.families,
      profile: { pattern: "profile:{id}", value: valueSchema, derives: ["user:{id}"], ...derived },
      page: { pattern: "page:{id}", value: valueSchema, derives: ["profile:{id}"], ...derived },
      guess: { pattern: "guess:{id}", value: valueSchema, derives: ["user:{id}"], ...derived },
      safe: { pattern: "safe:{id}", value: valueSchema, derives: ["user:{id}"], ...derived },
      board: { pattern: "board", value: valueSchema, derives: ["user:{id}"], fanout: true as const, ...derived },
      sheet: {
        pattern: "sheet:{number}",
        value: valueSchema,
        derives: ["user:{id}"],
        fanout: true as const,
        ...derived
      }
    }
  }

  override get bulk() {
    if (this.ways.bulk !== true) return {}
    const one = (key: string) =>
      Effect.provideContext(this.lookup({ key } as any, this.running.app), this.running.context)
    return {
      lookupMany: (keys: ReadonlyArray<string>) => Effect.forEach(keys, one) as Effect.Effect<Array<unknown>, unknown>
    }
  }

  override lookup(
    about: LookupContext<any>,
    app: App<Derived | "user" | "other">
  ): Effect.Effect<unknown, unknown, any> {
    const [family, id] = about.key.split(":")
    const { profile, user } = app.keys
    switch (family) {
      case "profile":
        return user.get({ id })
      case "page":
        return profile.get({ id })
      case "guess":
        return Effect.map(user.getOption({ id }), (found: any) => found._tag === "Some" ? found.value : { row: 0 })
      case "safe":
        return Effect.catch(user.get({ id }), () => Effect.succeed({ row: 0 }))
      case "board":
      case "sheet":
        return Effect.map(
          Effect.forEach(["1", "2", "3", "4"], (id) => user.get({ id })),
          (users) => ({ row: Math.min(...users.map((value: any) => value.row)) })
        )
      default:
        return super.lookup(about, app)
    }
  }

  read(family: Derived | "user", id = "1"): Effect.Effect<number, unknown> {
    const of = this.running.app.keys[family]
    const params = paramsOf(family, id)
    const read = this.ways.bulk === true ? Effect.map(of.getMany([params]), (all: any) => all[0]) : of.get(params)
    return Effect.map(this.on<Value>(read), ({ row }) => row)
  }

  held(family: Derived | "user"): Effect.Effect<number | undefined, unknown> {
    const of = this.running.app.keys[family]
    return Effect.map(
      this.on<any>(of.getOption(paramsOf(family, "1"))),
      (found) => found._tag === "Some" ? found.value.row : undefined
    )
  }
}

const paramsOf = (family: string, id: string): object =>
  family === "board" ? {} : family === "sheet" ? { number: id } : { id }

interface End {
  readonly how: string
  readonly source?: FamilyPolicy
  readonly end: (world: Chain) => Effect.Effect<unknown, unknown>
  /** Nothing can be loaded then. */
  readonly isForGood?: boolean
}

const one = { id: "1" }

/** The source is asked again, and has the same value; then time passes, and it has another one. */
const shortened = (timeToLive: LoadedOptions["timeToLive"], confirms: boolean) => (world: Chain) =>
  Effect.gen(function*() {
    const { source } = world
    source.row = 1
    source.answer = { tags: ["t"], timeToLive }
    source.confirms = confirms
    yield* world.on(world.user.refresh(one))
    source.row = 2
    source.answer = { tags: ["t"] }
    source.confirms = false
    yield* pass(world, 50)
  })

const ends: ReadonlyArray<End> = [
  { how: "time", source: { timeToLive: 100 }, end: () => TestClock.adjust(100) },
  {
    how: "time, while it may be served stale",
    source: { timeToLive: 100, staleIfError: 1_000 },
    end: () => TestClock.adjust(100)
  },
  { how: "idleness", source: { idleTimeToLive: 160 }, end: () => TestClock.adjust(160) },
  {
    how: "idleness, while what is derived is read",
    source: { idleTimeToLive: 160 },
    end: (world) =>
      Effect.forEach(
        [100, 60],
        (millis) => Effect.andThen(TestClock.adjust(millis), Effect.andThen(world.held("page"), world.held("profile")))
      )
  },
  { how: "a deletion", end: (world) => world.on(world.user.delete(one)) },
  { how: "a set", end: (world) => world.on(world.user.set(one, { row: 2 })) },
  { how: "an update", end: (world) => world.on(world.user.update(one, () => ({ row: 2 }))) },
  { how: "a patch", end: (world) => world.on(world.user.patch(one, () => ({ row: 2 }))) },
  { how: "a batch", end: (world) => world.on(world.running.app.batch([world.user.setting(one, { row: 2 })])) },
  { how: "a mark that it is stale", end: (world) => world.on(world.user.invalidate(one, { mode: "markStale" })) },
  { how: "its tag", end: (world) => world.on(world.user.invalidateTag("t")) },
  { how: "an invalidation of all", end: (world) => world.on(world.user.invalidateAll()) },
  { how: "a shorter lifetime of the same value", end: shortened(50, false) },
  { how: "a confirmation with a shorter lifetime", source: { timeToLive: "1 hour" }, end: shortened(50, true) },
  { how: "a same value that is not stored", source: { timeToLive: 1_000 }, end: shortened("doNotStore", false) },
  { how: "a confirmation that is not stored", end: shortened("doNotStore", true) },
  { how: "a refresh", end: (world) => world.on(world.user.refresh(one)) },
  {
    how: "the end of its owner",
    end: (world) => Effect.sync(() => world.running.cache.families.get("user")!.disown()),
    isForGood: true
  }
]

for (const bulk of [false, true]) {
  describe(`freshness of a value derived by ${bulk ? "lookupMany" : "lookup"}`, () => {
    for (const { end, how, isForGood = false, source = {} } of ends) {
      for (const arrangement of arrangements) {
        // An owner's end lasts as long as the process; what opens the file next has an owner again.
        if (isForGood && arrangement.between === "restart") continue
        it.effect(`a derived value is not fresh after its source has ended by ${how}: ${arrangement.name}`, () =>
          inside((folder) => new Chain(arrangement, { source, bulk }, folder), (world) =>
            Effect.gen(function*() {
              world.source.answer = { tags: ["t"] }
              for (const family of ["board", "page", "profile"] as const) {
                assert.strictEqual(yield* world.read(family), 1)
              }
              yield* world.between
              for (const family of ["board", "page", "profile"] as const) {
                assert.strictEqual(yield* world.held(family), 1)
              }
              world.source.row = 2
              yield* end(world)
              yield* world.between
              for (const family of ["board", "page", "profile"] as const) {
                assert.isUndefined(yield* world.held(family), family)
                if (isForGood) assert.strictEqual((yield* Effect.exit(world.read(family)))._tag, "Failure")
              }
              if (isForGood) return
              for (const family of ["page", "profile"] as const) {
                assert.strictEqual(yield* world.read(family), 2, family)
              }
            })))
      }
    }
  })
}

/** `profile` is absent, or fails, as long as the user has row 1; `page` says 0 then, and `board` is a plain reader. */
class Nothing extends Chain {
  isFailing = false

  override lookup(about: LookupContext<any>, app: App<Derived | "user" | "other">) {
    const [family, id] = about.key.split(":")
    const { profile, user } = app.keys
    if (family === "page") return Effect.catch(profile.get({ id }), () => Effect.succeed({ row: 0 }))
    if (family !== "profile") return super.lookup(about, app)
    const none: Effect.Effect<unknown, unknown> = this.isFailing ? Effect.fail("none") : Effect.succeed(Lookup.absent)
    return Effect.flatMap(user.get({ id }), (value: any) => value.row === 1 ? none : Effect.succeed(value))
  }
}

/** The lookup of `profile` confirms its value when it has read one source of two. */
class Confirmed extends Chain {
  override get families() {
    return {
      ...super.families,
      profile: {
        pattern: "profile:{id}",
        value: valueSchema,
        derives: ["user:{id}", "other:{id}"],
        timeToLive: 50,
        staleIfError: "1 hour" as const
      }
    }
  }

  override lookup(about: LookupContext<any>, app: App<Derived | "user" | "other">) {
    const [family, id] = about.key.split(":")
    const { other, user } = app.keys
    if (family !== "profile") return super.lookup(about, app)
    const confirmed = Lookup.notModified({ timeToLive: "1 hour" })
    return Effect.flatMap(
      other.get({ id }),
      () => about.previous === undefined ? user.get({ id }) : Effect.succeed(confirmed)
    )
  }
}

describe("the end that sources gave to a derived value", () => {
  const source = { timeToLive: 100 }
  for (const arrangement of arrangements) {
    it.effect(`an update keeps the end that sources gave to a derived value: ${arrangement.name}`, () =>
      inside((folder) => new Chain(arrangement, { source }, folder), (world) =>
        Effect.gen(function*() {
          yield* world.read("profile")
          yield* world.between
          yield* world.on(world.running.app.keys.profile.update(one, (was: Value) => was))
          yield* world.on(world.running.app.keys.profile.update(one, (was: Value) => Effect.succeed(was)))
          yield* world.between
          assert.strictEqual(yield* world.held("profile"), 1)
          world.source.row = 2
          yield* pass(world, 100)
          yield* world.between
          assert.isUndefined(yield* world.held("profile"))
          for (const family of ["user", "profile"] as const) assert.strictEqual(yield* world.read(family), 2)
        })))

    it.effect(`a confirmation that has not read every source keeps the end that sources gave: ${arrangement.name}`, () =>
      inside((folder) => new Confirmed(arrangement, { source }, folder), (world) =>
        Effect.gen(function*() {
          assert.strictEqual(yield* world.read("profile"), 1)
          yield* pass(world, 60)
          yield* world.between
          assert.strictEqual(yield* world.read("profile"), 1)
          world.source.row = 2
          yield* pass(world, 60)
          yield* world.between
          assert.isUndefined(yield* world.held("profile"))
        })))

    for (const isFailing of [false, true]) {
      const nothing = isFailing ? "a failure" : "an absence"
      it.effect(`${nothing}, and what was made from it, lasts no longer than the source counts: ${arrangement.name}`, () =>
        inside(
          (folder) => new Nothing(arrangement, { source, derived: { negativeTimeToLive: "1 hour" } }, folder),
          (world) =>
            Effect.gen(function*() {
              world.isFailing = isFailing
              assert.strictEqual(yield* world.read("page"), 0)
              yield* world.between
              assert.strictEqual((yield* Effect.exit(world.read("profile")))._tag, "Failure")
              world.source.row = 2
              yield* pass(world, 100)
              yield* world.between
              assert.isUndefined(yield* world.held("page"))
              for (const family of ["user", "profile", "page"] as const) {
                assert.strictEqual(yield* world.read(family), 2)
              }
            })
        ))
    }
  }
})

describe("staleness of a derived value", () => {
  const derived = { staleWhileRevalidate: 50 }
  for (const arrangement of arrangements) {
    it.effect(`the stale options count from the end of the source: ${arrangement.name}`, () =>
      inside(
        (folder) => new Chain(arrangement, { source: { idleTimeToLive: 160 }, derived }, folder),
        (world) =>
          Effect.gen(function*() {
            yield* world.read("page")
            world.source.row = 2
            yield* TestClock.adjust(209)
            yield* world.between
            const { outcome }: any = yield* world.on(world.running.app.keys.page.explain(one))
            assert.strictEqual(outcome, "staleHit")
            yield* TestClock.adjust(1)
            yield* world.between
            assert.strictEqual(yield* world.read("page"), 2)
          })
      ))
  }
})

describe("derived value that was set, and not loaded", () => {
  for (const arrangement of arrangements) {
    it.effect(`a derived value that was set ends when its source is loaded again and has changed: ${arrangement.name}`, () =>
      inside(
        (folder) => new Chain(arrangement, { source: { timeToLive: 100, staleIfError: 1_000 } }, folder),
        (world) =>
          Effect.gen(function*() {
            const { profile } = world.running.app.keys
            yield* world.read("user")
            yield* world.on(profile.set(one, { row: 1 }))
            yield* TestClock.adjust(100)
            yield* world.between
            assert.strictEqual(yield* world.read("user"), 1)
            yield* world.between
            assert.strictEqual(yield* world.held("profile"), 1, "the source is the same")
            world.source.row = 2
            yield* TestClock.adjust(100)
            yield* world.between
            assert.strictEqual(yield* world.read("user"), 2)
            yield* world.between
            assert.isUndefined(yield* world.held("profile"))
          })
      ))
  }
})

describe("derived value that was made while its source was absent", () => {
  for (const arrangement of arrangements) {
    it.effect(`a derived value that was made while its source was absent ends when the source appears: ${arrangement.name}`, () =>
      inside(
        (folder) => new Chain(arrangement, { source: { negativeTimeToLive: 10_000 } }, folder),
        (world) =>
          Effect.gen(function*() {
            world.source.isBroken = true
            for (const family of ["guess", "safe"] as const) {
              assert.strictEqual(yield* world.read(family), 0)
              assert.strictEqual(yield* world.held(family), 0, "it is stored")
            }
            world.source.isBroken = false
            yield* world.on(world.user.refresh(one))
            assert.strictEqual(yield* world.read("user"), 1)
            yield* world.settle
            for (const family of ["guess", "safe"] as const) {
              assert.isUndefined(yield* world.held(family))
              assert.strictEqual(yield* world.read(family), 1)
            }
          })
      ))
  }
})

const small = (
  capacity: number,
  eviction: MemoryStore.Options["eviction"] = "lru"
): ReadonlyArray<Arrangement> => {
  const memory = () => MemoryStore.layer({ capacity, eviction })
  return [
    { name: "memory", store: memory, inMemory: true, between: "nothing" },
    {
      name: "memory over memory",
      store: () => TieredStore.layer([memory(), memory()]),
      inMemory: true,
      between: "nothing"
    }
  ]
}

describe("source that was evicted", () => {
  const evict = Effect.fnUntraced(function*(world: Chain, keep: ReadonlyArray<Derived | "user">) {
    for (let i = 0; i < 10; i++) {
      yield* world.on(world.running.app.keys.other.set({ id: `${i}` }, { row: 0 }))
      yield* world.settle
      for (const family of keep) yield* world.held(family)
      // The lower tier learns of no read of the upper one.
      if (i === 4) yield* world.settle
    }
  })

  for (const arrangement of small(8)) {
    it.effect(`a source that was evicted counts as changed when it is loaded again: ${arrangement.name}`, () =>
      inside((folder) => new Chain(arrangement, {}, folder), (world) =>
        Effect.gen(function*() {
          yield* world.read("page")
          yield* evict(world, ["page", "profile"])
          assert.isUndefined(yield* world.held("user"))
          world.source.row = 2
          assert.strictEqual(yield* world.read("user"), 2)
          assert.strictEqual(yield* world.read("profile"), 2)
          assert.strictEqual(yield* world.read("page"), 2)
        })))

    it.effect(`a read of the derived value alone drops it, since its source is gone: ${arrangement.name}`, () =>
      inside((folder) => new Chain(arrangement, {}, folder), (world) =>
        Effect.gen(function*() {
          for (const family of ["page", "board"] as const) {
            world.source.row = 1
            yield* world.on(world.user.invalidateAll())
            assert.strictEqual(yield* world.read(family), 1)
            world.source.row = 2
            yield* evict(world, ["page", "profile", "board"])
            assert.strictEqual(yield* world.read(family), 2, family)
          }
        })))
  }

  it.effect("a source that was evicted right after its load counts as changed when it is loaded again", () => {
    const light = { ...small(8)[0]!, store: () => MemoryStore.layer({ weightMax: 8 }) }
    return inside(
      (folder) => new Chain(light, { source: { weigher: () => 9 } }, folder),
      (world) =>
        Effect.gen(function*() {
          assert.strictEqual(yield* world.read("page"), 1)
          assert.strictEqual(yield* world.held("page"), 1)
          world.source.row = 2
          assert.strictEqual(yield* world.read("user"), 2)
          assert.strictEqual(yield* world.read("page"), 2)
        })
    )
  })

  it.effect("a source that no lookup has read leaves the values that could derive from it", () =>
    inside((folder) => new Chain(small(8)[0]!, {}, folder), (world) =>
      Effect.gen(function*() {
        yield* world.read("user")
        yield* world.on(world.running.app.keys.profile.set(one, { row: 1 }))
        yield* evict(world, ["profile"])
        assert.isUndefined(yield* world.held("user"))
        assert.strictEqual(yield* world.held("profile"), 1)
      })))

  it.effect("a source that memory evicted and a lower tier holds leaves its derived values", () =>
    inside(
      (folder) => new Chain(arrangements.find(({ name }) => name === "memory for one entry over a file")!, {}, folder),
      (world) =>
        Effect.gen(function*() {
          for (const family of ["board", "page"] as const) yield* world.read(family)
          yield* evict(world, [])
          for (const family of ["board", "page", "profile", "user"] as const) {
            assert.strictEqual(yield* world.held(family), 1)
          }
        })
    ))

  for (const arrangement of small(3)) {
    for (const family of ["board", "sheet"] as const) {
      it.effect(`a ${family} made from more sources than fit is stored: ${arrangement.name}`, () =>
        inside((folder) => new Chain(arrangement, {}, folder), (world) =>
          Effect.gen(function*() {
            for (let i = 0; i < 3; i++) {
              yield* world.read(family)
              assert.strictEqual(yield* world.held(family), 1)
              yield* world.on(world.running.app.keys[family].invalidate(paramsOf(family, "1")))
            }
          })))
    }
  }
})

describe("derived value and the readers of its source", () => {
  type Act = { readonly act: "read" | "row" | "wait" | "other"; readonly family: Derived | "user"; readonly id: string }
  const act: fc.Arbitrary<Act> = fc.record({
    act: fc.constantFrom("read", "read", "read", "row", "wait", "other"),
    family: fc.constantFrom("user", "profile", "page", "board"),
    id: fc.constantFrom("1", "1", "2")
  })
  const source: fc.Arbitrary<FamilyPolicy> = fc.constantFrom<FamilyPolicy>(
    {},
    { timeToLive: 50 },
    { idleTimeToLive: 32 },
    { timeToLive: 100, idleTimeToLive: 32 }
  )

  it("a derived value is never older than what a reader has seen of its source", () =>
    fc.assert(
      fc.asyncProperty(
        source,
        fc.constantFrom(...small(2), ...small(4), ...small(100), ...small(2, "adaptive"), ...small(4, "sieve")),
        fc.array(act, { minLength: 20, maxLength: 60 }),
        (source, arrangement, acts) =>
          inside((folder) => new Chain(arrangement, { source }, folder), (world) =>
            Effect.gen(function*() {
              const seen = new Map<string, number>()
              for (const { act, family, id } of acts) {
                if (act === "row") world.source.row++
                else if (act === "wait") yield* TestClock.adjust(20)
                else if (act === "other") yield* world.on(world.running.app.keys.other.set({ id }, { row: 0 }))
                else {
                  const row = yield* world.read(family, id)
                  if (family === "user") seen.set(id, row)
                  else if (family !== "board") assert.isAtLeast(row, seen.get(id) ?? 0, `${family} ${id}`)
                  else {assert.isAtLeast(
                      row,
                      Math.min(...["1", "2", "3", "4"].map((id) => seen.get(id) ?? 0)),
                      "board"
                    )}
                }
                yield* world.settle
              }
            })).pipe(Effect.provide(TestClock.layer()), Effect.runPromise)
      ),
      { numRuns: 250 }
    ), 60_000)
})
