/**
 * The exception of law 3: memory alone may give up the entry that was just written. Which policy does, and what keeps
 * it.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import { make } from "../../src/manifest/internal/manifest.ts"
import * as MemoryStore from "../../src/store/memory/MemoryStore.ts"
import * as TieredStore from "../../src/store/TieredStore.ts"

const weigher = (_: string, text: string) => text.length
const app: any = make("Admission", { families: { text: { pattern: "text:{id}", weigher } } })
const { text } = app.keys

interface Outcome {
  readonly absent: number
  readonly failures: number
  readonly reasons: ReadonlyArray<unknown>
}

/** For each of many writes, while eight keys are read all the time: whether the read after the write has the value. */
const readBack = (store: Layer.Layer<any, any>, written: string) =>
  Effect.gen(function*() {
    const failures: Array<unknown> = []
    let absent = 0
    for (let i = 0; i < 8; i++) yield* text.set({ id: `hot${i}` }, "x")
    for (let i = 0; i < 100; i++) {
      for (let round = 0; round < 3; round++) {
        for (let hot = 0; hot < 8; hot++) yield* Effect.exit(text.getOption({ id: `hot${hot}` }))
      }
      const failure: Option.Option<any> = yield* Effect.option(Effect.flip(text.set({ id: `${i}` }, written)))
      if (Option.isSome(failure)) failures.push(failure.value.reason._tag)
      else if (Option.isNone(yield* text.getOption({ id: `${i}` }))) absent++
    }
    return { absent, failures: failures.length, reasons: [...new Set(failures)] }
  }).pipe(
    Effect.provide(app.owner("text").pipe(Layer.provideMerge(app.layer), Layer.provide(store)) as Layer.Layer<never>)
  ) as unknown as Effect.Effect<Outcome>

describe("value that was just written", () => {
  for (const eviction of ["adaptive", "s3Fifo", "sieve"] as const) {
    it.effect(`the value that was just written may be given up by ${eviction}`, () =>
      Effect.gen(function*() {
        const { absent, failures } = yield* readBack(MemoryStore.layer({ capacity: 8, eviction }), "new")
        assert.isAbove(absent, 0)
        assert.strictEqual(failures, 0)
      }))
  }

  it.effect("the value that was just written is the last that lru gives up", () =>
    Effect.gen(function*() {
      const { absent, failures } = yield* readBack(MemoryStore.layer({ capacity: 8, eviction: "lru" }), "new")
      assert.deepStrictEqual({ absent, failures }, { absent: 0, failures: 0 })
    }))

  it.effect("the value that was just written is refused by `refuse`, and never given up in silence", () =>
    Effect.gen(function*() {
      const { absent, failures, reasons } = yield* readBack(
        MemoryStore.layer({ capacity: 8, eviction: "refuse" }),
        "new"
      )
      assert.deepStrictEqual({ absent, failures, reasons }, { absent: 0, failures: 100, reasons: ["StoreFailed"] })
    }))

  for (const eviction of ["adaptive", "lru"] as const) {
    it.effect(`a value that is heavier than the bound is not kept by ${eviction}`, () =>
      Effect.gen(function*() {
        const { absent, failures } = yield* readBack(MemoryStore.layer({ weightMax: 20, eviction }), "x".repeat(21))
        assert.deepStrictEqual({ absent, failures }, { absent: 100, failures: 0 })
      }))
  }

  it.effect("a value that is heavier than the bound is refused by `refuse`", () =>
    Effect.gen(function*() {
      const made = readBack(MemoryStore.layer({ weightMax: 20, eviction: "refuse" }), "x".repeat(21))
      const { absent, failures, reasons } = yield* made
      assert.deepStrictEqual({ absent, failures, reasons }, { absent: 0, failures: 100, reasons: ["StoreFailed"] })
    }))

  it.effect("a tier below memory keeps what memory does not", () =>
    Effect.gen(function*() {
      const below = MemoryStore.layer({ capacity: 10_000 })
      const tiers = TieredStore.layer([MemoryStore.layer({ weightMax: 20 }), below])
      const { absent, failures } = yield* readBack(tiers, "x".repeat(21))
      assert.deepStrictEqual({ absent, failures }, { absent: 0, failures: 0 })
    }))
})
