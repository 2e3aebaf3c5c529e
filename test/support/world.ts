/**
 * A small world for many fibers: a source whose rows only grow, three families that derive from each other, and readers
 * and writers that note what they did. The laws of the library are checked against these notes after each step.
 * `rows.ts` says what a row is.
 */
import { assert } from "@effect/vitest"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import type * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Random from "effect/Random"
import { TestClock } from "effect/testing"
import * as fc from "fast-check"
import type { Answer } from "../../src/cache/Answer.ts"
import { CacheError } from "../../src/cache/CacheError.ts"
import * as Lookup from "../../src/cache/Lookup.ts"
import type { FamilyPolicy } from "../../src/ownership/FamilyPolicy.ts"
import { parsePatternUnsafe } from "../../src/pattern/KeyPattern.ts"
import * as MemoryStore from "../../src/store/memory/MemoryStore.ts"
import { Store } from "../../src/store/Store.ts"
import type { StoreError } from "../../src/store/StoreError.ts"
import * as FaultyStore from "../../src/testing/FaultyStore.ts"
import { Arrivals, doorOf, heldOr } from "./atOnce.ts"
import { drive } from "./effects.ts"
import { type App, checkInvariants, engine, type EngineOptions, type Running } from "./engine.ts"
import { mapStore } from "./mapStore.ts"
import { Floors, rowDrops, rowReads, see } from "./rows.ts"
import { SimulatedWorld } from "./simulatedWorld.ts"
import { slow, tiersOver } from "./tiers.ts"

const families = ["user", "profile", "feed"] as const
const ids = ["1", "2"] as const

export const reads = ["get", "getOption", "getMany", "getAnswer"] as const
/** Reads that refuse what is stale. */
export const strict = ["getFresh"] as const
export const warms = ["warm"] as const
export const drops = ["delete", "invalidate", "where", "all", "tag", "refresh"] as const
export const marks = ["markStale"] as const
export const updates = ["update"] as const
/** An update that updates the other id meanwhile, as another one may do the other way round. */
export const nested = ["nested"] as const
/** The owner of a family leaves and comes back; or another one has the family in between, and no `lookupMany`. */
export const owners = ["leave", "delegate"] as const
export const sets = ["set", "batch", "patch"] as const
/** The end of an entry is moved. */
export const moves = ["reschedule"] as const
export const jumps = ["back", "forth"] as const
export const sweeps = ["sweep"] as const
/** The row goes away in the source, and its owner asks the source again. */
export const vanishes = ["vanish"] as const
type Kind =
  | typeof reads[number]
  | "getFresh"
  | "warm"
  | typeof drops[number]
  | "markStale"
  | "update"
  | "nested"
  | typeof owners[number]
  | typeof sets[number]
  | "reschedule"
  | "sweep"
  | "vanish"
  | "back"
  | "forth"

export interface Step {
  readonly kind: Kind
  readonly family: 0 | 1 | 2
  readonly id: 0 | 1
  readonly delay: number
  /** By the door without an Effect, where the kind has one. */
  readonly now: boolean
  /** Interrupted after so long. */
  readonly cut: number | undefined
}

export interface Script {
  readonly policy: FamilyPolicy
  readonly fibers: ReadonlyArray<ReadonlyArray<Step>>
  /** Of 100 lookups, how many fail and how many never end. */
  readonly failing: number
  readonly hanging: number
  readonly capacity: number
  /** Loads several keys with one lookup. */
  readonly bulk: boolean
  readonly tiers: Tiers
  /** Of 100 operations of the lower tier, how many fail. */
  readonly faults: number
}

/** Memory alone; over a slow tier that gets what is set, or what memory pushes out; or the slow tier alone. */
export type Tiers = "memory" | "through" | "onEviction" | "slow"

