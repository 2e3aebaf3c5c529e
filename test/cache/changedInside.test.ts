/**
 * A function of the user, which the cache calls for a key, changes this key itself. An update by the short way ends as
 * one by the long way: its function is called once, and what that has changed is not written over.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as Manifest from "../../src/manifest/Manifest.ts"
import * as MemoryStore from "../../src/store/memory/MemoryStore.ts"
import { reasonOf, settle } from "../support/effects.ts"
import { checkInvariants, start } from "../support/engine.ts"

/** What the check of a value does, once. */
let inCheck: (() => void) | undefined
const checked = Schema.Number.check(Schema.makeFilter(() => {
  inCheck?.()
  return true
}))
/** What the weigher does, once. */
let inWeigher: (() => void) | undefined

class App extends Manifest.Service<App>()("Inside", {
  families: {
    source: { pattern: "source:{id}", value: Manifest.type<number>() },
    row: { pattern: "row:{id}", value: Manifest.type<number>(), derives: ["source:{id}"] },
    note: { pattern: "note:{id}", value: Manifest.type<number>(), derives: ["source:{id}"] },
    strict: { pattern: "strict:{id}", value: checked },
    heavy: {
      pattern: "heavy:{id}",
      value: Manifest.type<number>(),
      weigher: () => {
        inWeigher?.()
        return 1
      }
    }
  }
}) {}

const one = { id: "1" }
const two = { id: "2" }

const open = (isLong: boolean) =>
  Effect.gen(function*() {
    const live = App.modules({
      source: App.owner("source"),
      row: App.owner("row", { lookup: () => Effect.succeed(100) }),
      note: App.owner("note"),
      strict: App.owner("strict"),
      heavy: App.owner("heavy")
    }).pipe(Layer.provide(MemoryStore.layer({ weightMax: 100 })))
    const running = yield* start(App as any, live)
    // A listener has to learn of each change, so no change takes the short way.
    if (isLong) running.cache.onChange(() => {})
    const on = <A>(effect: Effect.Effect<A, any, any>): Effect.Effect<A, any> => running.as(effect)
    const family = (name: "row" | "note" | "source" | "strict" | "heavy") => App.keys[name] as any
    return { running, on, family }
  })
type World = Effect.Success<ReturnType<typeof open>>

interface Handles {
  readonly own: any
  readonly source: any
}

/** What the function of an update does to its key before it returns. */
const acts: { readonly [what: string]: (handles: Handles, call: number) => void } = {
  "nothing": () => {},
  "sets its key": ({ own }) => void own.setUnsafe(one, 50),
  "sets its key in its first call": ({ own }, call) => void (call === 1 && own.setUnsafe(one, 50)),
  "sets its key to the value before": ({ own }) => void own.setUnsafe(one, 1),
  "deletes its key": ({ own }) => void own.deleteUnsafe(one),
  "deletes its key and sets it again": ({ own }) => {
    own.deleteUnsafe(one)
    own.setUnsafe(one, 1)
  },
  "patches its key": ({ own }) => void own.patchUnsafe(one, (was: number) => was + 7),
  "sets another key": ({ own }) => void own.setUnsafe(two, 50),
  "sets the source of its key": ({ source }) => void source.setUnsafe(one, 50),
  "throws after it has set its key": ({ own }) => {
    own.setUnsafe(one, 50)
    throw new Error("no")
  }
}

/** What the function returns. */
const answers: { readonly [how: string]: (value: number) => unknown } = {
  "a value": (value) => value,
  "an Effect": (value) => Effect.succeed(value),
  "an Effect that waits": (value) => Effect.andThen(Effect.yieldNow, Effect.succeed(value)),
  "a failure": () => Effect.fail("refused")
}

const outcome = (
  { family, on }: World,
  name: "row" | "note",
  door: "update" | "patch",
  act: (handles: Handles, call: number) => void,
  answer: (value: number) => unknown
) =>
  Effect.gen(function*() {
    const of = family(name)
    const own = yield* on<any>(of.writer)
    const source = yield* on<any>(family("source").writer)
    yield* on(family("source").set(one, 9))
    yield* on(of.set(one, 1))
    let calls = 0
    const exit = yield* Effect.exit(on(of[door](one, (was: number) => {
      act({ own, source }, ++calls)
      return answer(was + 1)
    })))
    yield* settle
    const ended = exit._tag === "Success" ?
      exit.value
      : exit.cause.reasons.map((reason) => reason._tag !== "Fail" ? reason._tag : shown(reason.error))
    return { ended, calls, held: Option.getOrUndefined(yield* on<Option.Option<number>>(of.getOption(one))) }
  })

