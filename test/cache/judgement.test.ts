/**
 * Code of the user that runs within a write (a weigher, a frozen Proxy, an option, a comparer) may throw, return
 * nonsense, or call the cache. The write then happens as a whole or not at all.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Equal from "effect/Equal"
import * as Hash from "effect/Hash"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import type { CacheError } from "../../src/cache/CacheError.ts"
import * as Lookup from "../../src/cache/Lookup.ts"
import * as MemoryStore from "../../src/store/memory/MemoryStore.ts"
import { Store } from "../../src/store/Store.ts"
import { FunctionFailed } from "../../src/store/StoreError.ts"
import * as TieredStore from "../../src/store/TieredStore.ts"
import { settle } from "../support/effects.ts"
import { checkInvariants, engine } from "../support/engine.ts"
import { makePlace, mapStore, type Place } from "../support/mapStore.ts"
import { watch } from "../support/source.ts"

const memory = (weightMax = 1_000) => MemoryStore.layer({ weightMax })

const overMap = (place: Place, weightMax = 1_000): Layer.Layer<Store, any> =>
  Layer.effect(
    Store,
    Effect.map(MemoryStore.make({ weightMax }), (hot) => TieredStore.make([hot, mapStore({ name: "cold", place })]))
  )

interface Value {
  readonly n: string
  readonly weigh?: () => unknown
}

const weigher = (_key: string, value: Value): number => (value.weigh?.() ?? 1) as number
const thrown = new Error("thrown by the user's code")
const throwing = (): never => {
  throw thrown
}
const unfrozen = (): Value => new Proxy({ n: "new" }, { ownKeys: throwing })

const revoked = (): any => {
  const { proxy, revoke } = Proxy.revocable({}, {})
  revoke()
  return proxy
}

describe("value that throws when it is read", () => {
  for (const store of ["memory", "memory over a tier"]) {
    it.effect(`a value that throws is refused by an error that names the family, however it comes: ${store}`, () =>
      Effect.gen(function*() {
        const schema = Schema.Struct({ n: Schema.String }).pipe(Schema.check(Schema.makeFilter(({ n }) => n !== "")))
        const { app, as, cache }: any = yield* engine(
          { families: { user: { pattern: "user:{id}", value: schema } } },
          () => Effect.sync(revoked),
          { store: store === "memory" ? memory() : overMap(makePlace()) }
        )
        const { user } = app.keys
        const id = { id: "1" }
        yield* as(user.set(id, { n: "old" }))
        const doors: Record<string, Effect.Effect<unknown, any, any>> = {
          set: user.set(id, revoked()),
          setMany: user.setMany([[id, revoked()]]),
          update: user.update(id, revoked),
          patch: user.patch(id, revoked),
          get: user.get({ id: "2" }),
          refresh: user.refresh(id),
          transaction: app.transaction((body: any) => body)(user.set(id, revoked()))
        }
        for (const [door, effect] of Object.entries(doors)) {
          const error: any = yield* Effect.flip(as(effect) as Effect.Effect<unknown, unknown>)
          assert.strictEqual(error._tag, "CacheError", door)
          assert.include(error.message, "user", door)
        }
        assert.deepStrictEqual(yield* as(user.get(id)), { n: "old" })
        checkInvariants({ cache } as any)
      }) as Effect.Effect<void, unknown>)
  }
})

/** A value that cannot be stored, with the option that the error names, and what it says. */
const values: ReadonlyArray<readonly [name: string, make: () => Value, option: "weigher" | "freeze", says: string]> = [
  ["a weigher that throws", () => ({ n: "new", weigh: throwing }), "weigher", "threw an error"],
  ["a weigher that answers NaN", () => ({ n: "new", weigh: () => Number.NaN }), "weigher", "returned NaN"],
  ["a weigher that answers -1", () => ({ n: "new", weigh: () => -1 }), "weigher", "returned -1"],
  ["a weigher that answers a text", () => ({ n: "new", weigh: () => "3" }), "weigher", "returned string"],
  [
    "a weigher that answers a Promise",
    () => ({ n: "new", weigh: () => Promise.reject(thrown) }),
    "weigher",
    "returned object"
  ],
  ["a weigher that answers a bigint", () => ({ n: "new", weigh: () => 3n }), "weigher", "returned bigint"],
  ["a proxy that throws while it is frozen", unfrozen, "freeze", ""]
]

