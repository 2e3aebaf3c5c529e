/**
 * A derived value is fresh no longer than its source, even when the source vanished without a sign: it was evicted from
 * a file that was opened again, it was in memory alone, it did not fit below, or it was never there.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Latch from "effect/Latch"
import * as Schema from "effect/Schema"
import type { LookupContext } from "../../src/cache/Lookup.ts"
import { Manifest } from "../../src/index.ts"
import * as LmdbStore from "../../src/store/lmdb/LmdbStore.ts"
import * as MemoryStore from "../../src/store/memory/MemoryStore.ts"
import * as TieredStore from "../../src/store/TieredStore.ts"
import { ArrangedWorld, type Arrangement, inside, type Value, valueSchema } from "../support/arrangements/world.ts"
import type { App } from "../support/engine.ts"

// A value of this row is one that no codec takes.
const oddRow = 7
const evenSchema = Schema.Struct({ row: Schema.Number.check(Schema.makeFilter((n: number) => n !== oddRow)) })
const one = { id: "1" }

interface Ways {
  /** Whether the source is kept in memory alone. */
  readonly isLive?: boolean
}

const paramsOf = (family: string, id: string) =>
  family === "board" ? {} : family === "label" ? { id, language: "en" } : { id }

type Derived = "profile" | "guess" | "page" | "board" | "label"

class Chain extends ArrangedWorld<Derived> {
  /** What a profile waits for once it has read its source. */
  readonly gate = Latch.makeUnsafe(true)
  /** What a profile has more than its source. */
  more = 0
  private readonly ways: Ways

  constructor(arrangement: Arrangement, ways: Ways, folder: string) {
    super(arrangement, {}, folder)
    this.ways = ways
  }

  override get families() {
    const derived = { value: valueSchema, derives: ["user:{id}"] as const }
    return {
      ...super.families,
      user: {
        pattern: "user:{id}",
        value: this.ways.isLive === true ? Manifest.type<Value>() : evenSchema
      },
      profile: { pattern: "profile:{id}", ...derived },
      guess: { pattern: "guess:{id}", ...derived },
      page: { pattern: "page:{id}", value: valueSchema, derives: ["profile:{id}"] as const },
      board: { pattern: "board", ...derived, fanout: true as const },
      label: { pattern: "label:{id}:{language}", ...derived, fanout: true as const }
    }
  }

  override lookup(
    about: LookupContext<any>,
    app: App<Derived | "user" | "other">
  ): Effect.Effect<unknown, unknown, any> {
    const [family, id] = about.key.split(":")
    const { profile, user } = app.keys
    switch (family) {
      case "profile":
        return Effect.tap(
          Effect.map(user.get({ id }), ({ row }: Value) => ({ row: row + this.more })),
          this.gate.await
        )
      case "page":
        return profile.get({ id })
      case "label":
        return user.get({ id })
      case "board":
        return user.get(one)
      case "guess":
        return Effect.map(user.getOption({ id }), (found: any) => found._tag === "Some" ? found.value : { row: 0 })
      default:
        return super.lookup(about, app)
    }
  }

  read(family: Derived | "user", id = "1"): Effect.Effect<number, unknown> {
    const of = this.running.app.keys[family]
    return Effect.map(this.on<Value>(of.get(paramsOf(family, id))), ({ row }) => row)
  }

  held(family: Derived | "user"): Effect.Effect<boolean, unknown> {
    return this.on(this.running.app.keys[family].has(paramsOf(family, "1")))
  }

  /** Pushes everything that is not read meanwhile out of memory, and out of what is bounded below. */
  readonly crowd = (keep: ReadonlyArray<Derived | "user"> = []): Effect.Effect<void, unknown> =>
    Effect.forEach(Array.from({ length: 12 }, (_, i) => `${i}`), (id) =>
      Effect.andThen(
        Effect.andThen(this.on<void>(this.running.app.keys.other.set({ id }, { row: 0 })), this.settle),
        Effect.forEach(keep, (family) => this.held(family))
      ), { discard: true })

