/**
 * Whatever wraps a store passes on each member of it, also the optional ones: a member that is left out makes another
 * store of it, for example one that no other process changes. The tables have a row for each member of the contract, or
 * they do not compile.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Latch from "effect/Latch"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { sealedPartition } from "../../src/cache/internal/family/sensitive.ts"
import * as LedgerNode from "../../src/store/internal/ledger/ledgerNode.ts"
import * as LedgerStore from "../../src/store/internal/ledger/ledgerStore.ts"
import * as MemoryStore from "../../src/store/memory/MemoryStore.ts"
import { checked } from "../../src/store/shared/checkedStore.ts"
import type { Whole } from "../../src/store/shared/whole.ts"
import { makeCommons, type Partition, Store } from "../../src/store/Store.ts"
import type { StoreError } from "../../src/store/StoreError.ts"
import * as TieredStore from "../../src/store/TieredStore.ts"
import * as FaultyStore from "../../src/testing/FaultyStore.ts"
import { changed } from "../support/changed.ts"
import { fork, settle } from "../support/effects.ts"
import { engine } from "../support/engine.ts"
import { makeLine, over, SimPlace } from "../support/ledger/simPlace.ts"
import { entryOf, familyOf } from "../support/partition.ts"

type Service = Store["Service"]

const family = familyOf<string>("user")
const prepared = { bytes: 0 }
const entry = entryOf("a")

type Call<T> = { readonly [Member in keyof Required<T>]: (target: T) => Effect.Effect<unknown, unknown, Scope.Scope> }

const sync = (call: () => unknown) => Effect.sync(call)

const ofStore: Call<Service> = {
  name: ({ name }) => Effect.succeed(name),
  commons: ({ commons }) => Effect.succeed(commons),
  open: (store) => store.open(family),
  write: (store) => store.write({ changes: [], marks: [{ scope: "user|all", stamp: 1 }] }),
  loadMarks: ({ loadMarks }) => loadMarks,
  recordMarks: (store) => store.recordMarks([]),
  removeMarks: (store) => store.removeMarks([]),
  news: (store) => store.news!(() => undefined),
  knowing: (store) => sync(() => store.knowing!.provenAt())
}

const ofPartition: Call<Partition<string>> = {
  prepare: (one) => one.prepare("1", entry),
  full: (one) => sync(() => one.full!(1, 1)),
  get: (one) => one.get("1"),
  getMany: (one) => one.getMany([]),
  beginLoad: (one) => one.beginLoad!("1", undefined),
  endLoad: (one) => sync(() => one.endLoad!("1")),
  set: (one) => one.set("1", entry),
  setMany: (one) => one.setMany([["1", entry]]),
  remove: (one) => one.remove(["1"]),
  clear: ({ clear }) => clear,
  entries: ({ entries }) => Stream.runDrain(entries),
  page: (one) => one.page!(undefined, 1),
  sweep: (one) => one.sweep(() => Infinity),
  size: ({ size }) => size,
  hot: ({ hot }) => sync(() => hot!.count),
  below: ({ below }) => below!.get("below")
}

/** A store with every member, each of which notes that it was asked. */
const noting = () => {
  const asked = new Set<string>()
  const note = <A>(member: string, answer: A): Effect.Effect<A> =>
    Effect.sync(() => {
      asked.add(member)
      return answer
    })
  const partition = (below: Partition<any> | undefined): Whole<Partition<any>> => ({
    prepare: () => {
      asked.add("prepare")
      return Exit.succeed(prepared)
    },
    full: () => void asked.add("full"),
    get: (key) => note(key === "below" ? "below" : "get", undefined),
    getMany: () => note("getMany", []),
    beginLoad: () => note("beginLoad", undefined),
    endLoad: () => void asked.add("endLoad"),
    set: () => note("set", undefined),
    setMany: () => note("setMany", undefined),
    remove: () => note("remove", undefined),
    clear: note("clear", undefined),
    entries: Stream.fromEffect(note("entries", ["1", entry] as const)),
    page: () => note("page", { entries: [], next: undefined }),
    sweep: () => note("sweep", undefined),
    size: note("size", 0),
    hot: below && {
      get count() {
        return asked.add("hot").size
      }
    } as unknown as Partition<any>["hot"],
    below
  })
  const commons = makeCommons()
  const service = (hasMemory: boolean): Whole<Service> => ({
    name: "noting",
    commons,
    open: () => note("open", partition(hasMemory ? partition(undefined) : undefined)),
    write: () => note("write", undefined),
    loadMarks: note("loadMarks", { marks: [], stampMax: 0 }),
    recordMarks: () => note("recordMarks", undefined),
    removeMarks: () => note("removeMarks", undefined),
    news: () => note("news", undefined),
    knowing: {
      provenAt: () => asked.add("knowing").size,
      prove: () => undefined,
      watermark: Effect.succeed(""),
      reach: () => undefined
    }
  })
  return { asked, service }
}

interface Wrapper {
  readonly wrap: (store: Service) => Effect.Effect<Service, StoreError, Scope.Scope>
  /** The members of a partition that it leaves out, each by a decision. */
  readonly without?: ReadonlyArray<keyof Partition<any>>
  /** Whether memory goes above the store, and not into it. */
  readonly isAbove?: boolean
}