const options: ReadonlyArray<readonly [name: string, options: object, option: string]> = [
  ["timeToLive: 5 minuts", { timeToLive: "5 minuts" }, "timeToLive"],
  ["timeToLive: NaN", { timeToLive: Number.NaN }, "timeToLive"],
  ["timeToLive: -1", { timeToLive: -1 }, "timeToLive"],
  ["timeToLive: -Infinity", { timeToLive: "-Infinity" }, "timeToLive"],
  ["timeToLive: null", { timeToLive: null }, "timeToLive"],
  ["timeToLive: a function", { timeToLive: () => 5 }, "timeToLive"],
  ["timeToLive: an unknown unit", { timeToLive: { minuts: 5 } }, "timeToLive"],
  ["timeToLive: NaN minutes", { timeToLive: { minutes: Number.NaN } }, "timeToLive"],
  ["tags: a text", { tags: "abc" }, "tags"],
  ["tags: a number among them", { tags: ["a", 1] }, "tags"],
  ["revision: a number", { revision: 3 }, "revision"]
]

const arrangements = ["memory", "memory over another tier"] as const

const world = Effect.fnUntraced(function*(arrangement: (typeof arrangements)[number], policy: object = {}) {
  const place = makePlace()
  const answers = new Map<string, () => Effect.Effect<unknown>>()
  const running = yield* engine(
    {
      families: {
        doc: { pattern: "doc:{id}", freeze: true, weigher, ...policy },
        copy: { pattern: "copy:{id}", derives: ["doc:{id}"] }
      }
    },
    ({ key }) => answers.get(key)?.() ?? Effect.succeed({ n: "loaded" }),
    { store: arrangement === "memory" ? memory() : overMap(place) }
  )
  const { app } = running
  const { copy, doc } = app.keys
  const on = <A>(effect: unknown) => running.as<A, CacheError>(effect as Effect.Effect<A, CacheError, any>)
  const held = (of: any, id: string) =>
    Effect.map(on<any>(of.getOption({ id })), (found) => found._tag === "Some" ? found.value.n : "absent")
  const below = () =>
    JSON.stringify(Array.from(place.families, ([name, entries]) => [name, Array.from(entries).toSorted()]))
  const state = Effect.gen(function*() {
    const all: Array<string> = []
    for (const id of ["1", "2", "3"]) all.push(yield* held(doc, id), yield* held(copy, id))
    return [...all, below(), String(running.cache.families.get("doc")!.stats.invalidations)]
  })
  yield* on(doc.setMany(["1", "2"].map((id) => [{ id }, { n: `old ${id}` }])))
  yield* on(copy.setMany(["1", "2"].map((id) => [{ id }, { n: `copy ${id}` }])))
  return { app, answers, doc, on, place, running, state, held }
})

type World = Effect.Success<ReturnType<typeof world>>

const good: Value = { n: "new" }

/** Every way by which a value comes into the cache, with what it is given beside the value. */
const doors: {
  readonly [name: string]: (world: World, value: Value, options?: object) => Effect.Effect<unknown, CacheError>
} = {
  set: ({ doc, on }, value, options) => on(doc.set({ id: "1" }, value, options)),
  "set, of a writer": ({ doc, on }, value, options) =>
    on(Effect.flatMap(doc.writer, (writer: any) => writer.set({ id: "1" }, value, options))),
  setMany: ({ doc, on }, value, options) => on(doc.setMany([[{ id: "1" }, good], [{ id: "2" }, value]], options)),
  batch: ({ app, doc, on }, value, options) =>
    on(
      app.batch([doc.setting({ id: "1" }, good), doc.deleting({ id: "3" }), doc.setting({ id: "2" }, value, options)])
    ),
  load: ({ answers, doc, on }, value, options) => {
    answers.set("doc:3", () => Effect.succeed(options === undefined ? value : Lookup.loaded(value, options)))
    return on(doc.get({ id: "3" }))
  },
  refresh: ({ answers, doc, on }, value, options) => {
    answers.set("doc:1", () => Effect.succeed(options === undefined ? value : Lookup.loaded(value, options)))
    return on(doc.refresh({ id: "1" }))
  }
}
const changes: typeof doors = {
  update: ({ doc, on }, value) => on(doc.update({ id: "1" }, () => value)),
  patch: ({ doc, on }, value) => on(doc.patch({ id: "1" }, () => value))
}

