/**
 * Deployments, one change of the manifest at a time: what the release before has kept, and what of it is served.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Lookup from "effect-stateless/cache/Lookup"
import * as Manifest from "effect-stateless/manifest/Manifest"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as SchemaTransformation from "effect/SchemaTransformation"
import { TestClock } from "effect/testing"
import { lifeOf, type LifeOptions } from "../support/life.ts"
import { makePlace, type Place } from "../support/mapStore.ts"

const id = { id: "1" }
const orNone = (found: any): any => Option.getOrUndefined(found)

/** A place, a database with one row, and how often each family was loaded. */
class World {
  readonly place: Place = makePlace()
  row = 1
  loads: Array<string> = []

  /** A release in which each family has its lookup, or the one that is given here. */
  life<A>(
    families: Record<string, object>,
    use: (app: any) => Effect.Effect<A, any, any>,
    options: Partial<LifeOptions> & {
      readonly lookups?: Record<string, (app: any) => (params: any) => Effect.Effect<unknown, any, any>>
      readonly owned?: ReadonlyArray<string>
    } = {}
  ): Effect.Effect<A, any> {
    const { lookups = {}, owned = Object.keys(families) } = options
    const owners = (app: any) =>
      Object.fromEntries(owned.map((name) => {
        const own = lookups[name]?.(app) ?? (() => Effect.succeed(`row ${this.row}`))
        const lookup = (params: any) => Effect.suspend(() => (this.loads.push(name), own(params)))
        return [name, app.owner(name, { lookup })]
      }))
    return lifeOf({ place: this.place, families, owners, ...options }, ([one]) => one!.run(use(one!.app)))
  }
}

/** What a release loads of what the releases before have kept. */
const loadedBy = <A>(world: World, life: Effect.Effect<A, any>): Effect.Effect<ReadonlyArray<string>, any> =>
  Effect.suspend(() => {
    world.loads = []
    return Effect.map(life, () => world.loads)
  })

describe("a release in which memory alone keeps a family", () => {
  const families = (price: boolean, label: boolean) => ({
    price: { pattern: "price:{id}", value: price ? Schema.String : Manifest.type<string>() },
    label: { pattern: "label:{id}", value: label ? Schema.String : Manifest.type<string>(), derives: ["price:{id}"] }
  })
  const lookups = {
    label: (app: any) => (params: any) => Effect.map(app.keys.price.get(params), (price) => `costs ${price}`)
  }
  const both = ({ keys: { label, price } }: any) => Effect.all([price.get(id), label.get(id)])
  const acts: Record<string, (app: any) => Effect.Effect<unknown, any, any>> = {
    set: ({ keys: { price } }) => price.set(id, "row 2"),
    setMany: ({ keys: { price } }) => price.setMany([[id, "row 2"]]),
    update: ({ keys: { price } }) => price.update(id, () => "row 2"),
    batch: (app) => app.batch([app.keys.price.setting(id, "row 2")]),
    transaction: (app) => app.transaction((body: any) => body)(app.keys.price.set(id, "row 2")),
    delete: ({ keys: { price } }) => price.delete(id),
    invalidate: ({ keys: { price } }) => price.invalidate(id),
    "invalidate, stale": ({ keys: { price } }) => price.invalidate(id, { mode: "markStale" }),
    invalidateAll: ({ keys: { price } }) => price.invalidateAll(),
    invalidateTag: ({ keys: { price } }) => price.invalidateTag("any"),
    "invalidate by pattern": (app) => app.invalidate("price:*"),
    refresh: ({ keys: { price } }) => price.refresh(id),
    get: ({ keys: { price } }) => price.get(id)
  }
  for (
    const [what, price, label] of [
      ["the source", false, true],
      ["the source and what derives from it", false, false],
      ["no family", true, true]
    ] as const
  ) {
    for (const [act, run] of Object.entries(acts)) {
      if (act === "get" && price || act === "invalidateTag" && price) continue
      it.effect(`${act}, while memory alone keeps ${what}: nothing from before is served`, () =>
        Effect.gen(function*() {
          const world = new World()
          yield* world.life(families(true, true), both, { lookups })
          world.row = 2
          yield* world.life(families(price, label), run, { lookups })
          assert.deepStrictEqual(
            yield* world.life(families(true, true), both, { lookups }),
            ["row 2", "costs row 2"]
          )
        }))
    }
  }

  it.effect("a write fails as long as the place cannot learn of it, and not where the place keeps nothing", () =>
    Effect.gen(function*() {
      const fresh = new World()
      const set = (app: any) => Effect.exit(app.keys.price.set(id, "row 2") as Effect.Effect<void, any, any>)
      const first = yield* fresh.life(families(false, false), set, { lookups, isFaulty: true })
      assert.strictEqual(first._tag, "Success")
      const world = new World()
      yield* world.life(families(true, true), both, { lookups })
      const refused = yield* world.life(families(false, false), set, { lookups, isFaulty: true })
      assert.strictEqual(refused._tag, "Failure")
      // What no caller has seen is as it was.
      assert.deepStrictEqual(yield* world.life(families(true, true), both, { lookups }), ["row 1", "costs row 1"])
    }))

  it.effect("a tier of live values between memory and the file does not count as a file", () =>
    Effect.gen(function*() {
      const world = new World()
      const set = (app: any) => app.keys.price.set(id, "row 2")
      yield* world.life(families(true, true), both, { lookups, hasMiddle: true })
      world.row = 2
      yield* world.life(families(false, true), set, { lookups, hasMiddle: true })
      assert.deepStrictEqual(
        yield* world.life(families(true, true), both, { lookups, hasMiddle: true }),
        ["row 2", "costs row 2"]
      )
    }))

  it.effect("nothing is lost by a release that opens and changes nothing", () =>
    Effect.gen(function*() {
      const world = new World()
      yield* world.life(families(true, true), both, { lookups })
      yield* world.life(families(false, false), () => Effect.void, { lookups })
      assert.deepStrictEqual(yield* loadedBy(world, world.life(families(true, true), both, { lookups })), [])
    }))
})

