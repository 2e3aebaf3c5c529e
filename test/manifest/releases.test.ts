/**
 * Releases over one place that differ in everything that a manifest says of a family: which families are open, which of
 * them memory alone keeps, in which places the others are, their patterns, what is carved out of them, how long their
 * entries live. A model says which values a read may answer; and what has missed nothing is still there.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Manifest from "effect-stateless/manifest/Manifest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Schema from "effect/Schema"
import { TestClock } from "effect/testing"
import * as fc from "fast-check"
import { type Engine, lifeOf } from "../support/life.ts"
import { makePlace, type Place } from "../support/mapStore.ts"

// --- releases ----------------------------------------------------------------------------------

type Row = "user" | "role" | "doc"
type Derived = "page" | "site"
type Name = Row | Derived

/** What a release says of its families. */
interface Release {
  readonly open: ReadonlyArray<Name>
  /** Without a codec: memory alone keeps them. */
  readonly inMemory: ReadonlyArray<Name>
  readonly role: "role:{team}:{user}" | "role:{user}:{team}" | "job:{team}:{user}"
  /** Who has the key `doc:1:draft`: the family of all documents, a part of it, or a family of its own. */
  readonly doc: "whole" | "carvedFrom" | "partOf" | "alone" | "renamed"
  readonly timeToLive: number | undefined
  readonly idleTimeToLive: number | undefined
  readonly set: "through" | "onEviction"
  readonly capacity: number
  readonly engines: 1 | 2
  /** Writes of the lower tier fail at first. */
  readonly isFaulty: boolean
  /** Where another place is, if there is one in this release. */
  readonly other: "away" | "above" | "below"
}

const plain: Release = {
  open: ["user", "role", "doc", "page", "site"],
  inMemory: [],
  role: "role:{team}:{user}",
  doc: "whole",
  timeToLive: undefined,
  idleTimeToLive: undefined,
  set: "through",
  capacity: 100,
  engines: 1,
  isFaulty: false,
  other: "away"
}

const all: ReadonlyArray<Name> = plain.open
const rows: ReadonlyArray<Row> = ["user", "role", "doc"]
const isRow = (name: Name): boolean => name !== "page" && name !== "site"

const draft = "doc:1:draft"
const id = { id: "1" }
const member = { team: "1", user: "2" }
const other = { team: "2", user: "1" }

/** A row of the database, as the model knows it. */
class Truth {
  /** The row that is there. */
  now = 0
  /** The latest row that a write through the cache has brought: no earlier one may be served. */
  floor = 0
  /** Until when each row was there. */
  readonly ends: Array<number> = []
  /** When the cache was asked for it last. */
  readAt = -Infinity

  change(at: number): number {
    this.ends[this.now] = at
    return ++this.now
  }
}

class World {
  readonly place: Place = makePlace()
  readonly other: Place = makePlace()
  readonly truths: Record<Row, Truth> = { user: new Truth(), role: new Truth(), doc: new Truth() }
  readonly loads: Array<string> = []

  private families(release: Release): Record<string, object> {
    const { doc, idleTimeToLive, inMemory, open, timeToLive } = release
    const common = (name: Name) => ({
      value: inMemory.includes(name) ? Manifest.type<string>() : Schema.String,
      // What is derived ends with its sources.
      ...(timeToLive === undefined || !isRow(name) ? {} : { timeToLive }),
      ...(idleTimeToLive === undefined || !isRow(name) ? {} : { idleTimeToLive })
    })
    const all: Record<Name, Record<string, object>> = {
      user: { user: { pattern: "user:{id}", ...common("user") } },
      role: { role: { pattern: release.role, ...common("role") } },
      page: { page: { pattern: "page:{id}", derives: ["user:{id}"], ...common("page") } },
      site: { site: { pattern: "site:{id}", derives: ["page:{id}"], ...common("site") } },
      doc: doc === "alone"
        ? { draft: { pattern: draft.replace("1", "{id}"), ...common("doc") } }
        : {
          [doc === "renamed" ? "paper" : "doc"]: { pattern: "doc:{id}:*", ...common("doc") },
          ...(doc === "carvedFrom" || doc === "partOf"
            ? { draft: { pattern: "doc:{id}:draft", [doc]: "doc", ...common("doc") } }
            : {})
        }
    }
    return Object.assign({}, ...open.map((name) => all[name]))
  }

  private owners(app: any, release: Release): Record<string, unknown> {
    const found: Record<string, unknown> = {}
    const parts: Record<string, unknown> = {}
    for (const name of Object.keys(this.families(release)).toReversed()) {
      const isPart = release.doc === "partOf" && name === "draft"
      const lookup = (params: any) =>
        Effect.suspend((): Effect.Effect<string, any, any> => {
          this.loads.push(name)
          if (name === "page") return Effect.map(app.keys.user.get(params), (made) => `page(${made})`)
          if (name === "site") return Effect.map(app.keys.page.get(params), (made) => `site(${made})`)
          if (name === "role") return Effect.succeed(`role ${this.truths.role.now} ${params.team}/${params.user}`)
          return Effect.succeed(
            `${name === "user" ? "user" : "doc"} ${this.truths[name === "user" ? "user" : "doc"].now}`
          )
        })
      if (!isPart) {
        found[name] = app.owner(name, { lookup, ...(name === "doc" && release.doc === "partOf" ? { parts } : {}) })
      } else parts["draft"] = { lookup }
    }
    return found
  }

