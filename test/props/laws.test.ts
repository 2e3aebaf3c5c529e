/**
 * The guarantees of the library in one process, law by law. Each property runs on random programs, and a failure prints
 * the seed that repeats it.
 *
 * `npm run test:props -- --runs 10000 --seed 42` looks deeper. Completeness (law 4) has a file of its own.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import { TestClock } from "effect/testing"
import * as fc from "fast-check"
import { CacheError } from "../../src/cache/CacheError.ts"
import * as Lookup from "../../src/cache/Lookup.ts"
import type { Lease, LeaseMode } from "../../src/capability/Lease.ts"
import { engineKey, keyOf } from "../../src/manifest/internal/grants.ts"
import { make } from "../../src/manifest/internal/manifest.ts"
import type { FamilyPolicy } from "../../src/ownership/FamilyPolicy.ts"
import { overlaps, parsePatternUnsafe } from "../../src/pattern/KeyPattern.ts"
import * as MemoryStore from "../../src/store/memory/MemoryStore.ts"
import * as SeededScheduler from "../../src/testing/SeededScheduler.ts"
import { drive, settle } from "../support/effects.ts"
import { type App, checkInvariants, engine, ownerOptions, type Running } from "../support/engine.ts"
import { manifest } from "../support/randomManifests.ts"
import {
  drops,
  jumps,
  marks,
  moves,
  policies,
  reads,
  type Script,
  script,
  sets,
  updates,
  World
} from "../support/world.ts"

const seed = fc.integer({ min: 0, max: 2 ** 31 - 1 })

/** A random input, run under a random order of fibers. */
const holds = <A>(
  input: fc.Arbitrary<A>,
  program: (input: A) => Effect.Effect<unknown, unknown, Scope.Scope>,
  yields?: number
) =>
  fc.assert(
    fc.asyncProperty(
      input,
      seed,
      (input, seed) =>
        Effect.runPromise(Effect.asVoid(SeededScheduler.run(Effect.scoped(program(input)), { seed, yields })))
    )
  )

const live = (script: Script) => new World(script).run
const user = (policy: FamilyPolicy) => ({ families: { user: { pattern: "user:{id}", ...policy } } })
const exitReasonOf = (exit: Exit.Exit<unknown, unknown>): string | undefined => {
  if (exit._tag === "Success") return undefined
  const [reason] = exit.cause.reasons
  const error = reason?._tag === "Fail" ? reason.error : undefined
  return error instanceof CacheError ? error.reason._tag : "other"
}

describe("law 1: ownership", () => {
  it("a change and a read need a right for their key", () =>
    holds(
      fc.tuple(manifest, fc.nat(255), fc.nat(255), fc.nat(), fc.nat(11)),
      ([valid, owned, borrowed, on, kind]) =>
        Effect.gen(function*() {
          const families = [...valid.families.values()]
          const definition = { families: Object.fromEntries(families.map(({ name, spec }) => [name, spec])) }
          const running = yield* engine(definition, ({ key }) => Effect.succeed(key))
          const names = families.map(({ name }) => name)
          const some = (bits: number) => names.filter((_, i) => ((bits >> i) & 1) === 1)
          const test = { ...valid, key: running.app.key as string }
          const owns = some(owned).filter((name) =>
            Context.getOrUndefined(running.context, keyOf(test, "own", name).key)
          )
          const borrows = some(borrowed)
          const engineAt = engineKey(test.key)
          let context: Context.Context<any> = Context.make(engineAt, Context.get(running.context, engineAt as never))
          for (const name of owns) {
            const { key } = keyOf(test, "own", name)
            context = Context.add(context, key, Context.get(running.context, key as never))
          }
          for (const name of borrows) {
            const layer = running.app.borrower(name)
            context = Context.merge(context, yield* running.as(Layer.build(layer)))
          }
          const target = families[on % families.length]!
          const params: { [name: string]: string } = {}
          for (const hole of target.pattern.holes) params[hole] = "q"
          const of = running.app.keys[target.name]!
          // Parameters of one family may spell a key of a family inside it, which has rules of its own.
          if (exitReasonOf(yield* Effect.exit(of.key(params) as Effect.Effect<string, unknown>)) === "InvalidKey") {
            return
          }
          const readKinds = 4
          const act: Effect.Effect<unknown, unknown, any> = [
            of.get(params),
            of.getOption(params),
            of.has(params),
            Effect.map(of.reader, (reader) => reader.getUnsafe(params)),
            Effect.map(of.writer, (writer) => writer.setUnsafe(params, "mine")),
            Effect.map(of.writer, (writer) => writer.patchUnsafe(params, () => "mine")),
            Effect.map(of.writer, (writer) => writer.deleteUnsafe(params)),
            of.set(params, "mine"),
            of.delete(params),
            of.refresh(params),
            of.update(params, () => "mine"),
            of.invalidateAll()
          ][kind]!
          yield* running.as(of.set(params, "before") as Effect.Effect<void, unknown, any>)
          const exit = yield* Effect.exit(Effect.provideContext(act, context as Context.Context<never>))
          const mayWrite = target.covering.some((name) => owns.includes(name))
          const mayRead = mayWrite || target.covering.some((name) => borrows.includes(name))
          const allowed = kind < readKinds ? mayRead : mayWrite
          assert.strictEqual(exitReasonOf(exit), allowed ? undefined : "NotOwner")
          const after: any = yield* running.as(of.getOption(params) as Effect.Effect<unknown, unknown, any>)
          if (!allowed || kind < readKinds) assert.strictEqual(after.value, "before", "a tier has changed")
        })
    ))
})

