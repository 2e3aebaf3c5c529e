/**
 * The counts of a cache as metrics: what Prometheus gets has a help for each name and the names that it asks for, the
 * cost of a family is the time that its lookups took, and what left memory unread is known.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Metric from "effect/Metric"
import * as PrometheusMetrics from "effect/observability/PrometheusMetrics"
import { TestClock } from "effect/testing"
import { spawnSync } from "node:child_process"
import * as CacheMetrics from "../../src/cache/CacheMetrics.ts"
import * as EvictionPolicy from "../../src/eviction/EvictionPolicy.ts"
import * as MemoryStore from "../../src/store/memory/MemoryStore.ts"
import { after, fork } from "../support/effects.ts"
import { family } from "../support/source.ts"

const promtool = spawnSync("promtool", ["--version"])
const isThere = promtool.status === 0
if (!isThere) console.error("DID NOT RUN: promtool is not installed; it is in Debian's package prometheus")

const text = Effect.gen(function*() {
  const made = yield* family({}, (run) => run === 1 ? Effect.succeed(run) : Effect.fail("broken"))
  yield* made.get
  yield* made.get
  yield* Effect.exit(made.of("2").get)
  yield* fork(
    CacheMetrics.publish(Effect.sync(() => made.running.cache.stats), { cache: "a \"cache\"" })
  )
  yield* TestClock.adjust("10 seconds")
  return yield* PrometheusMetrics.format({ metricNameMapper: CacheMetrics.prometheusName })
}).pipe(Effect.provideService(Metric.MetricRegistry, new Map()))

describe("metrics of a cache", () => {
  it.effect("all metrics have a help and a type for each name, and the names of Prometheus", () =>
    Effect.gen(function*() {
      const lines = (yield* text).split("\n").filter((line) => line.includes("cache"))
      const names = new Set(lines.filter((line) => !line.startsWith("#")).map((line) => line.split("{")[0]!))
      assert.isAbove(names.size, 10)
      for (const name of names) {
        assert.isTrue(lines.some((line) => line.startsWith(`# HELP ${name} `)), name)
        assert.isTrue(name.endsWith("_total") || name === "stateless_cache_entries", name)
      }
      assert.include(lines, "stateless_cache_hits_total{cache=\"a \\\"cache\\\"\",family=\"user\"} 1")
      assert.include(lines, "stateless_cache_loads_failed_total{cache=\"a \\\"cache\\\"\",family=\"user\"} 1")
    }))

  it.effect.skipIf(!isThere)("all metrics pass promtool check metrics", () =>
    Effect.gen(function*() {
      const { status, stderr, stdout } = spawnSync("promtool", ["check", "metrics"], {
        input: yield* text,
        encoding: "utf8"
      })
      assert.deepStrictEqual([status, stdout, stderr], [0, "", ""])
    }))
})

describe("cost of a family", () => {
  it.effect("the cost is the time of the lookups, also of those that failed", () =>
    Effect.gen(function*() {
      const { get, of, running } = yield* family({}, (run) =>
        after(run * 100, run === 1 ? Effect.succeed(1) : Effect.fail("broken")))
      yield* fork(get)
      yield* TestClock.adjust(100)
      yield* fork(Effect.exit(of("2").get))
      yield* TestClock.adjust(200)
      const { lookupMillis, lookups } = running.cache.stats["user"]!
      assert.deepStrictEqual([lookups, lookupMillis], [2, 300])
    }))

  it.effect("the metric of costs counts no lookup that did not run: a lower tier answered, or the queue was full", () =>
    Effect.gen(function*() {
      const { of, running } = yield* family(
        { loadConcurrency: 1, loadQueueMax: 1 },
        () => after(100, Effect.succeed(1))
      )
      for (const id of ["1", "2", "3"]) yield* fork(Effect.exit(of(id).get))
      yield* TestClock.adjust(200)
      const { loadFailures, lookups } = running.cache.stats["user"]!
      assert.deepStrictEqual([loadFailures, lookups], [1, 2])
    }))

  it.effect("the cost counts a lookup of many keys once", () =>
    Effect.gen(function*() {
      const { on, running, user } = yield* family({}, () => Effect.die("not asked"), {
        lookupMany: (keys) => after(100, Effect.succeed(keys))
      })
      yield* fork(on<unknown>(user.getMany([{ id: "1" }, { id: "2" }, { id: "3" }, { id: "4" }])))
      yield* TestClock.adjust(100)
      const { loads, lookupMillis, lookups } = running.cache.stats["user"]!
      assert.deepStrictEqual([loads, lookups, lookupMillis], [4, 1, 100])
    }))
})

describe("entries that left memory", () => {
  const leave = (eviction: MemoryStore.Options["eviction"]) =>
    Effect.gen(function*() {
      const { of, on, running, user } = yield* family({}, (run) => Effect.succeed(run), {
        store: MemoryStore.layer({ capacity: 3, eviction })
      })
      for (const id of ["1", "2", "3"]) yield* of(id).get
      // One was read again, one got another value and was not read.
      yield* of("1").get
      yield* on(user.set({ id: "2" }, 7))
      for (const id of ["1", "2", "3"]) yield* on(user.delete({ id }))
      const { leftMemory, leftUnread } = running.cache.stats["user"]!
      return [leftMemory, leftUnread]
    })

  for (const eviction of EvictionPolicy.names) {
    it.effect(`entries that left are counted, and those that were never read, with ${eviction}`, () =>
      Effect.gen(function*() {
        assert.deepStrictEqual(yield* leave(eviction), [3, eviction === "lru" ? undefined : 2])
      }))
  }

  it.effect("entries that were evicted or have expired are counted", () =>
    Effect.gen(function*() {
      const { of, running } = yield* family({ timeToLive: "1 second" }, (run) => Effect.succeed(run), {
        store: MemoryStore.layer({ capacity: 2, eviction: "sieve" })
      })
      for (const id of ["1", "1", "2", "3"]) yield* of(id).get
      const evicted = running.cache.stats["user"]!
      assert.deepStrictEqual([evicted.leftMemory, evicted.leftUnread], [1, 1])
      yield* TestClock.adjust("3 seconds")
      const expired = running.cache.stats["user"]!
      assert.deepStrictEqual([expired.leftMemory, expired.leftUnread], [3, 2])
    }))

  it.effect("entries that left unread are not a metric where the policy does not know them", () =>
    Effect.gen(function*() {
      const { running } = yield* family({}, (run) => Effect.succeed(run), {
        store: MemoryStore.layer({ capacity: 2, eviction: "lru" })
      })
      yield* fork(CacheMetrics.publish(Effect.sync(() => running.cache.stats), { cache: "app" }))
      const metrics = (yield* Metric.snapshot).map(({ id }) => id)
      assert.include(metrics, "cache.memory.left")
      assert.notInclude(metrics, "cache.memory.left.unread")
    }).pipe(Effect.provideService(Metric.MetricRegistry, new Map())))
})
