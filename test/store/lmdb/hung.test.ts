/**
 * The LMDB driver does not end a commit. Writers fail after 30 seconds, and the program can end. can end.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import { TestClock } from "effect/testing"
import type { RootDatabase } from "lmdb"
import { acquire, type Opened } from "../../../src/store/lmdb/internal/lmdbEnvironment.ts"
import { LmdbNamespace } from "../../../src/store/lmdb/internal/lmdbTier.ts"
import { fork } from "../../support/effects.ts"
import { temporaryFolder } from "../../support/folder.ts"

/** A tier whose commits wait while `gate.open` is `false`. */
const gated = Effect.gen(function*() {
  const path = yield* temporaryFolder
  const gate = { open: false, release: () => {} }
  const bounds = { entriesMax: Infinity, bytesMax: Infinity }
  const make = (opened: Opened) =>
    Effect.sync(() => {
      const root = new Proxy(opened.root, {
        get: (target, property) => {
          const value = target[property as keyof RootDatabase]
          if (property !== "batch") return typeof value === "function" ? value.bind(target) : value
          return (write: () => void) =>
            gate.open
              ? target.batch(write)
              : new Promise<void>((resolve) => gate.release = resolve).then(() => target.batch(write))
        }
      }) as RootDatabase<Buffer, string>
      const tier = new LmdbNamespace({ ...opened, root }, bounds)
      return { tier, close: tier.writes.close }
    })
  const { tier } = yield* Effect.acquireRelease(
    acquire({ path, namespace: "default", readersMax: 10 }, make),
    ({ release }) => release
  )
  yield* Effect.forkScoped(tier.writes.writer)
  const mark = (stamp: number) =>
    Effect.flatMap(
      tier.writes.attempt("recordMarks", () => tier.recordMarks([{ scope: "scope", stamp }])),
      (batch) => tier.writes.awaitBatch(batch, "process", "recordMarks")
    )
  return { gate, mark, tier }
})

const storeReasonOf = <A>(effect: Effect.Effect<A, any>) => Effect.map(Effect.flip(effect), ({ reason }) => reason._tag)

describe("LMDB driver that does not end a commit", () => {
  it.effect("writers that wait for a commit fail after 30 seconds, and later ones at once until it ends", () =>
    Effect.gen(function*() {
      const { gate, mark, tier } = yield* gated
      const first = yield* fork(storeReasonOf(mark(1)))
      yield* Effect.yieldNow
      const second = yield* fork(storeReasonOf(mark(2)))
      yield* TestClock.adjust("30 seconds")
      assert.deepStrictEqual([yield* Fiber.join(first), yield* Fiber.join(second)], ["TierTimeout", "TierTimeout"])
      assert.strictEqual(yield* storeReasonOf(mark(3)), "TierTimeout")
      gate.open = true
      gate.release()
      let known = 0
      for (let tries = 0; known < 2 && tries < 200; tries++) {
        yield* Effect.promise(() => new Promise((resolve) => setTimeout(resolve, 10)))
        known = (yield* tier.loadMarks).marks[0]?.stamp ?? 0
      }
      assert.strictEqual(known, 2)
      yield* mark(4)
      assert.strictEqual((yield* tier.loadMarks).marks[0]?.stamp, 4)
    }))

  it.effect("the wait for a commit goes on for a second when the clock jumped, as after the sleep of a process", () =>
    Effect.gen(function*() {
      const { gate, mark } = yield* gated
      const first = yield* fork(mark(1))
      yield* Effect.yieldNow
      yield* TestClock.adjust("1 hour")
      gate.open = true
      gate.release()
      yield* Fiber.join(first)
    }))

  it.effect("a program whose LMDB commit does not end can end", () =>
    Effect.gen(function*() {
      const { mark, tier } = yield* gated
      const first = yield* fork(storeReasonOf(mark(1)))
      const closing = yield* fork(tier.writes.close)
      yield* TestClock.adjust("30 seconds")
      assert.strictEqual(yield* Fiber.join(closing), "hung")
      assert.strictEqual(yield* Fiber.join(first), "TierTimeout")
    }))
})
