/**
 * `TimerWheel` reports each deadline on time, like a plain list of deadlines, in bounded steps.
 */
import { assert, describe, it } from "@effect/vitest"
import * as fc from "fast-check"
import { TimerWheel } from "../../../../src/store/memory/internal/timerWheel.ts"

const century = 100 * 365.25 * 86_400_000

/** Spans of every magnitude, so that each level of the wheel is met as often as the lowest. */
const span: fc.Arbitrary<number> = fc.tuple(fc.integer({ min: 0, max: 52 }), fc.double({ min: 0, max: 1, noNaN: true }))
  .map(([bits, part]) => Math.floor(part * 2 ** bits))

type Step =
  | { readonly act: "schedule"; readonly slot: number; readonly inMillis: number }
  | { readonly act: "cancel"; readonly slot: number }
  | { readonly act: "advance"; readonly byMillis: number; readonly max: number }

const slot = fc.nat({ max: 100 })
const steps: fc.Arbitrary<Array<Step>> = fc.array(
  fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({
        act: fc.constant("schedule" as const),
        slot,
        inMillis: fc.oneof(span, span.map((millis) => -millis), span.map((millis) => millis + 0.25))
      })
    },
    { weight: 1, arbitrary: fc.record({ act: fc.constant("cancel" as const), slot }) },
    {
      weight: 3,
      arbitrary: fc.record({
        act: fc.constant("advance" as const),
        byMillis: fc.oneof(span, span, span.map((millis) => -millis), span.map((millis) => millis + 0.75)),
        max: fc.oneof(fc.constant(1_000), fc.integer({ min: 1, max: 5 }))
      })
    }
  ),
  { maxLength: 200, size: "max" }
)

const start = fc.oneof(fc.constant(1_760_000_000_000), fc.constant(0), fc.constant(2 ** 45 - 3), span.map((t) => -t))

/** The wheel's twin: every deadline in a list that is looked through each time. Deadlines are whole, rounded up. */
class PlainList {
  readonly deadlines = new Map<number, number>()

  dueAt(now: number): Array<number> {
    return [...this.deadlines].filter(([, at]) => at <= Math.floor(now)).map(([slot]) => slot)
  }
}

/** A wheel with its slots' deadlines. */
class Wheel extends TimerWheel {
  private readonly deadlines: Map<number, number>

  constructor(now: number) {
    const deadlines = new Map<number, number>()
    super(now, (slot) => deadlines.get(slot)!)
    this.deadlines = deadlines
  }

  scheduleAt(slot: number, at: number): void {
    this.cancel(slot)
    this.deadlines.set(slot, at)
    this.schedule(slot)
  }
}

const sorted = (slots: ReadonlyArray<number>): Array<number> => slots.toSorted((a, b) => a - b)

