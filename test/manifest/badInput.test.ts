/**
 * Bad input at every door: each operation of an accessor, a reader and a writer, its synchronous twin, and the one that
 * answers a Promise. Each refuses it with a typed error, and everything that is held stays as it was.
 *
 * Wrong options, and a maximum of 0 or NaN, are in `options.test.ts`; weighers and lookups that throw or use the cache
 * are in `judgement.test.ts`, for the operations that answer an Effect.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Latch from "effect/Latch"
import * as Layer from "effect/Layer"
import * as Scope from "effect/Scope"
import * as Pieces from "../../src/cache/shared/pieces.ts"
import type { Family, Reader, Writer } from "../../src/manifest/Family.ts"
import { make } from "../../src/manifest/internal/manifest.ts"
import * as MemoryStore from "../../src/store/memory/MemoryStore.ts"
import { Store } from "../../src/store/Store.ts"
import * as TieredStore from "../../src/store/TieredStore.ts"
import { fork, reasonOf, settle } from "../support/effects.ts"
import { checkInvariants, type Running, start } from "../support/engine.ts"
import { makePlace, mapStore } from "../support/mapStore.ts"

// --- the doors -------------------------------------------------------------------------------------------------------

interface Given {
  readonly params: unknown
  readonly value: unknown
  /** For `getOr`, in the place of one that returns the value. */
  readonly load?: (of: any) => unknown
}

/** How an operation of one key is called. The compiler demands each operation of a handle. */
type Call = (of: any, given: Given) => unknown
const one: (operation: string) => Call = (operation) => (of, { params }) => of[operation](params)
const list: (operation: string) => Call = (operation) => (of, { params }) => of[operation]([params])

type Operation = Exclude<
  keyof Family<any, any, any, any, any> | keyof Reader<any, any, any, any> | keyof Writer<any, any, any, any>,
  "name" | "pattern"
>
const noKey = "takes no key of one entry"
const calls: { readonly [O in Operation]: Call | typeof noKey } = {
  get: one("get"),
  getOption: one("getOption"),
  getAnswer: one("getAnswer"),
  getAnswerOption: one("getAnswerOption"),
  getMany: list("getMany"),
  getManyResults: (of, { params }) => Effect.flatMap(of.getManyResults([params]), ([result]: any): any => result),
  has: one("has"),
  select: (of, { params }) => of.select(params, (value: unknown) => value),
  warm: list("warm"),
  explain: one("explain"),
  set: (of, { params, value }) => of.set(params, value),
  setMany: (of, { params, value }) => of.setMany([[params, value]]),
  update: (of, { params, value }) => of.update(params, () => value),
  patch: (of, { params, value }) => of.patch(params, () => value),
  delete: one("delete"),
  deleteMany: list("deleteMany"),
  invalidate: one("invalidate"),
  // No parameters at all are every key of the family.
  invalidateWhere: noKey,
  refresh: one("refresh"),
  getOr: (of, { load, params, value }) => of.getOr(params, load === undefined ? Effect.succeed(value) : load(of)),
  setIfAbsent: (of, { params, value }) => of.setIfAbsent(params, value),
  getAndDelete: one("getAndDelete"),
  reschedule: (of, { params }) => of.reschedule(params, "1 minute"),
  getUnsafe: one("getUnsafe"),
  getPromise: one("getPromise"),
  setUnsafe: (of, { params, value }) => of.setUnsafe(params, value),
  deleteUnsafe: one("deleteUnsafe"),
  patchUnsafe: (of, { params, value }) => of.patchUnsafe(params, () => value),
  key: one("key"),
  lease: (of, { params }) => Effect.scoped(of.lease(params)),
  setting: noKey,
  deleting: noKey,
  parse: noKey,
  reader: noKey,
  writer: noKey,
  hottest: noKey,
  keys: noKey,
  entries: noKey,
  page: noKey,
  sample: noKey,
  count: noKey,
  invalidateAll: noKey,
  invalidateTag: noKey,
  arrived: noKey
}

