/**
 * Sources vanish from a small or limited file without a sign, under a scheduler with seeds; the process ends now and
 * then, and the next one opens the file. No writer tells the cache that the rows change, except where rows have tags:
 * there a writer invalidates the tag of its row, which no tier may hold any more.
 *
 * A reader never sees a value that was made from an older row than it has seen, or from before the invalidation of its
 * tag.
 */
import { assert, describe } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { TestClock } from "effect/testing"
import * as Lookup from "../../src/cache/Lookup.ts"
import type { FamilyPolicy } from "../../src/ownership/FamilyPolicy.ts"
import { Store } from "../../src/store/Store.ts"
import { EncodeFailed, InvalidStoreOptions, StoreError } from "../../src/store/StoreError.ts"
import { changed } from "../support/changed.ts"
import { type App, engine } from "../support/engine.ts"
import { makePlace, mapStore, type Place } from "../support/mapStore.ts"
import { below, chance, pick, simulate } from "../support/simulate.ts"
import { SimulatedWorld } from "../support/simulatedWorld.ts"
import { type Above, type TiersOptions, tiersOver } from "../support/tiers.ts"

const ids = ["1", "2"] as const
const derived = ["profile", "page", "guess", "board"] as const
type Name = "user" | "other" | typeof derived[number]

interface Plan {
  readonly over: Above
  readonly set?: TiersOptions["set"]
  /** How many entries of each family the file has room for. */
  readonly room?: number
  /** Of so many rows of a source, one does not fit the file. */
  readonly unfit?: number
  /** Memory alone keeps the source. */
  readonly isLive?: boolean
  /** Rows have tags, and a writer invalidates the tag of the row that it has changed. */
  readonly hasTags?: boolean
}

const tagOf = (key: string) => `tag of ${key}`

const policies: ReadonlyArray<FamilyPolicy> = [{}, { timeToLive: 60 }, { timeToLive: 60, idleTimeToLive: 32 }]

const unfitOf = (key: string, cause: string) =>
  new StoreError({ reason: new EncodeFailed({ tier: "file", key, cause }) })

/** A map in the place of a file. */
const file = (place: Place, { isLive, room, unfit = Infinity }: Plan): Store["Service"] => {
  const map = mapStore({ place, name: "file", ...(room === undefined ? {} : { capacity: room }) })
  const store = changed(map, (partition, family) => {
    const fits = (value: unknown) => !family.name.endsWith("/user") || (value as number) % unfit !== 1
    return {
      prepare: (key, content) =>
        fits(content.value) ? partition.prepare(key, content) : Effect.fail(unfitOf(key, "row")),
      set: (key, entry) => fits(entry.value) ? partition.set(key, entry) : Effect.fail(unfitOf(key, "row")),
      setMany: (all) =>
        all.every(([, { value }]) => fits(value)) ? partition.setMany(all) : Effect.fail(unfitOf("some", "row"))
    }
  })
  const withoutCodec = new StoreError({
    reason: new InvalidStoreOptions({ tier: "file", option: "codec", why: "is missing" })
  })
  return Store.of({
    ...store,
    open: (family) => isLive === true && family.name.endsWith("/user") ? Effect.fail(withoutCodec) : store.open(family)
  })
}

class VanishingWorld extends SimulatedWorld<App<Name>> {
  private readonly plan: Plan
  override readonly rows = new Map<string, number>(ids.map((id) => [id, 1]))

  constructor(plan: Plan) {
    super()
    this.plan = plan
  }

  private readonly lookup = Effect.fnUntraced(function*(this: VanishingWorld, key: string, app: App<Name>) {
    const row: number = yield* this.make(key, app)
    if (yield* chance(0.5)) yield* Effect.sleep(1 + (yield* below(8)))
    return this.plan.hasTags === true && key.startsWith("user:") ? Lookup.loaded(row, { tags: [tagOf(key)] }) : row
  })

  private readonly make = Effect.fnUntraced(function*(this: VanishingWorld, key: string, app: App<Name>) {
    const [family, id] = key.split(":")
    const { profile, user } = app.keys
    if (yield* chance(0.5)) yield* Effect.sleep(1 + (yield* below(8)))
    switch (family) {
      case "user":
        return this.rows.get(id!)!
      case "page":
        return yield* profile.get({ id })
      case "guess": {
        const found = yield* user.getOption({ id })
        if (found._tag === "Some") return found.value
        // It reads one that is there, so that not each is made without one.
        return (yield* below(2)) === 0 ? 0 : yield* user.get({ id })
      }
      case "board":
        return Math.max(yield* user.get({ id: "1" }), 0)
      default:
        return yield* user.get({ id })
    }
  })

