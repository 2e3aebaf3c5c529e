/**
 * The value that a lookup gets as the one before. What an invalidation hides is none: if the source said that it has
 * not changed, it would come back. What is marked stale is one.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import type { Scope } from "effect/Scope"
import type { Definition } from "../../src/ownership/Definition.ts"
import {
  answering,
  ArrangedWorld,
  arrangements,
  drop,
  inEach as plainly,
  inside,
  pass,
  read,
  type Step,
  tell,
  valueSchema
} from "../support/arrangements/world.ts"
import { fork, settle } from "../support/effects.ts"
import { family as alone, gated } from "../support/source.ts"

/** A family that derives from another one by a mark, and whose values have a tag. */
class World extends ArrangedWorld {
  override get families(): Definition["families"] {
    const { user, other } = super.families as any
    return {
      base: { pattern: "base:{n}", value: valueSchema },
      user: { ...user, derives: ["base:{n}"], fanout: true },
      other
    }
  }
}

const inEach = (
  arrangement: (typeof arrangements)[number],
  program: (world: World) => Effect.Effect<unknown, unknown, Scope>
) =>
  inside(
    (folder) => new World(arrangement, { timeToLive: 100, staleIfError: 1_000, negativeTimeToLive: 0 }, folder),
    program
  )

const by = (f: (keys: any, ids: ReadonlyArray<string>) => unknown): Step => (world, ids) =>
  world.on(f(world.running.app.keys, ids))

const ways: { readonly [way: string]: Step } = {
  "an invalidation of its tag": by(({ user }) => user.invalidateTag("t")),
  "an invalidation of all": by(({ user }) => user.invalidateAll()),
  "an invalidation by a pattern": by(({ user }) => user.invalidateWhere({})),
  "an invalidation of its key": by(({ user }, ids) =>
    Effect.forEach(ids, (id) => user.invalidate({ id }) as Effect.Effect<unknown, unknown, any>)
  ),
  "a write of its source": by(({ base }) => base.set({ n: "1" }, { row: 0 })),
  "a deletion of all of its source": by(({ base }) => base.invalidateAll())
}

const doors: { readonly [door: string]: (user: any, id: string) => unknown } = {
  get: (user, id) => user.get({ id }),
  getMany: (user, id) => user.getMany([{ id }]),
  "get of nothing stale": (user, id) => user.get({ id }, { stale: "refuse" }),
  refresh: (user, id) => user.refresh({ id }),
  update: (user, id) => user.update({ id }, (was: unknown) => was),
  warm: (user, id) => user.warm([{ id }])
}
const ids = Object.keys(doors)

for (const arrangement of arrangements) {
  describe.concurrent(`previous of a lookup: ${arrangement.name}`, () => {
    for (const [way, hide] of Object.entries(ways)) {
      for (const age of [10, 150]) {
        it.effect(`a lookup gets no value that ${way} hides, after ${age} ms: ${arrangement.name}`, () =>
          inEach(
            arrangement,
            Effect.fnUntraced(function*(world) {
              const { source } = world
              yield* tell(world, ids, [answering({ tags: ["t"], revision: "r" }), read])
              yield* pass(world, age)
              yield* tell(world, ids, [answering("notModified"), hide])
              for (const id of ids) {
                const before = source.asked.length
                yield* Effect.exit(world.on(doors[id]!(world.user, id)))
                assert.strictEqual(source.asked.length, before + 1, id)
                assert.deepInclude(source.asked.at(-1), {
                  previous: undefined,
                  cause: id === "refresh" ? id : "absent"
                }, id)
                assert.isFalse(yield* world.on(world.user.has({ id })), `${id} brings it back`)
              }
            })
          ))
      }
    }

    for (const door of ["get", "get of nothing stale", "refresh"]) {
      it.effect(`${door} tells its lookup of a value that is marked stale and never served: ${arrangement.name}`, () =>
        plainly(
          {},
          arrangement,
          Effect.fnUntraced(function*(world) {
            yield* tell(world, [door], [answering({ revision: "r" }), read, drop("markStale")])
            yield* Effect.exit(world.on(doors[door]!(world.user, door)))
            const { cause, previous } = world.source.asked.at(-1)!
            assert.deepInclude({ cause, ...previous }, { cause: door === "refresh" ? door : "absent", revision: "r" })
          })
        ))
    }

    for (const door of ["get", "get of nothing stale", "update", "refresh"]) {
      it.effect(`${door} tells its lookup of the stale value: ${arrangement.name}`, () =>
        inEach(
          arrangement,
          Effect.fnUntraced(function*(world) {
            yield* tell(world, [door], [answering({ revision: "r" }), read])
            yield* pass(world, 150)
            yield* world.between
            yield* Effect.exit(world.on(doors[door]!(world.user, door)))
            const { cause, previous } = world.source.asked.at(-1)!
            assert.deepStrictEqual({ cause, previous }, {
              cause: door === "refresh" ? "refresh" : "stale",
              previous: { value: { row: 1 }, revision: "r", ageMillis: 150 }
            })
          })
        ))
    }
  })
}

describe("hidden entry in memory", () => {
  it.effect("a lease that is granted after the invalidation allows a write of what its holder has loaded", () =>
    Effect.gen(function*() {
      const { get, on, running, set, user } = yield* alone({}, () => Effect.succeed("value"))
      yield* get
      yield* on(user.invalidateAll())
      yield* Effect.scoped(Effect.gen(function*() {
        const lease: any = yield* running.as(user.lease({ id: "1" }) as Effect.Effect<unknown, unknown, any>)
        assert.strictEqual(yield* get, "value")
        yield* set("changed", { lease })
      }))
      assert.strictEqual(yield* get, "changed")
    }))

  it.effect("a lookup that waits for its turn gets no value that is deleted meanwhile", () =>
    Effect.gen(function*() {
      const policy = { timeToLive: 100, staleIfError: 1_000, loadConcurrency: 1 }
      const { ends, get, of, refresh, remove, source } = yield* gated(
        policy,
        {},
        (run) => run === 1 ? "old" : undefined
      )
      yield* get
      const other = yield* fork(of("2").get)
      const refreshing = yield* fork(refresh)
      yield* settle
      yield* remove
      yield* ends(2, "other")
      assert.deepInclude(source.asked.at(-1), { cause: "refresh", previous: undefined })
      yield* ends(3, "new")
      assert.deepStrictEqual(yield* Effect.all([Fiber.join(other), Fiber.join(refreshing)]), ["other", "new"])
    }))
})
