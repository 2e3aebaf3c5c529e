/**
 * Families come and go with deployments. A family that was not open while one of its sources was written does not serve
 * its old entries, and a family that missed no write does.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Manifest from "effect-stateless/manifest/Manifest"
import * as MemoryStore from "effect-stateless/store/MemoryStore"
import { Store } from "effect-stateless/store/Store"
import * as TieredStore from "effect-stateless/store/TieredStore"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import { TestClock } from "effect/testing"
import * as fc from "fast-check"
import { fork } from "../support/effects.ts"
import { makePlace, mapStore, type Place } from "../support/mapStore.ts"

/** What each family is made from; those without a source are in the database. */
const all = {
  user: [],
  team: [],
  page: ["user"],
  site: ["page"],
  board: ["user", "team"],
  report: ["board", "page"]
} as const
type Name = keyof typeof all
const names = Object.keys(all) as ReadonlyArray<Name>
const doors = ["set", "setMany", "update", "patch", "refresh", "batch", "delete", "invalidate"] as const

interface Step {
  readonly write: typeof doors[number] | undefined
  readonly family: number
}

/** The database, and how often each family was loaded. */
class DeployedWorld {
  readonly place: Place = makePlace()
  readonly rows: Record<string, number> = { user: 0, team: 0 }
  readonly loads: Array<Name> = []

  valueOf(name: Name): string {
    const sources: ReadonlyArray<Name> = all[name]
    return sources.length === 0
      ? `${name} ${this.rows[name]}`
      : `${name}(${sources.map((one) => this.valueOf(one)).join()})`
  }

  /** A release with these families, over the place. Each time that its layer is built it is another engine. */
  release(open: ReadonlyArray<Name>): { readonly app: any; readonly live: Layer.Layer<any, any> } {
    const cold = mapStore({ name: "cold", place: this.place })
    const families = Object.fromEntries(open.map((name) => [name, {
      pattern: `${name}:{id}`,
      value: Manifest.type<string>(),
      ...(all[name].length === 0 ? {} : { derives: all[name].map((source) => `${source}:{id}`) })
    }]))
    const app: any = (Manifest.Service as any)()("App", { families })
    const lookup = (name: Name) => ({ id }: { readonly id: string }) =>
      Effect.gen({ self: this }, function*() {
        this.loads.push(name)
        const sources: ReadonlyArray<Name> = all[name]
        if (sources.length === 0) return this.valueOf(name)
        const made: Array<string> = []
        for (const source of sources) made.push(yield* app.keys[source].get({ id }))
        return `${name}(${made.join()})`
      })
    const store = Layer.effect(
      Store,
      Effect.map(
        MemoryStore.make({ capacity: 100 }),
        (memory) => TieredStore.make([memory, cold])
      )
    )
    const live = app.modules(Object.fromEntries(open.map((name) => [name, app.owner(name, { lookup: lookup(name) })])))
      .pipe(Layer.provide(store), Layer.fresh)
    return { app, live }
  }

  /** One life of the process, with these families and everything that they are made from. */
  life<A, E>(open: ReadonlyArray<Name>, body: (app: any) => Effect.Effect<A, E, any>): Effect.Effect<A, any> {
    const { app, live } = this.release(open)
    // The outbox has carried all by the end of the life.
    return Effect.provide(Effect.tap(body(app), () => TestClock.adjust(1_000)), live) as any
  }

  write(app: any, door: Step["write"], name: Name): Effect.Effect<unknown, unknown, any> {
    const family = app.keys[name]
    const id = { id: "1" }
    const value = () => `${name} ${++this.rows[name]!}`
    return Effect.suspend(() => {
      switch (door) {
        case "set":
          return family.set(id, value())
        case "setMany":
          return family.setMany([[id, value()]])
        case "update":
          return family.update(id, value)
        case "patch":
          return Effect.andThen(family.get(id), family.patch(id, value))
        case "batch":
          return app.batch([family.setting(id, value())])
        default:
          value()
          return family[door!](id)
      }
    })
  }
}

