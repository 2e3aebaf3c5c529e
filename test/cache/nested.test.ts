/**
 * An update or a patch inside the function of another one of the same key would wait for itself: it fails with a typed
 * error that says so, and the outer one goes on.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { cacheReasonOf } from "../support/effects.ts"
import { family } from "../support/source.ts"

const id = { id: "1" }

describe("change of a key inside a change of the key", () => {
  for (const isLater of [false, true]) {
    for (const verb of ["update", "patch"]) {
      it.effect(`${verb} says that it would wait for itself, ${isLater ? "after a step" : "at once"}`, () =>
        Effect.gen(function*() {
          const { held, on, set, user } = yield* family({}, () => Effect.succeed(0))
          yield* set(1)
          let refused: unknown
          const inner = Effect.flip((user as any)[verb](id, (was: number) => was + 10)) as Effect.Effect<unknown>
          yield* on(
            (user as any)[verb](id, (was: number) =>
              Effect.andThen(
                isLater ? Effect.yieldNow : Effect.void,
                Effect.map(inner, (error) => {
                  refused = error
                  return was + 1
                })
              ))
          )
          assert.strictEqual(cacheReasonOf(refused)._tag, "CircularWait")
          assert.strictEqual(
            cacheReasonOf(refused).message,
            `E0521: the ${verb} of \`user:1\` cannot wait for \`user:1\`: it would wait for itself; help: return the ` +
              "value from the function that runs already"
          )
          assert.strictEqual(yield* held, 2)
        }))
    }
  }
})