describe("TimerWheel", () => {
  it("the wheel reports what a plain list of deadlines reports, whatever the clock does", () => {
    fc.assert(
      fc.property(start, steps, (start, history) => {
        let now = start
        const wheel = new Wheel(now)
        const list = new PlainList()
        for (const step of history) {
          if (step.act === "schedule") {
            wheel.scheduleAt(step.slot, now + step.inMillis)
            list.deadlines.set(step.slot, Math.ceil(now + step.inMillis))
          } else if (step.act === "cancel") {
            wheel.cancel(step.slot)
            list.deadlines.delete(step.slot)
          } else {
            now += step.byMillis
            const due = list.dueAt(now)
            const reported: Array<number> = []
            const more = wheel.advance(now, step.max, (slot) => {
              assert.isTrue(due.includes(slot), "nothing is early, nothing is reported twice")
              list.deadlines.delete(slot)
              reported.push(slot)
            })
            assert.isAtMost(reported.length, step.max)
            if (!more) assert.deepStrictEqual(sorted(reported), sorted(due), "nothing is lost")
          }
          wheel.checkInvariants()
          assert.strictEqual(wheel.size, list.deadlines.size)
          assert.isTrue(
            [...list.deadlines.values()].every((at) => Math.max(at, Math.floor(now)) >= wheel.nextDueMillis())
          )
        }
      }),
      { numRuns: 500 }
    )
  })

  it("a slot is visited at most once while the clock stands, so bounded passes come to an end", () => {
    fc.assert(
      fc.property(start, fc.array(span, { minLength: 1, maxLength: 60 }), span, (start, spans, jump) => {
        const wheel = new Wheel(start)
        for (const [slot, millis] of spans.entries()) wheel.scheduleAt(slot, start + millis)
        let passes = 1
        while (wheel.advance(start + jump, 1, () => {})) {
          passes++
          assert.isAtMost(passes, spans.length)
        }
      })
    )
  })

  it("nextDueMillis reaches every deadline in a few steps, and never passes one", () => {
    fc.assert(
      fc.property(start, fc.array(span.map((t) => t % century), { minLength: 1, maxLength: 20 }), (start, spans) => {
        const wheel = new Wheel(start)
        for (const [slot, millis] of spans.entries()) wheel.scheduleAt(slot, start + millis)
        const levels = 10
        let steps = 0
        while (wheel.size > 0) {
          const now = Math.max(start, wheel.nextDueMillis())
          wheel.advance(now, 1_000, (slot) => assert.strictEqual(start + spans[slot]!, now))
          steps++
          assert.isAtMost(steps, levels * spans.length)
        }
        assert.strictEqual(wheel.nextDueMillis(), Infinity)
      })
    )
  })

  it("ten thousand idle years take one step", () => {
    const wheel = new Wheel(0)
    wheel.scheduleAt(0, 100 * century)
    assert.isFalse(wheel.advance(100 * century - 1, 1, () => assert.fail("early")))
    const reported: Array<number> = []
    assert.isFalse(wheel.advance(100 * century, 1, (slot) => reported.push(slot)))
    assert.deepStrictEqual(reported, [0])
  })

  it("a deadline that was scheduled while the clock was ahead is reported on time", () => {
    const wheel = new Wheel(0)
    wheel.advance(3_600_000, 10, () => {})
    wheel.scheduleAt(0, 1_005)
    wheel.scheduleAt(1, 3_600_001)
    assert.isFalse(wheel.advance(1_000, 10, () => assert.fail("early")))
    assert.strictEqual(wheel.nextDueMillis() <= 1_005, true)
    const reported: Array<number> = []
    wheel.advance(1_005, 10, (slot) => reported.push(slot))
    assert.deepStrictEqual(reported, [0])
    wheel.advance(3_600_001, 10, (slot) => reported.push(slot))
    assert.deepStrictEqual(reported, [0, 1])
  })

  it("the callback may schedule and cancel any slot", () => {
    const wheel = new Wheel(0)
    for (const slot of [0, 1, 2]) wheel.scheduleAt(slot, 10)
    const reported: Array<number> = []
    wheel.advance(10, 10, (slot) => {
      reported.push(slot)
      wheel.cancel(1)
      if (slot === 0) wheel.scheduleAt(0, 20)
    })
    wheel.checkInvariants()
    assert.deepStrictEqual(reported, [0, 2])
    wheel.advance(20, 10, (slot) => reported.push(slot))
    assert.deepStrictEqual(reported, [0, 2, 0])
  })

  it("the wheel stays valid when the callback throws", () => {
    const wheel = new Wheel(0)
    for (const slot of [0, 1]) wheel.scheduleAt(slot, 10)
    assert.throws(() => wheel.advance(10, 10, () => assert.fail("thrown")), /thrown/)
    wheel.checkInvariants()
    const reported: Array<number> = []
    wheel.advance(10, 10, (slot) => reported.push(slot))
    assert.deepStrictEqual(reported, [1])
  })

  it("invalid times are refused", () => {
    const wheel = new Wheel(0)
    for (const millis of [NaN, Infinity, -Infinity]) {
      assert.throws(() => wheel.scheduleAt(0, millis), /broken invariant/)
      assert.throws(() => wheel.advance(millis, 1, () => {}), /broken invariant/)
    }
    assert.strictEqual(wheel.size, 0)
  })
})
