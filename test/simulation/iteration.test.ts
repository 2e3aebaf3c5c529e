/**
 * Scans of a family while everything changes, under a scheduler with seeds: values are set, deleted, invalidated and
 * ended, memory is small and pushes entries out, reads copy them up again, and the tier below is slow.
 *
 * - A key that has a value during the whole scan is in one of its pages, or in the stream.
 * - A page never shows a value that was replaced, deleted, invalidated or over before the page was asked for.
 */
import { assert, describe } from "@effect/vitest"
import * as Manifest from "effect-stateless/manifest/Manifest"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Stream from "effect/Stream"
import * as MemoryStore from "../../src/store/memory/MemoryStore.ts"
import { Store } from "../../src/store/Store.ts"
import * as FaultyStore from "../../src/testing/FaultyStore.ts"
import { cacheReasonOf, drive } from "../support/effects.ts"
import { start } from "../support/engine.ts"
import { makePlace, mapStore } from "../support/mapStore.ts"
import { below, chance, rest, simulate } from "../support/simulate.ts"
import { SimulatedWorld } from "../support/simulatedWorld.ts"
import { type Above, slow, tiersOver } from "../support/tiers.ts"

const value = Manifest.type<number>()
class App extends Manifest.Service<App>()("App", {
  families: {
    note: { pattern: "note:{id}", value, timeToLive: "1 hour" },
    other: { pattern: "other:{id}", value }
  }
}) {}
const { note, other } = App.keys
const owners = App.modules({ note: App.owner("note"), other: App.owner("other") })

const staying = ["a", "b", "c", "d", "e", "f"] as const
const passing = ["u", "v", "w", "x", "y", "z"] as const

interface Plan {
  readonly above: Above | "memory alone"
  readonly set?: "through" | "onEviction"
  readonly engines?: number
}

class ScannedWorld extends SimulatedWorld<typeof App> {
  private readonly plan: Plan
  private readonly bottom: Store["Service"]
  private step = 0
  private isOver = false
  /** At which step a value had been replaced or taken away, and at which time it ends. */
  private readonly gone = new Map<number, number>()
  private readonly ends = new Map<number, number>()
  private readonly now = new Map<string, number>()
  private readonly capacity: number

  constructor(plan: Plan, bottom: Store["Service"], capacity: number) {
    super()
    this.plan = plan
    this.bottom = bottom
    this.capacity = capacity
  }

  private readonly begin = Effect.suspend(() => {
    const { above, set } = this.plan
    const tiers = above === "memory alone"
      ? MemoryStore.make({ capacity: 1_000, shards: 4 })
      : tiersOver(this.bottom, { above, capacity: this.capacity, eviction: "lru", set })
    return this.open(start(App, Layer.provide(owners, Layer.effect(Store, tiers))))
  })

  /** This fiber alone changes the note, so what it has written before is gone when the next write has returned. */
  private readonly replace = <E>(id: string, written: number | undefined, write: Effect.Effect<void, E>) =>
    Effect.gen({ self: this }, function*() {
      const before = this.now.get(id)
      yield* write
      if (before !== undefined) this.gone.set(before, ++this.step)
      if (written === undefined) this.now.delete(id)
      else this.now.set(id, written)
    })

  private readonly set = (id: string, lifetime?: number) =>
    Effect.gen({ self: this }, function*() {
      const { as } = yield* this.anyEngine
      const written = ++this.writes
      const options = { tags: lifetime === undefined ? [] : ["passing"], timeToLive: lifetime ?? "1 hour" } as const
      if (lifetime !== undefined) this.ends.set(written, (yield* Clock.currentTimeMillis) + lifetime)
      yield* this.replace(id, written, as(note.set({ id }, written, options)))
    })

  private readonly stay = (id: string) =>
    Effect.gen({ self: this }, function*() {
      while (!this.isOver) {
        yield* rest(20)
        const { as } = yield* this.anyEngine
        if (yield* chance(0.3)) yield* this.set(id)
        else yield* as(note.getOption({ id }))
      }
    })

