/**
 * A caller who is about to wait for a load, a step after it has found the load, waits for no load that has been given
 * up in between.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import { fork, settle } from "../support/effects.ts"
import { family } from "../support/source.ts"
import { atEachStep } from "../support/yieldOnce.ts"

const id = { id: "1" }

const changes: { readonly [change: string]: (user: any) => Effect.Effect<unknown, unknown, any> } = {
  update: (user) => user.update(id, (was: string) => `${was}!`),
  patch: (user) => user.patch(id, (was: string) => `${was}!`)
}

describe("change behind a refresh", () => {
  for (const [change, run] of Object.entries(changes)) {
    it.live(`${change} ends if the caller of the refresh leaves at any step of it`, () =>
      atEachStep((begin, at) =>
        Effect.scoped(Effect.gen(function*() {
          const gate = yield* Deferred.make<void>()
          let runs = 0
          const { on, user } = yield* family(
            {},
            () => ++runs === 1 ? Effect.as(Deferred.await(gate), "1") : Effect.sync(() => `${runs}`)
          )
          yield* fork(on(user.get(id)))
          const refresher = yield* fork(on(user.refresh(id)))
          const changer = yield* Effect.forkChild(Effect.andThen(begin, on(run(user))))
          yield* Effect.forkChild(Fiber.interrupt(refresher))
          yield* settle
          yield* Deferred.succeed(gate, undefined)
          for (let i = 0; i < 10; i++) yield* settle
          assert.isDefined(changer.pollUnsafe(), `yields at ${at}`)
        }))
      ))
  }
})