const wrappers: Readonly<Record<string, Wrapper>> = {
  "checkedStore": { wrap: (store) => Effect.succeed(checked({ ...store })) },
  "FaultyStore": {
    wrap: (store) => Effect.map(FaultyStore.make(store, { rules: [] }), ([faulty]) => faulty),
    // It has no synchronous reads.
    without: ["hot", "below"]
  },
  "TieredStore": {
    wrap: (store) => Effect.map(MemoryStore.make({ capacity: 10 }), (memory) => TieredStore.make([memory, store])),
    // Its memory is the tier above. A scan is one of all tiers, and rounds set the values.
    without: ["hot", "below", "page", "entries", "getMany", "size", "sweep", "set", "setMany"],
    isAbove: true
  },
  "sealedPartition": {
    wrap: (store) => Effect.succeed({ ...store, open: (own) => Effect.map(store.open(own), sealedPartition) })
  },
  "changed": { wrap: (store) => Effect.succeed(changed(store, () => ({}))) }
}

describe("a store that wraps another one", () => {
  for (const [name, { isAbove = false, without = [], wrap }] of Object.entries(wrappers)) {
    const opened = Effect.gen(function*() {
      const { asked, service } = noting()
      const store = yield* wrap(service(!isAbove))
      return { asked, store }
    })

    for (const member of Object.keys(ofStore) as Array<keyof Service>) {
      it.effect(`${name} passes on \`${member}\` of a store`, () =>
        Effect.gen(function*() {
          const { asked, store } = yield* opened
          const answer = yield* ofStore[member](store)
          if (member === "name") assert.include(answer, "noting")
          else if (member === "commons") assert.strictEqual(answer, (store as Service).commons)
          else assert.isTrue(asked.has(member))
        }))
    }

    for (const member of Object.keys(ofPartition) as Array<keyof Partition<any>>) {
      if (without.includes(member)) continue
      it.effect(`${name} passes on \`${member}\` of a partition`, () =>
        Effect.gen(function*() {
          const { asked, store } = yield* opened
          const partition = yield* store.open(family)
          yield* ofPartition[member](isAbove ? partition.below! : partition)
          assert.isTrue(asked.has(member))
        }))
    }
  }
})

const process = Effect.fnUntraced(function*(place: SimPlace, arrange: Wrapper["wrap"], isSensitive: boolean) {
  const lookups = Latch.makeUnsafe(true)
  const state = { row: 1, loads: 0, lookups }
  const ledger = yield* LedgerNode.make(over(place, makeLine()), { answerMillis: 1_000 })
  const store = yield* arrange(yield* LedgerStore.make(ledger))
  const { app, as } = yield* engine(
    { families: { note: { pattern: "note:{id}", sensitive: isSensitive } } },
    () =>
      Effect.andThen(
        lookups.await,
        Effect.sync(() => {
          state.loads++
          return state.row
        })
      ),
    { store: Layer.succeed(Store, store) }
  )
  const { note } = app.keys
  return Object.assign(state, {
    get: as(note.get({ id: "1" })),
    invalidate: as(note.invalidate({ id: "1" })),
    invalidateAll: as(note.invalidateAll()),
    set: as(note.set({ id: "1" }, 2)),
    refresh: as(note.refresh({ id: "1" }))
  })
})

const faulty: Wrapper["wrap"] = wrappers["FaultyStore"]!.wrap
const underMemory: Wrapper["wrap"] = wrappers["TieredStore"]!.wrap

const stories: Readonly<Record<string, readonly [arrange: Wrapper["wrap"], isSensitive: boolean]>> = {
  "a ledger": [Effect.succeed, false],
  "FaultyStore over a ledger": [faulty, false],
  "memory over FaultyStore over a ledger": [(store) => Effect.flatMap(faulty(store), underMemory), false],
  "FaultyStore over memory over a ledger": [(store) => Effect.flatMap(underMemory(store), faulty), false],
  "memory over a ledger, in a sensitive family": [underMemory, true]
}

for (const [name, [arrange, isSensitive]] of Object.entries(stories)) {
  describe(name, () => {
    const two = Effect.gen(function*() {
      const place = yield* SimPlace.make()
      return [yield* process(place, arrange, isSensitive), yield* process(place, arrange, isSensitive)] as const
    })

    for (const change of ["invalidate", "invalidateAll", "set", "refresh"] as const) {
      it.effect(`processes see \`${change}\` of each other`, () =>
        Effect.gen(function*() {
          const [a, b] = yield* two
          assert.deepStrictEqual([yield* a.get, yield* b.get], [1, 1])
          a.row = b.row = 2
          yield* a[change]
          yield* settle
          assert.deepStrictEqual([yield* b.get, yield* a.get], [2, 2])
        }))
    }

    it.effect("processes take turns to load a key", () =>
      Effect.gen(function*() {
        const [a, b] = yield* two
        yield* a.lookups.close
        const first = yield* fork(a.get)
        yield* settle
        const second = yield* fork(b.get)
        yield* settle
        yield* a.lookups.open
        assert.deepStrictEqual([yield* Fiber.join(first), yield* Fiber.join(second)], [1, 1])
        assert.deepStrictEqual([a.loads, b.loads], [1, 0])
      }))
  })
}
