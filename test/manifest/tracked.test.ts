/**
 * A lookup that reads a key outside of its `derives` is refused, since a change of that key would not reach its entry.
 * The keys that a lookup has read bound the lifetime of its entry.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import { TestClock } from "effect/testing"
import type { Reading } from "../../src/manifest/Family.ts"
import * as Manifest from "../../src/manifest/Manifest.ts"
import * as MemoryStore from "../../src/store/memory/MemoryStore.ts"
import { cacheReasonOf } from "../support/effects.ts"
import { engine, type LookupAll } from "../support/engine.ts"

const definition = {
  families: {
    user: { pattern: "user:{id}", timeToLive: "1 minute" },
    prefs: { pattern: "prefs:{id}" },
    profile: { pattern: "profile:{id}", derives: ["user:{id}"], borrows: ["prefs:{id}"] },
    page: { pattern: "page:{id}:{nr}", derives: ["profile:{id}"], borrows: ["user:{id}"], fanout: true },
    admin: { pattern: "admin:{x}", derives: ["user:1"], borrows: ["user:{id}"] },
    files: { pattern: "files:*" },
    words: { pattern: "words:{language}" },
    english: { pattern: "words:en", partOf: "words" },
    title: { pattern: "title:{language}", derives: ["words:{language}"] },
    folder: { pattern: "folder:{name}", derives: ["files:*"], fanout: true },
    secret: { pattern: "files:secret:{id}", carvedFrom: "files" },
    vault: { pattern: "vault:{id}", derives: ["files:secret:{id}"] },
    stale: { pattern: "stale:{id}", derives: ["user:{id}"], staleWhileRevalidate: "1 hour", timeToLive: "2 hours" }
  }
} as const

/** The answer of a lookup of one family; the others give their keys. */
const running = (
  family: keyof typeof definition.families | "none",
  lookup: LookupAll<keyof typeof definition.families>
) =>
  engine(
    definition,
    (about, app) => about.key.startsWith(`${family}:`) ? lookup(about, app) : Effect.succeed(about.key)
  )

const undeclaredOf = (error: unknown) => {
  const reason = cacheReasonOf(error)
  return reason._tag === "UndeclaredRead" ? reason : assert.fail(`another reason: ${reason._tag}`)
}

// Each way to read a key that answers with what is held of it, or whether something is.
type Listing = "hottest" | "keys" | "entries" | "page" | "sample" | "count"
type Way = Exclude<keyof Reading<any, any, any, any>, "pattern" | "warm" | Listing>
const ways: { readonly [W in Way]: (of: any, id: string) => Effect.Effect<unknown, unknown, any> } = {
  get: (of, id) => of.get({ id }),
  getMany: (of, id) => of.getMany([{ id: "1" }, { id }]),
  getManyResults: (of, id) => of.getManyResults([{ id: "1" }, { id }]),
  getOption: (of, id) => of.getOption({ id }),
  getAnswer: (of, id) => of.getAnswer({ id }),
  getAnswerOption: (of, id) => of.getAnswerOption({ id }),
  has: (of, id) => of.has({ id }),
  select: (of, id) => of.select({ id }, (value: unknown) => value),
  explain: (of, id) => of.explain({ id })
}

