/**
 * A file that one release wrote is read by the next release, and by the earlier one after a roll-back. These tests hold
 * which entries survive.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { make } from "../../src/manifest/internal/manifest.ts"
import type { Definition } from "../../src/ownership/Definition.ts"
import * as LmdbStore from "../../src/store/lmdb/LmdbStore.ts"
import * as MemoryStore from "../../src/store/memory/MemoryStore.ts"
import type { StoreError } from "../../src/store/StoreError.ts"
import * as TieredStore from "../../src/store/TieredStore.ts"
import { temporaryFolder } from "../support/folder.ts"

type Version = string | number | undefined

interface Release {
  readonly user?: Version
  readonly manifest?: Version
  readonly store?: Version
  readonly value?: Schema.Codec<any, any>
}

/** The shop in one release: `profile` derives from `user`, `page` from `profile`, and `other` from nothing. */
const shop = ({ manifest, user, value = Schema.String }: Release): Definition => ({
  ...(manifest === undefined ? {} : { version: manifest }),
  families: {
    user: { pattern: "user:{id}", value, version: user },
    profile: { pattern: "profile:{id}", value: Schema.String, derives: ["user:{id}"] },
    page: { pattern: "page:{id}", value: Schema.String, derives: ["profile:{id}"] },
    other: { pattern: "other:{id}", value: Schema.String }
  }
})

const names = ["user", "profile", "page", "other"]

/** Runs a program in a process of a release. Nothing is loaded: what is there was kept. */
const during = <A>(path: string, release: Release, body: (keys: any) => Effect.Effect<A, any, any>) => {
  const app: any = make("Shop", shop(release))
  const modules = Object.fromEntries(names.map((name) => [name, app.owner(name)]))
  const tiers = TieredStore.layer([
    MemoryStore.layer({ capacity: 100 }),
    LmdbStore.layer({ path, durability: "process", version: release.store })
  ])
  const layer = Layer.provide(app.modules(modules), Layer.fresh(tiers)) as Layer.Layer<any, StoreError>
  return Effect.provide(body(app.keys), layer) as Effect.Effect<A, unknown>
}

const write = (path: string, release: Release, value: unknown = "v") =>
  during(
    path,
    release,
    (keys) =>
      Effect.forEach(names, (name) => keys[name].set({ id: "1" }, name === "user" ? value : "v"), { discard: true })
  )

/** The families of which something is there. */
const kept = (path: string, release: Release) =>
  during(
    path,
    release,
    (keys) =>
      Effect.filter(
        names,
        (name) => Effect.map(keys[name].getOption({ id: "1" }) as Effect.Effect<Option.Option<unknown>>, Option.isSome)
      )
  )

describe("deployment", () => {
  it.effect("every entry is there when nothing has changed", () =>
    Effect.gen(function*() {
      for (const release of [{}, { user: 1 }, { manifest: "a", store: 2 }]) {
        const path = yield* temporaryFolder
        yield* write(path, release)
        assert.deepStrictEqual(yield* kept(path, release), names)
      }
    }))

  it.effect("a family with a new version is absent with all families that derive from it, and every other entry is there", () =>
    Effect.gen(function*() {
      for (const [before, after] of [[1, 2], [undefined, 1], ["1", undefined], ["a", "b"]]) {
        const path = yield* temporaryFolder
        yield* write(path, { user: before })
        assert.deepStrictEqual(yield* kept(path, { user: after }), ["other"])
      }
    }))

  it.effect("all families of a manifest or a store with a new version are absent", () =>
    Effect.gen(function*() {
      for (const [before, after] of [[{ manifest: 1 }, { manifest: 2 }], [{}, { store: "b" }], [{ store: 1 }, {}]]) {
        const path = yield* temporaryFolder
        yield* write(path, before!)
        assert.deepStrictEqual(yield* kept(path, after!), [])
      }
    }))

  it.effect("a roll-back finds the entries of the earlier release, except those that were written or removed since", () =>
    Effect.gen(function*() {
      const path = yield* temporaryFolder
      yield* write(path, { user: 1 })
      assert.deepStrictEqual(yield* kept(path, { user: 2 }), ["other"])
      yield* during(path, { user: 2 }, (keys) => keys.profile.delete({ id: "1" }))
      assert.deepStrictEqual(yield* kept(path, { user: 1 }), ["user", "other"])
      yield* during(path, { user: 2 }, (keys) => keys.user.invalidateAll())
      assert.deepStrictEqual(yield* kept(path, { user: 1 }), ["other"])
    }))

  it.effect("an entry is there when its schema got optional fields, and absent when its schema has another shape", () =>
    Effect.gen(function*() {
      const before = Schema.Struct({ name: Schema.String })
      for (
        const [after, isKept] of [
          [Schema.Struct({ name: Schema.String, nick: Schema.optionalKey(Schema.String) }), true],
          [Schema.Struct({ name: Schema.NullOr(Schema.String) }), false],
          [Schema.Struct({ name: Schema.String, age: Schema.Number }), false]
        ] as const
      ) {
        const path = yield* temporaryFolder
        yield* write(path, { value: before }, { name: "Ann" })
        assert.strictEqual((yield* kept(path, { value: after })).includes("user"), isKept)
        assert.isTrue((yield* kept(path, { value: before })).includes("user"), "a read has taken it away")
      }
    }))

  it.effect("a version that is neither a text nor a finite number is refused, with its place", () =>
    Effect.gen(function*() {
      const path = yield* temporaryFolder
      for (const release of [{ user: NaN }, { manifest: {} as any }, { store: Infinity }]) {
        const error = yield* Effect.flip(kept(path, release))
        assert.match(String(error), /version/)
      }
    }))
})
