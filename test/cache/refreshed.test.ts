/**
 * A refresh changes the tiers below memory, and returns when they have taken the change.
 */
import { assert, it } from "@effect/vitest"
import * as MemoryStore from "effect-stateless/store/MemoryStore"
import { Store } from "effect-stateless/store/Store"
import * as TieredStore from "effect-stateless/store/TieredStore"
import * as FaultyStore from "effect-stateless/testing/FaultyStore"
import type * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as TestClock from "effect/testing/TestClock"
import * as Lookup from "../../src/cache/Lookup.ts"
import { fork } from "../support/effects.ts"
import { keptIn, makePlace, mapStore, type Place } from "../support/mapStore.ts"
import { family } from "../support/source.ts"
import { profile, user, users } from "../support/users.ts"

const live = (source: { name: string }, place: Place, fault: FaultyStore.Fault, nth?: number) =>
  users({ name: () => Effect.sync(() => source.name) }).pipe(Layer.provide(Layer.effect(
    Store,
    Effect.gen(function*() {
      const [cold] = yield* FaultyStore.make(mapStore({ name: "cold", place }), {
        rules: [{ fault, operations: ["write"], nth }]
      })
      return TieredStore.make([yield* MemoryStore.make({ capacity: 100 }), cold])
    })
  )))

it.effect("a refresh returns when the tiers below have its value and no value derived from the old one", () => {
  const source = { name: "Ann" }
  const place = makePlace()
  return Effect.gen(function*() {
    yield* profile.get({ id: "1" })
    yield* TestClock.adjust(100)
    assert.deepStrictEqual([keptIn(place, "Users/user", "1"), keptIn(place, "Users/profile", "1")], [
      "Ann",
      "profile of Ann"
    ])
    source.name = "Bob"
    const refresh = yield* Effect.forkChild(user.refresh({ id: "1" }), { startImmediately: true })
    yield* TestClock.adjust(5)
    assert.strictEqual(yield* user.get({ id: "1" }), "Bob")
    assert.isUndefined(refresh.pollUnsafe())
    assert.strictEqual(keptIn(place, "Users/profile", "1"), "profile of Ann")
    yield* TestClock.adjust(5)
    assert.strictEqual(yield* Fiber.join(refresh), "Bob")
    assert.deepStrictEqual([keptIn(place, "Users/user", "1"), keptIn(place, "Users/profile", "1")], ["Bob", undefined])
  }).pipe(Effect.provide(live(source, place, { kind: "slow", delay: 10 })))
})

it.effect("a refresh whose change a tier refuses fails, and readers get its value from memory", () => {
  const source = { name: "Ann" }
  return Effect.gen(function*() {
    yield* profile.get({ id: "1" })
    yield* TestClock.adjust(100)
    source.name = "Bob"
    const { reason } = yield* Effect.flip(user.refresh({ id: "1" }))
    assert.strictEqual(reason._tag, "StoreFailed")
    assert.strictEqual(yield* profile.get({ id: "1" }), "profile of Bob")
  }).pipe(Effect.provide(live(source, makePlace(), { kind: "fail" }, 2)))
})

for (const door of ["update", "patch"] as const) {
  for (const isQueued of [false, true]) {
    for (const fails of [false, true]) {
      it.effect(
        `${door} is made from what ${isQueued ? "a refresh that waits for its turn" : "a running refresh"} brings${
          fails ? ", and from what is held if it fails" : ""
        }`,
        () => {
          const source = { name: "Ann" }
          const gate = Deferred.makeUnsafe<void>()
          let isGated = false
          const slow = () =>
            Effect.suspend(() => {
              const { name } = source
              return isGated ?
                Effect.andThen(Deferred.await(gate), fails ? Effect.die("down") : Effect.succeed(name)) :
                Effect.succeed(name)
            })
          const change = (was: string) => Effect.succeed(`${was}!`)
          return Effect.gen(function*() {
            yield* user.get({ id: "1" })
            isGated = true
            const refresh = () => Effect.forkChild(Effect.exit(user.refresh({ id: "1" })), { startImmediately: true })
            const first = isQueued ? yield* refresh() : undefined
            source.name = "Bob"
            const asked = yield* refresh()
            const changed = yield* Effect.forkChild(
              door === "update"
                ? Effect.exit(user.update({ id: "1" }, change))
                : Effect.exit(user.patch({ id: "1" }, change)),
              { startImmediately: true }
            )
            yield* TestClock.adjust(10)
            yield* Deferred.succeed(gate, undefined)
            yield* Fiber.join(asked)
            if (first !== undefined) yield* Fiber.join(first)
            assert.strictEqual((yield* Fiber.join(changed))._tag, "Success")
            isGated = false
            assert.strictEqual(yield* user.get({ id: "1" }), fails ? "Ann!" : "Bob!")
          }).pipe(Effect.provide(Layer.provide(users({ name: slow }), MemoryStore.layer({ capacity: 100 }))))
        }
      )
    }
  }
}

/** A source whose lookups take `millis` after the name is read. */
const slowSource = () => {
  const source = { name: "Ann", millis: 0 }
  const name = () =>
    Effect.suspend(() => {
      const { millis, name } = source
      return millis === 0 ? Effect.succeed(name) : Effect.as(Effect.sleep(millis), name)
    })
  return { source, name }
}

const doors: {
  readonly [door: string]: (f: (was: string) => Effect.Effect<string>) => Effect.Effect<unknown, unknown, any>
} = {
  update: (f) => user.update({ id: "1" }, f),
  patch: (f) => user.patch({ id: "1" }, f),
  "a write under a lease": (f) =>
    Effect.scoped(Effect.gen(function*() {
      const lease = yield* user.lease({ id: "1" })
      yield* user.set({ id: "1" }, yield* f(yield* user.get({ id: "1" })), { lease })
    }))
}

