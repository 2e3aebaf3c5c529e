/**
 * When the source says that a value is gone, the value leaves every lower tier, even a tier that could not be read. No
 * later release serves the value, or what was made from it.
 */
import { assert, it } from "@effect/vitest"
import * as Lookup from "effect-stateless/cache/Lookup"
import * as Manifest from "effect-stateless/manifest/Manifest"
import * as MemoryStore from "effect-stateless/store/MemoryStore"
import { Store } from "effect-stateless/store/Store"
import * as TieredStore from "effect-stateless/store/TieredStore"
import * as FaultyStore from "effect-stateless/testing/FaultyStore"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import { TestClock } from "effect/testing"
import { lifeOf } from "../support/life.ts"
import { makePlace, mapStore } from "../support/mapStore.ts"

class App extends Manifest.Service<App>()("App", {
  families: { user: { pattern: "user:{id}", value: Manifest.type<string>() } }
}) {}
const { user } = App.keys
const id = { id: "1" }

for (const how of ["lookup", "lookupMany"] as const) {
  it.effect(`a value leaves a tier that could not be read beside another one: ${how}`, () =>
    Effect.gen(function*() {
      const place = makePlace()
      let row: string | undefined = "Ann"
      const one = () => Effect.sync((): any => row === undefined ? Lookup.absent : row)
      const owner = how === "lookup"
        ? App.owner("user", { lookup: one })
        : App.owner("user", {
          lookup: one,
          lookupMany: (all: ReadonlyArray<unknown>) =>
            Effect.sync((): any => all.map(() => row === undefined ? Lookup.absent : row))
        } as never)
      const life = <A>(fails: boolean, body: Effect.Effect<A, any, any>) =>
        Effect.scoped(Effect.gen(function*() {
          const [cold] = yield* FaultyStore.make(mapStore({ name: "cold", place }), {
            rules: fails ? [{ fault: { kind: "fail" }, operations: ["get"] as never }] : []
          })
          const memory = yield* MemoryStore.make({ capacity: 100 })
          const store = TieredStore.make([memory, mapStore({ name: "well" }), cold])
          const context = yield* Layer.build(
            Layer.fresh(Layer.provide(App.modules({ user: owner as never }), Layer.succeed(Store, store)))
          ) as Effect.Effect<any, any, any>
          return yield* Effect.provideContext(
            body,
            context
          )
        })) as Effect.Effect<A, any>
      yield* life(false, user.get(id))
      yield* TestClock.adjust(1000)
      row = undefined
      yield* life(true, Effect.andThen(Effect.exit(user.getMany([id])), TestClock.adjust(1000)))
      const later = yield* life(false, Effect.exit(user.get(id)))
      assert.isTrue(Exit.isFailure(later))
    }))
}

for (const answer of ["another value", "absent"] as const) {
  it.effect(`a page of a user that another release found gone or changed is not served: ${answer}`, () =>
    Effect.gen(function*() {
      const place = makePlace()
      let row: string | undefined = "Ann"
      const user = { pattern: "user:{id}", value: Schema.String }
      const page = { pattern: "page:{id}", value: Schema.String, derives: ["user:{id}"] }
      const userOwner = (app: any) =>
        app.owner("user", { lookup: () => Effect.sync((): any => row === undefined ? Lookup.absent : row) })
      const pageOwner = (app: any) =>
        app.owner("page", {
          lookup: () =>
            Effect.map(
              Effect.option(app.keys.user.get(id)),
              (o: any) => o._tag === "Some" ? `page of ${o.value}` : "page of none"
            )
        })
      const together = {
        place,
        families: { user, page },
        owners: (app: any) => ({ user: userOwner(app), page: pageOwner(app) })
      }
      yield* lifeOf(
        together,
        ([e]) => e!.run(Effect.andThen(e!.app.keys.page.get(id), Effect.tap(Effect.void, () => TestClock.adjust(1000))))
      )
      row = answer === "absent" ? undefined : "Bob"
      for (const [name, all] of place.families) if (name.includes("user")) (all as Map<string, unknown>).delete("1")
      yield* lifeOf(
        { place, families: { user }, owners: (app: any) => ({ user: userOwner(app) }) },
        ([e]) => Effect.tap(e!.run(Effect.exit(e!.app.keys.user.get(id))), () => TestClock.adjust(1000))
      )
      const third = yield* lifeOf(together, ([e]) => e!.run(e!.app.keys.page.get(id)))
      assert.notInclude(third as string, "Ann")
    }) as any)
}

for (const how of ["absent", "another value"] as const) {
  it.effect(`a user that a shorter lifetime has ended does not come back with a longer one: ${how}`, () =>
    Effect.gen(function*() {
      const place = makePlace()
      let answer: Effect.Effect<any, any> = Effect.succeed("Ann")
      const release = (timeToLive: string) => ({
        place,
        families: { user: { pattern: "user:{id}", value: Schema.String, timeToLive } },
        owners: (app: any) => ({ user: app.owner("user", { lookup: () => Effect.suspend(() => answer) }) })
      })
      const get = (timeToLive: string) =>
        lifeOf(
          release(timeToLive),
          ([e]) => Effect.tap(e!.run(Effect.exit(e!.app.keys.user.get(id))), () => TestClock.adjust(1000))
        )
      yield* get("1 hour")
      yield* TestClock.adjust("2 minutes")
      answer = Effect.succeed(how === "absent" ? Lookup.absent : "Bob")
      yield* get("1 minute")
      yield* TestClock.adjust("2 minutes")
      const third: any = yield* get("1 hour")
      assert.notStrictEqual(third.value, "Ann")
    }) as any)
}
