/**
 * Durations that are longer than the longest timer of JavaScript (2,147,483,647 ms, some 25 days), in every option that
 * may become a timer: no timer overflows, which would fire it at once and print a warning.
 */
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as CacheMetrics from "../../src/cache/CacheMetrics.ts"
import * as Manifest from "../../src/manifest/Manifest.ts"
import * as LmdbStore from "../../src/store/lmdb/LmdbStore.ts"
import * as MemoryStore from "../../src/store/memory/MemoryStore.ts"
import * as RedisStore from "../../src/store/redis/RedisStore.ts"

const long = "30 days"
const timerMillisMax = 2_147_483_647
const folder = mkdtempSync(join(tmpdir(), "stateless-"))
const id = { id: "1" }
const value = Manifest.type<unknown>()
const memory = MemoryStore.layer({ capacity: 10 })
// What a program without types may do.
const manifest = Manifest as any

// The timers that were asked for, and the warnings of the process.
const timers: Array<number> = []
const warnings: Array<string> = []
const ofProcess = globalThis.setTimeout
const noted = (warning: Error): void => void warnings.push(warning.name)

beforeAll(() => {
  globalThis.setTimeout = Object.assign(
    (run: () => void, millis?: number, ...more: ReadonlyArray<unknown>) => {
      timers.push(millis ?? 0)
      return ofProcess(run, millis, ...more)
    },
    ofProcess
  ) as typeof setTimeout
  process.on("warning", noted)
})
afterAll(() => {
  globalThis.setTimeout = ofProcess
  process.off("warning", noted)
  rmSync(folder, { recursive: true, force: true })
})

/** What a family does: it loads, renews, is read by two, updates, leases and fails. */
const used = (policy: object, owner: object = {}, act: (user: any) => unknown = () => Effect.void) => {
  class App extends manifest.Service()("Long", { families: { user: { pattern: "user:{id}", value, ...policy } } }) {}
  const app = App as any
  const slow = Effect.delay(Effect.succeed(1), 5)
  const live = app.modules({ user: app.owner("user", { lookup: () => slow, ...owner }) }).pipe(Layer.provide(memory))
  const { user } = app.keys
  return Effect.gen(function*() {
    yield* Effect.all([user.get(id), user.get(id), user.update(id, () => slow)], { concurrency: "unbounded" }) as any
    yield* user.invalidate(id, { mode: "markStale" })
    yield* user.get(id)
    yield* act(user) as any
    yield* Effect.sleep(20)
  }).pipe(Effect.provide(live)) as Effect.Effect<unknown, unknown>
}

const redis = (options: object) =>
  Effect.scoped(Layer.build(
    (RedisStore.layer as any)({ url: "redis://127.0.0.1:1", namespace: "long", answerTimeout: 50, ...options })
  )) as Effect.Effect<unknown, unknown>

const options: { readonly [option: string]: Effect.Effect<unknown, unknown> } = {
  timeToLive: used({ timeToLive: long }),
  idleTimeToLive: used({ idleTimeToLive: long }),
  staleWhileRevalidate: used({ timeToLive: 1_000, staleWhileRevalidate: long }),
  staleIfError: used({ timeToLive: 1_000, staleIfError: long }),
  softTimeout: used({ timeToLive: 1_000, staleIfError: long, softTimeout: long }),
  hardTimeout: used({ hardTimeout: long }),
  negativeTimeToLive: used({ negativeTimeToLive: long }, {}, (user) => user.delete(id)),
  retryAfterFailure: used({ retryAfterFailure: long }),
  "timeToLive of a set": used({}, {}, (user) => user.set(id, 1, { timeToLive: long })),
  reschedule: used({}, {}, (user) => user.reschedule(id, long)),
  "timeToLive of a lease": used({}, {}, (user) => Effect.scoped(user.lease(id, { timeToLive: long }))),
  "deadline of a lease": used({}, {}, (user) =>
    Effect.scoped(Effect.andThen(
      user.lease(id),
      Effect.timeoutOption(Effect.scoped(user.lease(id, { mode: "exclusive", deadline: long })), 10)
    ))),
  "warm.schedule": used({}, { warm: { keys: [id], schedule: long } }),
  "predict.interval": used({}, { predict: { keysMax: 10, interval: long } }),
  "interval of publish": Effect.timeoutOption(
    CacheMetrics.publish(Effect.succeed({}), { cache: "a", interval: long }),
    20
  ),
  "sweepInterval of LmdbStore": Effect.scoped(Effect.andThen(
    Layer.build(LmdbStore.layer({ path: folder, durability: "process", sweepInterval: long })),
    Effect.sleep(20)
  )),
  "answerTimeout of RedisStore": Effect.timeoutOption(redis({ answerTimeout: long }), 200),
  "loadLease of RedisStore": redis({ loadLease: long }),
  ...Object.fromEntries(
    ["connectTimeout", "commandTimeout", "socketTimeout", "disconnectTimeout", "keepAlive"].map((name) => [
      `client.${name} of RedisStore`,
      redis({ client: { [name]: 30 * 86_400_000 } })
    ])
  )
}

describe("durations beyond the longest timer", () => {
  for (const [option, use] of Object.entries(options)) {
    it.live(`no timer overflows with ${option}`, () =>
      Effect.gen(function*() {
        timers.length = 0
        warnings.length = 0
        const exit = yield* Effect.exit(use)
        yield* Effect.sleep(5)
        assert.deepStrictEqual([timers.filter((millis) => millis > timerMillisMax), warnings], [[], []])
        // What cannot be is refused by its name.
        if (Exit.isFailure(exit)) {
          const { message } = Cause.squash(exit.cause) as Error
          assert.include(message, `\`${option.split(" ")[0]}\``)
        }
      }))
  }
})
