/**
 * A write of a fiber that outlives the body of a transaction: it is made, or it is refused. It is never acknowledged
 * and then lost, wherever between its steps the body ends.
 */
import { assert, describe, it } from "@effect/vitest"
import type { CacheError } from "effect-stateless"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Manifest from "../../src/manifest/Manifest.ts"
import * as MemoryStore from "../../src/store/memory/MemoryStore.ts"
import { atEachStep } from "../support/yieldOnce.ts"

class C extends Manifest.Service<C>()("Late", {
  families: { row: { pattern: "row:{id}", value: Manifest.type<number>() } }
}) {}
const { row } = C.keys
const live = Layer.fresh(
  C.modules({ row: C.owner("row") }).pipe(
    Layer.provide(MemoryStore.layer({ capacity: 10_000 }))
  )
)
const one = { id: "1" }
const many = Array.from({ length: 600 }, (_, at) => ({ id: String(at) }))

type Write = Effect.Effect<void, CacheError.CacheError, Manifest.Owns<"row:{id}", C>>

/** Each write, and what is held of the key after it; `undefined` for nothing. */
const writes: { readonly [operation: string]: readonly [write: Write, after: number | undefined] } = {
  set: [row.set(one, 2), 2],
  setMany: [row.setMany([[one, 2]]), 2],
  "setMany of a long list": [row.setMany(many.map((key) => [key, 2])), 2],
  batch: [C.batch([row.setting(one, 2)]), 2],
  delete: [row.delete(one), undefined],
  deleteMany: [row.deleteMany([one]), undefined],
  "deleteMany of a long list": [row.deleteMany(many), undefined],
  invalidate: [row.invalidate(one), undefined],
  invalidateWhere: [row.invalidateWhere(one), undefined],
  invalidateAll: [row.invalidateAll(), undefined],
  invalidateTag: [row.invalidateTag("t"), undefined],
  "invalidate of a pattern": [C.invalidate("row:*"), undefined]
}

describe("a write of a fiber that outlives the body of a transaction", () => {
  for (const [operation, [write, after]] of Object.entries(writes)) {
    it.live(`an acknowledged ${operation} is made, at whatever step the body ends`, () =>
      atEachStep((begin, at) =>
        Effect.provide(
          Effect.gen(function*() {
            yield* row.set(one, 1, { tags: ["t"] })
            let late: Fiber.Fiber<Exit.Exit<void, CacheError.CacheError>> | undefined
            yield* C.transaction(<A, E, R>(body: Effect.Effect<A, E, R>) => body)(Effect.gen(function*() {
              late = yield* Effect.forkDetach(Effect.exit(Effect.andThen(begin, write)))
              yield* Effect.yieldNow
            }))
            const exit = yield* Fiber.join(late!)
            if (Exit.isFailure(exit)) assert.include(String(exit.cause), "E0528")
            else assert.strictEqual(Option.getOrUndefined(yield* row.getOption(one)), after, `yields at ${at}`)
          }),
          live
        )
      ))
  }
})