describe("lookup that reads a key outside of its derives", () => {
  for (const [way, read] of Object.entries(ways)) {
    for (const held of [true, false]) {
      it.effect(`${way} is refused for a key that is ${held ? "held" : "absent"}, and the value of the lookup is not stored`, () =>
        Effect.gen(function*() {
          const { app, as } = yield* running("profile", (_, app) => read(app.keys.user, "2"))
          if (held) yield* as(app.keys.user.getMany([{ id: "1" }, { id: "2" }]))
          const reason = undeclaredOf(yield* Effect.flip(as(app.keys.profile.get({ id: "1" }))))
          assert.deepInclude(reason, { code: "E0232", key: "profile:1", read: "user:2" })
          assert.strictEqual(
            reason.message,
            "E0232: the lookup of `profile:1` reads `user:2`, but a change of `user:2` would not reach `profile:1`; help: " +
              "read the key of `user:{id}` that the parameters of `profile` bind, or derive `profile` from `user:2` as " +
              "well, or from every key of `user:{id}`, with other names in its braces"
          )
          assert.isTrue(Option.isNone(yield* as(app.keys.profile.getOption({ id: "1" }) as Effect.Effect<any>)))
        }))
    }

    it.effect(`${way} of a declared key succeeds`, () =>
      Effect.gen(function*() {
        const { app, as } = yield* running("profile", (_, app) => read(app.keys.user, "1"))
        yield* as(app.keys.profile.get({ id: "1" }))
        yield* as(app.keys.user.get({ id: "2" }))
        yield* as(app.keys.profile.refresh({ id: "1" }))
        assert.isTrue(yield* as(app.keys.profile.has({ id: "1" })))
      }))
  }

  it.effect("a lookup is refused what it does not declare by every way: a handle from outside, a raw key, a fiber of its own", () =>
    Effect.gen(function*() {
      const others: ReadonlyArray<(app: any, reader: any) => Effect.Effect<unknown, unknown, any>> = [
        (_, reader) => reader.get({ id: "2" }),
        (_, reader) => reader.getOption({ id: "2" }),
        (app) => app.get("user:2"),
        (app) => Effect.forEach(["1", "2"], (id) => app.keys.user.get({ id }), { concurrency: 2 }),
        (app) => Effect.flatMap(Effect.forkChild(app.keys.user.get({ id: "2" })), Fiber.join),
        (app) =>
          Effect.gen(function*() {
            return yield* app.keys.user.get({ id: "2" })
          }),
        (app) => Effect.provide(app.keys.user.get({ id: "2" }), app.borrower("user") as Layer.Layer<never>)
      ]
      for (const read of others) {
        let reader: any
        const { app, as } = yield* running("profile", (_, app) => read(app, reader))
        reader = yield* as(app.keys.user.reader)
        yield* as(reader.get({ id: "2" }) as Effect.Effect<unknown, unknown>)
        assert.strictEqual(undeclaredOf(yield* Effect.flip(as(app.keys.profile.get({ id: "1" })))).read, "user:2")
      }
    }))

  it.effect("a load fails even when its lookup recovers from the refusal of a read", () =>
    Effect.gen(function*() {
      const { app, as } = yield* running("profile", (_, app) => Effect.option(app.keys.user.get({ id: "2" })))
      assert.strictEqual(undeclaredOf(yield* Effect.flip(as(app.keys.profile.get({ id: "1" })))).read, "user:2")
      assert.isFalse(yield* as(app.keys.profile.has({ id: "1" })))
    }))

  it.effect("what is carved out of a source may be read where each of its changes reaches the entry", () =>
    Effect.gen(function*() {
      let loads = 0
      const { app, as } = yield* running(
        "folder",
        (_, app) =>
          Effect.map(app.keys.secret.get({ id: "1" }), (secret) => {
            loads++
            return secret
          })
      )
      yield* as(app.keys.folder.get({ name: "a" }))
      for (
        const [at, change] of [app.keys.secret.set({ id: "1" }, "new"), app.keys.secret.set({ id: "2" }, "x")].entries()
      ) {
        yield* as(change as Effect.Effect<void>)
        assert.strictEqual(yield* as(app.keys.folder.get({ name: "a" })), "new")
        assert.strictEqual(loads, at + 2)
      }
    }))

  it.effect("what is carved out of a source may not be read by another key than the one that the reference binds", () =>
    Effect.gen(function*() {
      const { app, as } = yield* running("vault", (_, app) => app.keys.secret.get({ id: "2" }))
      const reason = undeclaredOf(yield* Effect.flip(as(app.keys.vault.get({ id: "1" }))))
      assert.deepInclude(reason, { code: "E0232", key: "vault:1", read: "files:secret:2" })
    }))

  it.effect("an error names the family that is not declared", () =>
    Effect.gen(function*() {
      const { app, as } = yield* running("profile", (_, app) => app.keys.prefs.get({ id: "1" }))
      const reason = undeclaredOf(yield* Effect.flip(as(app.keys.profile.get({ id: "1" }))))
      assert.strictEqual(reason.code, "E0211")
      assert.strictEqual(
        reason.message,
        "E0211: the lookup of family `profile` reads `prefs:{id}`, which `profile` does not derive from; help: add " +
          "`prefs:{id}` to derives of `profile`, so that its changes reach `profile`"
      )
    }))

  it.effect("a lookup may not read other keys of its own family", () =>
    Effect.gen(function*() {
      for (const read of Object.values(ways)) {
        let reader: any
        const { app, as } = yield* running("prefs", () => read(reader, "2"))
        reader = yield* as(app.keys.prefs.reader)
        const reason = undeclaredOf(yield* Effect.flip(as(app.keys.prefs.get({ id: "1" }))))
        assert.deepInclude(reason, { code: "E0211", from: "its own family" })
        assert.strictEqual(
          reason.message,
          "E0211: the lookup of family `prefs` reads `prefs:{id}`, its own family, which cannot derive from itself; help: " +
            "read what `prefs:{id}` is made from; the previous value is in the lookup's second argument"
        )
      }
    }))

  it.effect("the plan of invalidation decides what a lookup may read: chains, texts and `*` count", () =>
    Effect.gen(function*() {
      const reads: { readonly [key: string]: string } = {
        "page:1:a": "user:1",
        "page:1:b": "user:2",
        "admin:a": "user:1",
        "admin:b": "user:2",
        "folder:a": "files:x:y:z",
        "title:en": "words:en",
        "title:de": "words:en"
      }
      const lookup: LookupAll = ({ key }, app) => reads[key] === undefined ? Effect.succeed(key) : app.get(reads[key])
      const { app, as } = yield* engine(definition, lookup)
      assert.strictEqual(yield* as(app.get("page:1:a")), "user:1")
      assert.strictEqual(undeclaredOf(yield* Effect.flip(as(app.get("page:1:b")))).code, "E0232")
      assert.strictEqual(yield* as(app.get("admin:a")), "user:1")
      assert.strictEqual(undeclaredOf(yield* Effect.flip(as(app.get("admin:b")))).code, "E0232")
      assert.strictEqual(yield* as(app.get("folder:a")), "files:x:y:z")
      assert.strictEqual(yield* as(app.get("title:en")), "words:en")
      assert.strictEqual(undeclaredOf(yield* Effect.flip(as(app.get("title:de")))).code, "E0232")
    }))

  it.effect("a bulk load may read the sources of each of its keys, and no others", () =>
    Effect.gen(function*() {
      class App extends Manifest.Service<App>()("App", {
        families: {
          user: { pattern: "user:{id}", value: Manifest.type<string>(), timeToLive: "1 minute" },
          profile: { pattern: "profile:{id}", value: Manifest.type<string>(), derives: ["user:{id}"] },
          page: {
            pattern: "page:{id}:{nr}",
            value: Manifest.type<string>(),
            derives: ["user:{id}"],
            fanout: true
          }
        }
      }) {}
      const { page, profile, user } = App.keys
      const live = App.modules({
        page: App.owner("page", { lookupMany: (all) => user.getMany(all) }),
        user: App.owner("user", { lookup: ({ id }) => Effect.succeed(id) }),
        profile: App.owner("profile", {
          lookupMany: (all) => user.getMany(all.flatMap(({ id }) => id === "9" ? [{ id: "8" }] : [{ id }]))
        })
      }).pipe(Layer.provide(MemoryStore.layer({ capacity: 100 })))
      yield* Effect.gen(function*() {
        assert.deepStrictEqual(yield* profile.getMany([{ id: "1" }, { id: "2" }]), ["1", "2"])
        const { happenings } = yield* profile.explain({ id: "2" })
        assert.deepStrictEqual(happenings[0]?.from?.map(({ key }) => key), ["user:2"])
        const reason = undeclaredOf(yield* Effect.flip(profile.getMany([{ id: "3" }, { id: "9" }])))
        assert.strictEqual(reason.read, "user:8")
        // Each is fresh as long as its own source, not as the first of all to end.
        yield* TestClock.adjust("30 seconds")
        yield* user.refresh({ id: "2" })
        yield* profile.invalidateAll()
        yield* profile.getMany([{ id: "1" }, { id: "2" }])
        yield* TestClock.adjust("30 seconds")
        assert.isFalse(yield* profile.has({ id: "1" }))
        assert.isTrue(yield* profile.has({ id: "2" }))
        yield* TestClock.adjust("30 seconds")
        assert.isFalse(yield* profile.has({ id: "2" }))
        const pages = [{ id: "1", nr: "a" }, { id: "2", nr: "a" }, { id: "1", nr: "b" }]
        assert.deepStrictEqual(yield* page.getMany(pages), ["1", "2", "1"])
        const [{ from } = { from: undefined }] = (yield* page.explain(pages[2]!)).happenings
        assert.deepStrictEqual(from?.map(({ key }) => key), ["user:1"])
        yield* TestClock.adjust("1 minute")
        assert.isFalse(yield* page.has(pages[2]!))
      }).pipe(Effect.provide(live))
    }))
})