describe("law 2: no stale fill", () => {
  it("a value whose load began before an invalidation is not stored as fresh, on any path", () =>
    holds(script({ kinds: [...reads, ...drops, ...marks, ...moves], policies }), live))
})

describe("law 3: read your writes", () => {
  it("a read that starts after a write returned sees it or something newer", () =>
    holds(script({ kinds: [...reads, ...drops, ...updates, ...sets, ...moves] }), live))
})

describe("law 5: single flight", () => {
  it("one lookup of a key runs at a time", () => holds(script({ kinds: reads }), live))

  it("all callers of a load share its failure, and later callers get it for a short window", () =>
    holds(
      fc.tuple(fc.integer({ min: 1, max: 50 }), fc.integer({ min: 1, max: 50 })),
      ([early, late]) =>
        Effect.gen(function*() {
          let runs = 0
          const { app, as } = yield* engine(
            user({ negativeTimeToLive: 100_000 }),
            () => Effect.andThen(Effect.sleep(10), Effect.suspend(() => Effect.fail(++runs)))
          )
          const read: Effect.Effect<unknown, unknown> = as(app.keys.user.get({ id: "1" }))
          const all = (n: number) =>
            drive(Effect.forEach(Array.from({ length: n }), () => Effect.flip(read), { concurrency: "unbounded" }))
          assert.deepStrictEqual(new Set(yield* all(early)), new Set([1]))
          assert.deepStrictEqual(new Set(yield* all(late)), new Set([1]))
          yield* TestClock.adjust(100_000)
          assert.deepStrictEqual(new Set(yield* all(late)), new Set([2]))
        })
    ))
})

