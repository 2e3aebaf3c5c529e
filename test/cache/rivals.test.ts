/**
 * What other caches were seen to do, run against this one. Each test says what must not happen, and who does it.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Schema from "effect/Schema"
import { TestClock } from "effect/testing"
import * as Lookup from "../../src/cache/Lookup.ts"
import type { FamilyPolicy } from "../../src/ownership/FamilyPolicy.ts"
import * as LmdbStore from "../../src/store/lmdb/LmdbStore.ts"
import * as MemoryStore from "../../src/store/memory/MemoryStore.ts"
import * as TieredStore from "../../src/store/TieredStore.ts"
import { engine } from "../engine.ts"
import { temporaryFolder } from "../store/folder.ts"

type Answer = Effect.Effect<unknown, unknown>

const family = Effect.fnUntraced(function*(
  policy: FamilyPolicy,
  lookup: (run: number, about: Lookup.LookupContext<unknown>) => Answer
) {
  const source = { runs: 0, now: 0, atOnce: 0 }
  const { app, as } = yield* engine(
    { families: { user: { pattern: "user:{id}", ...policy } } },
    (about) =>
      Effect.acquireUseRelease(
        Effect.sync(() => {
          source.atOnce = Math.max(source.atOnce, ++source.now)
          return ++source.runs
        }),
        (run) => lookup(run, about),
        () => Effect.sync(() => source.now--)
      )
  )
  const { user } = app.keys
  const on = (effect: unknown) => as<any, unknown>(effect as Effect.Effect<any, unknown, any>)
  return { user, on, source, get: on(user.get({ id: "1" })), held: on(user.getOption({ id: "1" })) }
})

const fork = <A, E>(effect: Effect.Effect<A, E>) => Effect.forkChild(effect, { startImmediately: true })
const times = <A, E>(n: number, effect: Effect.Effect<A, E>) => Effect.forEach(Array.from({ length: n }), () => effect)
const after = (millis: number, answer: Answer): Answer => Effect.andThen(Effect.sleep(millis), answer)

describe("what other caches do", () => {
  it.effect("200 callers of a load that fails do not run it 200 times (BentoCache does)", () =>
    Effect.gen(function*() {
      const { get, source } = yield* family({}, () => after(10, Effect.fail("broken")))
      const callers = yield* times(200, fork(Effect.flip(get)))
      yield* TestClock.adjust(10)
      assert.deepStrictEqual(new Set(yield* Fiber.joinAll(callers)), new Set(["broken"]))
      assert.strictEqual(source.runs, 1)
    }))

  it.effect("a load that fails does not answer undefined (cacheable does)", () =>
    Effect.gen(function*() {
      const { get } = yield* family({}, () => Effect.fail("broken"))
      assert.strictEqual(yield* Effect.flip(get), "broken")
    }))

  it.effect("a failure is not cached for the life of a value (Effect's Cache does)", () =>
    Effect.gen(function*() {
      const { get } = yield* family({}, (run) => run === 1 ? Effect.fail("broken") : Effect.succeed("value"))
      assert.strictEqual(yield* Effect.flip(get), "broken")
      yield* TestClock.adjust(200)
      assert.strictEqual(yield* get, "value")
    }))

  it.effect("20 reads of a stale value do not run a broken source 20 times (BentoCache and cachified do)", () =>
    Effect.gen(function*() {
      const policy = { timeToLive: 100, staleWhileRevalidate: 1_000 }
      const { get, source } = yield* family(policy, (run) => run === 1 ? Effect.succeed("old") : Effect.fail("broken"))
      yield* get
      yield* TestClock.adjust(100)
      assert.deepStrictEqual(new Set(yield* times(20, get)), new Set(["old"]))
      assert.strictEqual(source.runs, 2)
    }))

  it.effect("five callers of a load that hangs do not run five loads at once (BentoCache does)", () =>
    Effect.gen(function*() {
      const policy = { hardTimeout: 20, negativeTimeToLive: 0 }
      const { get, source } = yield* family(policy, () => after(300, Effect.succeed("late")))
      for (let i = 0; i < 5; i++) {
        const caller = yield* fork(Effect.exit(get))
        yield* TestClock.adjust(20)
        yield* Fiber.join(caller)
      }
      assert.strictEqual(source.atOnce, 1)
    }))

  it.effect("a hung load does not hold its key for ever (FusionCache's does)", () =>
    Effect.gen(function*() {
      const policy = { hardTimeout: 20, negativeTimeToLive: 0 }
      const { get } = yield* family(policy, (run) => run === 1 ? Effect.never : Effect.succeed("value"))
      const caller = yield* fork(Effect.exit(get))
      yield* TestClock.adjust(20)
      yield* Fiber.join(caller)
      assert.strictEqual(yield* get, "value")
    }))

  it.effect("a key deleted while it is loaded does not keep the old value (BentoCache, cacheable and cachified do)", () =>
    Effect.gen(function*() {
      const { get, on, user } = yield* family(
        {},
        (run) => run === 1 ? after(10, Effect.succeed("old")) : Effect.succeed("new")
      )
      const caller = yield* fork(get)
      yield* on(user.delete({ id: "1" }))
      yield* TestClock.adjust(10)
      assert.strictEqual(yield* Fiber.join(caller), "old", "nor is its load rejected (lru-cache does)")
      assert.strictEqual(yield* get, "new")
    }))

  it.effect("a value loaded while its tag is invalidated is not kept (BentoCache keeps it)", () =>
    Effect.gen(function*() {
      const loaded = (value: string) => Effect.succeed(Lookup.loaded(value, { tags: ["tag"] }))
      const { get, on, user } = yield* family({}, (run) => run === 1 ? after(10, loaded("old")) : loaded("new"))
      const caller = yield* fork(get)
      yield* on(user.invalidateTag("tag"))
      yield* TestClock.adjust(10)
      yield* Fiber.join(caller)
      assert.strictEqual(yield* get, "new")
    }))

  it.effect("a refresh behind a reader does not bring back what a tag has invalidated (FusionCache's does)", () =>
    Effect.gen(function*() {
      const loaded = (value: string) => Effect.succeed(Lookup.loaded(value, { tags: ["tag"] }))
      const policy = { timeToLive: 100, staleWhileRevalidate: 1_000 }
      const { get, on, user } = yield* family(
        policy,
        (run) => run === 1 ? loaded("old") : run === 2 ? after(10, loaded("old again")) : loaded("new")
      )
      yield* get
      yield* TestClock.adjust(100)
      yield* get
      yield* on(user.invalidateTag("tag"))
      yield* TestClock.adjust(10)
      assert.strictEqual(yield* get, "new")
    }))

  it.effect("an invalidation during a refresh is not overwritten (Effect's Cache does)", () =>
    Effect.gen(function*() {
      const { get, on, user } = yield* family({}, (run) =>
        run === 1 ? Effect.succeed("first") : run === 2 ? after(10, Effect.succeed("old")) : Effect.succeed("new"))
      yield* get
      const refresh = yield* fork(on(user.refresh({ id: "1" })))
      yield* on(user.invalidate({ id: "1" }))
      yield* TestClock.adjust(10)
      assert.strictEqual(yield* Fiber.join(refresh), "old")
      assert.strictEqual(yield* get, "new")
    }))

  it.effect("a set during a refresh is not overwritten (Effect's Cache does)", () =>
    Effect.gen(function*() {
      const { get, on, user } = yield* family({}, (run) =>
        run === 1 ? Effect.succeed("first") : after(10, Effect.succeed("old")))
      yield* get
      const refresh = yield* fork(on(user.refresh({ id: "1" })))
      yield* on(user.set({ id: "1" }, "set"))
      yield* TestClock.adjust(10)
      yield* Fiber.join(refresh)
      assert.strictEqual(yield* get, "set")
    }))

  it.effect("a failed refresh does not replace a good value (Effect's Cache does)", () =>
    Effect.gen(function*() {
      const { get, on, user } = yield* family({}, (run) => run === 1 ? Effect.succeed("good") : Effect.fail("broken"))
      yield* get
      assert.strictEqual(yield* Effect.flip(on(user.refresh({ id: "1" }))), "broken")
      assert.strictEqual(yield* get, "good")
    }))

  it.effect("a time to live of zero is not for ever (BentoCache, cacheable, cache-manager and lru-cache)", () =>
    Effect.gen(function*() {
      const { get, held, source } = yield* family({ timeToLive: 0 }, (run) => Effect.succeed(run))
      yield* get
      yield* get
      assert.strictEqual((yield* held)._tag, "None")
      assert.strictEqual(source.runs, 2)
    }))

  it.effect("a grace shorter than the life does not shorten it (BentoCache's does)", () =>
    Effect.gen(function*() {
      const { get, source } = yield* family(
        { timeToLive: "10 minutes", staleIfError: 50 },
        () => Effect.succeed("value")
      )
      yield* get
      yield* TestClock.adjust(80)
      yield* get
      assert.strictEqual(source.runs, 1)
    }))

  for (const value of [undefined, null]) {
    it.effect(`a lookup that gives ${value} is not run again for each caller (cacheable, cache-manager)`, () =>
      Effect.gen(function*() {
        const { get, held, source } = yield* family({}, () => Effect.succeed(value))
        assert.deepStrictEqual(yield* times(3, get), [value, value, value])
        assert.strictEqual(source.runs, 1)
        assert.strictEqual((yield* held)._tag, "Some", "nothing stored is one thing, a stored undefined another")
      }))
  }

  it.effect("tags chosen by a lookup are not dropped in silence (BentoCache drops them)", () =>
    Effect.gen(function*() {
      const { get, on, source, user } = yield* family(
        {},
        () => Effect.succeed(Lookup.loaded("value", { tags: ["tag"] }))
      )
      yield* get
      yield* on(user.invalidateTag("tag"))
      yield* get
      assert.strictEqual(source.runs, 2)
    }))

  it.effect("options that callers share do not grow (BentoCache pushes tags into them)", () =>
    Effect.gen(function*() {
      const options = { tags: ["tag"] }
      const { on, user } = yield* family({}, () => Effect.succeed("value"))
      for (let i = 0; i < 3; i++) yield* on(user.set({ id: "1" }, i, options))
      assert.deepStrictEqual(options, { tags: ["tag"] })
    }))

  it.effect("the old value is at hand for a renewal behind the reader, too (BentoCache's is not)", () =>
    Effect.gen(function*() {
      const seen: Array<unknown> = []
      const policy = { timeToLive: 100, staleWhileRevalidate: 1_000 }
      const { get } = yield* family(policy, (run, { previous }) => {
        seen.push(previous?.value)
        return Effect.succeed(run)
      })
      yield* get
      yield* TestClock.adjust(100)
      yield* get
      assert.deepStrictEqual(seen, [undefined, 1])
    }))

  it.effect("a herd that meets a lookup without a value does not run it a hundred times (BentoCache does)", () =>
    Effect.gen(function*() {
      const { get, source } = yield* family({}, () => after(10, Effect.succeed(Lookup.absent)))
      const callers = yield* times(100, fork(Effect.exit(get)))
      yield* TestClock.adjust(10)
      for (const exit of yield* Fiber.joinAll(callers)) assert.strictEqual(exit._tag, "Failure")
      assert.strictEqual(source.runs, 1)
    }))

  it.effect("a clock that is set back hides no invalidation (BentoCache's and FusionCache's do)", () =>
    Effect.gen(function*() {
      const loaded = (value: unknown) => Effect.succeed(Lookup.loaded(value, { tags: ["tag"] }))
      const { get, on, user } = yield* family({}, loaded)
      yield* TestClock.adjust(10_000)
      assert.strictEqual(yield* get, 1)
      yield* TestClock.setTime(5_000)
      yield* on(user.invalidateTag("tag"))
      assert.strictEqual(yield* get, 2)
    }))

  it.effect("a clock that is set back does not keep a failure for longer", () =>
    Effect.gen(function*() {
      yield* TestClock.adjust(100_000)
      const { get } = yield* family({}, (run) => run === 1 ? Effect.fail("broken") : Effect.succeed("value"))
      assert.strictEqual(yield* Effect.flip(get), "broken")
      yield* TestClock.setTime(50_000)
      yield* TestClock.adjust(200)
      assert.strictEqual(yield* get, "value")
    }))

  it.effect("has is not true of what a tag has invalidated (BentoCache's is)", () =>
    Effect.gen(function*() {
      const { get, on, user } = yield* family({}, () => Effect.succeed(Lookup.loaded("value", { tags: ["tag"] })))
      yield* get
      yield* on(user.invalidateTag("tag"))
      assert.isFalse(yield* on(user.has({ id: "1" })))
    }))

  it.effect("stale values are not served after a delete (BentoCache's get does, where a tag was deleted)", () =>
    Effect.gen(function*() {
      const policy = { timeToLive: 100, staleIfError: 10_000, staleWhileRevalidate: 10_000 }
      const { get, on, user } = yield* family(
        policy,
        (run) => run === 1 ? Effect.succeed("old") : Effect.fail("broken")
      )
      yield* get
      yield* on(user.delete({ id: "1" }))
      assert.strictEqual(yield* Effect.flip(get), "broken")
    }))

  it.effect("an eviction does not abort a load that somebody waits for (lru-cache's does)", () =>
    Effect.gen(function*() {
      const { app, as } = yield* engine(
        { families: { user: { pattern: "user:{id}" } } },
        ({ key }) => Effect.as(Effect.sleep(10), key),
        { capacity: 1 }
      )
      const callers = yield* Effect.forEach(
        ["1", "2", "3"],
        (id) => fork(as<string, unknown>(app.keys.user.get({ id })))
      )
      yield* TestClock.adjust(10)
      assert.deepStrictEqual(yield* Fiber.joinAll(callers), ["user:1", "user:2", "user:3"])
    }))

  it.effect("the interruption of a caller is not remembered as the result (Effect's Cache, lru-cache did)", () =>
    Effect.gen(function*() {
      const { get } = yield* family({}, (run) => run === 1 ? Effect.never : Effect.succeed("value"))
      yield* Fiber.interrupt(yield* fork(get))
      assert.strictEqual(yield* get, "value")
    }))

  it.effect("a value that comes up from a lower tier does not lose its shape (BentoCache's next read throws)", () =>
    Effect.gen(function*() {
      class User extends Schema.Class<User>("User")({ name: Schema.String, since: Schema.Date }) {}
      const path = yield* temporaryFolder
      const life = Effect.map(
        engine({ families: { user: { pattern: "user:{id}", value: User } } }, () => Effect.die("not used"), {
          store: TieredStore.layer([
            MemoryStore.layer({ capacity: 10 }),
            LmdbStore.layer({ path, durability: "process" })
          ])
        }),
        ({ app: { keys: { user } }, as }) => ({
          set: as<void, unknown>(user.set({ id: "1" }, new User({ name: "Ada", since: new Date(0) }))),
          get: as<User, unknown>(user.get({ id: "1" }))
        })
      )
      yield* Effect.scoped(Effect.flatMap(life, ({ set }) => set))
      const { get } = yield* life
      const [first, second] = [yield* get, yield* get]
      assert.isTrue(first instanceof User && first.since instanceof Date)
      assert.strictEqual(second, first)
    }))

  it.effect("one caller's list of tags is not the entry's (BentoCache's is)", () =>
    Effect.gen(function*() {
      const tags = ["tag"]
      const { get, on, source, user } = yield* family({}, () => Effect.succeed(Lookup.loaded("value", { tags })))
      yield* get
      tags.push("another")
      yield* on(user.invalidateTag("another"))
      yield* get
      assert.strictEqual(source.runs, 1)
    }))

  it.effect("one key that fails does not fail the others of a bulk load (cachified's batch does)", () =>
    Effect.gen(function*() {
      const { app, as } = yield* engine(
        { families: { user: { pattern: "user:{id}" } } },
        () => Effect.die("not used"),
        { lookupMany: (keys) => Effect.succeed(keys.map((key) => key === "user:2" ? Lookup.failed("broken") : key)) }
      )
      const { user } = app.keys
      assert.strictEqual(yield* Effect.flip(as<unknown, unknown>(user.getMany([{ id: "1" }, { id: "2" }]))), "broken")
      assert.strictEqual((yield* as<any, unknown>(user.getOption({ id: "1" }))).value, "user:1")
    }))
})
