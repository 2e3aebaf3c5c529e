/**
 * Testing with TestClock: the test moves the clock itself, so it does not wait for lifetimes to end.
 *
 * With Vitest, `it.effect` of `@effect/vitest` gives each test a `TestClock`; here the layer is provided by hand.
 */
import { Effect, Fiber, Layer } from "effect"
import * as Manifest from "effect-stateless/manifest/Manifest"
import * as MemoryStore from "effect-stateless/store/MemoryStore"
import { TestClock } from "effect/testing"
import assert from "node:assert/strict"

class Weather extends Manifest.Service<Weather>()("Weather", {
  families: {
    report: {
      pattern: "report:{city}",
      value: Manifest.type<number>(),
      timeToLive: "10 minutes",
      hardTimeout: "3 seconds"
    }
  }
}) {}
const { report } = Weather.keys

let loads = 0
const ReportLive = Weather.owner("report", {
  lookup: ({ city }) => city === "Atlantis" ? Effect.never : Effect.sync(() => ++loads)
})

// The test uses the real store and the real engine, and no mock.
const WeatherLive = Weather.modules({ report: ReportLive }).pipe(
  Layer.provide(MemoryStore.layer({ capacity: 100 }))
)

const anEntryLivesForTenMinutes = Effect.gen(function*() {
  assert.equal(yield* report.get({ city: "Oslo" }), 1)
  yield* TestClock.adjust("9 minutes")
  assert.equal(yield* report.get({ city: "Oslo" }), 1)
  yield* TestClock.adjust("1 minute")
  assert.equal(yield* report.get({ city: "Oslo" }), 2)
})

const aHungLookupIsEnded = Effect.gen(function*() {
  const caller = yield* Effect.forkChild(Effect.flip(report.get({ city: "Atlantis" })), { startImmediately: true })
  yield* TestClock.adjust("3 seconds")
  const error = yield* Fiber.join(caller)
  assert.equal(error.reason._tag, "LoadTimeout")
  assert.equal(
    error.message,
    "E0502: the lookup of `report:Atlantis` did not end within 3000 ms; help: make it faster, or raise `hardTimeout`"
  )
})

// A test may read the cache. Its type says that it only reads.
const run = <E>(test: Effect.Effect<void, E, Manifest.Borrows<"report:{city}", Weather>>) =>
  Effect.runPromise(test.pipe(Effect.provide(WeatherLive), Effect.provide(TestClock.layer())))

const begin = performance.now()
await run(anEntryLivesForTenMinutes)
await run(aHungLookupIsEnded)
const millis = performance.now() - begin
assert.ok(millis < 5_000)
console.log(`ten minutes and three seconds passed in ${Math.round(millis)} ms`)