describe("law 6: bounded staleness", () => {
  const times = fc.constantFrom(0, 1, 10, 100)
  const read = fc.record({ wait: fc.nat(60), broken: fc.boolean(), mark: fc.boolean() })
  it("a stale value is served only where the family allows it, within its bound, and marked as stale", () =>
    holds(
      fc.tuple(times, times, times, fc.array(read, { maxLength: 20 })),
      ([ttl, swr, sie, steps]) =>
        Effect.gen(function*() {
          let broken = false
          const policy = {
            timeToLive: 1 + ttl,
            staleWhileRevalidate: swr,
            staleIfError: sie,
            retryAfterFailure: 20,
            negativeTimeToLive: 0
          }
          const madeAt = new Map<unknown, number>()
          const deadAt = new Map<unknown, number>()
          const now = TestClock.testClockWith((clock) => clock.currentTimeMillis)
          const { app, as } = yield* engine(user(policy), () =>
            Effect.gen(function*() {
              if (broken) return yield* Effect.fail("broken")
              const value = madeAt.size
              madeAt.set(value, yield* now)
              return value
            }))
          for (const step of steps) {
            yield* TestClock.adjust(step.wait)
            broken = step.broken
            const at = yield* now
            if (step.mark) {
              yield* as(app.keys.user.invalidate({ id: "1" }, { mode: "markStale" }) as Effect.Effect<void, unknown>)
              for (const value of madeAt.keys()) if (!deadAt.has(value)) deadAt.set(value, at)
            }
            const exit = yield* Effect.exit(as<any, unknown>(app.keys.user.getAnswer({ id: "1" })))
            if (exit._tag === "Failure") {
              assert.isTrue(broken, "a source that works is not failing")
              continue
            }
            const { stale, value } = exit.value
            const freshUntil = Math.min(madeAt.get(value)! + 1 + ttl, deadAt.get(value) ?? Infinity)
            assert.strictEqual(stale, at >= freshUntil, "the answer says whether it is stale")
            if (stale) assert.isBelow(at - freshUntil, Math.max(swr, sie), "no longer than the family allows")
          }
        }),
      // Nothing happens between two steps: what the answer must be is then known to the millisecond.
      0
    ))
})

describe("law 7: liveness", () => {
  it("every caller gets an answer when lookups fail or hang and other callers leave", () =>
    holds(script({ kinds: [...reads, ...drops], hanging: 30, failing: 20, interrupts: true }), live))

  it("the last caller that leaves ends the load, and no other caller does", () =>
    holds(fc.array(fc.option(fc.nat(30)), { minLength: 1, maxLength: 10 }), (leaveAt) =>
      Effect.gen(function*() {
        let runs = 0
        let interrupted = 0
        // Between two steps of a lookup its fiber may be interrupted: what counts runs is part of what is interrupted.
        const { app, as } = yield* engine(user({}), () =>
          Effect.acquireUseRelease(
            Effect.sync(() => runs++),
            () => Effect.as(Effect.sleep(10_000), "value"),
            (_, exit) => Effect.sync(() => exit._tag === "Failure" ? interrupted++ : undefined)
          ))
        const read: Effect.Effect<unknown, unknown> = as(app.keys.user.get({ id: "1" }))
        const one = (millis: number | null) => millis === null ? read : Effect.timeoutOption(read, millis)
        const stays = leaveAt.includes(null)
        const results = yield* drive(Effect.forEach(leaveAt, one, { concurrency: "unbounded" }), stays ? 100 : 1)
        yield* drive(Effect.sleep(20), 1)
        assert.isAtLeast(runs, interrupted)
        if (!stays) assert.strictEqual(interrupted, runs, "a load without readers is interrupted")
        leaveAt.forEach((millis, i) => {
          if (millis === null) assert.strictEqual(results[i], "value", "a waiter who stays gets the value")
        })
      })))
})