describe("write that user code makes fail", () => {
  for (const arrangement of arrangements) {
    for (const [door, write] of Object.entries({ ...doors, ...changes })) {
      for (const [name, make, option, says] of values) {
        it.effect(`${door} changes nothing and names the reason: ${name} (${arrangement})`, () =>
          Effect.gen(function*() {
            const made = yield* world(arrangement)
            const before = yield* made.state
            const { reason } = yield* Effect.flip(write(made, make()))
            assert.instanceOf(reason, FunctionFailed)
            if (!(reason instanceof FunctionFailed)) return
            assert.deepStrictEqual([reason.family, reason.option], ["doc", option])
            assert.include(reason.message, says)
            assert.match(reason.message, /`doc:\d`/)
            yield* settle
            assert.deepStrictEqual(yield* made.state, before)
            checkInvariants(made.running)
          }))
      }
    }
    for (const [door, write] of Object.entries(doors)) {
      for (const [name, given, option] of options) {
        it.effect(`${door} changes nothing and names the reason: ${name} (${arrangement})`, () =>
          Effect.gen(function*() {
            const made = yield* world(arrangement)
            const before = yield* made.state
            const { reason } = yield* Effect.flip(write(made, good, given))
            assert.strictEqual(reason._tag, "InvalidOption")
            if (reason._tag !== "InvalidOption") return
            assert.deepStrictEqual([reason.family, reason.option], ["doc", option])
            yield* settle
            assert.deepStrictEqual(yield* made.state, before)
            checkInvariants(made.running)
          }))
      }
    }
  }

  it.effect("an update or a patch whose function throws leaves the value and the other keys", () =>
    Effect.gen(function*() {
      const made = yield* world("memory over another tier")
      const before = yield* made.state
      for (const operation of ["update", "patch"] as const) {
        const exit = yield* Effect.exit(made.on(made.doc[operation]({ id: "1" }, throwing)))
        assert.include(String(exit._tag === "Failure" && exit.cause), thrown.message)
        const failed = yield* Effect.exit(made.on(made.doc[operation]({ id: "1" }, () => Effect.fail("no"))))
        assert.strictEqual(failed._tag, "Failure")
      }
      yield* settle
      assert.deepStrictEqual(yield* made.state, before)
      checkInvariants(made.running)
    }))
})

