/**
 * `SeededScheduler` draws the order of fibers from a seed: equal seeds give equal orders, and races are found.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Random from "effect/Random"
import * as Ref from "effect/Ref"
import * as SeededScheduler from "../../src/testing/SeededScheduler.ts"
import { drive } from "../support/effects.ts"

const story = Effect.gen(function*() {
  const heard: Array<string> = []
  const tell = (name: string) =>
    Effect.forEach([1, 2, 3], (step) =>
      Effect.gen(function*() {
        heard.push(`${name}${step}`)
        yield* Effect.sleep(yield* Random.nextIntBetween(0, 5))
      }))
  yield* drive(Effect.forEach(["a", "b", "c"], tell, { concurrency: "unbounded" }))
  return heard.join(" ")
})

const seeds = Array.from({ length: 50 }, (_, seed) => seed)
const told = (seed: number) => Effect.runPromise(SeededScheduler.run(story, { seed }))

describe("SeededScheduler", () => {
  it("equal seeds draw equal orders", async () => {
    for (const seed of seeds) assert.strictEqual(await told(seed), await told(seed))
  })

  it("different seeds draw different orders", async () => {
    const stories = new Set(await Promise.all(seeds.map(told)))
    assert.isAbove(stories.size, 25)
  })

  it("the scheduler finds the lost update of a read and a write in two steps", async () => {
    const program = Effect.gen(function*() {
      const count = yield* Ref.make(0)
      const add = Effect.flatMap(Ref.get(count), (was) => Ref.set(count, was + 1))
      yield* Effect.all([add, add], { concurrency: "unbounded" })
      return yield* Ref.get(count)
    })
    const results = await Promise.all(seeds.map((seed) => Effect.runPromise(SeededScheduler.run(program, { seed }))))
    assert.deepStrictEqual(new Set(results), new Set([1, 2]))
  })

  it("I/O gets its turn beside a fiber that never ends", async () => {
    const fiber = Effect.runFork(SeededScheduler.run(Effect.forever(Effect.yieldNow), { seed: 1 }))
    await new Promise((resolve) => setImmediate(resolve))
    assert.isUndefined(fiber.pollUnsafe())
    await Effect.runPromise(Fiber.interrupt(fiber))
  })
})

describe("the chance with which a fiber yields", () => {
  for (const yields of [-0.1, 0.41, 1, Number.NaN, Number.POSITIVE_INFINITY]) {
    it(`a chance of ${yields} is refused, since the program would not end`, () => {
      assert.throws(() => new SeededScheduler.SeededScheduler({ seed: 1, yields }), /from 0 to 0\.4/)
    })
  }
  it("a program ends with the greatest chance", async () => {
    const program = Effect.forEach(Array.from({ length: 100 }, (_, n) => n), (n) => Effect.succeed(n))
    assert.strictEqual((await Effect.runPromise(SeededScheduler.run(program, { seed: 1, yields: 0.4 }))).length, 100)
  })
})