describe("law 8: lifetime", () => {
  it("the end of an owner's Scope ends its entries, and no late result is kept", () =>
    holds(
      fc.tuple(fc.nat(30), fc.array(fc.nat(40), { maxLength: 8 }), fc.boolean()),
      ([closesAt, startAt, updates]) =>
        Effect.gen(function*() {
          const running = yield* engine(user({}), () => Effect.as(Effect.sleep(10), "never"))
          const { app, cache, context } = running
          const second = app.owner("user", ownerOptions(app, () => Effect.succeed("second")))
          const refused = yield* Effect.exit(Effect.provideContext(Layer.build(second), context))
          assert.strictEqual(exitReasonOf(refused), "OwnershipConflict")
          const family = cache.families.get("user")!
          const op = (at: number) =>
            Effect.andThen(
              Effect.sleep(at),
              Effect.exit(
                updates
                  ? family.update("1", () => Effect.as(Effect.sleep(10), "updated"))
                  : family.read("1")
              )
            )
          const fibers = yield* Effect.forEach(startAt, (at) => Effect.forkChild(op(at)))
          yield* drive(Effect.sleep(closesAt), 1)
          family.disown()
          assert.strictEqual(exitReasonOf(yield* Effect.exit(family.read("1"))), "Unowned")
          const ended = yield* drive(Fiber.joinAll(fibers), 1)
          for (const exit of ended) if (exit._tag === "Failure") assert.strictEqual(exitReasonOf(exit), "Unowned")
          checkInvariants(running)
          assert.strictEqual(family.hot!.count, 0, "nothing is left")
          family.own({ lookup: () => Effect.succeed("new"), lookupMany: undefined, context })
          assert.strictEqual(yield* family.read("1"), "new")
        })
    ))

  it("a derived value is fresh no longer than its sources, along a chain, one by one and in bulk", () => {
    const lifetime = fc.constantFrom(10, 50, 200, Infinity)
    const step = fc.record({ on: fc.nat(2), wait: fc.nat(60), many: fc.boolean() })
    return holds(
      fc.tuple(fc.tuple(lifetime, lifetime, lifetime), fc.array(step, { minLength: 1, maxLength: 15 }), fc.boolean()),
      ([lifetimes, steps, bulk]) =>
        Effect.gen(function*() {
          const names = ["user", "profile", "feed"] as const
          const ends = new Map<string, number>()
          const now = TestClock.testClockWith((clock) => clock.currentTimeMillis)
          const load = (key: string, app: App<typeof names[number]>) =>
            Effect.gen(function*() {
              const at = names.findIndex((name) => key.startsWith(name))
              const source = names[at - 1]
              if (source !== undefined) yield* app.keys[source].get({ id: "1" })
              const own = (yield* now) + lifetimes[at]!
              ends.set(names[at]!, Math.min(own, source === undefined ? Infinity : ends.get(source)!))
              return key
            })
          const families = Object.fromEntries(names.map((name, at) => [name, {
            pattern: `${name}:{id}`,
            timeToLive: lifetimes[at] === Infinity ? "never" : lifetimes[at]!,
            ...(at === 0 ? {} : { derives: [`${names[at - 1]}:{id}`] })
          }]))
          const running: Running<typeof names[number]> = yield* engine<typeof names[number]>(
            { families } as never,
            ({ key }, app) => load(key, app),
            {
              lookupMany: !bulk ? undefined : (keys) =>
                Effect.forEach(keys, (key) => load(key, running.app)).pipe(
                  Effect.provideContext(running.context)
                ) as Effect.Effect<ReadonlyArray<unknown>, unknown>
            }
          )
          for (const { many, on, wait } of steps) {
            yield* TestClock.adjust(wait)
            const of = running.app.keys[names[on]!]
            yield* running.as<unknown, unknown>(many ? of.getMany([{ id: "1" }]) : of.get({ id: "1" }))
            for (const name of names) {
              const { outcome } = yield* running.as<any, unknown>(running.app.keys[name].explain({ id: "1" }))
              assert.strictEqual(outcome, (yield* now) < (ends.get(name) ?? -Infinity) ? "hit" : "load", name)
            }
          }
        }),
      0
    )
  })
})