describe("a key that moves from family to family", () => {
  const whole = { doc: { pattern: "doc:{id}:*", value: Schema.String } }
  const draft = { pattern: "doc:{id}:draft", value: Schema.String }
  const arrangements: Record<string, readonly [families: Record<string, object>, owned: ReadonlyArray<string>]> = {
    whole: [whole, ["doc"]],
    carved: [{ ...whole, draft: { ...draft, carvedFrom: "doc" } }, ["doc", "draft"]],
    part: [{ ...whole, draft: { ...draft, partOf: "doc" } }, ["doc"]],
    alone: [{ draft }, ["draft"]],
    renamed: [{ paper: { pattern: "doc:{id}:*", value: Schema.String } }, ["paper"]]
  }
  const key = "doc:1:draft"
  for (const [first, [families, owned]] of Object.entries(arrangements)) {
    for (const [second, [others, othersOwned]] of Object.entries(arrangements)) {
      if (first === second) continue
      for (const act of ["set", "delete", "invalidate"] as const) {
        it.effect(`${first}, then ${second} with ${act}, then ${first} again: the old value is not served`, () =>
          Effect.gen(function*() {
            const world = new World()
            yield* world.life(families, (app) => app.set(key, "old"), { owned })
            yield* world.life(others, (app) => act === "set" ? app.set(key, "new") : app[act](key), {
              owned: othersOwned
            })
            const read = (app: any) => app.getOption(key) as Effect.Effect<Option.Option<string>, any, any>
            assert.notDeepEqual(yield* world.life(families, read, { owned }), Option.some("old"))
          }))
      }
    }
  }

  it.effect("a key that moved is loaded although the family that had it has another pattern by then", () =>
    Effect.gen(function*() {
      const world = new World()
      const one = { a: { pattern: "item:{id}", value: Schema.String } }
      const two = { b: { pattern: "item:{id}", value: Schema.String } }
      const three = { b: { pattern: "thing:{id}", value: Schema.String } }
      yield* world.life(one, (app) => app.set("item:1", "old"))
      yield* world.life(two, (app) => app.set("item:1", "new"))
      yield* world.life(three, (app) => app.set("thing:1", "other"))
      assert.strictEqual(yield* world.life(one, (app) => app.get("item:1")), "row 1")
    }))
})

