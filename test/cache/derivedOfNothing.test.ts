/**
 * A value made of a key that had no value is dropped when the key is loaded with one, also by a later engine, and by
 * another engine that is open meanwhile: in memory, and in the place.
 */
import { assert, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as Scope from "effect/Scope"
import * as Lookup from "../../src/cache/Lookup.ts"
import * as Manifest from "../../src/manifest/Manifest.ts"
import * as LmdbStore from "../../src/store/lmdb/LmdbStore.ts"
import * as MemoryStore from "../../src/store/memory/MemoryStore.ts"
import * as TieredStore from "../../src/store/TieredStore.ts"
import { start } from "../support/engine.ts"
import { temporaryFolder } from "../support/folder.ts"

class App extends Manifest.Service<App>()("App", {
  families: {
    user: { pattern: "user:{id}", value: Schema.Number },
    page: { pattern: "page:{id}", value: Schema.String, derives: ["user:{id}"] }
  }
}) {}
const { page, user } = App.keys
const id = { id: "1" }

const places = {
  "LMDB alone": (path: string) => LmdbStore.layer({ path, durability: "process" }),
  "memory over it": (path: string) =>
    TieredStore.layer([MemoryStore.layer({ capacity: 100 }), LmdbStore.layer({ path, durability: "process" })]),
  "on eviction": (path: string) =>
    TieredStore.layer([MemoryStore.layer({ capacity: 100 }), LmdbStore.layer({ path, durability: "process" })], {
      set: "onEviction"
    })
}

const doors: { readonly [door: string]: Effect.Effect<boolean, unknown, any> } = {
  getOption: Effect.map(user.getOption(id), Option.isSome),
  get: Effect.map(Effect.option(user.get(id)), Option.isSome)
}

for (const [place, layer] of Object.entries(places)) {
  for (const [door, isThere] of Object.entries(doors)) {
    for (const when of ["one after the other", "two engines at once", "the first one leaves"] as const) {
      for (const how of ["get", "refresh", "getMany", "set"] as const) {
        it.live(`a ${how} reaches what was made where ${door} found nothing: ${when}, ${place}`, () =>
          Effect.gen(function*() {
            const path = yield* temporaryFolder
            const source: { row: number | undefined } = { row: undefined }
            const open = Effect.gen(function*() {
              const scope = yield* Scope.make()
              const lookup = () =>
                Effect.map(Effect.orDie(isThere) as Effect.Effect<boolean>, (is) => is ? "user" : "none")
              const running = yield* Scope.provide(
                start(
                  App,
                  App.modules({
                    user: App.owner("user", {
                      lookup: () =>
                        Effect.sync(() => source.row === undefined ? Lookup.absent : Lookup.loaded(source.row, {}))
                    }),
                    page: App.owner("page", { lookup })
                  }).pipe(Layer.provideMerge(App.layer), Layer.provide(layer(path)))
                ),
                scope
              )
              return { ...running, close: Scope.close(scope, Exit.void) }
            })
            const together = when === "two engines at once"
            const early = when === "the first one leaves" ? yield* open : undefined
            const a = yield* open
            assert.strictEqual(yield* a.as(page.get(id)), "none")
            if (!together) yield* a.close
            const b = early ?? (yield* open)
            source.row = 1
            const loads: Record<typeof how, Effect.Effect<unknown, unknown, any>> = {
              get: user.get(id),
              getMany: user.getMany([id]),
              refresh: user.refresh(id),
              set: user.set(id, 1)
            }
            yield* Effect.sleep(210)
            yield* b.as(loads[how])
            const got = [yield* b.as(page.get(id))]
            if (together) got.push(yield* a.as(page.get(id)))
            yield* b.close
            if (together) yield* a.close
            const c = yield* open
            got.push(yield* c.as(page.get(id)))
            yield* c.close
            assert.deepStrictEqual(new Set(got), new Set(["user"]))
          }))
      }
    }
  }
}