export interface ScriptOptions {
  readonly kinds: ReadonlyArray<Kind>
  readonly policies?: ReadonlyArray<FamilyPolicy>
  readonly failing?: number
  readonly hanging?: number
  readonly interrupts?: boolean
  readonly capacities?: ReadonlyArray<number>
  readonly tiers?: ReadonlyArray<Tiers>
  readonly faults?: number
}

export const policies: ReadonlyArray<FamilyPolicy> = [
  {},
  { timeToLive: 40 },
  { timeToLive: 40, staleWhileRevalidate: 60 },
  { timeToLive: 40, refreshAhead: 0.5 },
  { timeToLive: 40, refreshAhead: "xfetch", jitter: 0.3 },
  { timeToLive: 40, staleIfError: 60, softTimeout: 5, retryAfterFailure: 30 },
  { idleTimeToLive: 30, loadConcurrency: 1 },
  { staleWhileRevalidate: 30, onAbandoned: "finish" },
  { timeToLive: "doNotStore" }
]

export const script = (options: ScriptOptions): fc.Arbitrary<Script> => {
  const { capacities = [1_000], failing = 0, faults = 0, hanging = 0, interrupts = false, kinds } = options
  const step: fc.Arbitrary<Step> = fc.record({
    kind: fc.constantFrom(...kinds),
    family: fc.constantFrom(0, 1, 2),
    id: fc.constantFrom(0, 1),
    delay: fc.oneof(fc.constant(0), fc.nat(30)),
    now: fc.boolean(),
    cut: interrupts ? fc.option(fc.nat(15), { nil: undefined, freq: 3 }) : fc.constant(undefined)
  })
  return fc.record({
    policy: fc.constantFrom(...options.policies ?? policies).map((policy) =>
      hanging === 0 ? policy : { ...policy, hardTimeout: 50 }
    ),
    fibers: fc.array(fc.array(step, { minLength: 1, maxLength: 8 }), { minLength: 1, maxLength: 6 }),
    failing: fc.constant(failing),
    hanging: fc.constant(hanging),
    capacity: fc.constantFrom(...capacities),
    bulk: fc.boolean(),
    tiers: fc.constantFrom(...options.tiers ?? ["memory" as const]),
    faults: fc.constant(faults)
  })
}

const operations = ["get", "set", "remove", "clear", "recordMarks", "removeMarks", "sweep"] as const

// A tier that takes its time, each operation another, and may fail.
const rulesOf = (faults: number): ReadonlyArray<FaultyStore.Rule> => [
  { fault: { kind: "fail" }, operations, probability: faults / 200 },
  { fault: { kind: "failLate" }, operations, probability: faults / 200 },
  ...slow({}, [25, 0.2], [15, 0.3]),
  { fault: { kind: "slow", delay: 6 }, probability: 0.4 }
]

const storeOf = ({ capacity, faults, fibers, tiers }: Script): Layer.Layer<Store, StoreError> =>
  tiers === "memory" ? MemoryStore.layer({ capacity }) : Layer.effect(
    Store,
    Effect.gen(function*() {
      const options = { seed: fibers.length, rules: rulesOf(faults) }
      const [lower] = yield* FaultyStore.make(mapStore({ capacity: 5 }), options)
      return yield* tiers === "slow"
        ? tiersOver(lower, { above: "nothing" })
        : tiersOver(lower, { capacity, set: tiers })
    })
  )

const heldUpMillis = 100

// Changes of exactly one key or of all, of which a watch shows each.
const watchable: ReadonlySet<Kind> = new Set(["delete", "invalidate", "set", "batch", "patch", "update"])

class LookupFailed {
  readonly _tag = "LookupFailed"
}

const isAbsent = (error: unknown): boolean => error instanceof CacheError && error.reason._tag === "Absent"