describe("weigher", () => {
  const weights: ReadonlyArray<readonly [weight: number, held: number]> = [
    [0, 10],
    [-0, 10],
    [0.2, 10],
    [1, 10],
    [1.5, 5],
    [2, 5],
    [10, 1],
    [10.5, 0],
    [2 ** 53, 0],
    [Number.MAX_VALUE, 0],
    [Infinity, 0]
  ]
  for (const [weight, held] of weights) {
    it.effect(`a weight of ${weight} leaves room for ${held} entries when ten entries of weight 1 fit`, () =>
      Effect.gen(function*() {
        const running = yield* engine(
          { families: { doc: { pattern: "doc:{id}", weigher: () => weight } } },
          ({ key }) => Effect.succeed(key),
          { store: memory(10) }
        )
        const { doc } = running.app.keys
        for (let i = 0; i < 30; i++) yield* running.as(doc.set({ id: `${i}` }, i))
        assert.strictEqual(running.cache.families.get("doc")!.stats.entries, held)
        assert.strictEqual(yield* running.as(doc.get({ id: "x" })), "doc:x")
        checkInvariants(running)
      }))
  }

  // A store for the weights of bytes has more room than one entry may weigh.
  for (const weight of [2 ** 32 - 1, 2 ** 32, 2 ** 33, 2 ** 39]) {
    for (const door of ["set", "setMany", "batch", "get", "below"]) {
      it.effect(`an entry of weight ${weight} can be read after ${door}, and memory holds it only below 2 ** 32`, () =>
        Effect.gen(function*() {
          const place = makePlace()
          const options = {
            families: { doc: { pattern: "doc:{id}", weigher: (_: string, value: unknown) => value } }
          } as const
          const open = (weightMax: number) =>
            engine<"doc">(options as never, () => Effect.succeed(weight), {
              store: door === "below" ? overMap(place, weightMax) : memory(weightMax)
            })
          if (door === "below") {
            yield* Effect.scoped(
              Effect.flatMap(open(10), (small) => small.as(small.app.keys.doc.set({ id: "y" }, weight)))
            )
          }
          const running = yield* open(2 ** 40)
          const { doc } = running.app.keys
          if (door === "set") yield* running.as(doc.set({ id: "y" }, weight))
          if (door === "setMany") yield* running.as(doc.setMany([[{ id: "x" }, 1], [{ id: "y" }, weight]]))
          if (door === "batch") {
            const writes = [["x", 1], ["y", weight], ["z", 3]].map(([id, value]) => doc.setting({ id }, value))
            yield* running.as(running.app.batch(writes))
            assert.strictEqual((yield* running.as<any, unknown>(doc.getOption({ id: "z" }))).value, 3)
          }
          assert.strictEqual(yield* running.as(doc.get({ id: "y" })), weight)
          assert.strictEqual(running.cache.families.get("doc")!.hot!.peek("y") !== undefined, weight === 2 ** 32 - 1)
          checkInvariants(running)
        }))
    }
  }

  it.effect("a store that counts entries does not call the weigher", () =>
    Effect.gen(function*() {
      const running = yield* engine(
        { families: { doc: { pattern: "doc:{id}", weigher: throwing } } },
        ({ key }) => Effect.succeed(key),
        { capacity: 10 }
      )
      const { doc } = running.app.keys
      for (let i = 0; i < 30; i++) yield* running.as(doc.set({ id: `${i}` }, i))
      assert.strictEqual(running.cache.families.get("doc")!.stats.entries, 10)
    }))

  it.effect("an entry of a lower tier whose weigher fails is absent: the lookup runs, and a listener receives an event", () =>
    Effect.gen(function*() {
      const place = makePlace()
      let isBroken = false
      const run = Effect.gen(function*() {
        const running = yield* engine(
          { families: { doc: { pattern: "doc:{id}", weigher: (_, value) => isBroken && value === "old" ? NaN : 1 } } },
          () => Effect.succeed("loaded"),
          { store: overMap(place) }
        )
        return { running, doc: running.app.keys.doc }
      })
      yield* Effect.scoped(Effect.flatMap(run, ({ doc, running }) => running.as(doc.set({ id: "1" }, "old"))))
      isBroken = true
      const { doc, running } = yield* run
      const events = yield* watch(running.cache.events)
      assert.strictEqual((yield* running.as<any, unknown>(doc.getOption({ id: "1" })))._tag, "None")
      assert.strictEqual(yield* running.as(doc.get({ id: "1" })), "loaded")
      yield* settle
      assert.isTrue(events.some((event) => event._tag === "TierFailed" && event.operation === "get"))
      checkInvariants(running)
    }))
})

