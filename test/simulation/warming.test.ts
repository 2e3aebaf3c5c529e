/**
 * Owners that warm and predict beside readers and writers, under a scheduler with seeds: no value from before a write
 * is served, and readers keep their permits.
 */
import { assert, describe } from "@effect/vitest"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Random from "effect/Random"
import * as Scope from "effect/Scope"
import { TestClock } from "effect/testing"
import type { CacheError } from "../../src/cache/CacheError.ts"
import { engineOf, type Runtime } from "../../src/manifest/internal/grants.ts"
import * as Manifest from "../../src/manifest/Manifest.ts"
import * as MemoryStore from "../../src/store/memory/MemoryStore.ts"
import { drive } from "../support/effects.ts"
import { simulate } from "../support/simulate.ts"

class App extends Manifest.Service<App>()("App", {
  families: {
    user: {
      pattern: "user:{id}",
      value: Manifest.type<number>(),
      timeToLive: 40,
      loadConcurrency: 2,
      loadQueueMax: 3,
      retryAfterFailure: 5,
      negativeTimeToLive: 1
    },
    profile: { pattern: "profile:{id}", value: Manifest.type<number>(), derives: ["user:{id}"] }
  }
}) {}
const { profile, user } = App.keys

const ids = ["a", "b", "c", "d"]
const keys = ids.map((id) => ({ id }))

class WarmWorld {
  // A row grows with each write; `floors` are the rows of writes that have returned.
  readonly rows = new Map<string, number>()
  readonly floors = new Map<string, number>()
  writes = 0
  lookups = 0
  lookupsOfUser = 0
  ended = false
  readonly broken: Array<string> = []

  private lookup<R>(work: Effect.Effect<number, CacheError, R>, limited: boolean) {
    return Effect.acquireUseRelease(
      Effect.sync(() => {
        this.lookups++
        if (limited) this.lookupsOfUser++
        // What is thrown here would be one more failed lookup.
        if (this.ended) this.broken.push("no lookup begins for an owner that has gone")
        if (this.lookupsOfUser > 2) this.broken.push("lookups keep to their turns")
      }),
      () => work,
      () =>
        Effect.sync(() => {
          this.lookups--
          if (limited) this.lookupsOfUser--
        })
    )
  }

  private readonly sleep = Effect.flatMap(Random.nextIntBetween(0, 6), (millis) => Effect.sleep(millis))

  readonly live = App.modules({
    user: App.owner("user", {
      lookup: ({ id }) =>
        this.lookup(
          Effect.gen({ self: this }, function*(): Effect.fn.Return<number> {
            yield* this.sleep
            const n = this.rows.get(id) ?? 0
            yield* this.sleep
            if ((yield* Random.nextIntBetween(0, 10)) === 0) return yield* Effect.die("broken")
            return n
          }),
          true
        ),
      warm: { keys: Effect.andThen(this.sleep, Effect.succeed(keys)), schedule: 17 },
      predict: { keysMax: 2, interval: 7 }
    }),
    profile: App.owner("profile", {
      lookup: (params) => this.lookup(Effect.tap(user.get(params), this.sleep), false),
      warm: { keys, schedule: 13 },
      predict: { keysMax: 3, interval: 5 }
    })
  }).pipe(Layer.provide(MemoryStore.layer({ capacity: 6 })))

  readonly step = (id: string, kind: number) =>
    Effect.gen({ self: this }, function*() {
      yield* this.sleep
      if (kind === 0) {
        const n = ++this.writes
        this.rows.set(id, n)
        yield* user.invalidate({ id })
        this.floors.set(id, Math.max(n, this.floors.get(id) ?? 0))
        return
      }
      const floor = this.floors.get(id) ?? 0
      const reader: Effect.Effect<number, unknown, any> = kind < 4 ? user.get({ id }) : profile.get({ id })
      const read = yield* Effect.exit(reader)
      if (Exit.isSuccess(read)) assert.isAtLeast(read.value, floor, "a read saw a value from before a write")
      else {
        for (const reason of read.cause.reasons) {
          const why = reason._tag === "Fail" ? (reason.error as CacheError).reason._tag : "the source"
          assert.include(["the source", "LoadQueueFull"], why)
        }
      }
    })

  readonly run = Effect.gen({ self: this }, function*() {
    const scope = yield* Scope.make()
    const context = yield* Layer.buildWithScope(this.live, scope)
    const fiber = Effect.gen({ self: this }, function*() {
      for (let i = 0; i < 12; i++) {
        const id = ids[yield* Random.nextIntBetween(0, ids.length - 1)]!
        yield* this.step(id, yield* Random.nextIntBetween(0, 8))
      }
    })
    const work = Effect.all(Array.from({ length: 5 }, () => fiber), { concurrency: "unbounded", discard: true })
    yield* drive(Effect.provideContext(work, context as Context.Context<any>), 3)
    const { cache } = Context.get(context, engineOf(App.key) as never) as Runtime
    for (const family of cache.families.values()) family.checkInvariants({ idle: false })
    yield* Scope.close(scope, Exit.void)
    this.ended = true
    for (let i = 0; i < 20; i++) yield* TestClock.adjust(10)
    assert.deepStrictEqual(this.broken, [])
    assert.strictEqual(this.lookups, 0, "no lookup runs on when its owner has gone")
    for (const family of cache.families.values()) family.checkInvariants({ idle: true })
  })
}

describe("warming among readers and writers", () => {
  simulate("no read returns a value from before a write, and readers keep their permits", () => new WarmWorld().run)
})