export class World extends SimulatedWorld<App<typeof families[number]>> {
  readonly script: Script
  // What the last mark that has returned said of an id: older is not served as fresh.
  readonly marked = new Floors()
  // The write by which the row of an id went away last, and the ids whose rows are away.
  readonly vanished = new Map<string, number>()
  readonly gone = new Set<string>()
  readonly batches = new Set<number>()
  private readonly arrivals = new Arrivals()
  private readonly kinds: ReadonlySet<Kind>
  /** No lookup is interrupted, so that those which run can be counted. */
  private readonly isWhole: boolean
  private readonly away = new Set<string>()
  // Each change, and each reader who may be interrupted, begins an epoch.
  private epochs = 0
  private writing = new Set<string>()
  running!: Running<typeof families[number]>

  constructor(script: Script) {
    super()
    this.script = script
    const steps = script.fibers.flat()
    this.kinds = new Set(steps.map(({ kind }) => kind))
    this.isWhole = script.failing + script.hanging + script.faults === 0 &&
      steps.every(({ cut }) => cut === undefined) &&
      !owners.some((kind) => this.kinds.has(kind)) &&
      // A getMany that finds a row gone leaves the loads of its other keys.
      !(this.kinds.has("getMany") && vanishes.some((kind) => this.kinds.has(kind)))
  }

  // --- the source -------------------------------------------------------------------------------

  readonly lookup = (
    about: { readonly key: string; readonly previous?: Lookup.LookupContext<unknown>["previous"] },
    app: App<typeof families[number]>
  ): Effect.Effect<unknown, unknown, any> => {
    // What is hidden would come back if the source said that it has not changed. A write that returns after this step
    // overtakes the lookup.
    const [, id] = about.key.split(":")
    if (about.previous !== undefined) see(id!, about.previous.value, this.floors.of(id!), "the value before")
    return this.lookups.run(about.key, () => this.load(about, app), {
      begins: (others) => this.checkOthers(about.key, others),
      ends: () => {
        // It may have brought another value, which begins an epoch of those who depend on it.
        if (this.writes > 0) this.epochs++
      }
    })
  }

  private checkOthers(key: string, others: number): void {
    // The end of a source begins an epoch of what is made from it, and of nothing else.
    const ends = key.startsWith("user:") ? 0 : 1
    assert.isAtMost(others, this.epochs + ends, `one lookup of \`${key}\` runs at a time in an epoch`)
    if (this.isWhole) assert.isAtMost(others, 1, `at most two lookups of \`${key}\` run at a time`)
  }

  private readonly load = Effect.fnUntraced(function*(
    this: World,
    about: Parameters<World["lookup"]>[0],
    app: App<typeof families[number]>
  ) {
    const [family, id] = about.key.split(":") as [string, string]
    yield* Effect.sleep(yield* Random.nextIntBetween(0, 10))
    const n: number | Lookup.AbsentAnswer = family === "user"
      ? this.gone.has(id) ? Lookup.absent : this.rowOf(id)
      : yield* Effect.catchIf(
        app.keys[family === "profile" ? "user" : "profile"].get({ id }) as Effect.Effect<number, unknown>,
        isAbsent,
        () => Effect.succeed(Lookup.absent)
      )
    yield* Effect.sleep(yield* Random.nextIntBetween(0, 10))
    const luck = yield* Random.nextIntBetween(0, 100)
    if (luck < this.script.failing) return yield* Effect.fail(new LookupFailed())
    if (luck < this.script.failing + this.script.hanging) return yield* Effect.never
    if (n === about.previous?.value) return Lookup.notModified()
    return typeof n === "number" ? Lookup.loaded(n, { tags: [`t${id}`] }) : n
  })

  override write(...ids: ReadonlyArray<string>): number {
    for (const id of ids) this.gone.delete(id)
    return super.write(...ids)
  }

  // --- reading ----------------------------------------------------------------------------------

