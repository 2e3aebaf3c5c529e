/**
 * The accessors of the kit's engine have the names of the families and of their operations, so a test that asks for one
 * that does not exist does not compile.
 */
import { assert, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { engine } from "../support/engine.ts"

it.effect("a family or an operation that does not exist does not compile in a test", () =>
  Effect.gen(function*() {
    const { app, as } = yield* engine(
      { families: { user: { pattern: "user:{id}" } } },
      ({ key }) => Effect.succeed(key)
    )
    assert.strictEqual(yield* as(app.keys.user.get({ id: "1" })), "user:1")
    // @ts-expect-error Property 'profile' does not exist
    assert.isUndefined(app.keys.profile)
    // @ts-expect-error Property 'load' does not exist
    assert.isUndefined(app.keys.user.load)
    // @ts-expect-error Expected 1 arguments, but got 2
    assert.strictEqual(yield* as(app.keys.user.has({ id: "1" }, {})), true)
  }))