describe("law 9: exclusion", () => {
  const patterns = ["user:1", "user:2", "user:{id}", "org:{id}", "*"].map((text) => parsePatternUnsafe(text))
  const request = fc.record({
    patterns: fc.uniqueArray(fc.nat(patterns.length - 1), { minLength: 1, maxLength: 3 }),
    mode: fc.constantFrom<LeaseMode>("shared", "exclusive"),
    delay: fc.nat(20),
    hold: fc.nat(30),
    deadline: fc.constantFrom(5, 50, 10_000),
    timeToLive: fc.constantFrom(10, 100_000),
    cut: fc.option(fc.nat(20))
  })
  it("leases with a common key are all shared or one alone, tokens only grow, and every wait ends", () =>
    holds(fc.array(request, { maxLength: 12 }), (requests) =>
      Effect.gen(function*() {
        const { leases } = yield* engine(user({}), () => Effect.succeed(0))
        const held: Array<Lease> = []
        let last = 0
        const one = ({ cut, deadline, delay, hold, mode, patterns: which, timeToLive }: typeof requests[number]) => {
          const leased = Effect.gen(function*() {
            yield* Effect.sleep(delay)
            const all = which.map((i) => patterns[i]!)
            const lease = yield* leases.acquire(all, { mode, deadline, timeToLive })
            for (const other of held) {
              if (!other.isHeldUnsafe() || !lease.isHeldUnsafe()) continue
              const shares = lease.patterns.some((p) => other.patterns.some((q) => overlaps(p, q)))
              if (shares) assert.isTrue(lease.mode === "shared" && other.mode === "shared", "alone or all shared")
              if (shares) assert.notStrictEqual(lease.token, other.token)
            }
            last = Math.max(last, lease.token)
            held.push(lease)
            yield* Effect.sleep(hold)
            if (hold >= timeToLive) assert.isFalse(lease.isHeldUnsafe(), "a lease ends with its time")
          }).pipe(Effect.scoped)
          return Effect.exit(cut === null ? leased : Effect.timeoutOption(leased, cut))
        }
        const exits = yield* drive(Effect.forEach(requests, one, { concurrency: "unbounded" }), 1)
        for (const exit of exits) {
          if (exit._tag === "Failure") {
            assert.isTrue(exit.cause.reasons.every(({ _tag }) => _tag === "Fail"), String(exit))
          }
        }
        assert.deepStrictEqual(yield* leases.held, [])
        const next = yield* leases.acquire([patterns[0]!])
        assert.isAbove(next.token, last, "tokens only grow")
      })))

  const plain = fc.record({
    kind: fc.constantFrom(
      "lease",
      "lease",
      "shared",
      "update",
      "patch",
      "condition",
      "batch",
      "setMany",
      "patchUnsafe"
    ),
    now: fc.boolean(),
    id: fc.constantFrom("1", "2"),
    delay: fc.nat(20),
    hold: fc.nat(20),
    timeToLive: fc.constantFrom(10, 100_000)
  })
  const none = { _tag: "None" }
  const lengthOf = (value: unknown) => (value as ReadonlyArray<number>).length
  it("no write is lost among holders of leases and plain writers, and a shared lease keeps its value", () =>
    holds(fc.array(plain, { minLength: 2, maxLength: 12 }), (steps) =>
      Effect.gen(function*() {
        // Without a lookup, the cache alone has the values, so an update that is overtaken removes nothing.
        const app: any = make("Test", user({}))
        const live = Layer.provide(app.modules({ user: app.owner("user") }), MemoryStore.layer({ capacity: 10 }))
        const context: Context.Context<any> = yield* Layer.build(live as Layer.Layer<any>)
        const as = <A, E>(effect: Effect.Effect<A, E, any>) => Effect.provideContext(effect, context)
        const of = app.keys.user
        yield* as(of.setMany([[{ id: "1" }, []], [{ id: "2" }, []]]))
        const written: Array<readonly [id: string, op: number]> = []
        const writer: any = yield* as(of.writer as Effect.Effect<any>)
        const one = ({ delay, hold, id, kind, now, timeToLive }: typeof steps[number], op: number) => {
          const set = (value: unknown, options: object): Effect.Effect<unknown, unknown, any> =>
            now
              ? Effect.try({ try: () => writer.setUnsafe({ id }, value, options), catch: (error) => error })
              : of.set({ id }, value, options)
          const grown = (was: unknown) => [...was as ReadonlyArray<number>, op]
          const slowly = (was: unknown) => Effect.delay(Effect.succeed(grown(was)), hold)
          const leased = (mode: LeaseMode) =>
            Effect.gen(function*() {
              const lease = yield* of.lease({ id }, { mode, timeToLive })
              const was = yield* of.get({ id })
              yield* Effect.sleep(hold)
              if (mode === "exclusive") return yield* set(grown(was), { lease })
              if (lease.isHeldUnsafe()) assert.strictEqual(yield* of.get({ id }), was)
              return yield* Effect.fail("it writes nothing")
            }).pipe(Effect.scoped)
          const onVersion = (write: (value: unknown, options: object) => Effect.Effect<unknown, unknown, any>) =>
            Effect.flatMap(of.getAnswer({ id }) as Effect.Effect<any>, ({ value, version }) =>
              Effect.delay(write(grown(value), { ifVersion: version }), hold))
          const work: Effect.Effect<unknown, unknown, any> = kind === "lease"
            ? leased("exclusive")
            : kind === "shared"
            ? leased("shared")
            : kind === "update" || kind === "patch"
            ? of[kind]({ id }, slowly)
            : kind === "condition"
            ? onVersion(set)
            : kind === "patchUnsafe"
            ? Effect.try({
              try: () =>
                writer.patchUnsafe({ id }, grown) ?? none,
              catch: (error) => error
            })
            : kind === "setMany"
            ? onVersion((value, options) => of.setMany([[{ id }, value]], options))
            : onVersion((value, options) => app.batch([of.setting({ id }, value, options)]))
          const done = (answer: any) => {
            if (answer?._tag !== "None") written.push([id, op])
          }
          return Effect.exit(Effect.delay(Effect.map(as(work), done), delay))
        }
        yield* drive(Effect.forEach(steps, one, { concurrency: "unbounded" }), 1)
        for (const id of ["1", "2"]) {
          const value = yield* as<ReadonlyArray<number>, unknown>(of.get({ id }))
          const own = written.filter(([at]) => at === id)
          for (const [, op] of own) assert.include(value, op, `what was written under ${id}`)
          assert.strictEqual(lengthOf(value), own.length)
        }
      })))

  const change = fc.record({
    kind: fc.constantFrom("lease", "lease", "lease", "get", ...drops, "deleteUnsafe", "refresh"),
    id: fc.constantFrom("1", "2"),
    now: fc.boolean(),
    delay: fc.nat(20),
    hold: fc.nat(20)
  })
  it("a write under a lease never brings back what was removed, invalidated or loaded again since it was read", () =>
    holds(fc.array(change, { minLength: 2, maxLength: 12 }), (steps) =>
      Effect.gen(function*() {
        const rows: { [id: string]: number } = { 1: 0, 2: 0 }
        const floors: { [id: string]: number } = { 1: 0, 2: 0 }
        const lookup = ({ key }: { readonly key: string }) =>
          Effect.suspend(() => {
            const id = key.slice("user:".length)
            return Effect.delay(Effect.succeed(Lookup.loaded(rows[id], { tags: [`t${id}`] })), 5)
          })
        const { app, as } = yield* engine(user({}), lookup)
        const of = app.keys.user
        const writer = yield* as<any, unknown>(of.writer)
        const removals: { [kind: string]: (id: string) => Effect.Effect<unknown, unknown, any> } = {
          delete: (id) => of.delete({ id }),
          deleteUnsafe: (id) => Effect.sync(() => writer.deleteUnsafe({ id })),
          invalidate: (id) => of.invalidate({ id }),
          where: (id) => of.invalidateWhere({ id }),
          all: () => of.invalidateAll(),
          tag: (id) => of.invalidateTag(`t${id}`),
          refresh: (id) => of.refresh({ id })
        }
        const read = (id: string) =>
          Effect.suspend(() => {
            const floor = floors[id]!
            const seen = (row: number) => assert.isAtLeast(row, floor, `a row of ${id} from before a removal`)
            return Effect.tap(of.get({ id }) as Effect.Effect<number, unknown, any>, (row) =>
              Effect.sync(() => seen(row)))
          })
        const one = ({ delay, hold, id, kind, now }: typeof steps[number]) => {
          const leased = Effect.gen(function*() {
            const lease = yield* of.lease({ id })
            const row = yield* read(id)
            yield* Effect.sleep(hold)
            const options = { lease, tags: [`t${id}`] }
            yield* now
              ? Effect.try({
                try: () =>
                  writer.setUnsafe({ id }, row, options),
                catch: (error) => error
              })
              : of.set({ id }, row, options)
          }).pipe(Effect.scoped)
          const removal = Effect.suspend(() => {
            const row = ++rows[id]!
            return Effect.map(removals[kind]!(id), () => floors[id] = Math.max(floors[id]!, row))
          })
          const work: Effect.Effect<unknown, unknown, any> = kind === "lease"
            ? leased
            : kind === "get"
            ? read(id)
            : removal
          const failed = (error: any) => assert.strictEqual(error.reason?.error?.why, "overtaken", String(error))
          return Effect.delay(Effect.match(as(work), { onSuccess: () => {}, onFailure: failed }), delay)
        }
        yield* drive(Effect.forEach(steps, one, { concurrency: "unbounded", discard: true }), 1)
        for (const id of ["1", "2"]) yield* drive(as(read(id)), 1)
      })))
})