  /** Only a row that has gone away since the last write is absent. */
  private read(step: Step): Effect.Effect<unknown, unknown> {
    return Effect.suspend(() => {
      const read = step.kind === "getMany" ? ids : [ids[step.id]]
      const floors = read.map((id) => this.floors.of(id))
      return Effect.tapError(this.readValue(step), (error) =>
        Effect.sync(() => {
          if (!isAbsent(error)) return
          const isRight = read.some((id, i) => (this.vanished.get(id) ?? -1) >= floors[i]!)
          assert.isTrue(isRight, `${step.kind} of id ${read} found no value after a write that had returned`)
        }))
    })
  }

  private readValue({ family, id: at, kind, now }: Step): Effect.Effect<unknown, unknown> {
    const id = ids[at]
    const of = this.running.app.keys[families[family]]
    const askedOf = (id: string) => ({ id, params: family === 2 ? { id, page: "a" } : { id } })
    const { as } = this.running
    return Effect.suspend(() => {
      const freshest = (id: string) => Math.max(this.floors.of(id), this.marked.of(id))
      const [hidden, marked] = [this.floors.of(id), freshest(id)]
      if (kind === "getAnswer") {
        return Effect.map(as<Answer<number>, unknown>(of.getAnswer(askedOf(id).params)), (answer) => {
          see(id, answer.value, answer.stale ? hidden : marked, answer.stale ? "stale getAnswer" : "getAnswer")
          this.checkStaleness(answer)
        })
      }
      if (kind === "getFresh") {
        const { params } = askedOf(id)
        return Effect.map(
          as<number, unknown>(of.get(params, { stale: "refuse" })),
          (n) => see(id, n, marked, "get of nothing stale")
        )
      }
      if (kind === "get" && now) {
        const heldIs = (held: unknown) => see(id, held, marked, "getUnsafe")
        return Effect.map(
          heldOr(this.running, families[family], askedOf(id).params, heldIs),
          (n) => see(id, n, hidden, "get where nothing is held")
        )
      }
      const read = kind as "get" | "getOption" | "getMany"
      const further: ReadonlyArray<string> = read === "getMany" ? ids.filter((other) => other !== id) : []
      const floors = new Map(
        [id, ...further].map((id) => [id, read === "getOption" ? freshest(id) : this.floors.of(id)])
      )
      return Effect.map(as(rowReads[read](of, askedOf(id), further.map(askedOf))), (shown) => {
        for (const [id, row] of shown) see(id, row, floors.get(id)!, read)
      })
    })
  }

  private checkStaleness({ stale, staleMillis }: Answer<number>): void {
    const { staleIfError = 0, staleWhileRevalidate = 0 } = this.script.policy as { [option: string]: number }
    // A fiber may be held up between the answer and this look at it.
    if (stale) {
      assert.isBelow(staleMillis, Math.max(staleIfError, staleWhileRevalidate) + heldUpMillis, "stale for too long")
    }
  }

  /** Both values of a batch, or none: looked at in one step. */
  private readonly peekBatch = Effect.sync(() => {
    const { hot } = this.running.cache.families.get("user")!
    const [a, b] = ids.map((id) => hot?.hit(id)) as [number, number]
    for (const [one, other] of [[a, b], [b, a]]) {
      if (typeof one !== "number" || typeof other !== "number" || !this.batches.has(one)) continue
      assert.isAtLeast(other, Math.floor(one), "half of a batch is visible")
    }
  })

  // --- writing ----------------------------------------------------------------------------------

  /**
   * Writers of one id follow each other where the script has writes that carry a value: the cache cannot order those.
   */
  private alone<A, E>(all: ReadonlyArray<string>, work: Effect.Effect<A, E>): Effect.Effect<A, unknown> {
    // Not of the keys themselves: a lease on them would refuse the writes that carry none.
    const patterns = all.map((id) => parsePatternUnsafe(`turn:${id}`))
    const critical = Effect.acquireUseRelease(
      Effect.sync(() => {
        for (const id of all) {
          assert.isFalse(this.writing.has(id), "an exclusive lease is held by one")
          this.writing.add(id)
        }
      }),
      () => work,
      () => Effect.sync(() => all.forEach((id) => this.writing.delete(id)))
    )
    const options = { deadline: "1 hour", timeToLive: "1 hour" } as const
    return Effect.scoped(Effect.andThen(this.running.leases.acquire(patterns, options), critical))
  }