  private readonly pass = (id: string) =>
    Effect.gen({ self: this }, function*() {
      while (!this.isOver) {
        yield* rest(8)
        const { as } = yield* this.anyEngine
        const luck = yield* below(10)
        if (luck < 4) yield* this.set(id, 1 + (yield* below(40)))
        else if (luck < 6) yield* this.replace(id, undefined, as(note.delete({ id })))
        else if (luck < 7) yield* this.replace(id, undefined, as(note.invalidate({ id })))
        else if (luck < 8) yield* as(other.set({ id: `${id}${yield* below(30)}` }, 1))
        else yield* as(note.getOption({ id }))
      }
    })

  private readonly look =
    (seen: Set<string>, shown: ReadonlyArray<{ params: { id: string }; value: number }>) =>
    (from: number, asked: number) => {
      for (const { params: { id }, value } of shown) {
        seen.add(id)
        const gone = this.gone.get(value)
        assert.isFalse(gone !== undefined && gone <= from, `${id} = ${value} was gone before its page was asked for`)
        assert.isFalse((this.ends.get(value) ?? Infinity) <= asked, `${id} = ${value} was over before its page`)
      }
    }

  private readonly scan = (isFirst: boolean) =>
    Effect.gen({ self: this }, function*() {
      const { as } = yield* this.anyEngine
      const seen = new Set<string>()
      let cursor: string | undefined
      do {
        const [from, asked] = [this.step, yield* Clock.currentTimeMillis]
        const page = yield* as(note.page(cursor, 1 + (yield* below(isFirst ? 3 : 20))))
        this.look(seen, page.entries)(from, asked)
        cursor = page.next
        yield* rest(12)
      } while (cursor !== undefined)
      assert.includeMembers(Array.from(seen), [...staying], "every key that stays is in a page")
    })

  private readonly stream = Effect.gen({ self: this }, function*() {
    const { as } = yield* this.anyEngine
    const ids = yield* as(Stream.runCollect(Stream.map(note.keys(), ({ id }) => id)))
    assert.includeMembers(ids, [...staying], "every key that stays is in the stream")
  })

  /** Where engines come and go, a scan may have to begin again. */
  private readonly scans = Effect.gen({ self: this }, function*() {
    const again = <A>(scan: Effect.Effect<A, unknown>) =>
      this.engines.length === 1 ? scan : Effect.catch(scan, (error) => {
        const reason = cacheReasonOf(error)
        return reason._tag === "CursorRefused" || reason._tag === "Revoked" || reason._tag === "Unowned"
          ? Effect.void
          : Effect.fail(error)
      })
    for (let n = 0; n < 4; n++) {
      yield* again(this.scan(n % 2 === 0))
      yield* again(this.stream)
      yield* rest(10)
    }
    this.isOver = true
  })

  readonly run = Effect.gen({ self: this }, function*() {
    for (let n = 0; n < (this.plan.engines ?? 1); n++) yield* this.begin
    for (const id of staying) yield* drive(this.set(id), 3)
    const all = [...staying.map(this.stay), ...passing.map(this.pass), this.scans]
    yield* this.together(all, 3)
    yield* this.closeAll
  })
}

const story = (name: string, plan: Plan) =>
  simulate(`a scan of ${name} misses no key that stays`, () =>
    Effect.gen(function*() {
      const rules = slow({ operations: ["get", "write", "page"] }, [4, 0.4], [4, 0.3])
      const [bottom] = yield* FaultyStore.make(mapStore({ place: makePlace(), name: "file" }), { rules })
      yield* new ScannedWorld(plan, bottom, 1 + (yield* below(5))).run
    }), { oneOf: 5 })

describe("scan of a family while everything changes", () => {
  story("memory alone", { above: "memory alone" })
  story("a file alone", { above: "nothing" })
  story("memory and a file", { above: "memory" })
  story("memory and a file that gets what memory evicts", { above: "memory", set: "onEviction" })
  story("three tiers", { above: "two tiers" })
  story("three tiers that get what is evicted above", { above: "two tiers", set: "onEviction" })
  story("two engines and a file", { above: "memory", engines: 2 })
  story("two engines that push down", { above: "memory", set: "onEviction", engines: 2 })
})
