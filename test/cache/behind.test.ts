/**
 * A load that is behind a change of a source makes an old value, and so does every load that waits for it, or has read
 * what it made, even if no tier holds that any more. Readers who come after the change join none of them.
 */
import { assert, it } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import { Manifest, MemoryStore } from "../../src/index.ts"
import { settle } from "../support/effects.ts"

class App extends Manifest.Service<App>()("App", {
  families: {
    user: { pattern: "user:{id}", value: Manifest.type<number>() },
    profile: { pattern: "profile:{id}", value: Manifest.type<number>(), derives: ["user:{id}"] },
    page: { pattern: "page:{id}", value: Manifest.type<number>(), derives: ["profile:{id}"] },
    site: { pattern: "site:{id}", value: Manifest.type<number>(), derives: ["page:{id}"] },
    other: { pattern: "other:{id}", value: Manifest.type<number>() }
  }
}) {}
const { other, page, profile, site, user } = App.keys
const id = { id: "1" }

/** The source, and gates at which the first lookup of a family waits after it has read. */
const world = () => {
  const state = { row: 3 }
  const gates = new Map<string, Deferred.Deferred<void>>()
  const wait = (family: string) =>
    Effect.suspend(() => {
      const gate = gates.get(family)
      gates.delete(family)
      return gate === undefined ? Effect.void : Deferred.await(gate)
    })
  const live = App.modules({
    user: App.owner("user", { lookup: () => Effect.sync(() => state.row) }),
    profile: App.owner("profile", {
      lookup: (params) => Effect.tap(user.get(params), () => wait("profile"))
    }),
    page: App.owner("page", { lookup: (params) => Effect.tap(profile.get(params), () => wait("page")) }),
    site: App.owner("site", { lookup: (params) => Effect.tap(page.get(params), () => wait("site")) }),
    other: App.owner("other")
  })
  const close = (family: string) => {
    const gate = Deferred.makeUnsafe<void>()
    gates.set(family, gate)
    return Deferred.succeed(gate, undefined)
  }
  return { state, live, close }
}

const cases = [
  ["that waits for a profile that has read an old row", () => "profile"],
  ["that has read a profile which has gone since", (name: string) => name]
] as const

for (const [name, read] of [["page", page], ["site", site]] as const) {
  for (const [which, gateOf] of cases) {
    it.effect(`no reader joins the load of a ${name} ${which}`, () =>
      Effect.gen(function*() {
        const { close, live, state } = world()
        yield* Effect.gen(function*() {
          const open = close(gateOf(name))
          const first = yield* Effect.forkChild(read.get(id))
          yield* settle
          yield* other.set({ id: "pushes all out" }, 0)
          state.row = 4
          assert.strictEqual(yield* user.get(id), 4)
          const second = yield* Effect.forkChild(read.get(id))
          yield* settle
          yield* open
          assert.strictEqual(yield* Fiber.join(second), 4)
          assert.strictEqual(yield* Fiber.join(first), 3)
          assert.strictEqual(yield* read.get(id), 4)
        }).pipe(Effect.provide(Layer.provide(live, MemoryStore.layer({ capacity: 1, eviction: "lru" }))))
      }))
  }
}