  private change({ delay, family, id: at, kind, now }: Step): Effect.Effect<unknown, unknown> {
    const id = ids[at]
    const { app, as } = this.running
    const { user } = app.keys
    const door = doorOf(now, this.running, "user", { id }, this.arrivals)
    const drop = (
      work: Effect.Effect<unknown, unknown, any>,
      concerned: ReadonlyArray<string>,
      kept: Floors
    ) =>
      Effect.suspend(() => {
        const written = concerned.map((id) => [id, this.write(id)] as const)
        this.epochs++
        const done = Effect.sync(() => {
          this.epochs++
          for (const [id, n] of written) kept.raise(id, n)
        })
        return Effect.andThen(as(work), done)
      })
    switch (kind) {
      case "delete":
        return drop(door.delete, [id], this.floors)
      case "invalidate":
      case "markStale":
      case "where":
      case "all":
      case "tag":
      case "refresh": {
        const concerned = kind === "all" ? ids : [id]
        return drop(rowDrops[kind](app.keys, id), concerned, kind === "markStale" ? this.marked : this.floors)
      }
      case "warm":
        return as(app.keys.user.warm([{ id }]))
      case "vanish":
        return Effect.suspend(() => {
          const n = this.write(id)
          this.gone.add(id)
          this.vanished.set(id, n)
          this.epochs++
          return Effect.matchEffect(as(user.refresh({ id })), {
            onSuccess: () => Effect.void,
            onFailure: (error) => {
              this.epochs++
              if (isAbsent(error)) this.floors.raise(id, n)
              return Effect.fail(error)
            }
          })
        })
      case "update":
        return Effect.suspend(() => {
          let n = 0
          const f = () =>
            Effect.andThen(
              Effect.sleep(5),
              Effect.sync(() => {
                this.epochs++
                return n = this.write(id)
              })
            ).pipe(Effect.tap(Effect.sleep(5)))
          return Effect.map(as(user.update({ id }, f)), () => {
            this.epochs++
            this.floors.raise(id, n)
          })
        })
      case "nested":
        return Effect.suspend(() => {
          const other = ids[1 - at]!
          let [n, m] = [0, 0]
          const write = (id: string) =>
            Effect.sync(() => {
              this.epochs++
              return this.write(id)
            })
          const inner = Effect.map(
            as(
              user.update({ id: other }, () =>
                Effect.andThen(
                  Effect.sleep(5),
                  Effect.map(write(other), (row) => m = row)
                ))
            ),
            () => {
              this.epochs++
              this.floors.raise(other, m)
            }
          )
          const f = () =>
            Effect.andThen(Effect.andThen(Effect.sleep(5), inner), Effect.map(write(id), (row) => n = row))
          return Effect.map(as(user.update({ id }, f)), () => {
            this.epochs++
            this.floors.raise(id, n)
          })
        })
      case "leave":
        return this.handOver(families[family], true)
      case "delegate":
        return this.handOver(families[family], false)
      case "set":
        return Effect.suspend(() => {
          const n = this.write(id)
          this.epochs++
          return Effect.map(door.set(n, { tags: [`t${id}`] }), () => this.floors.raise(id, n))
        })
      case "patch":
        return Effect.suspend(() => {
          const n = this.write(id)
          this.epochs++
          return Effect.map(door.patch(() => n), () => {
            this.epochs++
            this.floors.raise(id, n)
          })
        })
      case "reschedule":
        // An end that moves to an earlier time drops the dependents, which begins an epoch of each.
        return Effect.suspend(() => {
          this.epochs++
          const params = family === 2 ? { id, page: "a" } : { id }
          const { reschedule } = doorOf(now, this.running, families[family], params, this.arrivals)
          return Effect.map(reschedule(2 * delay), () => this.epochs++)
        })
      case "batch":
        return Effect.suspend(() => {
          const n = this.write(...ids)
          // Before the batch is applied, loads bring the rows one by one. So its values are not those of the rows.
          const value = n + 0.5
          this.batches.add(value)
          this.epochs++
          const writes = ids.map((id) => user.setting({ id }, value, { tags: [`t${id}`] }))
          return Effect.map(as(app.batch(writes)), () => ids.forEach((id) => this.floors.raise(id, n)))
        })
      case "sweep":
        // Marks are forgotten as soon as that may be, and not only when there are many.
        return Effect.ignore(this.running.cache.families.get(families[family])!.sweepMarks)
      case "back":
        return Effect.flatMap(
          TestClock.testClockWith((clock) => clock.currentTimeMillis),
          (now) => TestClock.setTime(Math.max(0, now - 20))
        )
      default:
        return TestClock.adjust(10 * family)
    }
  }