  life<A, E>(release: Release, body: Parameters<typeof lifeOf<A, E, Name>>[1]): Effect.Effect<A, any> {
    const families = this.families(release)
    const { other, place } = this
    const places = release.other === "away"
      ? { place }
      : release.other === "above"
      ? { upper: other, place }
      : { upper: place, place: other }
    return lifeOf({ ...release, ...places, families, owners: (app) => this.owners(app, release) }, body)
  }
}

// --- what may be served ------------------------------------------------------------------------

const rowOf: Record<Name, Row> = { user: "user", page: "user", site: "user", role: "role", doc: "doc" }

const readsOf: Record<Name, (app: any) => ReadonlyArray<Effect.Effect<any, any, any>>> = {
  user: (app) => [app.keys.user.get(id), app.keys.user.getMany([id]), Effect.map(app.keys.user.getAnswer(id), value)],
  page: (app) => [app.keys.page.get(id)],
  site: (app) => [app.keys.site.get(id)],
  role: (app) => [app.keys.role.get(member), app.keys.role.get(other)],
  doc: (app) => [app.get(draft)]
}

const value = ({ value }: any) => value

const shapes: Record<Name, RegExp> = {
  user: /^user (\d+)$/,
  page: /^page\(user (\d+)\)$/,
  site: /^site\(page\(user (\d+)\)\)$/,
  role: /^role (\d+) (?:1\/2|2\/1)$/,
  doc: /^doc (\d+)$/
}

const read = Effect.fnUntraced(
  function*(world: World, release: Release, { app, run }: Engine<Name>, name: Name, way: number) {
    const truth = world.truths[rowOf[name]]
    const reads = readsOf[name](app)
    const at = yield* clock
    const asked = way % reads.length
    const answered: unknown = yield* run(reads[asked]!)
    const served = String(Array.isArray(answered) ? answered[0] : answered)
    const row = Number(shapes[name].exec(served)?.[1])
    const said = `${name} served ${served} at ${at}, ${JSON.stringify(truth)}`
    if (name === "role") assert.isTrue(served.endsWith(asked === 0 ? "1/2" : "2/1"), said)
    assert.isAtLeast(row, truth.floor, said)
    const { idleTimeToLive = Infinity, timeToLive = Infinity } = release
    const isIdle = at >= truth.readAt + idleTimeToLive
    if (row < truth.now) {
      assert.isFalse(isIdle, `${said}: idle`)
      assert.isAbove(truth.ends[row]!, at - timeToLive, `${said}: over`)
    }
    truth.readAt = at
    return row
  }
)

const clock = Effect.clockWith((one) => one.currentTimeMillis)

const doors = [
  "set",
  "setMany",
  "update",
  "patch",
  "refresh",
  "batch",
  "delete",
  "invalidate",
  "invalidateAll"
] as const

/** A change of the database, which the cache learns through any of its doors. */
const write = Effect.fnUntraced(
  function*(world: World, { app, run }: Engine<Name>, name: Row, door: typeof doors[number]) {
    const truth = world.truths[name]
    const at = yield* clock
    truth.change(at)
    truth.readAt = at
    if (name === "doc") {
      const done = door === "delete"
        ? app.delete(draft)
        : door.startsWith("invalidate")
        ? app.invalidate(door === "invalidate" ? draft : "doc:*")
        : app.set(draft, `doc ${truth.now}`)
      const exit = yield* Effect.exit(run(done as Effect.Effect<any, any, any>))
      if (Exit.isSuccess(exit)) truth.floor = truth.now
      return
    }
    const family = app.keys[name]
    for (const params of name === "role" ? [member, other] : [id]) {
      const text = name === "user" ? `user ${truth.now}` : `role ${truth.now} ${Object.values(params).join("/")}`
      const ways: { readonly [D in typeof doors[number]]: () => Effect.Effect<any, any, any> } = {
        set: () => family.set(params, text),
        setMany: () => family.setMany([[params, text]]),
        update: () => family.update(params, () => text),
        patch: () => Effect.andThen(family.get(params), family.patch(params, () => text)),
        refresh: () => family.refresh(params),
        batch: () => app.batch([family.setting(params, text)]),
        delete: () => family.delete(params),
        invalidate: () => family.invalidate(params),
        invalidateAll: () => family.invalidateAll()
      }
      const exit = yield* Effect.exit(run(ways[door]()))
      if (Exit.isFailure(exit)) return
    }
    truth.floor = truth.now
  }
)

// --- random releases ---------------------------------------------------------------------------

