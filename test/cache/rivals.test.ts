/**
 * Bugs that were seen in other caches, as tests of this one. The name of each test says what must not happen, and which
 * cache does it.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Schema from "effect/Schema"
import { TestClock } from "effect/testing"
import * as Lookup from "../../src/cache/Lookup.ts"
import * as LmdbStore from "../../src/store/lmdb/LmdbStore.ts"
import * as MemoryStore from "../../src/store/memory/MemoryStore.ts"
import * as TieredStore from "../../src/store/TieredStore.ts"
import { after, fork, times } from "../support/effects.ts"
import { engine } from "../support/engine.ts"
import { temporaryFolder } from "../support/folder.ts"
import { family } from "../support/source.ts"

describe("bugs of other caches", () => {
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

  it.effect("a failure is not cached for the lifetime of a value (in Effect's Cache it is)", () =>
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

  it.effect("a load that hangs does not block its key for ever (in FusionCache it does)", () =>
    Effect.gen(function*() {
      const policy = { hardTimeout: 20, negativeTimeToLive: 0 }
      const { get } = yield* family(policy, (run) => run === 1 ? Effect.never : Effect.succeed("value"))
      const caller = yield* fork(Effect.exit(get))
      yield* TestClock.adjust(20)
      yield* Fiber.join(caller)
      assert.strictEqual(yield* get, "value")
    }))

  it.effect("a key that is deleted while it is loaded does not keep the old value (BentoCache, cacheable and cachified keep it)", () =>
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

  it.effect("a value that is loaded while its tag is invalidated is not kept (BentoCache keeps it)", () =>
    Effect.gen(function*() {
      const loaded = (value: string) => Effect.succeed(Lookup.loaded(value, { tags: ["tag"] }))
      const { get, on, user } = yield* family({}, (run) => run === 1 ? after(10, loaded("old")) : loaded("new"))
      const caller = yield* fork(get)
      yield* on(user.invalidateTag("tag"))
      yield* TestClock.adjust(10)
      yield* Fiber.join(caller)
      assert.strictEqual(yield* get, "new")
    }))

  it.effect("a refresh behind a reader does not bring back a value whose tag was invalidated (in FusionCache it does)", () =>
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

  it.effect("a refresh does not overwrite an invalidation (in Effect's Cache it does)", () =>
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

  it.effect("a refresh does not overwrite a set (in Effect's Cache it does)", () =>
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

  it.effect("a failed refresh does not replace a good value (in Effect's Cache it does)", () =>
    Effect.gen(function*() {
      const { get, on, user } = yield* family({}, (run) => run === 1 ? Effect.succeed("good") : Effect.fail("broken"))
      yield* get
      assert.strictEqual(yield* Effect.flip(on(user.refresh({ id: "1" }))), "broken")
      assert.strictEqual(yield* get, "good")
    }))

  it.effect("a time to live of zero does not mean for ever (in BentoCache, cacheable, cache-manager and lru-cache it does)", () =>
    Effect.gen(function*() {
      const { get, option, source } = yield* family({ timeToLive: 0 }, (run) => Effect.succeed(run))
      yield* get
      yield* get
      assert.strictEqual((yield* option)._tag, "None")
      assert.strictEqual(source.runs, 2)
    }))

  it.effect("a stale time shorter than the time to live does not shorten it (in BentoCache it does)", () =>
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
    it.effect(`a lookup that returns ${value} does not run again for each caller (in cacheable and cache-manager it does)`, () =>
      Effect.gen(function*() {
        const { get, option, source } = yield* family({}, () => Effect.succeed(value))
        assert.deepStrictEqual(yield* times(3, get), [value, value, value])
        assert.strictEqual(source.runs, 1)
        assert.strictEqual((yield* option)._tag, "Some", "nothing stored is one thing, a stored undefined another")
      }))
  }

  it.effect("tags from a lookup are not ignored (BentoCache ignores them)", () =>
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

  it.effect("options that callers share do not grow (BentoCache adds tags to them)", () =>
    Effect.gen(function*() {
      const options = { tags: ["tag"] }
      const { on, user } = yield* family({}, () => Effect.succeed("value"))
      for (let i = 0; i < 3; i++) yield* on(user.set({ id: "1" }, i, options))
      assert.deepStrictEqual(options, { tags: ["tag"] })
    }))

  it.effect("a renewal behind a reader sees the old value (in BentoCache it does not)", () =>
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

  it.effect("a hundred callers do not run a lookup without a value a hundred times (BentoCache does)", () =>
    Effect.gen(function*() {
      const { get, source } = yield* family({}, () => after(10, Effect.succeed(Lookup.absent)))
      const callers = yield* times(100, fork(Effect.exit(get)))
      yield* TestClock.adjust(10)
      for (const exit of yield* Fiber.joinAll(callers)) assert.strictEqual(exit._tag, "Failure")
      assert.strictEqual(source.runs, 1)
    }))

  it.effect("a clock that is set back hides no invalidation (in BentoCache and FusionCache it does)", () =>
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

  it.effect("`has` is not true for an entry whose tag was invalidated (in BentoCache it is)", () =>
    Effect.gen(function*() {
      const { get, on, user } = yield* family({}, () => Effect.succeed(Lookup.loaded("value", { tags: ["tag"] })))
      yield* get
      yield* on(user.invalidateTag("tag"))
      assert.isFalse(yield* on(user.has({ id: "1" })))
    }))

  it.effect("a stale value is not served after a delete (BentoCache serves it after a tag was deleted)", () =>
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

  it.effect("an eviction does not abort a load with a caller (in lru-cache it does)", () =>
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

  it.effect("the interruption of a caller is not remembered as the result (in Effect's Cache and lru-cache it was)", () =>
    Effect.gen(function*() {
      const { get } = yield* family({}, (run) => run === 1 ? Effect.never : Effect.succeed("value"))
      yield* Fiber.interrupt(yield* fork(get))
      assert.strictEqual(yield* get, "value")
    }))

  it.effect("a value from a lower tier keeps its shape (in BentoCache the next read throws)", () =>
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

  it.effect("a change to a caller's list of tags does not change the entry (in BentoCache it does)", () =>
    Effect.gen(function*() {
      const tags = ["tag"]
      const { get, on, source, user } = yield* family({}, () => Effect.succeed(Lookup.loaded("value", { tags })))
      yield* get
      tags.push("another")
      yield* on(user.invalidateTag("another"))
      yield* get
      assert.strictEqual(source.runs, 1)
    }))

  it.effect("a key that fails does not fail the other keys of a bulk load (in cachified it does)", () =>
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