describe("a key that means something else", () => {
  const role = (pattern: string, params: object = {}) => ({ role: { pattern, value: Schema.String, params } })
  const Count = Schema.String.pipe(Schema.decodeTo(Schema.Number, SchemaTransformation.numberFromString))
  for (
    const [what, first, second] of [
      ["its parameters are swapped", role("role:{a}:{b}"), role("role:{b}:{a}")],
      ["a parameter has another name", role("role:{a}:{b}"), role("role:{a}:{c}")],
      ["its text has changed", role("role:{a}:{b}"), role("job:{a}:{b}")],
      ["a text comes besides", role("role:{a}:{b}"), role("role:x:{a}:{b}")],
      ["a parameter has a codec now", role("role:{a}:{b}"), role("role:{a}:{b}", { a: Count })],
      ["a codec has another type", role("role:{a}:{b}", { a: Schema.String }), role("role:{a}:{b}", { a: Count })]
    ] as const
  ) {
    it.effect(`a key that means something else is loaded: ${what}`, () =>
      Effect.gen(function*() {
        const world = new World()
        const get = (app: any) => {
          const number = app.definition.families.role.params.a === Count
          return app.keys.role.get({ a: number ? 1 : "1", b: "2", c: "2" })
        }
        yield* world.life(first, get)
        world.row = 2
        assert.strictEqual(yield* world.life(second, get), "row 2")
        // And back: the other release may have written the key.
        world.row = 3
        assert.strictEqual(yield* world.life(first, get), "row 3")
      }))
  }
})

