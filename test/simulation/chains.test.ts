/**
 * Chains of loads that are longer than the stack is deep, under a scheduler with seeds: each reader gets an answer
 * while others leave and keys are dropped, and nothing is left afterwards.
 */
import { assert, describe } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { TestClock } from "effect/testing"
import { drive } from "../support/effects.ts"
import { make } from "../support/plainEngine.ts"
import { below, rest, simulate } from "../support/simulate.ts"

const length = 600

const story = Effect.fnUntraced(function*() {
  const { checkIdle, families } = yield* make({
    step: (key, families) =>
      key === "0"
        ? Effect.flatMap(below(31), (millis) =>
          millis < 10 ? Effect.succeed("bottom") : Effect.as(Effect.sleep(millis), "bottom"))
        : families("step").read(String(Number(key) - 1))
  })
  const step = families("step")
  const drawKey = Effect.map(below(length), String)
  const fiber = Effect.gen(function*() {
    for (let i = 0; i < 4; i++) {
      yield* rest(21)
      const luck = yield* below(11)
      const key = yield* drawKey
      if (luck < 2) yield* step.drop([key], "hide")
      else if (luck < 5) yield* Effect.timeoutOption(step.read(key), luck)
      else if (luck < 6) yield* step.refresh(key)
      else if (luck < 7) assert.deepStrictEqual(yield* step.readMany([key, yield* drawKey]), ["bottom", "bottom"])
      else assert.strictEqual(yield* step.read(key), "bottom")
    }
  })
  yield* drive(Effect.all(Array.from({ length: 6 }, () => fiber), { concurrency: "unbounded", discard: true }), 5)
  yield* TestClock.adjust(100)
  checkIdle()
})

describe("long chains of loads", () => {
  simulate("each reader of a long chain gets an answer", () => Effect.scoped(story()), { oneOf: 10 })
})
