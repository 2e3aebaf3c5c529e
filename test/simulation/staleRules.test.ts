/**
 * The stale rules in every arrangement of tiers, under random stories of readers, renewals, invalidations and owners.
 *
 * Each story runs on memory alone, and then on each other arrangement. Its lookups take as long, and answer the same,
 * in all of them. So each caller has to get the same answer at the same time.
 */
import { assert, describe } from "@effect/vitest"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { TestClock } from "effect/testing"
import * as fc from "fast-check"
import { CacheError } from "../../src/cache/CacheError.ts"
import { orRedressed } from "../../src/cache/internal/entries/cacheContext.ts"
import * as Lookup from "../../src/cache/Lookup.ts"
import type { FamilyPolicy } from "../../src/ownership/FamilyPolicy.ts"
import * as MemoryStore from "../../src/store/memory/MemoryStore.ts"
import { Store } from "../../src/store/Store.ts"
import * as TieredStore from "../../src/store/TieredStore.ts"
import { checkInvariants, engine, type Running } from "../support/engine.ts"
import { mapStore } from "../support/mapStore.ts"
import { simulate } from "../support/simulate.ts"
import {
  drops,
  marks,
  moves,
  owners,
  reads,
  script,
  type ScriptOptions,
  strict,
  sweeps,
  updates,
  warms,
  World
} from "../support/world.ts"

const ids = ["1", "2"] as const

const stores: { readonly [arrangement: string]: Layer.Layer<Store> } = {
  "memory": MemoryStore.layer({ capacity: 1_000 }) as Layer.Layer<Store>,
  "a lower tier": Layer.sync(Store, () => mapStore()),
  "memory over a lower tier": Layer.effect(
    Store,
    Effect.map(MemoryStore.make({ capacity: 1_000 }), (memory) => TieredStore.make([memory, mapStore()]))
  ) as Layer.Layer<Store>,
  "memory for one entry": Layer.effect(
    Store,
    Effect.map(MemoryStore.make({ capacity: 1 }), (memory) => TieredStore.make([memory, mapStore()]))
  ) as Layer.Layer<Store>,
  "memory for one entry, which pushes down": Layer.effect(
    Store,
    Effect.map(
      MemoryStore.make({ capacity: 1 }),
      (memory) => TieredStore.make([memory, mapStore()], { set: "onEviction" })
    )
  ) as Layer.Layer<Store>
}

/** An update writes at the end of a load, when a refresh may begin: which one is first is left to chance. */
const acts: { readonly [act: string]: (user: any, id: string, n: number) => unknown } = {
  get: (user, id) => user.get({ id }),
  answer: (user, id) =>
    Effect.map(
      user.getAnswer({ id }) as Effect.Effect<any>,
      ({ stale, staleMillis, value }) => [value, stale, Math.round(staleMillis * 1_000)]
    ),
  refuse: (user, id) => user.get({ id }, { stale: "refuse" }),
  option: (user, id) => user.getOption({ id }),
  held: (user, id) => Effect.map(user.reader as Effect.Effect<any>, (reader) => reader.getUnsafe({ id }) ?? "nothing"),
  many: (user) => user.getManyResults(ids.map((id) => ({ id }))),
  refresh: (user, id) => user.refresh({ id }),
  set: (user, id, n) => user.set({ id }, n, { tags: [`t${id}`] }),
  setNow: (user, id, n) =>
    Effect.flatMap(user.writer as Effect.Effect<any>, (writer) => {
      const below = writer.setUnsafe({ id }, n, { tags: [`t${id}`] })
      return orRedressed(below)
    }),
  deleteNow: (user, id) =>
    Effect.flatMap(user.writer as Effect.Effect<any>, (writer) => orRedressed(writer.deleteUnsafe({ id }))),
  setIfNone: (user, id, n) => user.set({ id }, n, { ifVersion: null }),
  hide: (user, id) => user.invalidate({ id }),
  mark: (user, id) => user.invalidate({ id }, { mode: "markStale" }),
  hideTag: (user, id) => user.invalidateTag(`t${id}`),
  markTag: (user, id) => user.invalidateTag(`t${id}`, { mode: "markStale" }),
  hideAll: (user) => user.invalidateAll(),
  markAll: (user) => user.invalidateAll({ mode: "markStale" })
}