describe("options of lifetime", () => {
  const user = (options: object) => ({ user: { pattern: "user:{id}", value: Schema.String, ...options } })
  const get = (app: any) => app.keys.user.get(id)

  /** Each way to see an entry, as what it shows of the row; `undefined` where nothing is fresh. */
  const ways: Record<string, (app: any) => Effect.Effect<unknown, any, any>> = {
    get,
    getMany: (app) => Effect.map(app.keys.user.getMany([id]), (all: any) => all[0]),
    getAnswer: (app) => Effect.map(app.keys.user.getAnswer(id), (answer: any) => answer.value),
    getOption: (app) => Effect.map(app.keys.user.getOption(id), orNone),
    getAnswerOption: (app) => Effect.map(app.keys.user.getAnswerOption(id), (answer: any) => orNone(answer)?.value),
    has: (app) => Effect.map(app.keys.user.has(id), (is) => is ? "held" : undefined),
    explain: (app) =>
      Effect.map(
        app.keys.user.explain(id),
        ({ held }: any) => held === undefined || held.stale ? undefined : held.value
      ),
    warm: (app) => Effect.andThen(app.keys.user.warm([id]), get(app)),
    patch: (app) => Effect.map(app.keys.user.patch(id, (was: string) => was), orNone)
  }
  const fresh = ["row 2", undefined]
  const changes: Record<string, readonly [before: object, now: object]> = {
    "a shorter time to live": [{ timeToLive: "1 day" }, { timeToLive: 100 }],
    "a time to live": [{}, { timeToLive: 100 }],
    "nothing is stored any more": [{ timeToLive: "1 day" }, { timeToLive: "doNotStore" }],
    "an idle time": [{ timeToLive: "1 day" }, { timeToLive: "1 day", idleTimeToLive: 100 }],
    "a shorter idle time": [{ idleTimeToLive: "1 day" }, { idleTimeToLive: 100 }]
  }
  for (const isAlone of [false, true]) {
    for (const [what, [before, now]] of Object.entries(changes)) {
      for (const [way, look] of Object.entries(ways)) {
        it.effect(`${what}: ${way} serves nothing that is over${isAlone ? ", without memory" : ""}`, () =>
          Effect.gen(function*() {
            const world = new World()
            yield* world.life(user(before), get, { isAlone })
            yield* TestClock.adjust(200)
            world.row = 2
            // Also where the first such release has read nothing of it, and after a release with the old options.
            yield* world.life(user(now), (app) => app.keys.user.set({ id: "2" }, "other"), { isAlone })
            assert.include(fresh, yield* world.life(user(now), look, { isAlone }))
            const other = new World()
            yield* other.life(user(before), get, { isAlone })
            yield* other.life(user(now), (app) => app.keys.user.set({ id: "2" }, "other"), { isAlone })
            yield* TestClock.adjust(200)
            other.row = 2
            assert.include(fresh, yield* other.life(user(before), look, { isAlone }))
          }))
      }
    }
  }

  it.effect("an entry that is not over by the new options is still there, until it is over", () =>
    Effect.gen(function*() {
      const world = new World()
      yield* world.life(user({ timeToLive: "1 day" }), get)
      yield* TestClock.adjust(60)
      const now = world.life(user({ timeToLive: 100 }), (app) =>
        Effect.gen(function*() {
          assert.strictEqual(yield* get(app), "row 1")
          yield* TestClock.adjust(30)
          assert.strictEqual(yield* get(app), "row 1")
          world.row = 2
          yield* TestClock.adjust(20)
          assert.strictEqual(yield* get(app), "row 2")
        }))
      assert.deepStrictEqual(yield* loadedBy(world, now), ["user"])
    }))

  for (const isAlone of [false, true]) {
    it.effect(`a read puts off the end of a new idle time${isAlone ? ", without memory" : ", across a restart"}`, () =>
      Effect.gen(function*() {
        const world = new World()
        yield* world.life(user({}), get, { isAlone })
        const now = user({ idleTimeToLive: 100 })
        const reads = (app: any) =>
          Effect.gen(function*() {
            for (let i = 0; i < 4; i++) {
              yield* TestClock.adjust(50)
              yield* get(app)
            }
          })
        const loaded = yield* loadedBy(
          world,
          Effect.andThen(
            world.life(now, reads, { isAlone }),
            world.life(now, reads, { isAlone })
          )
        )
        assert.deepStrictEqual(loaded, [])
        yield* TestClock.adjust(101)
        assert.deepStrictEqual(yield* loadedBy(world, world.life(now, get, { isAlone })), ["user"])
      }))
  }

  const day = user({ timeToLive: "1 day" })
  // The second one of these ends the entry; each later one may forget what was needed for that.
  const series = [day, user({ timeToLive: 100 }), user({}), user({ timeToLive: 1_000 }), day, user({}), day]
  for (let last = 1; last < series.length; last++) {
    it.effect(`what was over by the options of one release does not come back ${last} releases later`, () =>
      Effect.gen(function*() {
        const world = new World()
        yield* world.life(day, get)
        yield* TestClock.adjust(200)
        for (const families of series.slice(1, last)) {
          yield* world.life(families, (app) => app.keys.user.set({ id: "2" }, "other"))
        }
        assert.deepStrictEqual(yield* loadedBy(world, world.life(series[last]!, get)), ["user"])
      }))
  }

  it.effect("a longer lifetime lengthens nothing that is kept", () =>
    Effect.gen(function*() {
      const world = new World()
      yield* world.life(user({ timeToLive: 100 }), get)
      const longer = world.life(
        day,
        (app) => Effect.andThen(get(app), Effect.andThen(TestClock.adjust(101), get(app)))
      )
      assert.deepStrictEqual(yield* loadedBy(world, longer), ["user"])
    }))

  it.effect("a lifetime of the family that is the same or longer leaves the lifetime that a caller chose for one value", () =>
    Effect.gen(function*() {
      const world = new World()
      const short = { timeToLive: 100 }
      const lookups = { user: () => () => Effect.succeed(Lookup.loaded("chosen", { timeToLive: "1 day" })) }
      yield* world.life(user(short), (app) =>
        Effect.andThen(
          get(app),
          app.keys.user.set({ id: "2" }, "mine", {
            timeToLive: "1 day"
          })
        ), { lookups })
      yield* TestClock.adjust(10)
      const two = (app: any) => Effect.all([get(app), app.keys.user.get({ id: "2" })])
      for (
        const options of [short, { ...short, idleTimeToLive: "1 hour" }, { timeToLive: 200, idleTimeToLive: "1 hour" }]
      ) {
        yield* TestClock.adjust(1_000)
        assert.deepStrictEqual(yield* loadedBy(world, world.life(user(options), two)), [], JSON.stringify(options))
      }
    }))

  it.effect("what was made from an entry does not outlive it", () =>
    Effect.gen(function*() {
      const families = (options: object) => ({
        ...user(options),
        page: { pattern: "page:{id}", value: Schema.String, derives: ["user:{id}"] }
      })
      const lookups = {
        page: (app: any) => (params: any) => Effect.map(app.keys.user.get(params), (row) => `of ${row}`)
      }
      const page = (app: any) => app.keys.page.get(id)
      const world = new World()
      yield* world.life(families({ timeToLive: "1 day" }), (app) => get(app), { lookups })
      yield* TestClock.adjust(90)
      yield* world.life(families({ timeToLive: "1 day" }), page, { lookups })
      yield* TestClock.adjust(20)
      world.row = 2
      assert.strictEqual(yield* world.life(families({ timeToLive: 100 }), page, { lookups }), "of row 2")
    }))

  it.effect("two engines limit the entries of the release before alike", () =>
    Effect.gen(function*() {
      const world = new World()
      yield* world.life(user({ timeToLive: "1 day" }), get)
      yield* TestClock.adjust(200)
      world.row = 2
      const families = user({ timeToLive: 100 })
      const owners = (app: any) => ({ user: app.owner("user", { lookup: () => Effect.succeed(`row ${world.row}`) }) })
      const seen = yield* lifeOf({ place: world.place, families, owners, engines: 2 }, ([, second]) =>
        second!.run(second!.app.keys.user.get(id)))
      assert.strictEqual(seen, "row 2")
    }))
})