const shown = (error: unknown): unknown => {
  if (typeof error === "string") return error
  const reason = (error as any).reason
  // Versions are those of the clock.
  return [reasonOf(error), reason.expected !== undefined, reason.actual !== undefined]
}

describe("function that changes its own key", () => {
  for (const name of ["row", "note"] as const) {
    for (const door of ["update", "patch"] as const) {
      for (const [what, act] of Object.entries(acts)) {
        for (const [how, answer] of Object.entries(answers)) {
          it.effect(`${door} of a ${name} whose function ${what} and returns ${how}: both ways act alike`, () =>
            Effect.gen(function*() {
              const short = yield* open(false)
              const long = yield* open(true)
              const byShort = yield* outcome(short, name, door, act, answer)
              const byLong = yield* outcome(long, name, door, act, answer)
              assert.deepStrictEqual(byShort, byLong)
              assert.strictEqual(byShort.calls, 1)
              for (const { running } of [short, long]) checkInvariants(running)
            }))
        }
      }
    }
  }

  for (const isLong of [false, true]) {
    const way = isLong ? "long" : "short"
    it.effect(`an update fails where its function has set a key that the cache alone has, by the ${way} way`, () =>
      Effect.gen(function*() {
        const world = yield* open(isLong)
        assert.deepStrictEqual(yield* outcome(world, "note", "update", acts["sets its key"]!, answers["a value"]!), {
          ended: [["VersionConflict", true, true]],
          calls: 1,
          held: 50
        })
      }))

    it.effect(`an update leaves a key absent that its function has set and the owner loads, by the ${way} way`, () =>
      Effect.gen(function*() {
        const world = yield* open(isLong)
        assert.deepStrictEqual(yield* outcome(world, "row", "update", acts["sets its key"]!, answers["a value"]!), {
          ended: 2,
          calls: 1,
          held: undefined
        })
      }))

    for (const [name, plan] of [["strict", "the check of the value"], ["heavy", "the weigher"]] as const) {
      it.effect(`an update is not written over what ${plan} has set, by the ${way} way`, () =>
        Effect.gen(function*() {
          const { family, on } = yield* open(isLong)
          const of = family(name)
          const own = yield* on<any>(of.writer)
          yield* on(of.set(one, 1))
          let calls = 0
          const act = () => {
            inCheck = inWeigher = undefined
            own.setUnsafe(one, 50)
          }
          const updating = on(of.update(one, (was: number) => {
            calls++
            if (name === "strict") inCheck = act
            else inWeigher = act
            return was + 1
          }))
          assert.strictEqual(reasonOf(yield* Effect.flip(updating)), "VersionConflict")
          assert.deepStrictEqual([calls, own.getUnsafe(one)], [1, 50])
        }))
    }

    it.effect(`an update that its function begins waits, and none is lost, by the ${way} way`, () =>
      Effect.gen(function*() {
        const { family, on, running } = yield* open(isLong)
        const of = family("note")
        yield* on(of.set(one, 1))
        const ended: Array<string> = []
        const note = (what: string) => (exit: any) => void ended.push(`${what} ${exit._tag}`)
        yield* Effect.exit(on(of.update(one, (was: number) => {
          Effect.runCallback(on(of.update(one, (inner: number) => inner + 10)), { onExit: note("inner") })
          return was + 1
        }))).pipe(Effect.map((exit) => note("outer")(exit)))
        yield* settle
        const succeeded = ended.filter((one) => one.endsWith("Success"))
        const value = Option.getOrThrow(yield* on<Option.Option<number>>(of.getOption(one)))
        const by = { "outer Success": 1, "inner Success": 10 } as { readonly [what: string]: number }
        assert.strictEqual(value, 1 + succeeded.reduce((sum, what) => sum + by[what]!, 0))
        assert.isAtLeast(succeeded.length, 1)
        checkInvariants(running)
      }))
  }
})
