/**
 * A function of the user that throws, or whose Effect dies, gives its caller the very object that it threw. What Effect
 * prints of the cause names the function, the family and the key.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Manifest from "../../src/manifest/Manifest.ts"
import * as MemoryStore from "../../src/store/memory/MemoryStore.ts"

const boom = new RangeError("boom")
const thrown = (): never => {
  throw boom
}

class App extends Manifest.Service<App>()("Defects", {
  families: {
    single: { pattern: "single:{id}", value: Manifest.type<number>() },
    bulk: { pattern: "bulk:{id}", value: Manifest.type<number>() },
    held: { pattern: "held:{id}", value: Manifest.type<number>() },
    secret: { pattern: "secret:{id}", value: Manifest.type<number>(), sensitive: true },
    derived: { pattern: "derived:{id}", value: Manifest.type<number>(), derives: ["single:{id}"] },
    whole: { pattern: "whole:*", value: Manifest.type<number>() },
    part: { pattern: "whole:{id}:part", value: Manifest.type<number>(), partOf: "whole" }
  }
}) {}
const { bulk, derived, held, part, secret, single } = App.keys
const one = { id: "1" }

type Throwing = () => Effect.Effect<never>

const ways: Record<string, Throwing> = {
  throws: thrown,
  dies: () => Effect.die(boom),
  "dies later": () => Effect.andThen(Effect.yieldNow, Effect.die(boom)),
  "dies within a span": () => Effect.withSpan(Effect.die(boom), "query")
}

const layerOf = (throwing: Throwing) =>
  App.modules({
    single: App.owner("single", { lookup: throwing }),
    bulk: App.owner("bulk", { lookupMany: throwing }),
    held: App.owner("held", { lookup: () => Effect.succeed(1) }),
    secret: App.owner("secret", { lookup: throwing }),
    derived: App.owner("derived", { lookup: (params) => single.get(params) }),
    whole: App.owner("whole", { lookup: throwing, parts: { part: { lookup: throwing } } })
  }).pipe(Layer.provide(MemoryStore.layer({ capacity: 100 })))

interface Door {
  readonly name: string
  readonly shown: string
  readonly run: (throwing: Throwing) => Effect.Effect<unknown, unknown, any>
}

const lookup = "`lookup` of family `single`, key `single:1`"
const transaction = App.transaction((body: Effect.Effect<unknown, any, any>) => body)
const doors: ReadonlyArray<Door> = [
  { name: "get", shown: lookup, run: () => single.get(one) },
  { name: "getAnswer", shown: lookup, run: () => single.getAnswer(one) },
  { name: "getMany", shown: lookup, run: () => single.getMany([one]) },
  {
    name: "getManyResults",
    shown: lookup,
    run: () => Effect.flatMap(single.getManyResults([one]), ([result]) => result!)
  },
  { name: "select", shown: lookup, run: () => single.select(one, (value) => value) },
  { name: "update", shown: lookup, run: () => single.update(one, (value) => value) },
  { name: "refresh", shown: lookup, run: () => single.refresh(one) },
  { name: "a handle", shown: lookup, run: () => Effect.flatMap(single.reader, (reader) => reader.get(one)) },
  { name: "a raw key", shown: lookup, run: () => App.get("single:1") },
  {
    name: "what derives from it",
    shown: `${lookup}\n    at \`lookup\` of family \`derived\`, key \`derived:1\``,
    run: () => derived.get(one)
  },
  { name: "the body of a transaction", shown: lookup, run: () => transaction(single.get(one)) },
  { name: "bulk get", shown: "`lookupMany` of family `bulk`, key `bulk:1`", run: () => bulk.get(one) },
  {
    name: "bulk getMany",
    shown: "`lookupMany` of family `bulk`",
    run: () => bulk.getMany([one, { id: "2" }])
  },
  {
    name: "bulk getMany in the body of a transaction",
    shown: "`lookupMany` of family `bulk`",
    run: () => transaction(bulk.getMany([one, { id: "2" }]))
  },
  { name: "a part", shown: "`lookup` of family `part`, key `whole:1:part`", run: () => part.get(one) },
  {
    name: "the function of update",
    shown: "`update` of family `held`, key `held:1`",
    run: (throwing) => held.update(one, throwing)
  },
  {
    name: "the function of patch",
    shown: "`patch` of family `held`, key `held:1`",
    run: (throwing) => Effect.andThen(held.get(one), held.patch(one, throwing))
  },
  {
    name: "the function of select",
    shown: "`select` of family `held`, key `held:1`",
    run: () => held.select(one, thrown)
  }
]

describe("a function of the user that throws", () => {
  for (const [way, throwing] of Object.entries(ways)) {
    for (const { name, run, shown } of doors) {
      it.effect(`${name}: what ${way} stays what it is, and the printed cause names it`, () =>
        Effect.gen(function*() {
          for (const again of ["at first", "remembered"]) {
            const exit = yield* Effect.exit(run(throwing))
            assert.ok(Exit.isFailure(exit), again)
            assert.strictEqual(Cause.squash(exit.cause), boom, again)
            assert.isTrue(exit.cause.reasons.every(Cause.isDieReason))
            const printed = Cause.pretty(exit.cause)
            assert.include(printed, `at ${shown}`, again)
            const times = name === "what derives from it" ? 2 : 1
            assert.strictEqual(printed.split("of family").length - 1, times, `it is named once\n${printed}`)
            if (way === "dies within a span" && !name.endsWith("select")) {
              assert.isBelow(printed.indexOf("at query"), printed.indexOf(`at ${shown}`), printed)
            }
          }
        }).pipe(Effect.provide(Layer.fresh(layerOf(throwing)))) as Effect.Effect<void, unknown>)
    }
  }

  it.effect("the spans of the caller of an update come after its name", () =>
    Effect.gen(function*() {
      const exit = yield* Effect.exit(Effect.withSpan(held.update(one, () => Effect.die(boom)), "request"))
      assert.ok(Exit.isFailure(exit))
      const printed = Cause.pretty(exit.cause)
      assert.isBelow(printed.indexOf("`update` of family"), printed.indexOf("at request"), printed)
      assert.isAtLeast(printed.indexOf("`update` of family"), 0, printed)
    }).pipe(Effect.provide(Layer.fresh(layerOf(thrown)))) as Effect.Effect<void, unknown>)

  it.effect("the span in which the owner was built is not printed", () =>
    Effect.gen(function*() {
      const layer = Effect.withSpan(Layer.build(Layer.fresh(layerOf(() => Effect.die(boom)))), "boot")
      const exit = yield* Effect.exit(Effect.provideContext(single.get(one), yield* layer))
      assert.ok(Exit.isFailure(exit))
      assert.notInclude(Cause.pretty(exit.cause), "boot")
    }) as Effect.Effect<void, unknown>)

  it.effect("the key of a sensitive family is not shown", () =>
    Effect.gen(function*() {
      const exit = yield* Effect.exit(secret.get({ id: "4711" }))
      assert.ok(Exit.isFailure(exit))
      assert.include(Cause.pretty(exit.cause), "`lookup` of family `secret`")
      assert.notInclude(Cause.pretty(exit.cause), "4711")
    }).pipe(Effect.provide(Layer.fresh(layerOf(thrown)))) as Effect.Effect<void, unknown>)

  it.effect("an error that a function fails with gets no name", () =>
    Effect.gen(function*() {
      const exit = yield* Effect.exit(held.update(one, () => Effect.fail("no")))
      assert.ok(Exit.isFailure(exit))
      assert.strictEqual(Context.getOrUndefined(Cause.annotations(exit.cause), Cause.StackTrace), undefined)
    }).pipe(Effect.provide(Layer.fresh(layerOf(thrown)))) as Effect.Effect<void, unknown>)
})