describe("a row that another version of the library has written", () => {
  it.effect("a row that another version of the library has written hides what was kept, and is not an error", () =>
    Effect.gen(function*() {
      const world = new World()
      const families = { user: { pattern: "user:{id}", value: Schema.String } }
      const get = (app: any) => app.keys.user.get(id)
      yield* world.life(families, get)
      const rows = Array.from(world.place.marks).filter(([scope]) => scope.includes("|o|"))
      for (const [scope, stamp] of rows) {
        world.place.marks.delete(scope)
        world.place.marks.set("App/user|o|user:{0}", stamp)
      }
      assert.strictEqual(rows.length, 1)
      world.row = 2
      assert.strictEqual(yield* world.life(families, get), "row 2")
      world.row = 3
      assert.strictEqual(yield* world.life(families, get), "row 2")
    }))
})

describe("what memory pushes down", () => {
  for (const isFaulty of [false, true]) {
    it.effect(`a pushed-down entry takes the rows of the life along, where the first round ${isFaulty ? "has failed" : "has arrived"}`, () =>
      Effect.gen(function*() {
        const world = new World()
        const user = { pattern: "user:{id}", value: Schema.String, timeToLive: 1_000, refreshAhead: 0.5 }
        const page = { pattern: "page:{id}", value: Schema.String, derives: ["user:{id}"] }
        const lookups = {
          page: (app: any) => (params: any) => Effect.map(app.keys.user.get(params), (made) => `of ${made}`)
        }
        const set = "onEviction"
        const both = (app: any) => Effect.all([app.keys.user.get(id), app.keys.page.get(id)])
        yield* world.life({ user, page }, both, { lookups, set })
        world.row = 2
        const families = { user }
        const owners = (app: any) => ({ user: app.owner("user", { lookup: () => Effect.succeed(`row ${world.row}`) }) })
        yield* lifeOf({ place: world.place, families, owners, set, isFaulty }, ([one], heal) =>
          Effect.gen(function*() {
            yield* TestClock.adjust(700)
            // It is renewed ahead of its end, behind the reader.
            yield* one!.run(one!.app.keys.user.get(id))
            yield* TestClock.adjust(20)
            yield* heal
          }))
        assert.deepStrictEqual(yield* world.life({ user, page }, both, { lookups, set }), ["row 2", "of row 2"])
      }))
  }
})

