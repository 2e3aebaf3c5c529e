/**
 * Owners that warm and predict beside readers and writers, under a scheduler with seeds: no value from before a write
 * is served, and readers keep their permits.
 */
import { assert, describe } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import { TestClock } from "effect/testing"
import type { CacheError } from "../../src/cache/CacheError.ts"
import * as Manifest from "../../src/manifest/Manifest.ts"
import * as MemoryStore from "../../src/store/memory/MemoryStore.ts"
import { checkInvariants, start } from "../support/engine.ts"
import { see } from "../support/rows.ts"
import { below, pick, rest, simulate } from "../support/simulate.ts"
import { SimulatedWorld } from "../support/simulatedWorld.ts"

const loadConcurrency = 2

class App extends Manifest.Service<App>()("App", {
  families: {
    user: {
      pattern: "user:{id}",
      value: Manifest.type<number>(),
      timeToLive: 40,
      loadConcurrency,
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

class WarmWorld extends SimulatedWorld<typeof App> {
  ended = false
  readonly broken: Array<string> = []

  private lookup<R>(key: string, work: Effect.Effect<number, CacheError, R>) {
    return this.lookups.run(key, () => work, {
      begins: () => {
        // What is thrown here would be one more failed lookup.
        if (this.ended) this.broken.push("no lookup begins for an owner that has gone")
        const before = this.lookups.count((other) => other.startsWith("user:"))
        if (key.startsWith("user:") && before >= loadConcurrency) this.broken.push("lookups keep to their turns")
      }
    })
  }

  private readonly sleep = rest(7)

  readonly live = App.modules({
    user: App.owner("user", {
      lookup: ({ id }) =>
        this.lookup(
          `user:${id}`,
          Effect.gen({ self: this }, function*(): Effect.fn.Return<number> {
            yield* this.sleep
            const n = this.rowOf(id)
            yield* this.sleep
            if ((yield* below(11)) === 0) return yield* Effect.die("broken")
            return n
          })
        ),
      warm: { keys: Effect.andThen(this.sleep, Effect.succeed(keys)), schedule: 17 },
      predict: { keysMax: 2, interval: 7 }
    }),
    profile: App.owner("profile", {
      lookup: (params) => this.lookup(`profile:${params.id}`, Effect.tap(user.get(params), this.sleep)),
      warm: { keys, schedule: 13 },
      predict: { keysMax: 3, interval: 5 }
    })
  }).pipe(Layer.provide(MemoryStore.layer({ capacity: 6 })))

  readonly step = (id: string, kind: number) =>
    Effect.gen({ self: this }, function*() {
      yield* this.sleep
      if (kind === 0) {
        const n = this.write(id)
        yield* user.invalidate({ id })
        this.floors.raise(id, n)
        return
      }
      const floor = this.floors.of(id)
      const reader: Effect.Effect<number, unknown, any> = kind < 4 ? user.get({ id }) : profile.get({ id })
      const read = yield* Effect.exit(reader)
      if (Exit.isSuccess(read)) see(id, read.value, floor, "a read")
      else {
        for (const reason of read.cause.reasons) {
          const why = reason._tag === "Fail" ? (reason.error as CacheError).reason._tag : "the source"
          assert.include(["the source", "QueueFull"], why)
        }
      }
    })

  readonly run = Effect.gen({ self: this }, function*() {
    const running = yield* this.open(start(App, this.live))
    const fiber = Effect.gen({ self: this }, function*() {
      for (let i = 0; i < 12; i++) {
        yield* this.step(yield* pick(ids), yield* below(9))
      }
    })
    yield* this.together(Array.from({ length: 5 }, () => running.as(fiber)), 3)
    checkInvariants(running, false)
    yield* this.closeFirst()
    this.ended = true
    for (let i = 0; i < 20; i++) yield* TestClock.adjust(10)
    assert.deepStrictEqual(this.broken, [])
    this.lookups.checkNone()
    checkInvariants(running)
  })
}

describe("warming among readers and writers", () => {
  simulate("no read returns a value from before a write, and readers keep their permits", () => new WarmWorld().run)
})
