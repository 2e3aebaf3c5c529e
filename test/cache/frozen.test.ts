/**
 * The process is frozen for an hour: the clock goes on, and nothing else does. Timers count the time for which a
 * process was stopped, and on some systems not the time for which the machine slept. What waits with the patience of
 * the engine waits on, and work that makes no progress still ends. What ends by the clock has ended.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Clock from "effect/Clock"
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import { fork, reasonOf, settle } from "../support/effects.ts"
import { family, inTurn } from "../support/source.ts"

const hour = 3_600_000
const minute = 60_000

/** A clock of a process that may be frozen. */
class FreezingClock implements Clock.Clock {
  #now = 0
  readonly #sleeps = new Set<{ until: number; readonly resume: () => void }>()

  readonly currentTimeMillisUnsafe = () => this.#now
  readonly currentTimeMillis = Effect.sync(this.currentTimeMillisUnsafe)
  readonly currentTimeNanosUnsafe = () => BigInt(Math.round(this.#now * 1_000_000))
  readonly currentTimeNanos = Effect.sync(this.currentTimeNanosUnsafe)
  readonly monotonicTimeNanosUnsafe = this.currentTimeNanosUnsafe
  readonly monotonicTimeNanos = this.currentTimeNanos

  sleep(duration: Duration.Duration): Effect.Effect<void> {
    return Duration.toMillis(duration) <= 0 ? Effect.void : Effect.callback((resume) => {
      const sleep = { until: this.#now + Duration.toMillis(duration), resume: () => resume(Effect.void) }
      this.#sleeps.add(sleep)
      return Effect.sync(() => this.#sleeps.delete(sleep))
    })
  }

  get #wake(): Effect.Effect<void> {
    return Effect.suspend(() => {
      for (const sleep of Array.from(this.#sleeps)) {
        if (sleep.until > this.#now) continue
        this.#sleeps.delete(sleep)
        sleep.resume()
      }
      return settle
    })
  }

  /** The process runs for this time. */
  pass(millis: number): Effect.Effect<void> {
    const end = this.#now + millis
    const run: Effect.Effect<void> = Effect.suspend(() => {
      this.#now = Math.min(end, ...Array.from(this.#sleeps, ({ until }) => until))
      return this.#now < end ? Effect.andThen(this.#wake, run) : this.#wake
    })
    return run
  }

  /** The process is frozen for this time. */
  freeze(millis: number, kind: "stopped" | "asleep"): Effect.Effect<void> {
    return Effect.suspend(() => {
      this.#now += millis
      if (kind === "asleep") { for (const sleep of this.#sleeps) sleep.until += millis }
      return this.#wake
    })
  }
}

const frozen = <A, E, R>(work: (clock: FreezingClock) => Effect.Effect<A, E, R>) =>
  Effect.suspend(() => {
    const clock = new FreezingClock()
    return Effect.provideService(work(clock), Clock.Clock, clock)
  })

for (const kind of ["stopped", "asleep"] as const) {
  describe(`process that was ${kind} for an hour`, () => {
    it.effect("a load that readers share goes on, and its readers get the value", () =>
      frozen((clock) =>
        Effect.gen(function*() {
          const gate = yield* Deferred.make<string>()
          const { get, of } = yield* family({}, inTurn(Effect.never, Deferred.await(gate)))
          for (let i = 0; i < 2; i++) yield* fork(Effect.exit(of("hangs").get))
          yield* clock.pass(4 * minute)
          const readers = [yield* fork(get), yield* fork(get)]
          yield* clock.pass(10_000)
          yield* clock.freeze(hour, kind)
          yield* clock.pass(4 * minute)
          for (const reader of readers) assert.isUndefined(reader.pollUnsafe())
          yield* Deferred.succeed(gate, "value")
          assert.deepStrictEqual(yield* Fiber.joinAll(readers), ["value", "value"])
        })
      ))

    it.effect("a load that hangs still ends, after at most five minutes in which the process ran", () =>
      frozen((clock) =>
        Effect.gen(function*() {
          const { get } = yield* family({}, inTurn(Effect.never))
          const readers = [yield* fork(Effect.flip(get)), yield* fork(Effect.flip(get))]
          yield* clock.pass(minute)
          yield* clock.freeze(hour, kind)
          yield* clock.pass(4 * minute)
          for (const reader of readers) assert.strictEqual(reasonOf(yield* Fiber.join(reader)), "LoadTimeout")
        })
      ))

    it.effect("an update that waits for its turn goes on, and ends if the one before it hangs", () =>
      frozen((clock) =>
        Effect.gen(function*() {
          const gate = yield* Deferred.make<string>()
          const { on, user } = yield* family({}, inTurn(Effect.succeed("old")))
          const update = (id: string, work: Effect.Effect<string>) => on<string>(user.update({ id }, () => work))
          yield* fork(update("1", Deferred.await(gate)))
          yield* fork(update("2", Effect.never))
          const waits = yield* fork(update("1", Effect.succeed("new")))
          const fails = yield* fork(Effect.flip(update("2", Effect.succeed("new"))))
          yield* clock.pass(minute)
          yield* clock.freeze(hour, kind)
          yield* clock.pass(3 * minute)
          assert.isUndefined(waits.pollUnsafe())
          assert.isUndefined(fails.pollUnsafe())
          yield* Deferred.succeed(gate, "first")
          yield* Fiber.join(waits)
          yield* clock.pass(minute)
          assert.strictEqual(reasonOf(yield* Fiber.join(fails)), "UpdateTimeout")
        })
      ))

    it.effect("an entry whose lifetime ended while the process stood still has ended", () =>
      frozen((clock) =>
        Effect.gen(function*() {
          const { get, source } = yield* family({ timeToLive: 30 * minute }, inTurn(Effect.succeed("value")))
          yield* get
          yield* clock.freeze(hour, kind)
          yield* get
          assert.strictEqual(source.runs, 2)
        })
      ))
  })
}
