/**
 * A batch is one step of one engine of its own manifest. A refused batch changes nothing.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Manifest from "effect-stateless/manifest/Manifest"
import * as MemoryStore from "effect-stateless/store/MemoryStore"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Scope from "effect/Scope"
import { reasonOf } from "../support/effects.ts"
import { family } from "../support/source.ts"

class App extends Manifest.Service<App>()("App", {
  families: {
    user: { pattern: "user:{id}", value: Manifest.type<string>() },
    team: { pattern: "team:{id}", value: Manifest.type<string>() }
  }
}) {}
class Other extends Manifest.Service<Other>()("Other", {
  families: { user: { pattern: "user:{id}", value: Manifest.type<string>() } }
}) {}
const { team, user } = App.keys
const one = { id: "1" }
const store = MemoryStore.layer({ capacity: 100 })
const AppLive = App.modules({ user: App.owner("user"), team: App.owner("team") }).pipe(Layer.provide(store))
const OtherLive = Other.modules({ user: Other.owner("user") }).pipe(Layer.provide(store))

const refusal = (effect: Effect.Effect<unknown, any, any>) => Effect.map(Effect.flip(effect), ({ reason }) => reason)

describe("batch", () => {
  it.effect("a batch with a write of another manifest is refused and changes nothing", () =>
    Effect.gen(function*() {
      // The types refuse it, too.
      const mixed: any = [user.setting(one, "mine"), Other.keys.user.setting(one, "theirs")]
      for (const run of [App.batch(mixed), Other.batch(mixed)]) {
        const reason = yield* refusal(run)
        assert.strictEqual(reason._tag, "InvalidBatch")
        assert.include(reason.message, "`user:{id}` is a pattern of")
      }
      // The module of `App`, evaluated a second time.
      const again: any = Manifest.Service<any>()("App", { families: { user: { pattern: "user:{id}" } } } as never)
      const twice = yield* refusal(App.batch([again.keys.user.setting(one, "hers")] as any))
      assert.include(twice.message, "`user:{id}` is of another class `App`: its module was evaluated twice")
      assert.isFalse(yield* user.has(one))
      assert.isFalse(yield* Other.keys.user.has(one))
    }).pipe(Effect.provide([AppLive, OtherLive])))

  it.effect("a batch with a write made before its owner left is refused and changes nothing", () =>
    Effect.gen(function*() {
      const app = yield* Layer.build(App.layer.pipe(Layer.provide(store)))
      const scope = yield* Scope.make()
      const given = Layer.succeedContext(app)
      const users = yield* Layer.build(App.owner("user").pipe(Layer.provide(given)))
      const teams = yield* Layer.buildWithScope(App.owner("team").pipe(Layer.provide(given)), scope)
      const context = Context.merge(Context.merge(app as Context.Context<any>, users), teams)
      const writes = [user.setting(one, "a"), team.setting(one, "b")]
      yield* Effect.provideContext(App.batch(writes), context)
      yield* Effect.provideContext(user.set(one, "before"), context)
      yield* Scope.close(scope, Exit.void)
      const reason = yield* refusal(Effect.provideContext(App.batch(writes), context))
      assert.include(["Revoked", "Unowned"], reason._tag)
      assert.strictEqual(yield* Effect.provideContext(user.get(one), context), "before")
    }) as Effect.Effect<void>)

  it.effect("a batch refuses a value that is not a write or not a list, and an empty batch does nothing", () =>
    Effect.gen(function*() {
      for (const wrong of [[{}], [null], [undefined], [user.set(one, "a")], ["user:1"], user.setting(one, "a"), null]) {
        assert.strictEqual((yield* refusal(App.batch(wrong as any)))._tag, "InvalidBatch")
      }
      yield* App.batch([])
      assert.isFalse(yield* user.has(one))
    }).pipe(Effect.provide(AppLive)))

  it.effect("a batch keeps the last of several writes of one key, even when it is a deletion", () =>
    Effect.gen(function*() {
      const { held, on, running, user } = yield* family({}, () => Effect.succeed("loaded"))
      const set = (value: string) => user.setting(one, value)
      const cases = [
        [[set("a"), set("b")], "b"],
        [[set("a"), user.deleting(one)], undefined],
        [[user.deleting(one), set("a")], "a"],
        [[set("a"), user.deleting(one), set("b")], "b"],
        [[set("a"), set("b"), user.deleting(one), user.deleting(one)], undefined]
      ] as const
      for (const [writes, expected] of cases) {
        yield* on(running.app.batch(writes))
        assert.strictEqual(yield* held, expected)
      }
    }))

  it.effect("a batch checks each condition against the entry before the batch", () =>
    Effect.gen(function*() {
      const { held, on, running, set, user } = yield* family({}, () => Effect.succeed("loaded"))
      const ifAbsent = (value: string) => user.setting(one, value, { ifVersion: null })
      yield* on(running.app.batch([ifAbsent("a"), ifAbsent("b")]))
      assert.strictEqual(yield* held, "b")
      yield* set("c")
      const refused = running.app.batch([user.deleting(one), ifAbsent("d")])
      assert.strictEqual(reasonOf(yield* Effect.flip(on(refused))), "VersionConflict")
      assert.strictEqual(yield* held, "c")
    }))

  it.effect("a batch within a lookup is refused, like each of its writes", () =>
    Effect.gen(function*() {
      const made: any = yield* family({}, () =>
        Effect.suspend(() => made.on(made.running.app.batch([made.user.setting({ id: "2" }, "from the lookup")]))))
      assert.strictEqual(reasonOf(yield* Effect.flip(made.get)), "NotOwner")
      assert.isUndefined(yield* made.of("2").held)
    }) as Effect.Effect<void>)
})