const handles = ["accessor", "reader", "writer"] as const
type Handle = (typeof handles)[number]

/** The call of an operation as an Effect, whether it answers one, throws, or answers a Promise. */
const asEffect = (operation: string, call: () => unknown): Effect.Effect<unknown, unknown, any> =>
  operation === "getPromise"
    ? Effect.tryPromise({ try: call as () => Promise<unknown>, catch: (error) => error })
    : operation.endsWith("Unsafe")
    ? Effect.try({ try: call, catch: (error) => error })
    : call() as Effect.Effect<unknown, unknown>

// --- the world -------------------------------------------------------------------------------------------------------

const thrown = "thrown by the user's code"
const throwing = (): never => {
  throw new Error(thrown)
}

const world = Effect.fnUntraced(function*(lookup: Case["lookup"] = () => Effect.succeed("loaded")) {
  const place = makePlace()
  const gate = Latch.makeUnsafe(true)
  const cold = mapStore({ name: "cold", place })
  const slow = Store.of({ ...cold, write: (round) => Effect.andThen(gate.await, cold.write(round)) })
  const memory = yield* MemoryStore.make({ weightMax: 1_000_000 })
  const weigher = (_: string, value: any): number => typeof value === "object" ? value.weigh() : 1
  const app: any = make("Bad", {
    families: {
      user: { pattern: "user:{id}", weigher },
      post: { pattern: "post:{slug}", derives: ["user:{id}"], fanout: true }
    }
  })
  const live = Layer.provideMerge(app.layer, Layer.succeed(Store, TieredStore.make([memory, slow])))
  const running: Running = yield* start(app, live)
  const owners = yield* Scope.make()
  yield* Effect.addFinalizer(() => Scope.close(owners, Exit.void))
  const build = (layer: unknown) =>
    Effect.provideContext(
      Layer.buildWithScope(layer as Layer.Layer<any, any, any>, owners),
      running.context
    )
  const borrows = yield* build(app.borrower("user"))
  const owned = yield* build(app.owner("user", { lookup: () => lookup(app) }))
  const posts = yield* build(
    Layer.provide(app.owner("post", { lookup: () => lookup(app) }), Layer.succeedContext(borrows))
  )
  const context = [borrows, posts, owned].reduce((all, each) => Context.merge(all, each), running.context)
  const on = <A>(effect: unknown) =>
    Effect.provideContext(effect as Effect.Effect<A, unknown, any>, context as Context.Context<any>)
  const { post, user } = app.keys
  const doors: { readonly [H in Handle]: any } = {
    accessor: user,
    reader: yield* on(user.reader),
    writer: yield* on(user.writer)
  }
  yield* on(user.setMany([[{ id: "1" }, "one"], [{ id: "2" }, "two"]]))
  yield* on(post.set({ slug: "1" }, "a post"))
  /** What memory and the tier below hold, and what has happened to it. */
  const state = () => ({
    memory: [...running.cache.families].map(([name, { hot, stats }]) => [
      name,
      ["1", "2", "3"].map((key) => {
        const entry = hot!.peek(key)
        return entry && [entry.value, entry.version]
      }),
      stats.invalidations
    ]),
    below: [...place.families].map(([name, entries]) => [name, [...entries].map(([key, { value }]) => [key, value])])
  })
  return {
    doors,
    on,
    running,
    state,
    user,
    hang: (hangs: boolean) => void (hangs ? gate.closeUnsafe() : gate.openUnsafe()),
    leave: Scope.close(owners, Exit.void)
  }
})

type World = Effect.Success<ReturnType<typeof world>>

// --- the table -------------------------------------------------------------------------------------------------------

