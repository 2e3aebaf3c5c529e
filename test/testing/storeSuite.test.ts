/**
 * `StoreSuite` finds each planted bug of a store, and nothing in a store without bugs.
 */
import { assert, describe, it } from "@effect/vitest"
import type { Entry } from "effect-stateless/store/Entry"
import { type Partition, Store } from "effect-stateless/store/Store"
import * as StoreSuite from "effect-stateless/testing/StoreSuite"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import { makePlace, mapLayer, mapStore } from "../support/mapStore.ts"

StoreSuite.run({ describe, it }, "a map", mapLayer(), {
  restarts: Effect.sync(() => mapLayer({ place: makePlace() }))
})

type Broken = (store: Store["Service"]) => Store["Service"]

const timeless = { stamp: 1, version: 1, freshUntil: Infinity, expiresAt: Infinity, costMillis: 0 }

/** Stores that break one promise each, and a promise that must be found broken. */
const canaries: ReadonlyArray<readonly [bug: string, broken: Broken, story: boolean]> = [
  ["a remove that is lost", (store) => partitions(store, (p) => ({ ...p, remove: () => Effect.void })), true],
  ["a clear that is lost", (store) => partitions(store, (p) => ({ ...p, clear: Effect.void })), true],
  [
    "a mark that goes back",
    (store) => {
      const { marks, recordMarks } = { marks: new Map<string, number>(), recordMarks: store.recordMarks }
      return {
        ...store,
        recordMarks: (all) =>
          Effect.andThen(
            Effect.sync(() => all.forEach(({ scope, stamp }) => marks.set(scope, stamp))),
            recordMarks(all)
          ),
        loadMarks: Effect.map(store.loadMarks, (log) => ({
          ...log,
          marks: log.marks.map(({ scope, stamp }) => ({ scope, stamp: marks.get(scope) ?? stamp }))
        }))
      }
    },
    true
  ],
  [
    "expiry that is ignored",
    (store) =>
      partitions(store, (p) => ({
        ...p,
        set: (key, entry) => p.set(key, { ...entry, expiresAt: Number.POSITIVE_INFINITY })
      })),
    true
  ],
  [
    "getMany in another order",
    (store) => partitions(store, (p) => ({ ...p, getMany: (keys) => p.getMany(keys.toReversed()) })),
    true
  ],
  [
    "a write that is seen too late",
    (store) =>
      partitions(store, (p) => ({
        ...p,
        set: (key, entry) => Effect.asVoid(Effect.forkDetach(Effect.andThen(Effect.yieldNow, p.set(key, entry))))
      })),
    true
  ],
  ["a round whose removals are lost", (store) => ({
    ...store,
    write: ({ changes, marks }) =>
      store.write({ changes: changes.map((change) => ({ ...change, removed: [] })), marks })
  }), false],
  ["a round of which only the first family is written", (store) => ({
    ...store,
    write: ({ changes, marks }) => store.write({ changes: changes.slice(0, 1), marks })
  }), false],
  ["a round whose marks are lost", (store) => ({
    ...store,
    write: ({ changes }) => store.write({ changes, marks: [] })
  }), false],
  ["a prepared value that is stored at once", (store) =>
    partitions(store, (p) => ({
      ...p,
      prepare: (key, content) =>
        Effect.tap(p.prepare(key, content), p.set(key, { ...content, ...timeless } as Entry<any>))
    })), false],
  ["a stamp that is above stampMax", (store) => ({
    ...store,
    loadMarks: Effect.map(store.loadMarks, (log) => ({ ...log, stampMax: 0 }))
  }), false]
]

const partitions = (
  store: Store["Service"],
  change: <V>(partition: Partition<V>) => Partition<V>
): Store["Service"] => {
  const behind = new Map<Partition<any>, Partition<any>>()
  return {
    ...store,
    open: (family) =>
      Effect.map(store.open(family), (partition) => {
        const changed = change(partition)
        behind.set(changed, partition)
        return changed
      }),
    write: ({ changes, marks }) =>
      store.write({
        changes: changes.map((change) => ({ ...change, partition: behind.get(change.partition)! })),
        marks
      })
  }
}

describe("StoreSuite", () => {
  for (const [bug, broken, story] of canaries) {
    it.effect(`the suite finds ${bug}`, () =>
      Effect.gen(function*() {
        const tests = StoreSuite.tests(Layer.sync(Store, () => broken(mapStore())))
        const failed: Array<string> = []
        for (const { effect, name } of tests) {
          if (Exit.isFailure(yield* Effect.exit(Effect.scoped(effect)))) failed.push(name)
        }
        assert.isAtLeast(failed.length, 1)
        assert.isAtMost(failed.length, tests.length / 2, "most promises have nothing to do with it")
        if (story) assert.include(failed, "does the same as a plain map, in each random story")
      }))
  }

  for (const versionMax of [undefined, 0]) {
    it.effect(`the suite finds a versionMax of ${versionMax} after a restart`, () =>
      Effect.gen(function*() {
        const restarts = Effect.sync(() => {
          const store = mapStore({ place: makePlace() })
          const loadMarks = Effect.map(store.loadMarks, (log) => ({ ...log, versionMax }))
          return Layer.succeed(Store, { ...store, loadMarks })
        })
        const failed: Array<string> = []
        for (const { effect, name } of StoreSuite.tests(mapLayer(), { restarts, stories: 1 })) {
          if (Exit.isFailure(yield* Effect.exit(Effect.scoped(effect)))) failed.push(name)
        }
        assert.deepStrictEqual(failed, [
          "versionMax is not below the version of an entry after a restart, even if the entry was removed"
        ])
      }))
  }

  it.effect("the suite finds nothing wrong with a map, and a short story for a bug", () =>
    Effect.gen(function*() {
      const forgetful = Layer.sync(Store, () => partitions(mapStore(), (p) => ({ ...p, remove: () => Effect.void })))
      const story = StoreSuite.tests(forgetful).find(({ name }) => name.includes("story"))!
      const error = yield* Effect.flip(story.effect)
      assert.match(String((error as Error).message), /^story \d+ \(repeat it with \{ seed: \d+, stories: 1 \}\):\n/)
      assert.isAtMost(String((error as Error).message).split("\n").length, 5)
    }))
})