describe("read outside of a lookup", () => {
  it.effect("the hits of a reader, and the work that a lookup left behind, are not checked", () =>
    Effect.gen(function*() {
      const gate = yield* Deferred.make<void>()
      let left: Fiber.Fiber<unknown, unknown> | undefined
      const { app, as, cache } = yield* running("profile", (_, app) =>
        Effect.gen(function*() {
          const later = app.keys.user.get({ id: "2" }) as Effect.Effect<unknown, unknown>
          left = yield* Effect.forkDetach(Effect.andThen(Deferred.await(gate), later))
          return yield* app.keys.user.get({ id: "1" })
        }))
      yield* as(app.keys.profile.get({ id: "1" }))
      yield* Deferred.succeed(gate, undefined)
      assert.strictEqual(yield* Fiber.join(left!), "user:2")
      const { hot } = cache.families.get("user")!
      const before = hot!.hits
      const reader: any = yield* as(app.keys.user.reader)
      for (let i = 0; i < 10; i++) {
        yield* as(app.keys.user.get({ id: "1" }))
        yield* reader.get({ id: "1" }) as Effect.Effect<unknown, unknown>
      }
      assert.strictEqual(hot!.hits - before, 20)
    }))
})

describe("lookup that reads another cache", () => {
  for (const [way, read] of Object.entries(ways)) {
    it.effect(`${way} is refused, since changes of the other cache would not reach the entry`, () =>
      Effect.gen(function*() {
        const other = yield* running("none", () => Effect.void)
        const { app, as } = yield* running("profile", () => other.as(read(other.app.keys.user, "1")))
        const reason = undeclaredOf(yield* Effect.flip(as(app.keys.profile.get({ id: "1" }))))
        assert.deepInclude(reason, { code: "E0211", family: "profile", read: "user:1", from: "another engine" })
        assert.strictEqual(
          reason.message,
          "E0211: the lookup of family `profile` reads `user:{id}` of another engine, whose changes do not reach " +
            "`profile`; help: read by the engine that runs the lookup, or declare both families in one manifest"
        )
        assert.isFalse(yield* as(app.keys.profile.has({ id: "1" })))
      }))
  }
})

