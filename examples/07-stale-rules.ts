/**
 * Stale rules: the answer that a reader gets when the lifetime of an entry is over.
 *
 *     made ------------ fresh until ------------ staleWhileRevalidate ------------ staleIfError
 *          a plain hit              served at once,                   served only if
 *                                   renewed behind                    the lookup fails
 */
import { Effect, Layer, Schema } from "effect"
import * as Manifest from "effect-stateless/manifest/Manifest"
import * as MemoryStore from "effect-stateless/store/MemoryStore"
import { TestClock } from "effect/testing"
import assert from "node:assert/strict"

class SourceDown extends Schema.TaggedError<SourceDown>()("SourceDown", {}) {}

class Rates extends Manifest.Service<Rates>()("Rates", {
  families: {
    rate: {
      pattern: "rate:{currency}",
      value: Manifest.type<number>(),
      error: SourceDown,
      timeToLive: "1 minute",
      staleWhileRevalidate: "1 minute",
      staleIfError: "1 hour"
    }
  }
}) {}
const { rate } = Rates.keys

let loads = 0
let down = false
const RateLive = Rates.owner("rate", {
  lookup: () => Effect.suspend(() => down ? Effect.fail(new SourceDown()) : Effect.succeed(++loads))
})

const RatesLive = Rates.modules({ rate: RateLive }).pipe(Layer.provide(MemoryStore.layer({ capacity: 100 })))

const program = Effect.gen(function*() {
  const euro = { currency: "EUR" }
  assert.equal(yield* rate.get(euro), 1)

  yield* TestClock.adjust("90 seconds")
  const stale = yield* rate.getAnswer(euro)
  assert.deepEqual([stale.value, stale.stale, stale.staleMillis], [1, true, 30_000])
  console.log(`half a minute too old: ${stale.value} was served at once, and renewed behind the reader`)
  yield* TestClock.adjust("1 second")
  const renewed = yield* rate.getAnswer(euro)
  assert.deepEqual([renewed.value, renewed.stale], [2, false])

  down = true
  yield* TestClock.adjust("30 minutes")
  const old = yield* rate.getAnswer(euro)
  assert.deepEqual([old.value, old.stale], [2, true])
  console.log(`the data source is down: ${old.value} was served, ${Math.round(old.ageMillis / 60_000)} minutes old`)

  yield* TestClock.adjust("1 hour")
  const error = yield* Effect.flip(rate.get(euro))
  assert.ok(error instanceof SourceDown)
  console.log("an hour later the value is too old to be served: the reader gets the error of the data source")
})

await Effect.runPromise(program.pipe(Effect.provide(RatesLive), Effect.provide(TestClock.layer())))
