/**
 * Two engines over one place ask the source for one key at about the same time, and the source changes in between.
 * Whatever each lookup returns (a value, that there is none, a failure), in whatever order the lookups end, no engine
 * keeps what the earlier state of the source was, nor anything that was made of it.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Cause from "effect/Cause"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as ManagedRuntime from "effect/ManagedRuntime"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { CacheError } from "../../src/cache/CacheError.ts"
import * as Lookup from "../../src/cache/Lookup.ts"
import * as Manifest from "../../src/manifest/Manifest.ts"
import * as LmdbStore from "../../src/store/lmdb/LmdbStore.ts"
import * as MemoryStore from "../../src/store/memory/MemoryStore.ts"
import * as TieredStore from "../../src/store/TieredStore.ts"
import { fork } from "../support/effects.ts"
import { temporaryFolder } from "../support/folder.ts"

class App extends Manifest.Service<App>()("PeersAnswers", {
  families: {
    source: { pattern: "source:{key}", value: Schema.String, negativeTimeToLive: "1 hour", staleIfError: "1 hour" },
    made: { pattern: "made:{key}", value: Schema.String, derives: ["source:{key}"] }
  }
}) {}

const { made, source } = App.keys

const warm = (path: string) => LmdbStore.layer({ path, durability: "process" })
const memory = MemoryStore.layer({ capacity: 10_000 })
const places = {
  "LMDB alone": warm,
  "memory over LMDB": (path: string) => TieredStore.layer([memory, warm(path)]),
  "memory over LMDB, on eviction": (path: string) => TieredStore.layer([memory, warm(path)], { set: "onEviction" })
}

const states = ["absent", "old", "failure"] as const
const reads = ["get", "refresh", "made"] as const
const changes = ["get", "refresh", "write"] as const

/** What an engine asks for first, what the source says then and later, and what the other engine does. */
interface Case {
  readonly isHeld: boolean
  readonly earlier: (typeof states)[number]
  readonly read: (typeof reads)[number]
  readonly later: "absent" | "new"
  readonly change: (typeof changes)[number]
}

const cases: ReadonlyArray<Case> = [false, true].flatMap((isHeld) =>
  states.flatMap((earlier) =>
    reads.flatMap((read) =>
      changes.flatMap((change) =>
        (["absent", "new"] as const).map((later) => ({ isHeld, earlier, read, later, change }))
      )
    )
  )
).filter(({ change, isHeld, read }) => !isHeld || read === "refresh" && change !== "get")

interface Ask {
  readonly answer: string
  readonly gate: Deferred.Deferred<void>
}

const openEngine = Effect.fnUntraced(function*(store: ReturnType<typeof warm>, rows: Map<string, string>) {
  const asks = new Map<string, Ask>()
  const lookup = Effect.fnUntraced(function*({ key }: { readonly key: string }) {
    const ask = asks.get(key)
    const answer = ask?.answer ?? rows.get(key)!
    if (ask !== undefined) {
      asks.delete(key)
      yield* Deferred.await(ask.gate)
    }
    return answer === "failure" ? yield* Effect.fail("failure") : answer === "absent" ? Lookup.absent : answer
  })
  const live = App.modules({
    source: App.owner("source", { lookup: (id) => Effect.orDie(lookup(id)) }),
    made: App.owner("made", {
      lookup: (id) => Effect.matchCause(source.get(id), { onFailure: () => "absent", onSuccess: (value) => value })
    })
  }).pipe(Layer.provide(store))
  const runtime = yield* Effect.acquireRelease(
    Effect.sync(() => ManagedRuntime.make(Layer.fresh(live))),
    (runtime) => runtime.disposeEffect
  )
  const on = <A, E>(effect: Effect.Effect<A, E, any>): Effect.Effect<Exit.Exit<A, unknown>> =>
    Effect.promise(() => (runtime as ManagedRuntime.ManagedRuntime<any, any>).runPromiseExit(effect))
  /** Lets the next lookup of the key answer this, once the gate is open, and returns when that lookup has begun. */
  const begins = Effect.fnUntraced(function*<A, E>(key: string, answer: string, effect: Effect.Effect<A, E, any>) {
    const gate = Deferred.makeUnsafe<void>()
    asks.set(key, { answer, gate })
    const fiber = yield* fork(on(effect))
    while (asks.has(key)) yield* Effect.sleep(1)
    return Effect.andThen(Deferred.succeed(gate, undefined), Fiber.join(fiber))
  })
  return { on, begins }
})

const shown = (exit: Exit.Exit<string, unknown>): string => {
  if (Exit.isSuccess(exit)) return exit.value
  const error = Cause.squash(exit.cause)
  return error instanceof CacheError && error.reason._tag === "Absent" ? "absent" : "failure"
}

describe("two engines over one place, of which one has read the source before it changed", () => {
  for (const place of Object.keys(places) as ReadonlyArray<keyof typeof places>) {
    for (const ends of ["first", "last"] as const) {
      it.live(
        `the engines keep nothing of the earlier state if its load ends ${ends} (${place})`,
        () =>
          Effect.gen(function*() {
            const rows = new Map<string, string>()
            const store = places[place](yield* temporaryFolder)
            const [a, b] = [yield* openEngine(store, rows), yield* openEngine(store, rows)]
            const wrong: Array<unknown> = []
            for (const [at, one] of cases.entries()) {
              const { change, earlier, isHeld, later, read } = one
              // A write is one step, while the load runs.
              if (change === "write" && ends === "first") continue
              const key = `${at}`
              const id = { key }
              if (isHeld) {
                rows.set(key, "held")
                for (const { on } of [a, b]) yield* on(made.get(id))
              }
              const older = yield* a.begins(key, earlier, read === "made" ? made.get(id) : source[read](id))
              rows.set(key, later)
              const write = later === "absent" ? source.delete(id) : source.set(id, later)
              const newer = change === "write"
                ? b.on<unknown, unknown>(write)
                : yield* b.begins<unknown, unknown>(key, later, source[change](id))
              if (ends === "first") yield* older
              yield* newer
              if (ends === "last") yield* older
              const seen: Array<string> = []
              for (const { on } of [a, b]) {
                const held = yield* on(made.getOption(id))
                seen.push(Exit.isSuccess(held) ? Option.getOrElse(held.value, () => later) : "failure")
                seen.push(shown(yield* on(source.get(id))), shown(yield* on(made.get(id))))
              }
              if (seen.some((value) => value !== later)) wrong.push({ ...one, seen: seen.join(" ") })
            }
            assert.deepStrictEqual(wrong, [])
          }),
        60_000
      )
    }
  }
})
