/**
 * A load runs with the Context of its owner: its services, its scope and its trace. The engine keeps no reference to a
 * caller or a failure longer than it needs.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import { TestClock } from "effect/testing"
import { setFlagsFromString } from "node:v8"
import { runInNewContext } from "node:vm"
import * as Manifest from "../../src/manifest/Manifest.ts"
import * as MemoryStore from "../../src/store/memory/MemoryStore.ts"
import { family } from "../support/source.ts"

setFlagsFromString("--expose-gc")
const collect: () => void = runInNewContext("gc")

class App extends Manifest.Service<App>()("OwnContext", {
  families: {
    one: { pattern: "one:{id}", value: Manifest.type<string>(), hardTimeout: "1 minute" },
    many: { pattern: "many:{id}", value: Manifest.type<string>() }
  }
}) {}
const { many, one } = App.keys

describe("lookup that acquires a resource", () => {
  const world = () => {
    const log = { open: 0, opened: 0 }
    const connection = Effect.acquireRelease(
      Effect.sync(() => {
        log.opened++
        log.open++
      }),
      () => Effect.sync(() => log.open--)
    )
    const live = App.modules({
      one: App.owner("one", {
        lookup: ({ id }) =>
          Effect.andThen(
            connection,
            id === "hangs" ? Effect.never : id === "fails" ? Effect.die("broken") : Effect.succeed(id)
          )
      }),
      many: App.owner("many", { lookupMany: (all) => Effect.as(connection, all.map(({ id }) => id)) })
    }).pipe(Layer.provide(MemoryStore.layer({ capacity: 100 })))
    return { log, live }
  }

  it.effect("a lookup releases its resource when it ends, in whatever way it ends", () => {
    const { live, log } = world()
    return Effect.gen(function*() {
      for (let id = 0; id < 20; id++) yield* one.get({ id: `${id}` })
      yield* Effect.exit(one.get({ id: "fails" }))
      yield* many.getMany([{ id: "1" }, { id: "2" }])
      const left = yield* Effect.forkChild(one.get({ id: "hangs" }), { startImmediately: true })
      yield* Fiber.interrupt(left)
      const late = yield* Effect.forkChild(Effect.exit(one.get({ id: "hangs" })), { startImmediately: true })
      yield* TestClock.adjust("2 minutes")
      yield* Fiber.join(late)
      yield* App.transaction((body: Effect.Effect<string, any, any>) => body)(one.get({ id: "in a transaction" }))
      assert.deepStrictEqual(log, { open: 0, opened: 25 })
    }).pipe(Effect.provide(live))
  })

  it("a lookup with a Scope does not require a Scope of the layer of its owner", () => {
    const module = App.owner("one", {
      lookup: () => Effect.acquireRelease(Effect.succeed("a"), () => Effect.void)
    })
    const without: Layer.Layer<any, any, Manifest.Engine<App>> = module as never
    assert.isTrue(Layer.isLayer(without))
  })
})

describe("trace of a load", () => {
  it.effect("a load has a trace of its own, and not the span in which its owner was built", () =>
    Effect.gen(function*() {
      const parents: Array<string | undefined> = []
      const live = App.modules({
        one: App.owner("one", {
          lookup: () =>
            Effect.gen(function*() {
              const parent = yield* Effect.option(Effect.currentParentSpan)
              parents.push(Option.getOrUndefined(Option.map(parent, (span) => span.spanId)))
              return "loaded"
            })
        }),
        many: App.owner("many")
      }).pipe(Layer.provide(MemoryStore.layer({ capacity: 100 })))
      const context = yield* Effect.withSpan(Layer.build(live), "start the program")
      yield* Effect.withSpan(Effect.provideContext(one.get({ id: "1" }), context), "request")
      assert.deepStrictEqual(parents, [undefined])
    }))
})

describe("failure that is over", () => {
  it.effect("the engine drops a failure that is over, even without another read", () =>
    Effect.gen(function*() {
      const { get, running } = yield* family(
        { negativeTimeToLive: 50, retryAfterFailure: 50 },
        () => Effect.fail({ large: "error" })
      )
      yield* Effect.exit(get)
      const { failures } = running.cache.families.get("user")!.loads
      const held = () => (failures as unknown as { readonly byKey: ReadonlyMap<string, unknown> }).byKey.size
      assert.strictEqual(held(), 1)
      yield* TestClock.adjust("3 seconds")
      assert.strictEqual(held(), 0)
      yield* Effect.exit(get)
      assert.strictEqual(held(), 1)
      yield* TestClock.adjust("3 seconds")
      assert.strictEqual(held(), 0)
    }))
})

describe("Context of a caller", () => {
  it("the engine drops the Context of a caller when it ends", async () => {
    const scoped = Effect.gen(function*() {
      const context = yield* Effect.context<never>()
      yield* one.set({ id: "1" }, "a")
      yield* one.get({ id: "1" })
      return new WeakRef(context)
    })
    const live = App.modules({ one: App.owner("one"), many: App.owner("many") }).pipe(
      Layer.provide(MemoryStore.layer({ capacity: 100 }))
    )
    const ref = await Effect.runPromise(Effect.provide(scoped, live))
    for (let i = 0; i < 20 && ref.deref() !== undefined; i++) {
      await new Promise((resolve) => setTimeout(resolve, 5))
      collect()
    }
    assert.isUndefined(ref.deref())
  })
})
