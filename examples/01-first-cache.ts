/**
 * A first cache: one family of keys, an owner that loads its entries, and reads that load each entry once.
 */
import { Effect, Layer } from "effect"
import * as Manifest from "effect-stateless/manifest/Manifest"
import * as MemoryStore from "effect-stateless/store/MemoryStore"
import assert from "node:assert/strict"

// All keys of the cache, in one place: here `square:1`, `square:2`, and so on, with numbers as values.
class Squares extends Manifest.Service<Squares>()("Squares", {
  families: { square: { pattern: "square:{n}", value: Manifest.type<number>(), timeToLive: "5 minutes" } }
}) {}
const { square } = Squares.keys

let computed = 0
const SquareLive = Squares.owner("square", {
  // `n` is a part of a key, so it is a string.
  lookup: ({ n }) =>
    Effect.sync(() => {
      computed++
      return Number(n) ** 2
    })
})

// The application: an owner for each family, over a store. The layer is built once; entries live as long as it does.
const SquaresLive = Squares.modules({ square: SquareLive }).pipe(
  Layer.provide(MemoryStore.layer({ capacity: 1_000 }))
)

const program = Effect.gen(function*() {
  const first = yield* square.get({ n: "12" })
  const second = yield* square.get({ n: "12" })
  assert.deepEqual([first, second, computed], [144, 144, 1])
  console.log(`12 squared is ${first}; read twice, computed ${computed} time`)

  // `getOption` and `has` only look, and never load.
  assert.equal(yield* square.has({ n: "13" }), false)
  assert.equal(computed, 1)

  const callers = Array.from({ length: 1_000 }, () => square.get({ n: "13" }))
  yield* Effect.all(callers, { concurrency: "unbounded" })
  assert.equal(computed, 2)
  console.log("1,000 fibers asked for 13 squared at once: computed once")
})

await Effect.runPromise(Effect.provide(program, SquaresLive))