describe("law 10: atomic batch", () => {
  it("readers see all of a batch or none", () => holds(script({ kinds: [...reads, ...drops, "batch", "batch"] }), live))

  it("a refused batch changes nothing", () =>
    holds(
      fc.array(fc.tuple(fc.nat(3), fc.boolean()), { minLength: 1, maxLength: 4 }),
      (parts) =>
        Effect.gen(function*() {
          const { app, as, cache } = yield* engine(user({}), ({ key }) => Effect.succeed(key))
          for (const id of ["0", "1", "2", "3"]) yield* as(app.keys.user.get({ id }) as Effect.Effect<unknown, unknown>)
          const family = cache.families.get("user")!
          const before = ["0", "1", "2", "3"].map((key) => family.hot!.peek(key))
          const { stamp } = cache
          const writes = parts.map(([id, wrong]) =>
            app.keys.user.setting({ id: String(id) }, "new", wrong ? { ifVersion: 1_000 } : {})
          )
          const exit = yield* Effect.exit(as(app.batch(writes) as Effect.Effect<void, unknown>))
          const refused = parts.some(([, wrong]) => wrong)
          assert.strictEqual(exitReasonOf(exit), refused ? "VersionConflict" : undefined)
          if (!refused) return
          assert.deepStrictEqual(["0", "1", "2", "3"].map((key) => family.hot!.peek(key)), before)
          assert.strictEqual(cache.stamp, stamp)
        })
    ))
})