const ages: ReadonlyArray<FamilyPolicy> = [
  { timeToLive: 40, staleWhileRevalidate: 60 },
  { timeToLive: 40, staleIfError: 100 },
  { timeToLive: 40, staleWhileRevalidate: 30, staleIfError: 120, retryAfterFailure: 25, negativeTimeToLive: 10 },
  { timeToLive: 40, staleWhileRevalidate: 50, hardTimeout: 35, refreshAhead: 0.5 },
  { timeToLive: 40, staleIfError: 150, hardTimeout: 45, retryAfterFailure: 0, negativeTimeToLive: 30 },
  { timeToLive: "never", staleWhileRevalidate: 60, staleIfError: 80, hardTimeout: 50 },
  { timeToLive: 60, refreshAhead: 0.3, hardTimeout: 90 }
]

/** The stale rules that the world of the races follows. */
const ruled: ReadonlyArray<FamilyPolicy> = [
  { timeToLive: 40, staleWhileRevalidate: 60, staleIfError: 100, softTimeout: 5, retryAfterFailure: 30 },
  { timeToLive: 40, staleIfError: 150, refreshAhead: 0.5, loadConcurrency: 1 },
  { timeToLive: 40, staleWhileRevalidate: 100, onAbandoned: "finish" },
  { timeToLive: 40, idleTimeToLive: 60, staleIfError: 100, softTimeout: 15 }
]

type Outcome = "value" | "fails" | "absent" | "same" | "hangs"

interface Story {
  readonly policy: FamilyPolicy
  readonly steps: ReadonlyArray<{ readonly act: string; readonly id: 0 | 1; readonly wait: number }>
  /** What a lookup returns, and after how long: the time when it begins chooses it. */
  readonly answers: ReadonlyArray<{ readonly outcome: Outcome; readonly millis: number }>
}

const stories: fc.Arbitrary<Story> = fc.record({
  policy: fc.constantFrom(...ages),
  steps: fc.array(
    fc.record({
      act: fc.oneof(
        fc.constantFrom("get", "answer", "refuse", "refresh"),
        fc.constantFrom(...Object.keys(acts), "owner")
      ),
      id: fc.constantFrom(0, 1),
      wait: fc.oneof(fc.constant(1), fc.integer({ min: 1, max: 45 }))
    }),
    { minLength: 3, maxLength: 25 }
  ),
  answers: fc.array(
    fc.record({
      outcome: fc.constantFrom<Outcome>("value", "value", "value", "fails", "same", "hangs", "absent"),
      millis: fc.constantFrom(0, 0, 3, 20, 60)
    }),
    { minLength: 40, maxLength: 40 }
  )
})

const settle = Effect.repeat(Effect.yieldNow, { times: 80 })

const shown = (exit: any): unknown => {
  if (exit._tag === "Success") {
    return JSON.stringify(exit.value ?? "nothing", (key, value) => key === "version" ? 0 : value)
  }
  const [reason] = exit.cause.reasons
  return reason.error instanceof CacheError ? reason.error.reason._tag : String(reason.error ?? reason._tag)
}