interface Case {
  readonly prepare?: (world: World) => Effect.Effect<unknown, unknown, any>
  readonly lookup?: (app: any) => Effect.Effect<unknown, unknown, any>
  readonly given: ReadonlyArray<Given>
  /** The reasons with which the operation may be refused, or what is thrown; `undefined` where it may answer. */
  readonly reasons: (operation: string) => ReadonlyArray<string> | typeof thrown | undefined
  readonly only?: (operation: string) => boolean
}

const params = { id: "1" }
const value = "new"
/** The operations that run the lookup of an absent key, and answer what it says. */
const loading = new Set(["get", "getMany", "getManyResults", "getAnswer", "select", "refresh", "getPromise"])
const absentKey = [undefined, null, "1", 1, {}, { idd: "1" }, { slug: "1" }, { id: undefined }, { id: "a:b" }]

const cases: { readonly [what: string]: Case } = {
  "no key, or a key of another family": {
    given: absentKey.map((params) => ({ params, value })),
    reasons: (operation) => operation === "getUnsafe" ? undefined : ["InvalidKey"]
  },
  "an owner that has left": {
    prepare: ({ leave }) => leave,
    given: [{ params, value }],
    // What only spells a key needs no owner.
    reasons: (operation) => ["getUnsafe", "key"].includes(operation) ? undefined : ["Revoked", "Unowned"]
  },
  "a weigher that throws": {
    given: [{ params, value: { weigh: throwing } }, { params, value: { weigh: () => Number.NaN } }],
    only: (operation) => /^(set|update|patch)/.test(operation),
    reasons: (operation) => operation === "setIfAbsent" ? undefined : ["FunctionFailed"]
  },
  "a weigher that throws, for a value that is absent": {
    given: [{ params: { id: "3" }, value: { weigh: throwing } }],
    only: (operation) => ["set", "setMany", "setIfAbsent", "setUnsafe", "getOr"].includes(operation),
    reasons: () => ["FunctionFailed"]
  },
  "a lookup that throws": {
    lookup: throwing,
    given: [{ params: { id: "3" }, value }],
    only: (operation) => loading.has(operation),
    // A defect: no type names it.
    reasons: () => thrown
  },
  "a lookup that reads what it did not declare": {
    lookup: (app) => app.keys.post.get({ slug: "1" }),
    given: [{ params: { id: "3" }, value }],
    only: (operation) => loading.has(operation),
    reasons: () => ["NotOwner", "UndeclaredRead"]
  },
  "the load of a getOr that throws": {
    given: [{ params: { id: "3" }, value, load: () => Effect.sync(throwing) }],
    only: (operation) => operation === "getOr",
    reasons: () => thrown
  },
  "the load of a getOr that reads its own family": {
    given: ["1", "3"].map((id) => ({ params: { id: "3" }, value, load: (of: any) => of.get({ id }) })),
    only: (operation) => operation === "getOr",
    reasons: () => ["UndeclaredRead"]
  },
  "the load of a getOr that writes": {
    given: ["1", "3"].map((id) => ({ params: { id: "3" }, value, load: (of: any) => of.set({ id }, value) })),
    only: (operation) => operation === "getOr",
    reasons: () => ["NotOwner"]
  }
}

