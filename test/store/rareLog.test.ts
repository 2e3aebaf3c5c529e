/**
 * A failure that repeats is logged at once, and then rarely, with the number of those in between.
 */
import { assert, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { TestClock } from "effect/testing"
import { RareLog, restMillis } from "../../src/store/shared/rareLog.ts"

it.effect("a thousand failures in a second make one message, and the next one counts them", () =>
  Effect.gen(function*() {
    const log = new RareLog()
    const said: Array<string> = []
    const say = log.say((since) => Effect.sync(() => void said.push(since)))
    for (let i = 0; i < 1_000; i++) {
      yield* say
      yield* TestClock.adjust(1)
    }
    assert.deepStrictEqual(said, [""])
    yield* TestClock.adjust(restMillis)
    yield* say
    yield* say
    assert.deepStrictEqual(said, ["", ", and 999 times more since the last message"])
  }))