/** Tells a story, and answers what each caller got, and when. */
const tell = ({ answers, policy, steps }: Story, store: Layer.Layer<Store>) =>
  Effect.scoped(Effect.gen(function*() {
    const began = yield* Clock.currentTimeMillis
    const said: Array<string> = []
    const at = Effect.map(Clock.currentTimeMillis, (now) => Math.round((now - began) * 1_000) / 1_000)
    const lookup = (about: Lookup.LookupContext<any>): Effect.Effect<unknown, unknown> =>
      Effect.gen(function*() {
        const run = Math.floor(yield* at)
        const { millis, outcome } = answers[run % answers.length]!
        // No two things happen in one millisecond.
        if (millis > 0) yield* Effect.sleep(millis + 0.5 + (run % 500) / 1_000)
        if (outcome === "hangs") return yield* Effect.never
        if (outcome === "fails") return yield* Effect.fail("broken")
        if (outcome === "absent") return Lookup.absent
        const tags = [`t${about.key.slice(5)}`]
        return outcome === "same" && about.previous !== undefined ? Lookup.notModified() : Lookup.loaded(run, { tags })
      })
    const running: Running = yield* engine(
      { families: { user: { pattern: "user:{id}", hardTimeout: 70, ...policy } } },
      lookup,
      {
        store
      }
    )
    const family: any = running.cache.families.get("user")
    const { user } = running.app.keys
    for (const [n, { act, id: which, wait }] of steps.entries()) {
      const id = ids[which]
      if (act === "owner") {
        const { loader } = family.loads
        family.disown(loader)
        yield* settle
        family.own(loader)
      } else {
        const asked = yield* at
        const work = running.as(acts[act]!(user, id, 1_000 + n) as Effect.Effect<unknown, unknown, any>)
        const noted = Effect.flatMap(Effect.exit(work), (exit) =>
          Effect.map(at, (now) => {
            said.push(`${now}: step ${n}, ${act} ${id} of ${asked}: ${shown(exit)}`)
          }))
        yield* Effect.forkChild(noted, { startImmediately: true })
      }
      yield* settle
      yield* TestClock.adjust(wait)
      yield* settle
    }
    yield* TestClock.adjust(1_000_000)
    yield* settle
    checkInvariants(running)
    return said.toSorted((a, b) => Number.parseFloat(a) - Number.parseFloat(b) || (a < b ? -1 : 1))
  }))

const timeOf = (said: string | undefined): number => said === undefined ? Infinity : Number.parseFloat(said)

const isServed = /: step \d+, (?:get|answer|refuse|option|many) .*: (?:\d|\[|\{)/

/**
 * A read below memory may begin a refresh that waits, or wait for one where memory repeats a failure. From then on the
 * lookups differ, and with them what follows. So the stories are compared up to there: no reader may be the first who
 * gets no value, or gets it later, or gets another one.
 */
const compare = (expected: ReadonlyArray<string>, said: ReadonlyArray<string>, arrangement: string): void => {
  const at = expected.findIndex((one, i) => one !== said[i])
  const [a, b] = [expected[at], said[at]]
  if (at >= 0 && timeOf(a) <= timeOf(b) && isServed.test(a!) && !a!.includes("Failure") && !said.includes(a!)) {
    assert.deepStrictEqual(said, expected, arrangement)
  }
}

const draw = (seed: number): Story => fc.sample(stories, { seed, numRuns: 1 })[0]!

describe("stale rules", () => {
  simulate(
    "each caller gets the same answer in each arrangement of tiers",
    (seed) =>
      Effect.gen(function*() {
        const story = draw(seed)
        const [, ...others] = Object.entries(stores)
        const expected = yield* tell(story, stores["memory"]!)
        for (const [arrangement, store] of others) {
          compare(expected, yield* tell(story, store), arrangement)
        }
      }),
    { about: (seed) => JSON.stringify(draw(seed)) }
  )

  const story = (name: string, options: ScriptOptions) => {
    const scripts = script({ policies: ruled, interrupts: true, failing: 20, ...options })
    const drawn = (seed: number) => fc.sample(scripts, { seed, numRuns: 1 })[0]!
    simulate(`the laws hold of stale values with ${name}`, (seed) => new World(drawn(seed)).run, {
      about: (seed) => JSON.stringify(drawn(seed))
    })
  }
  const all = [
    ...reads,
    ...strict,
    ...strict,
    ...marks,
    ...marks,
    ...drops,
    "refresh",
    ...updates,
    ...moves,
    ...warms
  ] as const
  const tiered = { capacities: [1, 3, 1_000], tiers: ["through", "onEviction", "slow"] } as const

  story("renewals that fail or hang", { kinds: all, hanging: 10 })
  story("renewals that fail or hang, over a slow tier", { kinds: all, hanging: 10, ...tiered })
  story("renewals, over a tier that fails", { kinds: all, faults: 20, ...tiered })
  story("owners that leave", { kinds: [...all, ...owners], ...tiered })
  story("marks that are forgotten", { kinds: [...all, ...sweeps, ...sweeps], ...tiered })
})