  /** The owner of a family leaves, and returns. */
  readonly leave = (family: string): Effect.Effect<void> =>
    Effect.sync(() => {
      const left = this.running.cache.families.get(family)!
      const { loader } = left.loads
      left.disown(loader)
      left.own(loader!)
    })

  readonly restart: Effect.Effect<void, unknown> = Effect.suspend(() =>
    Effect.andThen(this.settle, Effect.andThen(this.close, this.open))
  )
}

const memory = (capacity: number) => MemoryStore.layer({ capacity, eviction: "lru" })
const file = (path: string, entriesMax?: number) => LmdbStore.layer({ path, durability: "process", entriesMax })
const arrangement = (name: string, store: Arrangement["store"]): Arrangement => ({
  name,
  store,
  inMemory: false,
  between: "nothing"
})
const aFile = arrangement("a file", (path) => file(path))
const overFile = arrangement("memory over a file", (path) => TieredStore.layer([memory(1_000), file(path)]))
const smallOverFile = arrangement("little memory over a file", (path) => TieredStore.layer([memory(5), file(path)]))
const pushing = arrangement(
  "little memory that pushes down into a file",
  (path) => TieredStore.layer([memory(5), file(path)], { set: "onEviction" })
)
const everyFile = [aFile, overFile, smallOverFile, pushing]

interface Way {
  readonly how: string
  readonly in: ReadonlyArray<Arrangement>
  readonly ways?: Ways
  /** The first value of the source. */
  readonly row?: number
  readonly vanish: (world: Chain) => Effect.Effect<unknown, unknown>
  /** What was made from it is found to be gone by those who read that alone. */
  readonly takesAlong?: boolean
}

const values = ["profile", "page", "board"] as const

const ways: ReadonlyArray<Way> = [
  {
    how: "since memory alone had it, and the process ended",
    in: [overFile, smallOverFile, pushing],
    ways: { isLive: true },
    takesAlong: true,
    vanish: ({ restart }) => restart
  },
  {
    how: "since it does not fit the file, and the process ended",
    in: [aFile, overFile, smallOverFile, pushing],
    row: oddRow,
    vanish: ({ restart }) => restart
  },
  {
    how: "since it does not fit the file, and memory pushed it out",
    in: [smallOverFile, pushing],
    row: oddRow,
    takesAlong: true,
    vanish: ({ crowd }) => crowd(["profile", "page", "board"])
  }
]