  /** A watch of a key shows a change of it. */
  private watched<A, E>(id: string, change: Effect.Effect<A, E>): Effect.Effect<A, E> {
    const user = this.running.cache.families.get("user")!
    return Effect.acquireUseRelease(
      Effect.sync(() => user.watch(id)),
      (watch) => Effect.tap(change, () => Effect.sync(() => assert.isTrue(watch.changed, "a watch shows a change"))),
      (watch) => Effect.sync(() => user.unwatch(watch))
    )
  }

  /** The family is without an owner for a while, or has another one. */
  private handOver(name: string, leaves: boolean): Effect.Effect<void> {
    const family = this.running.cache.families.get(name)!
    return Effect.suspend(() => {
      if (this.away.has(name)) return Effect.void
      this.away.add(name)
      this.epochs += 2
      const { loader } = (family as any).loads
      const lent = leaves ? undefined : family.own({ ...loader, lookupMany: undefined })
      if (leaves) family.disown(loader)
      return Effect.andThen(
        Effect.sleep(12),
        Effect.sync(() => {
          this.epochs += 2
          this.away.delete(name)
          if (leaves) {
            // What memory has yet to push down stays, hidden.
            const { hot, lane } = (family as any).entries
            if (lane === undefined) assert.strictEqual(hot.count, 0, "nothing is in memory while no owner is there")
            for (const id of ids) {
              assert.isUndefined((family as any).entries.held(id), "nothing is served while no owner is there")
            }
            family.own(loader)
          } else family.disown(lent)
        })
      )
    })
  }

  // --- the run ----------------------------------------------------------------------------------

  private step(step: Step, locked: boolean): Effect.Effect<void> {
    const isRead = ([...reads, ...strict] as ReadonlyArray<string>).includes(step.kind)
    const isJump = ([...jumps, ...sweeps] as ReadonlyArray<string>).includes(step.kind)
    const concerned = step.kind === "all" || step.kind === "batch" ? ids : [ids[step.id]]
    const work = isRead
      ? this.read(step)
      : locked && !isJump && !(owners as ReadonlyArray<string>).includes(step.kind)
      ? this.alone(concerned, this.change(step))
      : this.change(step)
    const isOwner = (owners as ReadonlyArray<string>).includes(step.kind)
    const shown = step.now && watchable.has(step.kind) ? this.watched(ids[step.id], work) : work
    const cut = step.cut === undefined || isOwner ? shown : Effect.timeoutOption(shown, step.cut)
    // Who is interrupted, or fails for one of many keys, leaves loads behind that take a while to end.
    const mayLeave = step.cut !== undefined ||
      (step.kind === "getMany" && this.script.failing + this.script.hanging > 0)
    if (mayLeave) this.epochs++
    return Effect.sleep(step.delay).pipe(
      Effect.andThen(Effect.exit(cut)),
      Effect.flatMap((exit) => Effect.sync(() => this.judge(step, exit))),
      Effect.andThen(this.peekBatch)
    )
  }