  private readonly life = Effect.fnUntraced(function*(this: VanishingWorld, place: Place, policy: FamilyPolicy) {
    const { over, set } = this.plan
    const capacity = yield* pick([2, 4, 100])
    const store = yield* tiersOver(file(place, this.plan), { above: over, capacity, eviction: "lru", set })
    const running = yield* engine(
      {
        families: {
          user: { pattern: "user:{id}", ...policy },
          profile: { pattern: "profile:{id}", derives: ["user:{id}"] },
          guess: { pattern: "guess:{id}", derives: ["user:{id}"] },
          page: { pattern: "page:{id}", derives: ["profile:{id}"] },
          board: { pattern: "board", derives: ["user:{id}"], fanout: true },
          other: { pattern: "other:{id}" }
        }
      },
      ({ key }, app) => this.lookup(key, app) as Effect.Effect<unknown, unknown, any>,
      { store: Layer.succeed(Store, store) }
    )
    const { keys } = running.app
    const step = Effect.gen({ self: this }, function*() {
      const [luck, id] = [yield* below(10), yield* pick(ids)]
      yield* Effect.sleep(yield* below(6))
      if (luck < 1) {
        const row = this.rows.get(id)! + 1
        this.rows.set(id, row)
        if (this.plan.hasTags !== true) return
        yield* running.as(keys.user.invalidateTag(tagOf(`user:${id}`)))
        this.floors.raise(id, row)
      } else if (luck < 2) yield* running.as(keys.other.set({ id: `${yield* below(6)}` }, 0))
      else if (luck < 4) {
        const row = (yield* running.as(keys.user.get({ id }))) as number
        this.floors.raise(id, row)
      } else {
        const family = yield* pick(derived)
        const floor = this.floors.of(family === "board" ? "1" : id)
        const row = yield* running.as(keys[family].get(family === "board" ? {} : { id }))
        // What is made without a source is not of a row.
        const least = family === "guess" && !(yield* running.as(keys.user.has({ id }))) ? 0 : floor
        if (row !== 0 || least > 0 && family !== "guess") assert.isAtLeast(row as number, least, `${family} of ${id}`)
      }
    })
    const fiber = Effect.forEach(Array.from({ length: yield* below(12) }), () => step, { discard: true })
    yield* this.together([fiber, fiber, fiber], 3)
    yield* this.quiet(running)
  })

  readonly run = Effect.gen({ self: this }, function*() {
    const [place, policy] = [makePlace(), yield* pick(policies)]
    for (let life = 0; life < 4; life++) {
      yield* Effect.scoped(this.life(place, policy))
      if ((yield* below(4)) === 0) yield* TestClock.adjust(30)
      for (const id of ids) if ((yield* below(2)) === 0) this.rows.set(id, this.rows.get(id)! + 1)
    }
  })
}

const story = (name: string, plan: Plan) =>
  simulate(
    `no value is made from an older row than a reader has seen, when ${name}`,
    () => new VanishingWorld(plan).run,
    {
      oneOf: 3
    }
  )

describe("source that vanishes", () => {
  story("a file is small", { over: "nothing", room: 1 })
  story("a file under memory is small", { over: "memory", room: 1 })
  story("a file that gets evicted entries is small", { over: "memory", room: 1, set: "onEviction" })
  story("memory alone has the sources", { over: "memory", isLive: true })
  story("memory alone has the sources, and pushes down other entries", {
    over: "memory",
    isLive: true,
    set: "onEviction"
  })
  story("some sources do not fit", { over: "memory", unfit: 2 })
  story("some sources do not fit, and are pushed down", { over: "memory", unfit: 2, set: "onEviction" })
  story("some sources do not fit, without memory", { over: "nothing", unfit: 2 })
  for (const set of ["through", "onEviction"] as const) {
    story(`a file is small, and tags are invalidated (${set})`, { over: "memory", room: 1, set, hasTags: true })
    story(`some sources do not fit, and tags are invalidated (${set})`, {
      over: "memory",
      unfit: 2,
      set,
      hasTags: true
    })
  }
  story("a small file is alone, and tags are invalidated", { over: "nothing", room: 1, hasTags: true })
})