describe("law 11: bounds", () => {
  it("the number of entries never exceeds the capacity, in any order", () =>
    holds(
      script({ kinds: [...reads, ...drops, ...sets], capacities: [1, 2, 3, 5] }),
      (script) =>
        Effect.gen(function*() {
          const world = new World(script)
          yield* world.run
          const { families } = world.running.cache
          const count = [...families.values()].reduce((sum, { hot }) => sum + hot!.count, 0)
          assert.isAtMost(count, script.capacity)
        })
    ))

  it("the number of running and waiting lookups never exceeds the bounds of the family, and further ones are refused at once", () =>
    holds(
      fc.record({
        concurrency: fc.integer({ min: 1, max: 3 }),
        queue: fc.integer({ min: 1, max: 3 }),
        readers: fc.array(fc.record({ id: fc.nat(12), at: fc.nat(10), cut: fc.option(fc.nat(20)) }), { maxLength: 20 })
      }),
      ({ concurrency, queue, readers }) =>
        Effect.gen(function*() {
          let running = 0
          const policy = { loadConcurrency: concurrency, loadQueueMax: queue, negativeTimeToLive: 0 }
          const world = yield* engine(user(policy), () =>
            Effect.acquireUseRelease(
              Effect.sync(() => assert.isAtMost(++running, concurrency)),
              () => Effect.sleep(10),
              () => Effect.sync(() => running--)
            ))
          const one = ({ at, cut, id }: typeof readers[number]) => {
            const read: Effect.Effect<unknown, unknown> = world.as(world.app.keys.user.get({ id: String(id) }))
            return Effect.sleep(at).pipe(
              Effect.andThen(Effect.exit(cut === null ? read : Effect.timeoutOption(read, cut))),
              Effect.tap(() => Effect.sync(() => checkInvariants(world, false)))
            )
          }
          const exits = yield* drive(Effect.forEach(readers, one, { concurrency: "unbounded" }), 1)
          for (const exit of exits) if (exit._tag === "Failure") assert.strictEqual(exitReasonOf(exit), "QueueFull")
          // A lookup that was cut off still releases its turn.
          yield* settle
          checkInvariants(world)
        })
    ))
})

describe("law 13: order needs no clock", () => {
  it("a clock that jumps forwards or back hides no invalidation and loses no write", () =>
    holds(script({ kinds: [...reads, ...drops, ...updates, ...sets, ...moves, ...jumps, ...jumps] }), live))
})
