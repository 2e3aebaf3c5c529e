/**
 * The outbox bounds the bytes on their way to the tiers below memory: prepared values wait for room, and loaded values
 * go in several rounds.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import { pendingBytesMax } from "../../src/cache/internal/below/parcels.ts"
import type { Prepared } from "../../src/store/Store.ts"
import { changed } from "../support/changed.ts"
import { fork } from "../support/effects.ts"
import { mapStore } from "../support/mapStore.ts"
import { entryOf, familyOf, outboxOver } from "../support/partition.ts"

const valueBytes = pendingBytesMax / 4
const form: Prepared<number> = { bytes: valueBytes }
const entry = (version: number) => entryOf(version, { version })

const makeLane = Effect.gen(function*() {
  const inner = mapStore()
  const rounds: Array<{ readonly set: ReadonlyArray<string>; readonly removed: ReadonlyArray<string> }> = []
  const store = changed(inner, () => ({ prepare: () => Exit.succeed(form) }), {
    write: (round) => {
      for (const { removed, set } of round.changes) rounds.push({ set: set.map(({ key }) => key), removed })
      return Effect.andThen(Effect.yieldNow, inner.write(round))
    }
  })
  const { lane, outbox, partition } = yield* outboxOver(store, familyOf<number>("user"))
  yield* outbox.run
  const held = Effect.map(
    partition.getMany(["0", "1", "2", "3", "4", "5"]),
    (all) => all.map((found) => found?.entry.version)
  )
  return { lane, outbox, rounds, held }
})

describe("bytes of an outbox", () => {
  it.effect("a caller waits for room when the prepared values have too many bytes", () =>
    Effect.gen(function*() {
      const { held, lane, outbox } = yield* makeLane
      for (let i = 0; i < 3; i++) lane.set(String(i), entry(i), form)
      assert.isFalse(outbox.isFull)
      // The last change of a key is the one that counts.
      for (let i = 0; i < 3; i++) lane.set(String(i), entry(i + 10), form)
      assert.isFalse(outbox.isFull)
      outbox.checkInvariants({ idle: false })
      lane.set("3", entry(3), form)
      assert.isTrue(outbox.isFull)
      const waiting = yield* fork(outbox.room)
      assert.isUndefined(waiting.pollUnsafe())
      yield* Fiber.join(waiting)
      assert.isFalse(outbox.isFull)
      assert.deepStrictEqual(yield* held, [10, 11, 12, 3, undefined, undefined])
      outbox.checkInvariants({ idle: true })
    }))

  it.effect("a removed key gives its bytes back", () =>
    Effect.gen(function*() {
      const { lane, outbox } = yield* makeLane
      for (let i = 0; i < 4; i++) lane.set(String(i), entry(i), form)
      assert.isTrue(outbox.isFull)
      lane.remove("0")
      assert.isFalse(outbox.isFull)
      outbox.checkInvariants({ idle: false })
      yield* outbox.idle
    }))

  it.effect("loaded values go in several rounds, and all arrive", () =>
    Effect.gen(function*() {
      const { held, lane, outbox, rounds } = yield* makeLane
      for (let i = 0; i < 6; i++) lane.set(String(i), entry(i))
      yield* outbox.idle
      assert.deepStrictEqual(rounds, [
        { set: ["0", "1", "2", "3"], removed: ["4", "5"] },
        { set: ["4", "5"], removed: [] }
      ])
      assert.deepStrictEqual(yield* held, [0, 1, 2, 3, 4, 5])
      outbox.checkInvariants({ idle: true })
    }))

  it.effect("a touch that waits for a later round removes nothing", () =>
    Effect.gen(function*() {
      const { lane, outbox, rounds } = yield* makeLane
      for (let i = 0; i < 4; i++) lane.set(String(i), entry(i))
      lane.touch("4", entry(4))
      yield* outbox.idle
      assert.deepStrictEqual(rounds.map(({ removed }) => removed), [[], []])
    }))
})
