/** Positions of a log and stamps of a process are translated so that marks hide at least what the log says. */
import { assert, describe, it } from "@effect/vitest"
import * as fc from "fast-check"
import type { Position } from "../../../src/store/internal/ledger/ledger.ts"
import { familiesMax, LogStamps, rowsMax } from "../../../src/store/internal/ledger/logStamps.ts"

const epoch = { number: 1, nonce: 7 }
const family = "shop/user"
const at = (stamp: number): Position => ({ epoch, stamp })

/** A mark with its stamp in the log, and its stamp in the process. */
interface Mark {
  readonly inLog: number
  readonly here: number
}

/** Marks that are heard one after the other. Those of the process itself had their stamp before. */
const heard = fc.array(
  fc.record({ skipped: fc.nat(3), own: fc.boolean(), before: fc.nat(5), passed: fc.nat(3) }),
  { maxLength: 30 }
).map((steps) => {
  let inLog = 0
  let now = 100
  return steps.map(({ before, own, passed, skipped }): Mark => {
    inLog += 1 + skipped
    now += 1 + passed
    return { inLog, here: own ? Math.max(101, now - before) : now }
  })
})

const after = (marks: ReadonlyArray<Mark>): { readonly stamps: LogStamps; readonly now: number } => {
  const stamps = new LogStamps()
  stamps.begin(at(0), 100, [])
  for (const { here, inLog } of marks) stamps.add(family, inLog, here, here)
  return { stamps, now: Math.max(100, ...marks.map(({ here }) => here)) + 1 }
}

describe("positions of a log as stamps of a process", () => {
  it("an entry is older than each mark that comes after its position", () => {
    fc.assert(fc.property(heard, fc.nat(120), (marks, stamp) => {
      const { now, stamps } = after(marks)
      const found = stamps.stampOf(family, at(stamp), now)!
      for (const { here, inLog } of marks) if (inLog > stamp) assert.isBelow(found, here)
    }))
  })

  it("an entry passes the marks that its maker knew, where each mark got its stamps in one order", () => {
    fc.assert(fc.property(heard, fc.nat(120), (all, stamp) => {
      const marks = all.map(({ inLog }, n) => ({ inLog, here: 101 + n }))
      const { now, stamps } = after(marks)
      const found = stamps.stampOf(family, at(stamp), now)!
      for (const { here, inLog } of marks) if (inLog <= stamp) assert.isAtLeast(found, here)
    }))
  })

  it("a value gets a position before each mark that is newer than its load", () => {
    fc.assert(fc.property(heard, fc.nat(120), (marks, age) => {
      const { stamps } = after(marks)
      const end = at(marks.at(-1)?.inLog ?? 0)
      const position = stamps.positionOf(family, 100 + age, end)!
      for (const { here, inLog } of marks) if (here > 100 + age) assert.isBelow(position.stamp, inLog)
    }))
  })

  it("marks beyond the bound hide more, and never less", () => {
    const marks = Array.from({ length: 3 * rowsMax }, (_, n): Mark => ({ inLog: n + 1, here: 101 + n }))
    const { now, stamps } = after(marks)
    for (let stamp = 0; stamp < marks.length; stamp += 97) {
      assert.isBelow(stamps.stampOf(family, at(stamp), now)!, marks[stamp]!.here)
    }
    // The newest marks are still told apart.
    assert.strictEqual(stamps.stampOf(family, at(marks.length - 1), now), marks.at(-1)!.here - 1)
  })

  it("a position of another epoch has no stamp, and a stamp from before has no position", () => {
    const { now, stamps } = after([])
    assert.isUndefined(stamps.stampOf(family, { epoch: { number: 1, nonce: 8 }, stamp: 0 }, now))
    assert.isUndefined(stamps.positionOf(family, 99, at(0)))
    assert.isUndefined(stamps.positionOf(family, 100, { epoch: { number: 2, nonce: 7 }, stamp: 0 }))
    assert.deepStrictEqual(stamps.positionOf(family, 100, at(0)), at(0))
    assert.isUndefined(new LogStamps().stampOf(family, at(0), now))
  })

  it("marks of other families say nothing of an entry, and marks on everything do", () => {
    const stamps = new LogStamps()
    stamps.begin(at(0), 100, [])
    // Its own mark of another family came first, and its record last.
    stamps.add(family, 1, 120, 120)
    stamps.add("shop/other", 3, 110, 110)
    assert.strictEqual(stamps.stampOf(family, at(2), 130), 130)
    assert.deepStrictEqual(stamps.positionOf(family, 120, at(3)), at(3))
    assert.deepStrictEqual(stamps.positionOf("shop/other", 109, at(3)), at(2))
    stamps.add("", 4, 140, 140)
    assert.strictEqual(stamps.stampOf(family, at(3), 150), 139)
    assert.strictEqual(stamps.stampOf("shop/third", at(3), 150), 139)
    assert.deepStrictEqual(stamps.positionOf("shop/third", 139, at(5)), at(3))
  })

  it("families beyond the bound share their marks", () => {
    const stamps = new LogStamps()
    stamps.begin(at(0), 0, [])
    for (let n = 1; n <= familiesMax + 1; n++) stamps.add(`f${n}`, n, n, n)
    assert.strictEqual(stamps.stampOf("f1", at(1), 9_999), familiesMax)
    assert.strictEqual(stamps.stampOf(`f${familiesMax + 1}`, at(1), 9_999), familiesMax)
    assert.strictEqual(stamps.stampOf("f1", at(familiesMax + 1), 9_999), 9_999)
  })

  it("marks from before the log was known keep their order", () => {
    const stamps = new LogStamps()
    const stampOf = stamps.begin(at(10), 50, [
      { family, stamp: 7 },
      { family, stamp: 3 },
      { family, stamp: 3 }
    ])
    assert.strictEqual(stamps.stampOf(family, at(2), 99), stampOf(3) - 1)
    assert.strictEqual(stamps.stampOf(family, at(3), 99), stampOf(7) - 1)
    assert.strictEqual(stamps.stampOf(family, at(7), 99), 99)
  })
})