describe("derived value whose source has vanished", () => {
  for (const { how, in: all, row = 1, takesAlong = false, vanish, ways: own = {} } of ways) {
    for (const arrangement of all) {
      const start = (world: Chain) =>
        Effect.gen(function*() {
          world.source.row = row
          for (const family of values) assert.strictEqual(yield* world.read(family), row)
          yield* world.settle
          yield* vanish(world)
          assert.isFalse(yield* world.held("user"), "the source is gone")
          world.source.row = 2
        })

      it.effect(`the derived value goes when the source is loaded again, ${how}: ${arrangement.name}`, () =>
        inside((folder) => new Chain(arrangement, own, folder), (world) =>
          Effect.gen(function*() {
            yield* start(world)
            assert.strictEqual(yield* world.read("user"), 2)
            for (const family of values) assert.strictEqual(yield* world.read(family), 2, family)
            yield* world.restart
            for (const family of values) assert.strictEqual(yield* world.read(family), 2, family)
          })))

      if (!takesAlong) continue
      it.effect(`a read of the derived value alone drops it, ${how}: ${arrangement.name}`, () =>
        inside((folder) => new Chain(arrangement, own, folder), (world) =>
          Effect.gen(function*() {
            yield* start(world)
            for (const family of values) assert.isFalse(yield* world.held(family), family)
            for (const family of values) assert.strictEqual(yield* world.read(family), 2, family)
            for (const family of values) assert.isTrue(yield* world.held(family), "it is kept again")
          })))
    }
  }

  for (const over of [false, true]) {
    const full = arrangement("", (path) => over ? TieredStore.layer([memory(2), file(path, 4)]) : file(path, 4))
    for (const isLoaded of [false, true]) {
      const when = isLoaded ? "when it is loaded again" : "though it alone is read"
      const how = `${over ? "memory over " : ""}a file that is full`
      it.effect(`the derived value goes after the eviction of its source from ${how}, which was opened again, ${when}`, () =>
        inside((folder) => new Chain(full, {}, folder), (world) =>
          Effect.gen(function*() {
            for (const family of values) assert.strictEqual(yield* world.read(family), 1)
            yield* world.restart
            for (const family of values) assert.isTrue(yield* world.held(family), "a restart loses nothing")
            yield* world.on(world.running.app.keys.other.set(one, { row: 0 }))
            yield* world.settle
            yield* world.on(world.running.app.keys.other.delete({ id: "none" }))
            yield* world.settle
            assert.isFalse(yield* world.held("user"), "the source is gone")
            world.source.row = 2
            if (isLoaded) assert.strictEqual(yield* world.read("user"), 2)
            else for (const family of values) assert.isFalse(yield* world.held(family), family)
            for (const family of values) assert.strictEqual(yield* world.read(family), 2, family)
          })))
    }
  }

  for (const arrangement of everyFile) {
    for (const isLive of [false, true]) {
      if (isLive && arrangement === aFile) continue
      const name = `${isLive ? "of memory alone, " : ""}${arrangement.name}`
      it.effect(`the derived value goes when its source was never there and the process ended: ${name}`, () =>
        inside((folder) => new Chain(arrangement, { isLive }, folder), (world) =>
          Effect.gen(function*() {
            assert.strictEqual(yield* world.read("guess"), 0)
            yield* world.restart
            assert.strictEqual(yield* world.read("user"), 1)
            assert.strictEqual(yield* world.read("guess"), 1)
          })))
    }

    it.effect(`the derived value stays when its source is there: ${arrangement.name}`, () =>
      inside((folder) => new Chain(arrangement, {}, folder), (world) =>
        Effect.gen(function*() {
          for (const family of values) yield* world.read(family)
          yield* world.restart
          world.source.row = 2
          assert.strictEqual(yield* world.read("user"), 1)
          for (const family of values) assert.strictEqual(yield* world.read(family), 1, family)
          // The first load of another key concerns what was made from that.
          assert.strictEqual(yield* world.read("user", "2"), 2)
          assert.strictEqual(yield* world.read("profile"), 1)
          assert.strictEqual(yield* world.read("page"), 1)
        })))

    it.effect(`the derived value is kept when its lookup has loaded the source: ${arrangement.name}`, () =>
      inside((folder) => new Chain(arrangement, {}, folder), (world) =>
        Effect.gen(function*() {
          yield* world.on(world.running.app.keys.other.set(one, { row: 0 }))
          yield* world.restart
          for (const family of ["page", "board"] as const) assert.strictEqual(yield* world.read(family), 1)
          yield* world.settle
          for (const family of values) assert.isTrue(yield* world.held(family), family)
        })))
  }

  it.effect("the derived value is not kept when its lookup waited for an overtaken load", () =>
    inside((folder) => new Chain(smallOverFile, {}, folder), (world) =>
      Effect.gen(function*() {
        world.source.row = oddRow
        world.gate.closeUnsafe()
        const reader = yield* Effect.forkChild(world.read("page"))
        yield* world.settle
        yield* world.crowd()
        assert.isFalse(yield* world.held("user"), "the source is gone")
        world.source.row = 2
        assert.strictEqual(yield* world.read("user"), 2)
        world.gate.openUnsafe()
        assert.strictEqual(yield* Fiber.join(reader), oddRow, "a reader that has waited is answered")
        for (const family of ["page", "profile"] as const) assert.strictEqual(yield* world.read(family), 2, family)
      })))
})