describe("user code that calls the cache within a write", () => {
  /** A value whose weigher and whose getter run this. */
  const busy = (work: () => void): Value =>
    Object.defineProperty({ n: "new", weigh: () => (work(), 1) }, "part", { enumerable: true, get: work })

  for (const arrangement of arrangements) {
    for (const [door, write] of Object.entries({ ...doors, ...changes })) {
      it.effect(`${door} may use any key, and the write is whole (${arrangement})`, () =>
        Effect.gen(function*() {
          const made = yield* world(arrangement)
          const { app, doc, running } = made
          const run = (effect: any) => {
            const exit = Effect.runSyncExit(running.as(effect))
            // A tier below is not waited for here, but memory has changed.
            return exit
          }
          let isBusy = false
          const value = busy(() => {
            if (isBusy) return
            isBusy = true
            run(doc.getOption({ id: "1" }))
            run(doc.set({ id: "9" }, good))
            run(doc.set({ id: "1" }, { n: "from within" }))
            run(app.batch([doc.setting({ id: "8" }, good), doc.deleting({ id: "2" })]))
            run(doc.invalidateAll())
            isBusy = false
          })
          const exit = yield* Effect.exit(write(made, value))
          yield* settle
          checkInvariants(running)
          const now = yield* made.held(doc, "1")
          assert.include(["new", "absent", "loaded", "from within"], now)
          // An update and a patch give way to what changed their key; all others have the last word.
          if (door in doors) assert.strictEqual(exit._tag, "Success")
          if (door === "set" || door === "batch" || door === "setMany") assert.strictEqual(now, "new")
        }))
    }
  }

  it.effect("a loaded value counts as changed when its comparer throws, and the load succeeds", () =>
    Effect.gen(function*() {
      class Odd implements Equal.Equal {
        [Equal.symbol](): boolean {
          throw thrown
        }
        [Hash.symbol](): number {
          throw thrown
        }
      }
      const made = yield* world("memory", { freeze: false })
      made.answers.set("doc:1", () => Effect.sync(() => new Odd()))
      yield* made.on(made.doc.refresh({ id: "1" }))
      yield* made.on(made.doc.refresh({ id: "1" }))
      assert.instanceOf(yield* made.on(made.doc.get({ id: "1" })), Odd)
      checkInvariants(made.running)
    }))
})

describe("write that a tier refuses", () => {
  const failing = Effect.fnUntraced(function*() {
    const place = makePlace()
    let isDown = false
    const map = mapStore({ name: "cold", place })
    const refuse = <A, E>(effect: Effect.Effect<A, E>) => Effect.suspend(() => isDown ? Effect.die("down") : effect)
    const cold = Store.of({
      ...map,
      write: (round) => round.changes.some(({ set }) => set.length > 0) ? refuse(map.write(round)) : map.write(round)
    })
    const store: Layer.Layer<Store, any> = Layer.effect(
      Store,
      Effect.map(MemoryStore.make({ capacity: 100 }), (hot) => TieredStore.make([hot, cold]))
    )
    const running = yield* engine(
      {
        families: {
          doc: { pattern: "doc:{id}" },
          copy: { pattern: "copy:{id}", derives: ["doc:{id}"] }
        }
      },
      ({ key }) => Effect.succeed({ n: `source ${key}` }),
      { store }
    )
    const { doc } = running.app.keys
    const on = <A>(effect: unknown) => running.as<A, CacheError>(effect as Effect.Effect<A, CacheError, any>)
    for (const id of ["1", "2"]) yield* on(doc.set({ id }, { n: "old" }))
    isDown = true
    return { running, on, doc, app: running.app }
  })
  const writes: { readonly [name: string]: (made: Effect.Success<ReturnType<typeof failing>>) => unknown } = {
    set: ({ doc }) => doc.set({ id: "1" }, good),
    setMany: ({ doc }) => doc.setMany([[{ id: "1" }, good], [{ id: "2" }, good]]),
    batch: ({ app, doc }) => app.batch([doc.setting({ id: "1" }, good), doc.setting({ id: "2" }, good)]),
    update: ({ doc }) => doc.update({ id: "1" }, () => good),
    patch: ({ doc }) => doc.patch({ id: "1" }, () => good)
  }
  for (const [name, write] of Object.entries(writes)) {
    it.effect(`${name} fails, and memory does not serve the value: the lookup runs`, () =>
      Effect.gen(function*() {
        const made = yield* failing()
        const { reason } = yield* Effect.flip(made.on(write(made)))
        assert.strictEqual(reason._tag, "StoreFailed")
        assert.deepStrictEqual(yield* made.on(made.doc.get({ id: "1" })), { n: "source doc:1" })
        yield* settle
        checkInvariants(made.running)
      }))
  }
})
