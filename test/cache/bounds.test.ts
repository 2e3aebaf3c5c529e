/**
 * Law 11: everything that the engine remembers is bounded in number and in the length of keys, since a key itself has
 * no maximal length here.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Fiber from "effect/Fiber"
import * as Stream from "effect/Stream"
import { History, type Noted } from "../../src/cache/internal/entries/history.ts"
import { Sources } from "../../src/cache/internal/entries/sources.ts"
import { Lengths } from "../../src/cache/internal/family/lengths.ts"
import { Failures } from "../../src/cache/internal/loads/failures.ts"
import type { Flight } from "../../src/cache/internal/loads/flight.ts"
import type { Load } from "../../src/cache/internal/loads/load.ts"
import { ReadForecast } from "../../src/cache/internal/loads/readForecast.ts"
import { TopKeys } from "../../src/store/memory/internal/topKeys.ts"
import { fork, settle } from "../support/effects.ts"
import { family } from "../support/source.ts"

const noted = (target: Noted["target"], stamp: number, from?: Noted["from"]): Noted => ({
  what: "Set",
  family: "user",
  target,
  through: undefined,
  mode: undefined,
  stamp,
  atMillis: 0,
  from
})

const add = (history: History, { atMillis, family, from, mode, target, stamp, through, what }: Noted) =>
  history.add(what, family, target, stamp, atMillis, through, mode, from)

describe("history of a cache", () => {
  it("the history drops its oldest events beyond 4,096", () => {
    const history = new History()
    for (let i = 0; i < 5_000; i++) add(history, noted("1", i))
    const stamps = history.of("user", "1", []).map(({ stamp }) => stamp)
    assert.deepStrictEqual([stamps.length, stamps[0], stamps.at(-1)], [4_096, 4_999, 904])
  })

  it("the history drops its oldest events when their keys, tags or sources are too long together", () => {
    const long = "x".repeat(30_000)
    const stories: Readonly<Record<string, Pick<Noted, "target" | "from">>> = {
      key: { target: long, from: undefined },
      tag: { target: { tag: long }, from: undefined },
      segments: { target: { positions: [0], values: [long] }, from: undefined },
      sources: { target: long.slice(0, 10), from: { characters: 30_000, spell: () => [] } }
    }
    for (const [name, { from, target }] of Object.entries(stories)) {
      const history = new History()
      for (let i = 0; i < 200; i++) add(history, noted(target, i, from))
      const key = name === "sources" ? long.slice(0, 10) : long
      const stamps = history.of("user", key, [long]).map(({ stamp }) => stamp)
      assert.deepStrictEqual([stamps.length, stamps[0]], [17, 199], name)
    }
  })

  it("the history keeps the events of other keys when one key is very long", () => {
    const history = new History()
    for (let i = 0; i < 100; i++) add(history, noted("1", i))
    add(history, noted("x".repeat(1_000_000), 100))
    assert.lengthOf(history.of("user", "1", []), 100)
  })
})

describe("keys that lookups have read", () => {
  const long = (i: number) => `${i}`.padStart(10_000, "x")
  const tooLong = (i: number) => `${i}`.padStart(20_000, "x")
  // What is kept of a kind, in keys and characters.
  const kept = (sources: any): ReadonlyArray<readonly [number, number]> =>
    [sources.known.stamps, sources.missing, sources.alone, sources.spread].map(({ byKey, characters }) => {
      const keys = [...byKey.keys()]
      assert.strictEqual(characters, keys.join("").length)
      return [keys.length, characters]
    })

  for (
    const [what, key, count] of [["many", String, 70_000], ["long", long, 500], ["too long", tooLong, 500]] as const
  ) {
    it(`the record of read keys is bounded in number and length, and a key beyond the bound counts as changed: ${what}`, () => {
      const sources = new Sources()
      const forgotten = new Set<string>()
      for (let i = 0; i < count; i++) {
        sources.read(key(i), i + 1, i + 1)
        sources.isAlone(key(i))
        sources.noteSpread(key(i))
      }
      for (const [number, characters] of kept(sources)) {
        assert.isAtMost(number, 65_536)
        assert.isAtMost(characters, 4_194_304)
      }
      let lost = 0
      for (let i = 0; i < count; i++) {
        if (!sources.wasRead(key(i)) || !sources.isNeeded(key(i), i, () => false)) lost++
      }
      for (let i = 0; i < count; i++) for (const [each] of sources.missed(key(i), i + 1)) forgotten.add(each)
      const [, [number, characters]] = kept(sources) as any
      assert.isTrue(number <= 65_536 && characters <= 4_194_304)
      for (let i = 0; i < count; i++) {
        if (!forgotten.has(key(i)) && sources.missedAt(key(i)) !== i + 1) lost++
        sources.forget(key(i))
      }
      assert.strictEqual(lost, 0)
      assert.deepStrictEqual(kept(sources).map(([number]) => number).slice(0, 3), [0, 0, 0])
      sources.forgetSpread()
      assert.isFalse(sources.wasSpread(key(0)))
    })
  }

  it("the index finds read keys by a common prefix while keys come and go", () => {
    const sources = new Sources()
    const slice = (positions: ReadonlyArray<number>, ...values: ReadonlyArray<string>) => ({ positions, values })
    const all = [
      slice([]),
      slice([0], "1"),
      slice([1], "en"),
      slice([0, 1], "1", "en"),
      slice([2], "x"),
      slice([0], "2")
    ]
    const found = () => all.map((each) => sources.wasReadIn(each))
    assert.deepStrictEqual(found(), [false, false, false, false, false, false])
    sources.read("1:en", 1, Infinity)
    sources.read("1:de", 1, 5)
    sources.read("1:de", 2, 9)
    assert.deepStrictEqual(found(), [true, true, true, true, false, false])
    sources.forget("1:en")
    assert.deepStrictEqual(found(), [true, true, false, false, false, false])
    sources.missed("1:de", 3)
    sources.forget("1:de")
    assert.deepStrictEqual(found(), [false, false, false, false, false, false])
    sources.read("2:en:x", 4, Infinity)
    assert.deepStrictEqual(found(), [true, false, true, false, true, true])
  })

  it("a load of a source does not walk all read keys", () => {
    const sources = new Sources()
    for (let i = 0; i < 60_000; i++) sources.read(`${i}:en`, 1, Infinity)
    const before = process.cpuUsage().user
    let found = 0
    for (let i = 0; i < 60_000; i++) if (sources.wasReadIn({ positions: [0], values: [`${i * 2}`] })) found++
    assert.strictEqual(found, 30_000)
    // Some 20 ms; a walk of all of them takes a thousand times as long.
    assert.isBelow(process.cpuUsage().user - before, 5_000_000)
  })
})

describe("remembered failures", () => {
  const entries = {
    expiry: { negativeTimeToLive: 10, retryAfterFailure: 5 },
    lane: undefined,
    marking: { tagMark: 0 },
    judge: () => "valid"
  } as unknown as ConstructorParameters<typeof Failures>[0]
  const no = Exit.fail("no")

  it("the engine drops failures that are over, too many, or too long", () => {
    const failures = new Failures(entries, () => ({ interruptUnsafe: () => {} }) as unknown as Fiber.Fiber<void>)
    const check = (holds: boolean, rule: string) => assert.isTrue(holds, rule)
    const load = { freshUntilMax: () => Infinity } as unknown as Load
    const remember = (key: string, at: number) =>
      failures.remember({ isAlone: true, key, load, stamp: 0 } as Flight<unknown>, no, at)
    const held = (keys: ReadonlyArray<string>, at: number) =>
      keys.filter((key) => failures.remembered(key, at) !== undefined)
    const many = Array.from({ length: 12_000 }, (_, i) => `${i}`)
    many.forEach((key) => remember(key, 0))
    assert.lengthOf(held(many, 1), 10_000)
    remember("new", 10)
    assert.deepStrictEqual(held([...many, "new"], 10), ["new"])
    const long = Array.from({ length: 100 }, (_, i) => `${i}`.padEnd(30_000, "x"))
    long.forEach((key) => remember(key, 11))
    assert.lengthOf(held(long, 11), 17)
    remember("x".repeat(100_000), 11)
    assert.lengthOf(held([...long, "x".repeat(100_000)], 11), 17)
    failures.checkInvariants(check)
    failures.clear()
    failures.checkInvariants(check)
  })
})

describe("events that wait for a slow listener", () => {
  it.effect("the queue of events is bounded by the length of their keys, and drops the oldest", () =>
    Effect.gen(function*() {
      const { of, running } = yield* family({}, (run) => Effect.succeed(run))
      const gate = yield* Deferred.make<void>()
      const seen: Array<string> = []
      const slow = Stream.runForEach(running.cache.events, (event) =>
        Effect.andThen(
          Deferred.await(gate),
          Effect.sync(() => "key" in event && seen.push(event.key))
        ))
      yield* fork(slow)
      const keyOf = (i: number) => `${i}`.padEnd(10_000, "x")
      for (let i = 0; i < 2_000; i++) yield* of(keyOf(i)).set(1)
      yield* Deferred.done(gate, Exit.void)
      yield* settle
      yield* of("end").set(1)
      yield* settle
      assert.strictEqual(seen.at(-1), "user:end")
      // What the listener has taken and not yet seen comes to as much again.
      assert.isBelow(seen.reduce((sum, key) => sum + key.length, 0), 8_600_000)
      assert.isAbove(seen.length, 400)
      assert.strictEqual(seen.at(-2), `user:${keyOf(1_999)}`)
    }))

  it("the queue of events counts its length correctly while events come and go", () => {
    const lengths = new Lengths()
    for (let i = 1; i <= 100; i++) lengths.push(i)
    lengths.keepLast(10)
    assert.strictEqual(lengths.sum, 955)
    lengths.shift()
    assert.strictEqual(lengths.sum, 864)
    lengths.keepLast(0)
    lengths.shift()
    assert.strictEqual(lengths.sum, 0)
  })
})

describe("keys of more than 1,024 characters", () => {
  it("a very long key is never a hot key and is never predicted", () => {
    const hot = new TopKeys()
    const forecast = new ReadForecast(1_000, { nextDoubleUnsafe: () => 0.5 }, 0)
    for (const key of ["x".repeat(1_024), "x".repeat(1_025)]) {
      hot.add(key)
      forecast.note(key, 1, 0)
    }
    assert.deepStrictEqual(hot.top(10).map(({ key }) => key.length), [1_024])
    assert.deepStrictEqual([...forecast.keys()].map((key) => key.length), [1_024])
    hot.checkInvariants()
  })
})