for (const [what, { given, lookup, only, prepare, reasons }] of Object.entries(cases)) {
  describe(what, () => {
    for (const handle of handles) {
      it.effect(`${what}: refused by each operation of the ${handle}, and nothing changes`, () =>
        Effect.gen(function*() {
          let tried = 0
          for (const [operation, call] of Object.entries(calls)) {
            if (call === noKey || only?.(operation) === false) continue
            const made = yield* world(lookup)
            const of = made.doors[handle]
            if (of[operation] === undefined) continue
            yield* prepare?.(made) ?? Effect.void
            const before = made.state()
            for (const input of given) {
              const exit = yield* Effect.exit(made.on(asEffect(operation, () => call(of, input))))
              const expected = reasons(operation)
              const said = `${operation} ${JSON.stringify(input.params)}`
              if (expected !== undefined) assert.isTrue(Exit.isFailure(exit), said)
              if (expected === thrown) {
                const error = Cause.squash((exit as Exit.Failure<unknown, unknown>).cause)
                const isRun = handle !== "reader" || String(error).includes(thrown)
                if (isRun) assert.include(String(error), thrown, said)
                else assert.strictEqual(reasonOf(error), "NotOwner", said)
              } else if (expected !== undefined) {
                const error = yield* Effect.flip(exit as Exit.Exit<never, unknown>)
                // A reader refuses each write by its name, whatever it is given.
                assert.include(handle === "reader" ? [...expected, "NotOwner"] : expected, reasonOf(error), said)
              }
              yield* settle
              assert.deepStrictEqual(made.state(), before, said)
              tried++
            }
            checkInvariants(made.running)
          }
          assert.isAbove(tried, 0)
        }) as Effect.Effect<void, unknown, Scope.Scope>)
    }
  })
}

describe("a cursor that has no meaning here", () => {
  for (const handle of handles) {
    it.effect(`a cursor of another family and one that no page gave are refused by the ${handle}, and nothing changes`, () =>
      Effect.gen(function*() {
        const { doors, on, running, state } = yield* world()
        const of = doors[handle]
        const before = state()
        const own: any = yield* on(of.page(undefined, 1))
        const other: any = yield* on(running.app.keys["post"]!.page(undefined, 1))
        const cursors = [
          "",
          "x",
          "~",
          ...other.next === undefined ? [] : [other.next],
          `${own.next}~`.replace("~", "~~")
        ]
        for (const cursor of cursors) {
          assert.strictEqual(reasonOf(yield* Effect.flip(on(of.page(cursor, 1)))), "CursorRefused", cursor)
        }
        assert.deepStrictEqual(state(), before)
      }) as Effect.Effect<void, unknown, Scope.Scope>)
  }
})

describe("a full outbox", () => {
  const changing = ["set", "setMany", "update", "patch", "setIfAbsent", "setUnsafe", "patchUnsafe"] as const
  for (const handle of ["accessor", "writer"] as const) {
    it.effect(`an outbox that is full holds up each write of the ${handle}, and a write that is given up changes nothing`, () =>
      Effect.gen(function*() {
        const { doors, hang, on, running, state, user } = yield* world()
        hang(true)
        // The tier must not hang when the world ends, whatever fails before.
        yield* Effect.addFinalizer(() => Effect.sync(() => hang(false)))
        const first = yield* fork(on(user.set({ id: "4" }, "v")))
        yield* settle
        const many = Array.from({ length: 65_536 }, (_, n) => [{ id: `more ${n}` }, "v"] as const)
        const filling = yield* fork(on(user.setMany(many)))
        // The keys of a long list are spelled in pieces.
        yield* Effect.repeat(settle, { times: many.length / Pieces.pieceMax / 20 + 1 })
        assert.isTrue(running.cache.outbox.isFull)
        const before = state()
        for (const operation of changing) {
          const of = doors[handle]
          if (of[operation] === undefined) continue
          const params = { id: operation === "setIfAbsent" ? "3" : "1" }
          const call = () => (calls[operation] as Call)(of, { params, value })
          const writing = yield* fork(Effect.exit(on(asEffect(operation, call))))
          yield* settle
          const ended = writing.pollUnsafe()
          if (operation.endsWith("Unsafe")) {
            const exit = yield* Fiber.join(writing)
            assert.strictEqual(reasonOf(yield* Effect.flip(exit as Exit.Exit<never, unknown>)), "WouldWait", operation)
          } else {
            assert.isUndefined(ended, operation)
            yield* Fiber.interrupt(writing)
          }
          yield* settle
          assert.deepStrictEqual(state(), before, operation)
        }
        hang(false)
        yield* Effect.forEach([first, filling], Fiber.interrupt)
      }) as Effect.Effect<void, unknown, Scope.Scope>)
  }
})
