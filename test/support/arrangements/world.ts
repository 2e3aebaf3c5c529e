/**
 * The same family in every arrangement of tiers: which tiers there are, and what happens between two steps of a story.
 */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Random from "effect/Random"
import * as Schema from "effect/Schema"
import * as Scope from "effect/Scope"
import { TestClock } from "effect/testing"
import * as Lookup from "../../../src/cache/Lookup.ts"
import type { Definition } from "../../../src/ownership/Definition.ts"
import type { FamilyPolicy } from "../../../src/ownership/FamilyPolicy.ts"
import * as LmdbStore from "../../../src/store/lmdb/LmdbStore.ts"
import * as MemoryStore from "../../../src/store/memory/MemoryStore.ts"
import type { Store } from "../../../src/store/Store.ts"
import * as TieredStore from "../../../src/store/TieredStore.ts"
import { fork, settle } from "../effects.ts"
import { type App, engine, type EngineOptions, type Running } from "../engine.ts"
import { temporaryFolder } from "../folder.ts"

type Stores = Layer.Layer<Store, any>

export interface Arrangement {
  readonly name: string
  readonly store: (folder: string) => Stores
  /** None of its tiers is memory. */
  readonly hasNoMemory?: true
  /** Memory holds whatever is held. */
  readonly inMemory: boolean
  /** Happens between any two steps. */
  readonly between: "nothing" | "eviction" | "restart"
}

const memory = (capacity: number) => MemoryStore.layer({ capacity, eviction: "lru" })
const lmdb = (path: string) => LmdbStore.layer({ path, durability: "process" })

export const arrangements: ReadonlyArray<Arrangement> = [
  { name: "memory", store: () => memory(1_000), inMemory: true, between: "nothing" },
  { name: "a file", store: lmdb, hasNoMemory: true, inMemory: false, between: "nothing" },
  {
    name: "memory over a file",
    store: (path) => TieredStore.layer([memory(1_000), lmdb(path)]),
    inMemory: true,
    between: "nothing"
  },
  {
    name: "memory over memory",
    store: () => TieredStore.layer([memory(1_000), memory(1_000)]),
    inMemory: true,
    between: "nothing"
  },
  {
    name: "memory for one entry over memory",
    store: () => TieredStore.layer([memory(1), memory(1_000)]),
    inMemory: false,
    between: "eviction"
  },
  {
    name: "memory for one entry over a file",
    store: (path) => TieredStore.layer([memory(1), lmdb(path)]),
    inMemory: false,
    between: "eviction"
  },
  {
    name: "memory for one entry, which pushes down into a file",
    store: (path) => TieredStore.layer([memory(1), lmdb(path)], { set: "onEviction" }),
    inMemory: false,
    between: "eviction"
  },
  {
    name: "memory that pushes down into a file, opened again",
    store: (path) => TieredStore.layer([memory(1_000), lmdb(path)], { set: "onEviction" }),
    inMemory: false,
    between: "restart"
  },
  { name: "a file, opened again", store: lmdb, hasNoMemory: true, inMemory: false, between: "restart" },
  {
    name: "memory over a file, opened again",
    store: (path) => TieredStore.layer([memory(1_000), lmdb(path)]),
    inMemory: false,
    between: "restart"
  }
]

export interface Value {
  readonly row: number
}

export const valueSchema = Schema.Struct({ row: Schema.Number })

/** Where the values come from. It outlives the cache. */
export class Source {
  row = 1
  isBroken = false
  isGone = false
  millis = 0
  answer: Lookup.LoadedOptions | "notModified" | undefined = undefined
  /** It confirms the value before with the options of `answer`. */
  confirms = false
  readonly runs = new Map<string, number>()
  readonly asked: Array<Lookup.LookupContext<Value>> = []
  now = 0
  atOnce = 0
  interrupted = 0

  runsOf(id: string): number {
    return this.runs.get(id) ?? 0
  }

  readonly lookup = (about: Lookup.LookupContext<any>): Effect.Effect<unknown, unknown> =>
    Effect.acquireUseRelease(
      Effect.sync(() => {
        const id = about.key.slice(about.key.indexOf(":") + 1)
        this.asked.push(about)
        this.runs.set(id, this.runsOf(id) + 1)
        this.atOnce = Math.max(this.atOnce, ++this.now)
      }),
      () =>
        (this.millis === 0 ? Effect.void : Effect.sleep(this.millis)).pipe(
          Effect.andThen(Effect.suspend(() => this.isBroken ? Effect.fail("broken") : Effect.succeed(this.value))),
          Effect.onInterrupt(() => Effect.sync(() => this.interrupted++))
        ),
      () => Effect.sync(() => this.now--)
    )

  private get value(): unknown {
    const value: Value = { row: this.row }
    if (this.isGone) return Lookup.absent
    if (this.answer === "notModified") return Lookup.notModified()
    if (this.confirms) return Lookup.notModified(this.answer)
    return this.answer === undefined ? value : Lookup.loaded(value, this.answer)
  }
}

/** The families of a world are `user` and `other`; a story that needs further ones names them. */
export class ArrangedWorld<Name extends string = never> {
  readonly arrangement: Arrangement
  readonly source = new Source()
  running!: Running<Name | "user" | "other">
  protected readonly policy: FamilyPolicy
  private readonly folder: string
  private scope!: Scope.Closeable

  constructor(arrangement: Arrangement, policy: FamilyPolicy, folder: string) {
    this.arrangement = arrangement
    this.policy = policy
    this.folder = folder
  }

  get user(): any {
    return this.running.app.keys.user
  }

  get stats(): any {
    return this.running.cache.stats["user"]
  }

  on<A>(effect: unknown): Effect.Effect<A, unknown> {
    return this.running.as(effect as Effect.Effect<A, unknown, any>)
  }

