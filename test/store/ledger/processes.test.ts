/** Several processes over one ledger in an LMDB folder: what one writes, the others know; and a process is killed. */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as LedgerNode from "../../../src/store/internal/ledger/ledgerNode.ts"
import * as LmdbPlace from "../../support/ledger/lmdbPlace.ts"
import { engineOver, startRemote } from "../../support/ledger/remote.ts"

const folder = Effect.acquireRelease(
  Effect.sync(() => mkdtempSync(join(tmpdir(), "ledger-"))),
  (path) => Effect.sync(() => rmSync(path, { recursive: true }))
)

const here = Effect.fnUntraced(function*(path: string, recordsMax = 10_000) {
  const place = yield* LmdbPlace.make({ path, recordsMax, recordsPerAnswer: 64 })
  const ledger = yield* LedgerNode.make(place, { answerMillis: 5_000 })
  return { ledger, ...(yield* engineOver(ledger)) }
})

// Long enough for a few commits on a busy machine.
const leaseMillis = 8_000

const until = (holds: Effect.Effect<boolean, unknown>): Effect.Effect<void, unknown> =>
  Effect.flatMap(holds, (is) => is ? Effect.void : Effect.andThen(Effect.sleep(10), until(holds)))

const ascending = (from: number, count: number) => Array.from({ length: count }, (_, n) => from + n)

describe("processes over one folder", () => {
  it.live("a look that follows a write of another process knows it, each time", () =>
    Effect.gen(function*() {
      const path = yield* folder
      const a = yield* here(path)
      const b = yield* startRemote(path)
      for (let n = 0; n < 300; n++) {
        const stamp = yield* b.call("drop", "1")
        assert.strictEqual(a.ledger.look(), "current")
        assert.strictEqual(a.ledger.position(0)?.stamp, stamp)
      }
    }), 60_000)
  it.live("a value that is put after a drop of another process is refused", () =>
    Effect.gen(function*() {
      const path = yield* folder
      const a = yield* here(path)
      const b = yield* startRemote(path)
      const at = yield* a.position()
      yield* b.call("drop", "1")
      assert.strictEqual(yield* a.put("1", "old", at), "overtaken")
      assert.strictEqual(yield* b.call("put", "1", "new"), "kept")
      assert.strictEqual(yield* a.value("1"), "new")
    }), 60_000)
  it.live(
    "records of processes at work at once have one order, and each engine hears each of them once",
    () =>
      Effect.gen(function*() {
        const path = yield* folder
        const a = yield* here(path)
        const first = (yield* a.position())!.stamp
        const others = [yield* startRemote(path), yield* startRemote(path)]
        const times = 100
        const stamps = yield* Effect.all(
          [a.dropMany("a", times), ...others.map((each, n) => each.call("dropMany", `${n}`, times))],
          { concurrency: "unbounded" }
        )
        const all = stamps.flat().toSorted((x, y) => x - y)
        assert.deepStrictEqual(all, ascending(first + 1, 3 * times))
        yield* a.catchUp()
        const heard = yield* a.heard()
        assert.deepStrictEqual(heard.map(([stamp]) => stamp), all)
        assert.strictEqual(heard.filter(([, isOwn]) => isOwn).length, times)
      }),
    60_000
  )
  it.live(
    "a process that is killed at work leaves whole records, and its lease ends by time",
    () =>
      Effect.gen(function*() {
        const path = yield* folder
        const a = yield* here(path)
        for (let n = 0; n < 3; n++) {
          const b = yield* startRemote(path)
          const mine = yield* b.call("begin", `${n}`, leaseMillis)
          assert.strictEqual(mine._tag, "Yours")
          yield* b.call("dropOn", "else")
          const before = (yield* a.heard()).length
          yield* until(Effect.andThen(a.catchUp(), Effect.map(a.heard(), ({ length }) => length > before + 5)))
          b.process.kill("SIGKILL")
          assert.strictEqual((yield* a.begin(`${n}`, leaseMillis))._tag, "Theirs")
          yield* until(Effect.map(a.begin(`${n}`, leaseMillis), ({ _tag }) => _tag === "Yours"))
          yield* a.catchUp()
        }
        const stamps = (yield* a.heard()).map(([stamp]) => stamp)
        assert.deepStrictEqual(stamps, ascending(stamps[0]!, stamps.length))
        assert.isAbove(stamps.length, 15)
        assert.isFalse((yield* a.tags()).includes("Unknown"))
      }),
    120_000
  )
  it.live(
    "a process that was stopped for longer than the log reaches back knows that it has missed records",
    () =>
      Effect.gen(function*() {
        const path = yield* folder
        const a = yield* here(path, 10)
        const b = yield* startRemote(path, 10)
        yield* b.call("catchUp")
        b.process.kill("SIGSTOP")
        yield* a.dropMany("1", 60)
        b.process.kill("SIGCONT")
        yield* b.call("catchUp")
        assert.deepStrictEqual((yield* b.call("tags")).slice(-2), ["Unknown", "Known"])
        assert.deepStrictEqual(yield* b.call("position"), yield* a.position())
      }),
    60_000
  )
})