describe("entry that was made from other entries", () => {
  it.effect("explain names the entries from which an entry was made", () =>
    Effect.gen(function*() {
      const { app, as } = yield* running("profile", (_, app) => app.keys.user.get({ id: "1" }))
      yield* as(app.keys.user.set({ id: "1" }, "Ann"))
      const { stamp } = yield* as<any, unknown>(app.keys.user.getAnswer({ id: "1" }))
      yield* as(app.keys.profile.get({ id: "1" }))
      const { happenings } = yield* as<any, unknown>(app.keys.profile.explain({ id: "1" }))
      assert.strictEqual(happenings[0].what, "Loaded")
      assert.deepStrictEqual(happenings[0].from, [{ key: "user:1", tier: "memory", stamp }])
    }))

  it.effect("the engine remembers a bounded number of the entries from which an entry was made", () =>
    Effect.gen(function*() {
      const files = Array.from({ length: 100 }, (_, i) => `files:${i}`)
      let app: any
      const readFiles = (keys: ReadonlyArray<string>): Effect.Effect<ReadonlyArray<string>, unknown> =>
        keys[0]!.startsWith("folder:")
          ? Effect.as(Effect.forEach(files, (key) => app.get(key) as Effect.Effect<unknown>), keys)
          : Effect.succeed(keys)
      const running = yield* engine(definition, ({ key }) => readFiles([key]), { lookupMany: readFiles })
      app = running.app
      yield* running.as(app.get("folder:a"))
      yield* running.as(app.keys.folder.getMany([{ name: "b" }, { name: "c" }]))
      for (const name of ["a", "c"]) {
        const { happenings } = yield* running.as<any, unknown>(app.keys.folder.explain({ name }))
        assert.deepStrictEqual(happenings[0].from.map(({ key }: { key: string }) => key), files.slice(0, 32))
      }
    }))

  for (const [way, read] of Object.entries(ways)) {
    it.effect(`an entry is fresh no longer than what its lookup read by ${way}`, () =>
      Effect.gen(function*() {
        let loads = 0
        const { app, as } = yield* running("profile", (_, app) =>
          Effect.andThen(Effect.sync(() => void loads++), read(app.keys.user, "1")))
        yield* as(app.keys.user.get({ id: "1" }))
        yield* TestClock.adjust("40 seconds")
        const get = as(app.keys.profile.get({ id: "1" }))
        yield* get
        yield* TestClock.adjust("19 seconds")
        yield* get
        assert.strictEqual(loads, 1)
        yield* TestClock.adjust("1 seconds")
        yield* get
        assert.strictEqual(loads, 2)
      }))
  }

  for (const [way, read] of Object.entries(ways)) {
    it.effect(`an entry goes with the first value of a key that its lookup did not find by ${way}`, () =>
      Effect.gen(function*() {
        const { app, as } = yield* running(
          "profile",
          (_, app) => Effect.map(Effect.exit(read(app.keys.user, "1")), Exit.isSuccess)
        )
        yield* as(app.keys.profile.get({ id: "1" }))
        assert.isTrue(yield* as(app.keys.profile.has({ id: "1" })))
        yield* as(app.keys.user.set({ id: "1" }, "first"))
        assert.isFalse(yield* as(app.keys.profile.has({ id: "1" })))
      }))
  }

  it.effect("an entry is not stored when its lookup read a stale value", () =>
    Effect.gen(function*() {
      for (const read of [ways["get"]!, ways["getMany"]!, ways["getAnswer"]!, ways["explain"]!]) {
        const { app, as } = yield* engine({
          families: {
            user: { pattern: "user:{id}", timeToLive: "1 minute", staleWhileRevalidate: "1 hour" },
            profile: { pattern: "profile:{id}", derives: ["user:{id}"] }
          }
        }, ({ key }, app) => key === "profile:1" ? read(app.keys.user, "1") : Effect.succeed(key))
        yield* as(app.keys.user.get({ id: "1" }))
        yield* TestClock.adjust("2 minutes")
        const answer: any = yield* as(app.keys.profile.getAnswer({ id: "1" }))
        assert.deepInclude(answer, { stale: true, stamp: undefined })
        assert.isFalse(yield* as(app.keys.profile.has({ id: "1" })))
      }
    }))

  it.effect("an entry is stale from the end of its source on, if its family serves stale values", () =>
    Effect.gen(function*() {
      const { app, as } = yield* running("stale", (_, app) => app.keys.user.get({ id: "1" }))
      yield* as(app.keys.stale.get({ id: "1" }))
      yield* TestClock.adjust("61 seconds")
      const answer: any = yield* as(app.keys.stale.getAnswer({ id: "1" }))
      assert.isTrue(answer.stale)
      assert.strictEqual(answer.staleMillis, 1_000)
      yield* TestClock.adjust("1 hour")
      yield* as(app.keys.stale.invalidateAll())
      yield* as(app.keys.stale.get({ id: "1" }))
      yield* TestClock.adjust("1 minute")
      yield* TestClock.adjust("1 hour")
      const gone: any = yield* as(app.keys.stale.explain({ id: "1" }))
      assert.isUndefined(gone.held)
    }))
})