for (const [door, change] of Object.entries(doors)) {
  for (const isSecond of [false, true]) {
    it.effect(
      `${door} never replaces what ${isSecond ? "a second" : "a"} refresh brings that is asked for while it runs`,
      () => {
        const { name, source } = slowSource()
        return Effect.gen(function*() {
          yield* user.get({ id: "1" })
          source.millis = 100
          const refresh = Effect.forkChild(Effect.exit(user.refresh({ id: "1" })), { startImmediately: true })
          if (isSecond) yield* refresh
          const slow = (was: string) => Effect.as(Effect.sleep(50), `${was}!`)
          const changing = yield* Effect.forkChild(Effect.exit(change(slow)), { startImmediately: true })
          yield* TestClock.adjust(10)
          source.name = "Bob"
          const refreshing = yield* refresh
          yield* TestClock.adjust(1000)
          assert.deepStrictEqual(yield* Fiber.join(refreshing), Exit.succeed("Bob"))
          yield* Fiber.join(changing)
          source.millis = 0
          assert.include(["Bob", "Bob!"], yield* user.get({ id: "1" }))
        }).pipe(Effect.provide(Layer.provide(users({ name }), MemoryStore.layer({ capacity: 100 }))))
      }
    )
  }

  it.effect(`${door} never replaces what a refresh in another engine brings that was asked for before`, () =>
    Effect.gen(function*() {
      const { name, source } = slowSource()
      const cold = mapStore({ name: "cold", place: makePlace() })
      const engine = Effect.gen(function*() {
        const memory = yield* MemoryStore.make({ capacity: 10 })
        const live = Layer.provide(users({ name }), Layer.succeed(Store, TieredStore.make([memory, cold])))
        const context = yield* Layer.build(Layer.fresh(live)) as Effect.Effect<Context.Context<any>>
        return <A, E>(effect: Effect.Effect<A, E, any>) => Effect.provideContext(effect, context)
      })
      const [one, two] = [yield* engine, yield* engine]
      for (const on of [one, two]) yield* on(user.get({ id: "1" }))
      yield* TestClock.adjust(10)
      source.millis = 100
      source.name = "Bob"
      const refreshing = yield* Effect.forkChild(one(user.refresh({ id: "1" })), { startImmediately: true })
      const changing = yield* Effect.forkChild(
        Effect.exit(two(change((was) => Effect.succeed(`${was}!`)))),
        { startImmediately: true }
      )
      yield* TestClock.adjust(1000)
      yield* Fiber.join(changing)
      assert.strictEqual(yield* Fiber.join(refreshing), "Bob")
      source.millis = 0
      for (const on of [one, two]) assert.include(["Bob", "Bob!"], yield* on(user.get({ id: "1" })))
    }))
}

it.effect("patch is kept if the refresh that is asked for while it runs fails before its end", () => {
  let isDown = false
  const name = () => Effect.suspend(() => isDown ? Effect.die("down") : Effect.succeed("Ann"))
  return Effect.gen(function*() {
    yield* user.get({ id: "1" })
    isDown = true
    const patch = user.patch({ id: "1" }, (was) => Effect.as(Effect.exit(user.refresh({ id: "1" })), `${was}!`))
    assert.deepStrictEqual(yield* patch, Option.some("Ann!"))
    assert.strictEqual(yield* user.get({ id: "1" }), "Ann!")
  }).pipe(Effect.provide(Layer.provide(users({ name }), MemoryStore.layer({ capacity: 100 }))))
})

it.effect("a set with ifVersion is compared with the version that is held while a refresh runs", () => {
  const { name, source } = slowSource()
  return Effect.gen(function*() {
    const { version } = yield* user.getAnswer({ id: "1" })
    source.millis = 100
    const refreshing = yield* Effect.forkChild(user.refresh({ id: "1" }), { startImmediately: true })
    yield* user.set({ id: "1" }, "Eve", { ifVersion: version })
    yield* TestClock.adjust(1000)
    yield* Fiber.join(refreshing)
    assert.strictEqual(yield* user.get({ id: "1" }), "Eve")
  }).pipe(Effect.provide(Layer.provide(users({ name }), MemoryStore.layer({ capacity: 100 }))))
})

const unkept = {
  "whose key was changed meanwhile": {
    policy: {},
    during: (user: any) => user.invalidate({ id: "1" }),
    answer: (run: number) => run
  },
  "with a lifetime of `doNotStore`": {
    policy: {},
    during: () => Effect.void,
    answer: (run: number) => run === 2 ? Lookup.loaded(run, { timeToLive: "doNotStore" }) : run
  },
  "that is too heavy for memory": {
    policy: { weightMax: 10, weigher: (_: string, value: number) => value === 2 ? 11 : 1 },
    during: () => Effect.void,
    answer: (run: number) => run
  }
}
for (const [what, { answer, during, policy }] of Object.entries(unkept)) {
  it.effect(`a refresh returns a value ${what}, no tier keeps the value, and the next read loads again`, () =>
    Effect.gen(function*() {
      const { get, of, on, refresh, user } = yield* family(
        policy,
        (run) => Effect.delay(Effect.succeed(answer(run)), run === 2 ? 10 : 0)
      )
      assert.strictEqual(yield* get, 1)
      const refreshing = yield* fork(refresh)
      yield* TestClock.adjust(5)
      yield* on(during(user))
      yield* TestClock.adjust(5)
      assert.strictEqual(yield* Fiber.join(refreshing), 2)
      assert.isUndefined(yield* of("1").held)
      assert.strictEqual(yield* get, 3)
    }))
}