const step = fc.record({
  act: fc.oneof(
    { weight: 4, arbitrary: fc.record({ door: fc.constantFrom(...doors) }) },
    { weight: 4, arbitrary: fc.record({ way: fc.nat(2) }) },
    { weight: 2, arbitrary: fc.record({ silent: fc.constant(true) }) },
    { weight: 2, arbitrary: fc.record({ advance: fc.constantFrom(50, 300, 600, 2_000) }) }
  ),
  at: fc.nat(50),
  engine: fc.nat(1)
})

type Step = typeof step extends fc.Arbitrary<infer S> ? S : never

// Releases do not decide what a tier that fails leaves of a source beside what was made from it.
const closed = (release: Release): Release => {
  const wanted = release.isFaulty ? release.open.filter((name) => name !== "page" && name !== "site") : release.open
  const has = (...names: ReadonlyArray<Name>) => names.some((name) => wanted.includes(name))
  const needs = (name: Name) => has(name) || name === "user" && has("page", "site") || name === "page" && has("site")
  const open = all.filter(needs)
  return { ...release, open: open.length === 0 ? ["user"] : open }
}

// Most of what a release says is what most releases say, so that few changes at a time come between two that agree.
const mostly = <A>(usual: A, ...others: ReadonlyArray<fc.Arbitrary<A>>): fc.Arbitrary<A> =>
  fc.oneof(
    { weight: 4 * others.length, arbitrary: fc.constant(usual) },
    ...others.map((arbitrary) => ({ weight: 1, arbitrary }))
  )

const release: fc.Arbitrary<Release> = fc.record<Release>({
  open: mostly<Release["open"]>(all, fc.subarray([...all], { minLength: 1 })),
  inMemory: mostly<Release["inMemory"]>([], fc.subarray([...all], { minLength: 1 })),
  role: mostly<Release["role"]>(plain.role, fc.constantFrom("role:{user}:{team}", "job:{team}:{user}")),
  doc: mostly<Release["doc"]>(plain.doc, fc.constantFrom("carvedFrom", "partOf", "alone", "renamed")),
  timeToLive: mostly<number | undefined>(undefined, fc.constantFrom(1_000, 200, 0)),
  idleTimeToLive: mostly<number | undefined>(undefined, fc.constant(500)),
  set: fc.constantFrom("through", "onEviction"),
  capacity: mostly(100, fc.constant(2)),
  engines: mostly<1 | 2>(1, fc.constant(2)),
  isFaulty: mostly(false, fc.constant(true)),
  other: fc.constant(plain.other)
}).map(closed)

interface Life {
  readonly release: Release
  readonly steps: ReadonlyArray<Step>
  readonly healAt: number
  /** Everything is read at the end. */
  readonly looks: boolean
}

const life: fc.Arbitrary<Life> = fc.record({
  release,
  steps: fc.array(step, { maxLength: 7 }),
  healAt: fc.nat(4),
  looks: fc.boolean()
})

const run = Effect.fnUntraced(function*(lives: ReadonlyArray<Life>) {
  const world = new World()
  for (const { healAt, looks, release, steps } of lives) {
    const writable = rows.filter((name) => release.open.includes(name))
    // A user that a reader has seen is not older than the page that the reader sees next.
    let seen = 0
    const look = (engine: Engine<Name>, name: Name, way: number) =>
      Effect.map(read(world, release, engine, name, way), (row) => {
        if (rowOf[name] !== "user" || release.engines > 1) return
        assert.isAtLeast(row, seen, `${name} after a later user`)
        seen = row
      })
    yield* world.life(release, (engines, heal) =>
      Effect.gen(function*() {
        for (const [i, { act, at, engine }] of steps.entries()) {
          if (i === healAt) yield* heal
          const one = engines[engine % engines.length]!
          if ("door" in act) yield* write(world, one, writable[at % writable.length]!, act.door)
          else if ("way" in act) yield* look(one, release.open[at % release.open.length]!, act.way)
          else if ("silent" in act) world.truths[rows[at % rows.length]!].change(yield* clock)
          else yield* TestClock.adjust(act.advance)
        }
        yield* heal
        if (!looks) return
        for (const name of release.open) yield* look(engines[0]!, name, 0)
        if (release.open.includes("role")) yield* look(engines[0]!, "role", 1)
      }))
  }
})

const inTestClock = <A>(effect: Effect.Effect<A, any>) => Effect.runPromise(Effect.provide(effect, TestClock.layer()))

describe("releases that differ in what they say of their families", () => {
  it("a place that was away for a release brings nothing back", () => {
    const others = fc.constantFrom<Release["other"]>("away", "above", "below")
    const moving = fc.tuple(life, others).map(([one, other]) => ({ ...one, release: { ...one.release, other } }))
    return fc.assert(
      fc.asyncProperty(fc.array(moving, { minLength: 2, maxLength: 6 }), (lives) => inTestClock(run(lives)))
    )
  }, 120_000)

  it(
    "a release serves what the database has, if the cache knows of the change, and nothing that is over by today's options",
    () =>
      fc.assert(
        fc.asyncProperty(fc.array(life, { minLength: 2, maxLength: 6 }), (lives) => inTestClock(run(lives)))
      ),
    120_000
  )
})