describe("value derived from an owner that left and came back with another value", () => {
  const made = [...values, "label"] as const
  const readAll = (world: Chain, row: number) =>
    Effect.gen(function*() {
      for (const family of made) assert.strictEqual(yield* world.read(family), row, family)
      yield* world.settle
    })

  for (const arrangement of everyFile) {
    for (const isOpenedAgain of [false, true]) {
      const when = `${isOpenedAgain ? "after a restart, " : ""}${arrangement.name}`
      const start = (world: Chain) =>
        Effect.gen(function*() {
          yield* readAll(world, 1)
          if (isOpenedAgain) yield* world.restart
          if (isOpenedAgain) yield* readAll(world, 1)
        })

      it.effect(`a restart does not bring the derived value back: ${when}`, () =>
        inside((folder) => new Chain(arrangement, {}, folder), (world) =>
          Effect.gen(function*() {
            yield* start(world)
            // What was settled, or known to be read, before the end is of no use after it.
            for (const row of [2, 3]) {
              yield* world.leave("user")
              world.source.row = row
              assert.strictEqual(yield* world.read("user"), row)
              yield* world.restart
              assert.strictEqual(yield* world.read("user"), row)
              yield* readAll(world, row)
            }
          })))

      it.effect(`a restart does not bring back a value from the middle of a chain: ${when}`, () =>
        inside((folder) => new Chain(arrangement, {}, folder), (world) =>
          Effect.gen(function*() {
            yield* start(world)
            yield* world.leave("profile")
            world.more = 1
            assert.strictEqual(yield* world.read("profile"), 2)
            yield* world.restart
            assert.strictEqual(yield* world.read("page"), 2)
            assert.strictEqual(yield* world.read("board"), 1)
          })))

      it.effect(`an end further up does not bring back a value that was made again from another one: ${when}`, () =>
        inside((folder) => new Chain(arrangement, {}, folder), (world) =>
          Effect.gen(function*() {
            yield* start(world)
            yield* world.leave("user")
            yield* world.on(world.running.app.keys.user.set(one, { row: 1 }))
            world.more = 1
            yield* world.read("profile")
            yield* world.restart
            assert.strictEqual(yield* world.read("page"), 2)
          })))

      it.effect(`the derived value is not served when nothing below can be trusted: ${when}`, () =>
        inside((folder) => new Chain(arrangement, {}, folder), (world) =>
          Effect.gen(function*() {
            yield* start(world)
            ;(world.running.cache.families.get("user")!.entries.lane as any).onDistrust()
            world.source.row = 2
            assert.strictEqual(yield* world.read("user"), 2)
            yield* readAll(world, 2)
          })))
    }

    it.effect(`the end of its own owner does not bring the derived value back: ${arrangement.name}`, () =>
      inside((folder) => new Chain(arrangement, {}, folder), (world) =>
        Effect.gen(function*() {
          world.source.row = oddRow
          yield* readAll(world, oddRow)
          yield* world.restart
          for (const family of made) yield* world.leave(family)
          world.source.row = 2
          assert.strictEqual(yield* world.read("user"), 2)
          yield* world.restart
          yield* readAll(world, 2)
        })))

    it.effect(`a value that was set without the source stays: ${arrangement.name}`, () =>
      inside((folder) => new Chain(arrangement, {}, folder), (world) =>
        Effect.gen(function*() {
          yield* readAll(world, 1)
          yield* world.leave("user")
          for (const id of ["1", "2"] as const) {
            assert.strictEqual(yield* world.read("user", id), 1)
            assert.strictEqual(yield* world.read("profile", id), 1)
          }
          yield* readAll(world, 1)
          // A key that has been loaded since, or another one, concerns none of what was made since.
          assert.strictEqual(yield* world.read("user", "3"), 1)
          yield* world.restart
          world.source.row = 2
          yield* readAll(world, 1)
        })))
  }
})
