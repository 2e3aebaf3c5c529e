/**
 * Engines over one place that push entries down on eviction, under a scheduler with seeds. Memories are small, the tier
 * below is slow, and engines close and open while others write.
 *
 * - A read finds what the last write that returned has left, or something newer.
 * - A page is never made from an older note than one whose write has returned.
 * - Every written note is there when all engines have closed and the place is opened again.
 */
import { assert, describe } from "@effect/vitest"
import * as Manifest from "effect-stateless/manifest/Manifest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import { Store } from "../../src/store/Store.ts"
import * as FaultyStore from "../../src/testing/FaultyStore.ts"
import { drive } from "../support/effects.ts"
import { type RunningOf, start } from "../support/engine.ts"
import { makePlace, mapStore } from "../support/mapStore.ts"
import { below, simulate } from "../support/simulate.ts"
import { SimulatedWorld } from "../support/simulatedWorld.ts"
import { slow, tiersOver } from "../support/tiers.ts"

const ids = ["1", "2", "3", "4"] as const

const value = Manifest.type<number>()
class App extends Manifest.Service<App>()("App", {
  families: {
    note: { pattern: "note:{id}", value },
    page: { pattern: "page:{id}", value, derives: ["note:{id}"] }
  }
}) {}
const { note, page } = App.keys
const owners = App.modules({
  note: App.owner("note"),
  page: App.owner("page", { lookup: ({ id }) => note.get({ id }) })
})

class EvictingWorld extends SimulatedWorld<typeof App> {
  private readonly size: number
  private readonly bottom: Store["Service"]
  private readonly capacity: number
  /** What the last write of a note that returned has left; 0 where it removed the note. */
  private readonly wrote = new Map<string, number>(ids.map((id) => [id, 0]))

  constructor(size: number, bottom: Store["Service"], capacity: number) {
    super()
    this.size = size
    this.bottom = bottom
    this.capacity = capacity
  }

  private readonly begin = Effect.suspend(() => {
    const tiers = tiersOver(this.bottom, { capacity: this.capacity, eviction: "lru", set: "onEviction" })
    return this.open(start(App, Layer.provide(owners, Layer.effect(Store, tiers))))
  })

  private readonly step = (id: string) =>
    Effect.gen({ self: this }, function*() {
      const luck = yield* below(20)
      yield* Effect.sleep(yield* below(4))
      const { as } = yield* this.anyEngine
      if (luck < 8) {
        const written = ++this.writes
        yield* as(note.set({ id }, written))
        this.wrote.set(id, written)
      } else if (luck < 10) {
        yield* as(note.delete({ id }))
        this.wrote.set(id, 0)
      }
      // This fiber alone writes the note.
      yield* this.look(yield* this.anyEngine, id)
      if (this.wrote.get(id)! > 0 && luck % 2 === 0) {
        const made = yield* as(page.get({ id }))
        assert.strictEqual(made, this.wrote.get(id), `page of ${id}`)
      }
    })

  private readonly look = ({ as }: RunningOf<typeof App>, id: string) =>
    Effect.gen({ self: this }, function*() {
      const wrote = this.wrote.get(id)!
      assert.strictEqual(Option.getOrElse(yield* as(note.getOption({ id })), () => 0), wrote, `note ${id}`)
      assert.strictEqual(yield* as(note.has({ id })), wrote > 0, `note ${id}`)
    })

  /** The engines restart in turn. An engine that is alone stays. */
  private readonly turnover = Effect.gen({ self: this }, function*() {
    yield* Effect.sleep(yield* below(30))
    for (let turn = 0; this.size > 1 && turn < this.size; turn++) {
      yield* this.closeFirst(30)
      yield* this.begin
    }
  })

  readonly run = Effect.gen({ self: this }, function*() {
    for (let n = 0; n < this.size; n++) yield* this.begin
    const writers = ids.map((id) => Effect.forEach(Array.from({ length: 12 }), () => this.step(id), { discard: true }))
    yield* this.together([...writers, this.turnover], 3)
    yield* this.closeAll
    yield* this.begin
    for (const id of ids) yield* drive(this.look(this.engines[0]!, id), 3)
    yield* this.closeAll
  })
}

const story = (size: number) => {
  const program = Effect.gen(function*() {
    const rules = slow({ operations: ["get", "write"] }, [4, 0.5], [4, 0.3])
    const [bottom] = yield* FaultyStore.make(mapStore({ place: makePlace(), name: "file" }), { rules })
    yield* new EvictingWorld(size, bottom, 1 + (yield* below(3))).run
  })
  simulate(`a read finds the last write with ${size === 1 ? "one engine" : `${size} engines`}`, () => program)
}

describe("entries that memory pushes down", () => {
  story(1)
  story(2)
})
