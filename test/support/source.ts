/**
 * One family over a source that answers as planned, for tests of one key; and memory over a lower tier with faults.
 */
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import type { Answer } from "../../src/cache/Answer.ts"
import type { CacheEvent } from "../../src/cache/CacheEvent.ts"
import type { Explanation } from "../../src/cache/Explanation.ts"
import type * as Lookup from "../../src/cache/Lookup.ts"
import type { FamilyPolicy } from "../../src/ownership/FamilyPolicy.ts"
import * as MemoryStore from "../../src/store/memory/MemoryStore.ts"
import { Store } from "../../src/store/Store.ts"
import * as TieredStore from "../../src/store/TieredStore.ts"
import * as FaultyStore from "../../src/testing/FaultyStore.ts"
import { settle } from "./effects.ts"
import { engine, type EngineOptions } from "./engine.ts"
import { makePlace, mapStore, type Place } from "./mapStore.ts"

export interface Source {
  runs: number
  /** Lookups that run now, and the most that ever did. */
  now: number
  atOnce: number
  interrupted: number
  /** What each lookup was given. */
  readonly asked: Array<Lookup.LookupContext<unknown>>
}

/** What the run of a lookup returns; runs are counted from 1. */
export type Answers = (run: number, about: Lookup.LookupContext<unknown>) => Effect.Effect<unknown, unknown>

/** The first run has the first answer, and so on. Runs after the last answer have the last one. */
export const inTurn = (...answers: ReadonlyArray<Effect.Effect<unknown, unknown>>): Answers => (run) =>
  answers[Math.min(run, answers.length) - 1]!

/** Each run answers with its number. */
export const counted: Answers = (run) => Effect.succeed(run)

/** `user:{id}` with this policy. The operations without an id are on the key 1. */
export const family = Effect.fnUntraced(function*(policy: FamilyPolicy, answers: Answers, options?: EngineOptions) {
  const source: Source = { runs: 0, now: 0, atOnce: 0, interrupted: 0, asked: [] }
  const running = yield* engine(
    { families: { user: { pattern: "user:{id}", ...policy } } },
    (about) =>
      Effect.acquireUseRelease(
        Effect.sync(() => {
          source.atOnce = Math.max(source.atOnce, ++source.now)
          source.asked.push(about)
          return ++source.runs
        }),
        (run) => Effect.onInterrupt(answers(run, about), () => Effect.sync(() => source.interrupted++)),
        () => Effect.sync(() => source.now--)
      ),
    options
  )
  const { user } = running.app.keys
  const on = <A>(effect: unknown) => running.as<A, unknown>(effect as Effect.Effect<A, unknown, any>)
  const of = (id: string) => ({
    get: on<unknown>(user.get({ id })),
    answer: on<Answer<unknown>>(user.getAnswer({ id })),
    option: on<Option.Option<unknown>>(user.getOption({ id })),
    held: Effect.map(
      on<Option.Option<unknown>>(user.getOption({ id })),
      (found) => found._tag === "Some" ? found.value : undefined
    ),
    has: on<boolean>(user.has({ id })),
    refresh: on<unknown>(user.refresh({ id })),
    remove: on<void>(user.delete({ id })),
    explain: on<Explanation<unknown>>(user.explain({ id })),
    set: (value: unknown, options?: object) => on<void>(user.set({ id }, value, options)),
    drop: (mode?: "hide" | "markStale") => on<void>(user.invalidate({ id }, { mode }))
  })
  return { ...of("1"), of, on, user, source, running }
})

/** Like `family`, with lookups that wait until the test ends the run with this number. Runs of `atOnce` do not wait. */
export const gated = Effect.fnUntraced(
  function*(policy: FamilyPolicy, options?: EngineOptions, atOnce?: (run: number) => unknown) {
    const gates: Array<Deferred.Deferred<unknown, unknown>> = []
    const cache = yield* family(policy, (run) => {
      const answer = atOnce?.(run)
      if (answer !== undefined) return Effect.succeed(answer)
      const gate = Deferred.makeUnsafe<unknown, unknown>()
      gates[run] = gate
      return Deferred.await(gate)
    }, options)
    const end = (run: number, answer: Effect.Effect<unknown, unknown>) =>
      Effect.andThen(Deferred.completeWith(gates[run]!, answer), settle)
    return {
      ...cache,
      ends: (run: number, value: unknown) => end(run, Effect.succeed(value)),
      fails: (run: number) => end(run, Effect.fail("broken"))
    }
  }
)

/** A memory tier over a lower one that behaves as planned, whose place outlives the engine. */
export const tiers = Effect.fnUntraced(function*(
  rules: ReadonlyArray<FaultyStore.Rule>,
  { capacity = 100, place = makePlace(), set }: {
    readonly capacity?: number
    readonly place?: Place
    readonly set?: "through" | "onEviction"
  } = {}
) {
  const [faulty, faults] = yield* FaultyStore.make(mapStore({ name: "cold", place }), { rules })
  const store: Layer.Layer<Store, unknown> = Layer.effect(
    Store,
    Effect.map(MemoryStore.make({ capacity }), (memory) => TieredStore.make([memory, faulty], { set }))
  )
  return { store, faults, place, options: { store: store as Layer.Layer<Store, any> } }
})

/** Collects the events of a cache from now on. */
export const watch = (events: Stream.Stream<CacheEvent>): Effect.Effect<Array<CacheEvent>, never, Scope.Scope> =>
  Effect.gen(function*() {
    const seen: Array<CacheEvent> = []
    yield* Effect.forkScoped(Stream.runForEach(events, (event) => Effect.sync(() => seen.push(event))), {
      startImmediately: true
    })
    return seen
  })
