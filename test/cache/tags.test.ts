/**
 * A tag names entries that are invalidated together. These tests hold which entries an invalidation of a tag takes, and
 * when an entry gains or loses a tag.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import { TestClock } from "effect/testing"
import * as Lookup from "../../src/cache/Lookup.ts"
import { after, fork } from "../support/effects.ts"
import { engine } from "../support/engine.ts"
import { makePlace } from "../support/mapStore.ts"
import { type Answers, family, tiers } from "../support/source.ts"
import { profile, runningUsers, user } from "../support/users.ts"

const tagged = (...tags: ReadonlyArray<string>): Answers => (run) => Effect.succeed(Lookup.loaded(run, { tags }))

describe("tag", () => {
  it.effect("each of several tags takes its entry", () =>
    Effect.gen(function*() {
      for (const tag of ["a", "b", "c"]) {
        const { get, on, user } = yield* family({}, tagged("a", "b", "c"))
        yield* get
        yield* on(user.invalidateTag(tag))
        assert.strictEqual(yield* get, 2)
      }
    }))

  it.effect("an invalidation takes the entries with the tag, and no others", () =>
    Effect.gen(function*() {
      const { of, on, user } = yield* family(
        {},
        (run, { key }) => Effect.succeed(Lookup.loaded(run, { tags: key === "user:1" ? ["a"] : ["b"] }))
      )
      yield* of("1").get
      yield* of("2").get
      yield* on(user.invalidateTag("a"))
      assert.deepStrictEqual([yield* of("1").held, yield* of("2").held], [undefined, 2])
    }))

  it.effect("an invalidation of a tag without entries does nothing", () =>
    Effect.gen(function*() {
      const { get, on, user } = yield* family({}, tagged("a"))
      yield* get
      yield* on(user.invalidateTag("b"))
      assert.strictEqual(yield* get, 1)
    }))

  it.effect("an invalidation does not take an entry that is stored after it", () =>
    Effect.gen(function*() {
      const { get, on, user } = yield* family({}, tagged("a"))
      yield* on(user.invalidateTag("a"))
      yield* get
      assert.strictEqual(yield* get, 1)
    }))

  it.effect("a second invalidation takes the entries that were stored in between", () =>
    Effect.gen(function*() {
      const { get, on, user } = yield* family({}, tagged("a"))
      for (let run = 1; run <= 5; run++) {
        assert.strictEqual(yield* get, run)
        yield* on(user.invalidateTag("a"))
      }
    }))

  it.effect("an invalidation does not take an entry that lost the tag with another set", () =>
    Effect.gen(function*() {
      const { held, on, set, user } = yield* family({}, tagged())
      yield* set("first", { tags: ["a", "b"] })
      yield* set("second", { tags: ["b", "c"] })
      yield* on(user.invalidateTag("a"))
      assert.strictEqual(yield* held, "second")
      yield* on(user.invalidateTag("c"))
      assert.isUndefined(yield* held)
    }))

  it.effect("a set without tags removes the tags of an entry, and update and patch keep them", () =>
    Effect.gen(function*() {
      const { answer, on, set, user } = yield* family({}, tagged())
      yield* set("first", { tags: ["a"] })
      yield* on(user.update({ id: "1" }, () => "second"))
      assert.deepStrictEqual((yield* answer).tags, ["a"])
      yield* on(user.patch({ id: "1" }, () => "third"))
      assert.deepStrictEqual((yield* answer).tags, ["a"])
      yield* set("fourth")
      assert.deepStrictEqual((yield* answer).tags, [])
    }))

  it.effect("no text is special as a tag", () =>
    Effect.gen(function*() {
      for (const tag of ["*", "!", "", "a|b", "a:b", "h|tag|a", "keys", "__proto__", "ä€😀"]) {
        const { of, on, user } = yield* family(
          {},
          (run, { key }) => Effect.succeed(Lookup.loaded(run, { tags: key === "user:1" ? [tag] : ["other"] }))
        )
        yield* of("1").get
        yield* of("2").get
        yield* on(user.invalidateTag(tag))
        assert.deepStrictEqual([yield* of("1").held, yield* of("2").held], [undefined, 2], tag)
      }
    }))

  it.effect("a tag of any text is known again after a restart", () =>
    Effect.gen(function*() {
      for (const tag of ["*", "", "a|b", "a:b", "h|tag|a", "ä€😀"]) {
        const place = makePlace()
        const life = Effect.flatMap(tiers([], { place }), ({ options }) => family({}, tagged(tag), options))
        yield* Effect.scoped(Effect.gen(function*() {
          const { get, on, user } = yield* life
          yield* get
          yield* on(user.invalidateTag(tag))
        }))
        const { get, source } = yield* life
        yield* get
        assert.strictEqual(source.runs, 1, tag)
      }
    }))

  it.effect("a tag that is named twice counts once", () =>
    Effect.gen(function*() {
      const { get, on, user } = yield* family({}, tagged("a", "a"))
      yield* get
      yield* on(user.invalidateTag("a"))
      assert.strictEqual(yield* get, 2)
    }))

  it.effect("an invalidation leaves the entries of another family with the same tag", () =>
    Effect.gen(function*() {
      const { app, as } = yield* engine(
        { families: { user: { pattern: "user:{id}" }, team: { pattern: "team:{id}" } } },
        ({ key }) => Effect.succeed(Lookup.loaded(key, { tags: ["a"] }))
      )
      const { team, user } = app.keys
      yield* as(user.get({ id: "1" }))
      yield* as(team.get({ id: "1" }))
      yield* as(user.invalidateTag("a"))
      assert.isFalse(yield* as<boolean, unknown>(user.has({ id: "1" })))
      assert.isTrue(yield* as<boolean, unknown>(team.has({ id: "1" })))
    }))

  it.effect("an invalidation takes entries that derive from tagged ones, even when these are not held any more", () =>
    Effect.gen(function*() {
      const { as, cache } = yield* runningUsers({ name: (id) => Effect.succeed(Lookup.loaded(id, { tags: ["a"] })) })
      yield* as(profile.get({ id: "1" }))
      cache.families.get("user")!.hot!.drop("1")
      yield* as(user.invalidateTag("a"))
      assert.isFalse(yield* as(profile.has({ id: "1" })))
    }))

  it.effect("an invalidation with markStale serves the value while it is renewed", () =>
    Effect.gen(function*() {
      const { answer, get, on, user } = yield* family({ staleWhileRevalidate: 1_000 }, tagged("a"))
      yield* get
      yield* on(user.invalidateTag("a", { mode: "markStale" }))
      const { stale, value } = yield* answer
      assert.deepStrictEqual([value, stale], [1, true])
      assert.strictEqual(yield* get, 2)
    }))

  it.effect("markStale of a tag does not weaken an earlier hide", () =>
    Effect.gen(function*() {
      const { get, on, user } = yield* family({ staleIfError: 1_000 }, (run) =>
        run === 1 ? Effect.succeed(Lookup.loaded(run, { tags: ["a"] })) : Effect.fail("broken"))
      yield* get
      yield* on(user.invalidateTag("a"))
      yield* on(user.invalidateTag("a", { mode: "markStale" }))
      assert.strictEqual(yield* Effect.flip(get), "broken")
    }))

  it.effect("an invalidation drops remembered failures, since their keys may have had the tag", () =>
    Effect.gen(function*() {
      const { get, on, user } = yield* family(
        { negativeTimeToLive: 1_000 },
        (run) => run === 1 ? Effect.fail("broken") : Effect.succeed(run)
      )
      yield* Effect.flip(get)
      yield* on(user.invalidateTag("a"))
      assert.strictEqual(yield* get, 2)
    }))

  it.effect("the tags of a refresh ahead replace the older ones", () =>
    Effect.gen(function*() {
      const { get, on, user } = yield* family(
        { timeToLive: 100, refreshAhead: 0.5 },
        (run) => Effect.succeed(Lookup.loaded(run, { tags: [`t${run}`] }))
      )
      yield* get
      yield* TestClock.adjust(60)
      yield* get
      yield* on(user.invalidateTag("t1"))
      assert.strictEqual(yield* get, 2)
      yield* on(user.invalidateTag("t2"))
      assert.strictEqual(yield* get, 3)
    }))

  it.effect("a bulk load gives each key its own tags", () =>
    Effect.gen(function*() {
      const { of, on, user } = yield* family({}, () => Effect.die("not used"), {
        lookupMany: (keys) => Effect.succeed(keys.map((key) => Lookup.loaded(key, { tags: [key] })))
      })
      yield* on(user.getMany([{ id: "1" }, { id: "2" }]))
      yield* on(user.invalidateTag("user:1"))
      assert.deepStrictEqual([yield* of("1").held, yield* of("2").held], [undefined, "user:2"])
    }))

  it.effect("a change to a list of tags after the write does not change the entry", () =>
    Effect.gen(function*() {
      const tags = ["a"]
      const { held, on, set, user } = yield* family({}, tagged())
      yield* set("value", { tags })
      tags[0] = "b"
      yield* on(user.invalidateTag("a"))
      assert.isUndefined(yield* held)
    }))

  it.effect("an invalidation during an update leaves nothing of the update behind", () =>
    Effect.gen(function*() {
      const { get, on, user } = yield* family({}, tagged("a"))
      yield* get
      const update = yield* fork(on(user.update({ id: "1" }, () => after(10, Effect.succeed("updated")))))
      yield* on(user.invalidateTag("a"))
      yield* TestClock.adjust(10)
      assert.strictEqual(yield* Fiber.join(update), "updated")
      assert.strictEqual(yield* get, 2)
    }))
})

describe("many tags", () => {
  it.effect("an invalidation may take too much, and never too little, when there are more tags than the engine remembers", () =>
    Effect.gen(function*() {
      const { get, held, on, set, user } = yield* family({}, tagged())
      yield* set("old", { tags: ["first"] })
      yield* on(user.invalidateTag("first"))
      for (let n = 0; n < 70_000; n++) yield* on(user.invalidateTag(`tag ${n}`))
      assert.isUndefined(yield* held)
      yield* get
      yield* set("new", { tags: ["first"] })
      assert.strictEqual(yield* held, "new")
    }))
})