  /** A failure is one of the source's, or says that a lookup hung. One reader is not interrupted by another. */
  private judge(step: Step, exit: Exit.Exit<unknown, unknown>): void {
    if (exit._tag === "Success") return
    const isRead = ([...reads, ...strict] as ReadonlyArray<string>).includes(step.kind)
    for (const reason of exit.cause.reasons) {
      assert.isTrue(Cause.isFailReason(reason), `${step.kind} failed: ${Cause.pretty(exit.cause)}`)
      if (!Cause.isFailReason(reason)) continue
      const { error } = reason
      const expected = error instanceof LookupFailed
        ? this.script.failing > 0
        : error instanceof CacheError && error.reason._tag === "LoadTimeout"
        ? this.script.hanging > 0
        : error instanceof CacheError && error.reason._tag === "CircularWait"
        ? step.kind === "nested"
        : error instanceof CacheError && error.reason._tag === "Unowned"
        // A write that began while a part was lent is refused once the part has been given back.
        ? this.kinds.has("leave") || this.kinds.has("delegate") && !isRead
        : isAbsent(error)
        ? this.kinds.has("vanish")
        : error instanceof CacheError && error.reason._tag === "StaleRefused"
        ? step.kind === "getFresh"
        : error instanceof CacheError && error.reason._tag === "StoreFailed" && this.script.faults > 0
      assert.isTrue(expected, `${step.kind} failed: ${Cause.pretty(exit.cause)}`)
    }
  }

  readonly run: Effect.Effect<this, unknown> = Effect.suspend(() =>
    Effect.tap(drive(Effect.scoped(this.live), 5), () => this.arrivals.check)
  )

  private readonly live = Effect.gen({ self: this }, function*() {
    const { bulk, fibers, policy } = this.script
    const many: EngineOptions["lookupMany"] = (keys) =>
      Effect.forEach(keys, (key) =>
        Effect.catch(
          Effect.asSome(Effect.provideContext(this.lookup({ key }, this.running.app), this.running.context)),
          (error) => Effect.succeed(Lookup.failed(error))
        ), { concurrency: "unbounded" }).pipe(
          Effect.map((all) => all.map((one: any) => one._tag === "Some" ? one.value : one))
        )
    this.running = yield* engine(
      {
        families: {
          user: { pattern: "user:{id}", ...policy },
          profile: { pattern: "profile:{id}", derives: ["user:{id}"], ...policy },
          feed: { pattern: "feed:{id}:{page}", derives: ["profile:{id}"], ...policy }
        }
      },
      this.lookup,
      { store: storeOf(this.script), ...(bulk ? { lookupMany: many } : {}) }
    )
    const locked = fibers.some((steps) => steps.some(({ kind }) => (sets as ReadonlyArray<string>).includes(kind)))
    yield* Effect.forEach(
      fibers,
      (steps) => Effect.forEach(steps, (step) => this.step(step, locked), { discard: true }),
      { concurrency: "unbounded", discard: true }
    )
    yield* this.settle
    return this
  })

  /** Whatever runs behind the readers ends; then nothing is left, and what is held is what the source says. */
  private readonly settle = Effect.gen({ self: this }, function*() {
    yield* Effect.sleep(400)
    // What a failed round owes may just be on its way once more.
    yield* this.running.cache.outbox.idle
    checkInvariants(this.running)
    this.lookups.checkNone()
    for (const [family, name] of families.entries()) {
      for (const id of ids) {
        const found: any = yield* this.running.as(
          this.running.app.keys[name].getOption(family === 2 ? { id, page: "a" } : { id })
        )
        const floor = Math.max(this.floors.of(id), this.marked.of(id))
        if (found._tag === "Some") see(id, found.value, floor, "the end")
      }
    }
  })
}