const closed = (given: ReadonlyArray<Name>): ReadonlyArray<Name> => {
  const found = new Set(given)
  for (const name of found) for (const source of all[name]) found.add(source)
  return names.filter((name) => found.has(name))
}

const life = fc.record({
  open: fc.subarray([...names], { minLength: 1 }).map(closed),
  steps: fc.array(fc.record({ write: fc.option(fc.constantFrom(...doors), { nil: undefined }), family: fc.nat(50) }), {
    maxLength: 6
  })
})

interface Life {
  readonly open: ReadonlyArray<Name>
  readonly steps: ReadonlyArray<Step>
}

const run = Effect.fnUntraced(function*(lives: ReadonlyArray<Life>) {
  const world = new DeployedWorld()
  const read = (app: any, name: Name) =>
    Effect.map(
      app.keys[name].get({ id: "1" }) as Effect.Effect<unknown, unknown, any>,
      (value) => assert.strictEqual(value, world.valueOf(name))
    )
  for (const { open, steps } of lives) {
    const writable = open.filter((name) => all[name].length === 0)
    yield* world.life(open, (app) =>
      Effect.gen(function*() {
        for (const { family, write } of steps) {
          if (write === undefined) yield* read(app, open[family % open.length]!)
          else yield* world.write(app, write, writable[family % writable.length]!)
        }
        for (const name of open) yield* read(app, name)
      }))
  }
})

describe("deployments in which families come and go", () => {
  it("every read returns what the database has, whatever was open during the writes", () =>
    fc.assert(
      fc.asyncProperty(fc.array(life, { minLength: 2, maxLength: 6 }), (lives) =>
        Effect.runPromise(Effect.provide(run(lives), TestClock.layer())))
    ))

  const readAll = (open: ReadonlyArray<Name>) => (app: any) =>
    Effect.forEach(open, (name) => app.keys[name].get({ id: "1" }) as Effect.Effect<unknown, unknown, any>)

  for (
    const [what, second, kept] of [
      ["the same families", names, names],
      ["a new family besides", ["user", "page"], ["user", "page"]],
      ["another family gone", ["user", "team", "board"], ["user", "team", "board"]]
    ] as const
  ) {
    it.effect(`a family that missed no write keeps its entries: ${what}`, () =>
      Effect.gen(function*() {
        const world = new DeployedWorld()
        const first = what === "a new family besides" ? ["user", "page"] as const : names
        yield* world.life(first, readAll(first))
        world.loads.length = 0
        const now = what === "a new family besides" ? names : second
        yield* world.life(now, readAll(kept))
        assert.deepStrictEqual(world.loads, [])
      }))
  }

  for (const door of doors) {
    it.effect(`a page that was not open is loaded again after ${door} of its source`, () =>
      Effect.gen(function*() {
        const world = new DeployedWorld()
        yield* world.life(["user", "page", "site"], readAll(["user", "page", "site"]))
        yield* world.life(["user"], (app) => world.write(app, door, "user"))
        const read = yield* world.life(["user", "page", "site"], readAll(["site", "page"]))
        assert.deepStrictEqual(read, ["site(page(user 1))", "page(user 1)"])
      }))
  }

  for (const order of ["one after the other", "at once"] as const) {
    it.effect(`a page that was not open is loaded again by two engines that are built ${order}`, () =>
      Effect.gen(function*() {
        const world = new DeployedWorld()
        const open = ["user", "page"] as const
        yield* world.life(open, readAll(open))
        yield* world.life(["user"], (app) => world.write(app, "set", "user"))
        const { app, live } = world.release(open)
        const gate = yield* Deferred.make<void>()
        const engine = (wait: Effect.Effect<unknown>) =>
          Effect.provide(
            Effect.andThen(wait, app.keys.page.get({ id: "1" }) as Effect.Effect<unknown, unknown, any>),
            live
          )
        const running = yield* fork(engine(Deferred.await(gate)))
        if (order === "one after the other") yield* Effect.repeat(Effect.yieldNow, { times: 20 })
        assert.strictEqual(yield* engine(Effect.void), "page(user 1)")
        yield* Deferred.succeed(gate, undefined)
        assert.strictEqual(yield* Fiber.join(running), "page(user 1)")
      }))
  }
})
