/**
 * A load that starts in the step of its reader keeps every law of a load: the function of its lookup reads and writes
 * as a lookup, readers join it, and it ends with its last reader.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as ManagedRuntime from "effect/ManagedRuntime"
import * as Manifest from "../../src/manifest/Manifest.ts"
import * as MemoryStore from "../../src/store/memory/MemoryStore.ts"

const value = Manifest.type<string>()

class InPlace extends Manifest.Service<InPlace>()("test/InPlaceLoads", {
  families: {
    source: { pattern: "source:{id}", value },
    made: { pattern: "made:{id}", value, derives: ["source:{id}"] },
    other: { pattern: "other:{id}", value }
  }
}) {}

const { made, other, source } = InPlace.keys
const id = { id: "1" }

/** Runs a program in which `made` has this lookup. The lookup may use the runtime of the program. */
const withLookup = <A, E>(
  lookup: (runtime: ManagedRuntime.ManagedRuntime<any, any>, run: number) => Effect.Effect<string, unknown>,
  program: Effect.Effect<A, E, any>
): Effect.Effect<A, E> => {
  let runs = 0
  const runtime: ManagedRuntime.ManagedRuntime<any, any> = ManagedRuntime.make(
    Layer.provide(
      InPlace.modules({
        source: InPlace.owner("source", {}),
        made: InPlace.owner("made", { lookup: (() => lookup(runtime, ++runs)) as any }),
        other: InPlace.owner("other", {})
      }),
      MemoryStore.layer({ capacity: 10 })
    ) as Layer.Layer<any>
  )
  return Effect.ensuring(
    Effect.flatMap(runtime.contextEffect as Effect.Effect<any>, (context) => Effect.provideContext(program, context)),
    runtime.disposeEffect
  ) as Effect.Effect<A, E>
}

/** A lookup that reads its source while its function runs, and has its answer then. */
const eager = (of: Effect.Effect<string, unknown, any>) =>
  Effect.fnUntracedEager(function*() {
    return `made of ${yield* of}`
  })() as Effect.Effect<string, unknown>

describe("a load in the step of its reader", () => {
  it.effect("what the function of a load in place reads is tracked, so a change of it drops the value", () =>
    withLookup(
      () => eager(source.get(id)),
      Effect.gen(function*() {
        yield* source.set(id, "a")
        assert.strictEqual(yield* made.get(id), "made of a")
        yield* source.set(id, "b")
        assert.strictEqual(yield* made.get(id), "made of b")
      })
    ))

  it.effect("the function of a load in place may not read what is not declared", () =>
    withLookup(
      () => eager(other.get(id)),
      Effect.gen(function*() {
        yield* other.set(id, "a")
        assert.isTrue(Exit.isFailure(yield* Effect.exit(made.get(id))))
        assert.isFalse(yield* made.has(id))
      })
    ))

  it.effect("the function of a load in place may not write, neither with an Effect nor at once", () =>
    Effect.gen(function*() {
      let writer: any
      const write = Effect.fnUntracedEager(function*() {
        yield* (other.set(id, "by a lookup") as Effect.Effect<void>)
        return ""
      })
      const atOnce = () => {
        writer.setUnsafe(id, "by a lookup")
        return Effect.succeed("")
      }
      yield* withLookup(
        (_, run) => run === 1 ? write() : atOnce(),
        Effect.gen(function*() {
          writer = yield* other.writer
          assert.isTrue(Exit.isFailure(yield* Effect.exit(made.get(id))))
          yield* made.invalidate(id)
          assert.isTrue(Exit.isFailure(yield* Effect.exit(made.get(id))))
          assert.isFalse(yield* other.has(id))
        })
      )
    }))

  it.effect("a function that throws fails its reader, who is in no lookup after that", () =>
    withLookup(
      () => {
        throw new Error("no")
      },
      Effect.gen(function*() {
        assert.isTrue(Exit.hasDies(yield* Effect.exit(made.get(id))))
        yield* other.set(id, "a")
        assert.strictEqual(yield* other.get(id), "a")
      })
    ))

  it.effect("a function that changes its own key stores nothing", () =>
    withLookup(
      (runtime, run) => {
        if (run === 1) runtime.runSync(made.invalidate(id) as Effect.Effect<void>)
        return Effect.succeed(`run ${run}`)
      },
      Effect.gen(function*() {
        assert.strictEqual(yield* made.get(id), "run 1")
        assert.strictEqual(yield* made.get(id), "run 2")
        assert.strictEqual(yield* made.get(id), "run 2")
      })
    ))

  it.effect("a reader who comes while the function runs joins the load", () =>
    Effect.gen(function*() {
      let second: Fiber.Fiber<unknown, unknown> | undefined
      yield* withLookup(
        (runtime, run) => {
          second = runtime.runFork(made.get(id) as Effect.Effect<string>)
          return Effect.succeed(`run ${run}`)
        },
        Effect.gen(function*() {
          assert.strictEqual(yield* made.get(id), "run 1")
          assert.deepStrictEqual(yield* Fiber.await(second!), Exit.succeed("run 1"))
        })
      )
    }))

  it.effect("a reader who is interrupted before it has joined ends a load that waits", () =>
    Effect.gen(function*() {
      const opened = Deferred.makeUnsafe<void>()
      let ended = 0
      yield* withLookup(
        (_, run) => {
          // The reader's fiber runs the function of its lookup.
          if (run === 1) Fiber.getCurrent()!.interruptUnsafe()
          return Effect.onInterrupt(Effect.as(Deferred.await(opened), `run ${run}`), () => Effect.sync(() => ended++))
        },
        Effect.gen(function*() {
          const reader = yield* Effect.forkChild(made.get(id))
          assert.isTrue(Exit.hasInterrupts(yield* Fiber.await(reader)))
          yield* Effect.yieldNow
          assert.strictEqual(ended, 1)
          Deferred.doneUnsafe(opened, Effect.void)
          assert.strictEqual(yield* made.get(id), "run 2")
        })
      )
    }))

  it.effect("a loop of misses lets other fibers run", () =>
    withLookup(
      (_, run) => Effect.succeed(`run ${run}`),
      Effect.gen(function*() {
        const state = { isOver: false }
        let turns = 0
        const loop = Effect.gen(function*() {
          for (let i = 0; i < 20_000; i++) yield* made.get({ id: `${i}` })
          state.isOver = true
        })
        const beside = Effect.gen(function*() {
          while (!state.isOver) {
            turns++
            yield* Effect.yieldNow
          }
        })
        yield* Effect.all([loop, beside], { concurrency: "unbounded" })
        assert.isAtLeast(turns, 9)
      })
    ))
})
