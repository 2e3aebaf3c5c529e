/**
 * A read that finds nothing because a tier fails does not make a value that is kept: the next read, and the next
 * process, find what the tier has.
 */
import { assert, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import { TestClock } from "effect/testing"
import * as Manifest from "../../src/manifest/Manifest.ts"
import { Store } from "../../src/store/Store.ts"
import * as FaultyStore from "../../src/testing/FaultyStore.ts"
import { makePlace, mapStore } from "../support/mapStore.ts"
import { tiersOver } from "../support/tiers.ts"

class App extends Manifest.Service<App>()("App", {
  families: {
    user: { pattern: "user:{id}", value: Manifest.type<number>() },
    page: { pattern: "page:{id}", value: Manifest.type<string>(), derives: ["user:{id}"] }
  }
}) {}
const { page, user } = App.keys
const id = { id: "1" }

/** The ways in which a lookup may find that there is no user. */
const doors: { readonly [door: string]: Effect.Effect<boolean, unknown, any> } = {
  getOption: Effect.map(user.getOption(id), Option.isSome),
  getAnswerOption: Effect.map(user.getAnswerOption(id), Option.isSome),
  has: user.has(id),
  explain: Effect.map(user.explain(id), ({ held }) => held !== undefined),
  getUnsafe: Effect.map(user.reader, (reader) => reader.getUnsafe(id) !== undefined),
  get: Effect.map(Effect.option(user.get(id)), Option.isSome),
  getMany: Effect.map(Effect.option(user.getMany([id])), Option.isSome)
}

const arrangements = {
  "the tier alone": (tier: Store["Service"]) => tiersOver(tier, { above: "nothing" }),
  "memory over it": (tier: Store["Service"]) => tiersOver(tier),
  "a tier that is well over it": (tier: Store["Service"]) => tiersOver(tier, { above: "two tiers" })
}

for (const [arrangement, over] of Object.entries(arrangements)) {
  for (const [door, isThere] of Object.entries(doors)) {
    it.effect(`a value made where ${door} found nothing in a tier that failed is not kept: ${arrangement}`, () =>
      Effect.gen(function*() {
        const place = makePlace()
        const life = <A, E, R>(fails: boolean, body: (stop: Effect.Effect<void>) => Effect.Effect<A, E, R>) =>
          Effect.gen(function*() {
            const [tier, faults] = yield* FaultyStore.make(mapStore({ name: "cold", place }), {
              rules: fails ? [{ fault: { kind: "fail" }, operations: ["get"] }] : []
            })
            // The Context of the owner has the right to read users.
            const found = Effect.orDie(isThere) as Effect.Effect<boolean>
            const lookup = () => Effect.map(found, (is) => is ? "page of a user" : "page of nothing")
            const live = App.modules({ user: App.owner("user"), page: App.owner("page", { lookup }) }).pipe(
              Layer.provide(Layer.effect(Store, over(tier))),
              Layer.fresh
            )
            return yield* Effect.provide(Effect.tap(body(faults.stop), () => TestClock.adjust(50)), live)
          })
        yield* life(false, () => user.set(id, 1))
        const got = yield* life(true, (stop) =>
          Effect.gen(function*() {
            const first = yield* page.get(id)
            yield* stop
            // `getUnsafe` sees what memory has.
            yield* user.getOption(id)
            return [first, yield* page.get(id)]
          }))
        const unsafe = door === "getUnsafe" && arrangement === "the tier alone"
        assert.deepStrictEqual(got, ["page of nothing", unsafe ? "page of nothing" : "page of a user"])
        const later = yield* life(false, () => Effect.andThen(user.getOption(id), page.get(id)))
        assert.strictEqual(later, unsafe ? "page of nothing" : "page of a user")
      }))
  }
}