describe("what has missed nothing is still there", () => {
  const value = Schema.String
  const families: Record<string, object> = {
    user: { pattern: "user:{id}", value, timeToLive: "1 day" },
    page: { pattern: "page:{id}", value, derives: ["user:{id}"] },
    role: { pattern: "role:{team}:{user}", value, params: { team: Schema.String } },
    doc: { pattern: "doc:{id}:*", value },
    draft: { pattern: "doc:{id}:draft", value, carvedFrom: "doc" }
  }
  const reads: Record<string, (app: any) => Effect.Effect<unknown, any, any>> = {
    user: ({ keys: { user } }) => user.get(id),
    page: ({ keys: { page } }) => page.get(id),
    role: ({ keys: { role } }) => role.get({ team: "1", user: "2" }),
    doc: (app) => app.get("doc:1:a:b"),
    draft: (app) => app.get("doc:1:draft")
  }
  const lookups = { page: (app: any) => (params: any) => Effect.map(app.keys.user.get(params), (row) => `of ${row}`) }
  const readAll = (of: object) => (app: any) => Effect.forEach(Object.keys(of), (name) => reads[name]!(app))
  const without = (...names: ReadonlyArray<string>) =>
    Object.fromEntries(Object.entries(families).filter(([name]) => !names.includes(name)))
  const writeUser = (app: any) => app.keys.user.set({ id: "9" }, "other")

  const releases: Record<
    string,
    readonly [second: Record<string, object>, third: Record<string, object>, loaded: ReadonlyArray<string>]
  > = {
    "nothing changes": [families, families, []],
    "a family comes": [{ ...families, new: { pattern: "new:{id}", value } }, families, []],
    "another family goes and comes back": [without("role"), families, []],
    "a page goes while its source is written": [without("page"), families, ["page"]],
    "another family is in memory alone": [
      { ...families, role: { ...families["role"], value: Manifest.type<string>() } },
      families,
      ["role"]
    ],
    "another family has another pattern": [
      { ...families, role: { pattern: "role:{user}:{team}", value } },
      families,
      ["role"]
    ],
    "a part of another family comes": [
      { ...families, own: { pattern: "doc:{id}:own", value, carvedFrom: "doc" } },
      families,
      ["doc"]
    ],
    "a family lives longer": [
      { ...families, user: { ...families["user"], timeToLive: "2 days" } },
      { ...families, user: { ...families["user"], timeToLive: "3 days" } },
      []
    ],
    "a family lives shorter": [
      { ...families, user: { ...families["user"], timeToLive: "1 hour" } },
      { ...families, user: { ...families["user"], timeToLive: "1 hour" } },
      ["page"]
    ],
    "options that are not a lifetime change": [
      { ...families, user: { ...families["user"], staleIfError: "1 day", refreshAhead: 0.9, loadConcurrency: 3 } },
      families,
      []
    ]
  }
  for (const [what, [second, third, loaded]] of Object.entries(releases)) {
    it.effect(what, () =>
      Effect.gen(function*() {
        const world = new World()
        yield* world.life(families, readAll(families), { lookups })
        // A life that changes something, so that it is not as if it had not been.
        yield* world.life(second, writeUser, { lookups })
        const found = yield* loadedBy(world, world.life(third, readAll(families), { lookups }))
        assert.deepStrictEqual(found.toSorted(), loaded.toSorted())
        // And from then on nothing is lost.
        yield* TestClock.adjust(1_000)
        assert.deepStrictEqual(yield* loadedBy(world, world.life(third, readAll(families), { lookups })), [])
      }))
  }
})