  readonly open: Effect.Effect<void, unknown> = Effect.gen({ self: this }, function*() {
    this.scope = yield* Scope.make()
    const store = Layer.fresh(this.arrangement.store(this.folder))
    const options = { store, ...this.bulk }
    const running = engine<Name | "user" | "other">(
      { families: this.families } as never,
      (about, app) => this.lookup(about, app),
      options
    )
    // A life that finds marks draws when it sweeps them: here it never does so in the middle of a story.
    this.running = yield* Effect.provideService(Random.withSeed(running, "life"), Scope.Scope, this.scope)
  })

  get families(): Definition["families"] {
    return {
      user: { pattern: "user:{id}", value: valueSchema, ...this.policy },
      other: { pattern: "other:{id}", value: valueSchema }
    }
  }

  get bulk(): EngineOptions {
    return {}
  }

  lookup(about: Lookup.LookupContext<any>, _app: App<Name | "user" | "other">): Effect.Effect<unknown, unknown, any> {
    return this.source.lookup(about)
  }

  readonly close: Effect.Effect<void> = Effect.suspend(() => Scope.close(this.scope, Exit.void))

  /** Lets run what runs behind readers, and waits for the tiers below. */
  readonly settle: Effect.Effect<void> = Effect.suspend(() =>
    Effect.andThen(settle, Effect.andThen(this.running.cache.outbox.idle, settle))
  )

  readonly between: Effect.Effect<void, unknown> = Effect.suspend(() => {
    if (this.arrangement.between === "nothing") return this.settle
    if (this.arrangement.between === "restart") {
      return Effect.andThen(this.settle, Effect.andThen(this.close, this.open))
    }
    const push = this.on<void>(this.running.app.keys.other.set({ id: "x" }, { row: 0 }))
    return Effect.andThen(this.settle, Effect.andThen(push, this.settle))
  })
}

/** Runs a program in an arrangement, in a place of its own. */
export const inEach = (
  policy: FamilyPolicy,
  arrangement: Arrangement,
  program: (world: ArrangedWorld) => Effect.Effect<unknown, unknown, Scope.Scope>
): Effect.Effect<void, unknown> => inside((folder) => new ArrangedWorld(arrangement, policy, folder), program)

export const inside = <W extends ArrangedWorld>(
  make: (folder: string) => W,
  program: (world: W) => Effect.Effect<unknown, unknown, Scope.Scope>
): Effect.Effect<void, unknown> =>
  Effect.gen(function*() {
    const folder = yield* temporaryFolder
    const world = make(folder)
    yield* world.open
    yield* Effect.addFinalizer(() => world.close)
    yield* program(world)
  }).pipe(Effect.scoped) as Effect.Effect<void, unknown>

// --- the steps of a story --------------------------------------------------------------------------------------------

/** One step, for all keys of the story. */
export type Step = (world: ArrangedWorld, ids: ReadonlyArray<string>) => Effect.Effect<unknown, unknown>

const each = (f: (world: ArrangedWorld, id: string) => unknown): Step => (world, ids) =>
  Effect.forEach(ids, (id) => world.on(f(world, id)), { discard: true })

/** Loads the keys, or reads what is there. */
export const read: Step = each(({ user }, id) => Effect.exit(user.get({ id })))
/** Asks the source again. */
export const refresh: Step = each(({ user }, id) => Effect.exit(user.refresh({ id })))
/** Asks the source again, and waits for 20 milliseconds. */
export const refreshLate: Step = (world, ids) =>
  Effect.gen(function*() {
    yield* Effect.forEach(ids, (id) => fork(world.on(world.user.refresh({ id }))), { discard: true })
    yield* world.settle
    yield* TestClock.adjust(20)
  })
/** Reads without loading. */
export const look: Step = each(({ user }, id) => user.getOption({ id }))
/** Looks without reading. */
export const peer: Step = each(({ user }, id) => Effect.andThen(user.has({ id }), user.explain({ id })))
export const set = (row: number, options?: object): Step => each(({ user }, id) => user.set({ id }, { row }, options))
export const drop = (mode?: "hide" | "markStale"): Step => each(({ user }, id) => user.invalidate({ id }, { mode }))
export const dropTag = (tag: string, mode?: "hide" | "markStale"): Step => ({ on, user, ...world }) =>
  on.call(world, user.invalidateTag(tag, { mode }))
export const wait = (millis: number): Step => (world) => pass(world, millis)

/**
 * Lets time pass once the tiers have committed what is on its way: a file is written in real time, and a jump of the
 * test's clock would be the end of what a tier waits for. A deletion returns when everything before it is committed.
 */
export const pass = (world: ArrangedWorld, millis: number): Effect.Effect<void> => {
  const committed = world.on<void>(world.running.app.keys.other.delete({ id: "none" }))
  return Effect.andThen(Effect.andThen(world.settle, Effect.ignore(committed)), TestClock.adjust(millis))
}
export const change = (f: (source: Source) => void): Step => ({ source }) => Effect.sync(() => f(source))
/** The source has another value. */
export const row = (n: number): Step => change((source) => source.row = n)
export const broken: Step = change((source) => source.isBroken = true)
/** The source has no value any more. */
export const gone: Step = change((source) => source.isGone = true)
export const repaired: Step = change((source) => source.isBroken = false)
export const slow = (millis: number): Step => change((source) => source.millis = millis)
export const answering = (answer: Source["answer"]): Step => change((source) => source.answer = answer)

/** Tells a story, with what happens in this arrangement between two steps. */
export const tell = (world: ArrangedWorld, ids: ReadonlyArray<string>, steps: ReadonlyArray<Step>) =>
  Effect.forEach(steps, (step) => Effect.andThen(step(world, ids), world.between), { discard: true })
