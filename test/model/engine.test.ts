/**
 * Every operation of the engine, one after the other, against a plain model (`engineModel.ts`); the writes by both
 * doors. After each command the structure of the engine is checked.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Scope from "effect/Scope"
import { TestClock } from "effect/testing"
import * as fc from "fast-check"
import { CacheError } from "../../src/cache/CacheError.ts"
import type { InvalidationMode } from "../../src/cache/CacheEvent.ts"
import type { KeyWatch } from "../../src/cache/internal/entries/keyWatch.ts"
import * as Lookup from "../../src/cache/Lookup.ts"
import type { Lease, LeaseMode } from "../../src/capability/Lease.ts"
import type { Entry } from "../../src/store/Entry.ts"
import * as MemoryStore from "../../src/store/memory/MemoryStore.ts"
import { type App, checkInvariants, engine, type Running } from "../support/engine.ts"
import { type Answered, ids, Model, type Name, names, policy, tick } from "../support/engineModel.ts"

// --- the commands -------------------------------------------------------------------------------

interface Real {
  readonly running: Running<Name>
  readonly source: { value: number; broken: boolean; loads: number }
  readonly watches: Map<string, KeyWatch>
  /** In the clock and the Scope of the run. */
  readonly run: <A>(effect: Effect.Effect<A, unknown, any>) => Promise<A>
}

type Check = (model: Model, real: Real, of: any) => Promise<void>

const sameAs = (exit: Exit.Exit<unknown, unknown>, expected: Answered, how: string): void => {
  if (exit._tag === "Success") assert.deepStrictEqual(exit.value, "error" in expected ? expected : expected.value, how)
  else {
    const [reason] = exit.cause.reasons
    assert.deepStrictEqual(
      reason?._tag === "Fail" ? reason.error : String(exit.cause),
      "error" in expected ? expected.error : "no failure",
      how
    )
  }
}

/** A value that was made from a stale one is not kept, so an update cannot begin with it. */
const isUnkept = (exit: Exit.Exit<unknown, unknown>): void => {
  const [reason] = exit._tag === "Failure" ? exit.cause.reasons : []
  const error = reason?._tag === "Fail" ? reason.error : exit
  assert.strictEqual(error instanceof CacheError ? error.reason._tag : error, "UpdateRefused")
}

class Command implements fc.AsyncCommand<Model, Real> {
  readonly story: string
  readonly family: Name
  readonly play: Check

  constructor(story: string, family: Name, play: Check) {
    this.story = story
    this.family = family
    this.play = play
  }

  check(): boolean {
    return true
  }

  async run(model: Model, real: Real): Promise<void> {
    await this.play(model, real, real.running.app.keys[this.family])
    checkInvariants(real.running)
    assert.strictEqual(real.source.loads, model.loads, `loads after ${this.story}`)
    for (const name of names) {
      for (const id of ids) {
        const at = `${name}:${id}`
        const { outcome } = await real.run<any>(real.running.as(real.running.app.keys[name].explain({ id })))
        assert.strictEqual(outcome, model.outcome(at), `${at} after ${this.story}`)
        const watch = real.watches.get(at)
        const shows = watch === undefined ? undefined : model.watchShows(at)
        if (shows !== undefined) assert.strictEqual(watch!.changed, shows, `the watch of ${at} after ${this.story}`)
      }
    }
  }

  toString(): string {
    return this.story
  }
}

const id = fc.constantFrom(...ids)
const name = fc.constantFrom(...names)
const mode = fc.constantFrom<InvalidationMode>("hide", "markStale")

const command = (what: string, check: (id: string, family: Name, mode: InvalidationMode) => Check) =>
  fc.tuple(name, id, mode).map(([family, id, mode]) =>
    new Command(`${what}(${family}:${id}, ${mode})`, family, check(id, family, mode))
  )

const insides = (family: unknown): { held(key: string): Entry<unknown> | undefined } => (family as any).entries

// Code of the user that fails in a write: of which nothing must be seen afterwards.
const throwing = (): never => {
  throw new Error("thrown by the user's code")
}
const faults = [
  { name: "weigher throws", make: () => ({ weigh: throwing }) },
  { name: "weight is NaN", make: () => ({ weigh: () => Number.NaN }) },
  { name: "weight is negative", make: () => ({ weigh: () => -1 }) },
  { name: "freezing throws", make: () => new Proxy({}, { ownKeys: throwing }) }
]
const weigher = (_key: string, value: any): number => typeof value.weigh === "function" ? value.weigh() : 1

/** A write without a lease is refused while a lease of one of its keys is held, and changes nothing. */
const isRefused = async (
  model: Model,
  { run, running: { as } }: Real,
  keys: ReadonlyArray<readonly [family: Name, id: string]>,
  write: Effect.Effect<unknown, unknown, any>
): Promise<boolean> => {
  const isLeased = keys.some(([family, id]) => family === "user" && model.leases.some((one) => one.id === Number(id)))
  if (isLeased) assert.strictEqual((await run<CacheError>(Effect.flip(as(write as any)))).reason._tag, "LeaseRefused")
  return isLeased
}

let fresh = 0
const isFresh = (model: Model, at: string): boolean => model.outcome(at) === "hit"

/** What a write at once answers: its change is below already, since memory is all. It is refused as its Effect is. */
const written = async (
  model: Model,
  { run, running: { as } }: Real,
  [family, id]: readonly [family: Name, id: string],
  of: any,
  step: (writer: any) => unknown
): Promise<unknown> => {
  const writer: any = await run(as(of.writer))
  const refused = Effect.try({ try: () => step(writer), catch: (error) => error })
  const isLeased = family === "user" && model.leases.some((one) => one.id === Number(id))
  if (isLeased) return assert.strictEqual((await run<any>(Effect.flip(refused))).reason._tag, "LeaseRefused")
  const below = step(writer)
  assert.isUndefined(writer.arrived(below))
  return below
}

/** What the engine holds fresh of a key. */
const freshIn = (model: Model, at: string) => isFresh(model, at) ? model.held.get(at)! : undefined

/** The operations without an Effect. */
const atOnce: ReadonlyArray<fc.Arbitrary<Command>> = [
  command("getUnsafe", (id, family) => async (model, { run, running: { as } }, of) => {
    const reader: any = await run(as(of.reader))
    const held = freshIn(model, `${family}:${id}`)
    if (held === undefined) return assert.isUndefined(reader.getUnsafe({ id }))
    const { value } = model.read(family, id) as { readonly value: unknown }
    assert.strictEqual(reader.getUnsafe({ id }), value)
    // A renewal that is due begins behind it.
    await run(Effect.yieldNow)
  }),
  command("setUnsafe", (id, family) => async (model, real, of) => {
    const value = `set${++fresh}`
    const below = await written(model, real, [family, id], of, (writer) => writer.setUnsafe({ id }, value))
    if (below !== undefined) model.write(family, id, value, [])
  }),
  command("setUnsafe with a tag", (id, family) => async (model, real, of) => {
    const value = `set${++fresh}`
    const options = { tags: ["s"] }
    const below = await written(model, real, [family, id], of, (writer) => writer.setUnsafe({ id }, value, options))
    if (below !== undefined) model.write(family, id, value, ["s"])
  }),
  command("deleteUnsafe", (id, family) => async (model, { run, running: { as } }, of) => {
    const writer: any = await run(as(of.writer))
    assert.isUndefined(writer.arrived(writer.deleteUnsafe({ id })))
    model.delete(family, id)
  }),
  command("patchUnsafe", (id, family) => async (model, real, of) => {
    const held = freshIn(model, `${family}:${id}`)
    const below = await written(
      model,
      real,
      [family, id],
      of,
      (writer) => writer.patchUnsafe({ id }, (was: string) => `${was}*`)
    )
    if (below !== undefined) model.amend(family, id, held!, `${String(held!.value)}*`)
    else if (family === "profile") assert.isUndefined(held)
  }),
  command("changedUnsafe", (id, family) => async (model, real, of) => {
    const held = freshIn(model, `${family}:${id}`)
    const own = real.running.cache.families.get(family)!
    const below = await written(model, real, [family, id], of, () => own.changedUnsafe(id))
    if (below !== undefined) model.amend(family, id, held!, held!.value)
    else if (family === "profile") assert.isUndefined(held)
  }),
  fc.tuple(name, id, fc.boolean(), fc.integer({ min: 0, max: 20 })).map(([family, id, isAtOnce, ticks]) =>
    new Command(`reschedule(${family}:${id}, ${ticks * tick}, ${isAtOnce})`, family, async (model, real, of) => {
      const { run, running: { as, cache } } = real
      // When an entry is renewed ahead of an end that was moved is not promised.
      if (model.policy.refreshAhead !== undefined) return
      const held = freshIn(model, `${family}:${id}`)
      const millis = ticks * tick + 1
      if (isAtOnce) {
        const own = cache.families.get(family)!
        const step = () => own.rescheduleUnsafe(id, model.now + millis)
        if (await written(model, real, [family, id], of, step) === undefined) return
      } else {
        if (await isRefused(model, real, [[family, id]], of.reschedule({ id }, millis))) return
        assert.strictEqual(await run(as(of.reschedule({ id }, millis))), held !== undefined)
      }
      if (held !== undefined) model.reschedule(family, id, held, model.now + millis)
    })
  ),
  command("watch", (id, family) => async (model, { running: { cache }, watches }) => {
    const at = `${family}:${id}`
    const own = cache.families.get(family)!
    const before = watches.get(at)
    if (before !== undefined) own.unwatch(before)
    watches.set(at, own.watch(id))
    model.watch(at)
  })
]

const commands: ReadonlyArray<fc.Arbitrary<Command>> = [
  command("get", (id, family) => async (model, { run, running: { as } }, of) => {
    const expected = model.read(family, id)
    sameAs(await run(Effect.exit(as(of.get({ id })))), expected, "get")
  }),
  command("getAnswer", (id, family) => async (model, { run, running: { as } }, of) => {
    const expected = model.read(family, id)
    const exit = await run<Exit.Exit<any, unknown>>(Effect.exit(as(of.getAnswer({ id }))))
    if (exit._tag === "Success" && !("error" in expected)) assert.strictEqual(exit.value.stale, expected.stale)
    sameAs(exit._tag === "Success" ? Exit.succeed(exit.value.value) : exit, expected, "getAnswer")
  }),
  command("getMany", (_, family) => async (model, { run, running: { as } }, of) => {
    const expected: Array<Answered> = []
    // Fails with the first key that does.
    for (const id of ids) if (!expected.some((one) => "error" in one)) expected.push(model.read(family, id))
    const error = expected.find((one) => "error" in one)
    const exit = await run(Effect.exit(as(of.getMany(ids.map((id) => ({ id }))))))
    sameAs(exit, error ?? { value: expected.map((one: any) => one.value), stale: false, until: Infinity }, "getMany")
  }),
  command("getManyResults", (_, family) => async (model, { run, running: { as } }, of) => {
    const expected = ids.map((id) => model.read(family, id))
    const exits = await run<ReadonlyArray<Exit.Exit<unknown, unknown>>>(
      as(of.getManyResults(ids.map((id) => ({ id }))))
    )
    exits.forEach((exit, i) => sameAs(exit, expected[i]!, "getManyResults"))
  }),
  command("getOption", (id, family) => async (model, { run, running: { as } }, of) => {
    const at = `${family}:${id}`
    const found = await run<any>(as(of.getOption({ id })))
    const held = isFresh(model, at) ? model.held.get(at)! : undefined
    assert.strictEqual(found.value, held?.value)
    if (held !== undefined) held.touchedAt = model.now
  }),
  command("getAnswerOption", (id, family) => async (model, { run, running: { as } }, of) => {
    const at = `${family}:${id}`
    const found = await run<any>(as(of.getAnswerOption({ id })))
    const held = isFresh(model, at) ? model.held.get(at)! : undefined
    assert.strictEqual(found.value?.value, held?.value)
    if (held === undefined) return
    assert.deepStrictEqual([found.value.tier, found.value.stale], ["memory", false])
    held.touchedAt = model.now
  }),
  command("warm", (id, family) => async (model, { run, running: { as } }, of) => {
    const at = `${family}:${id}`
    let loaded = 0
    // What is fresh stays, and so does what is stale in the pause after a failure. A load that overtook itself, since a
    // source that it read had changed, is repeated once.
    for (let attempt = 0; attempt < 2; attempt++) {
      if (model.outcome(at) === "hit") break
      if (model.usable(at) === undefined ? model.negative(at) !== undefined : model.isBackingOff(at)) break
      const epoch = model.epochs.get(at)
      const got = model.load(family, id, undefined, false)
      if ("error" in got) break
      if (model.epochs.get(at) !== epoch) continue
      loaded = 1
      break
    }
    assert.strictEqual(await run(as(of.warm([{ id }]))), loaded)
  }),
  command("has", (id, family) => async (model, { run, running: { as } }, of) => {
    assert.strictEqual(await run(as(of.has({ id }))), isFresh(model, `${family}:${id}`))
  }),
  command("page", (_, family) => async (model, { run, running: { as } }, of) => {
    const { entries } = await run<any>(as(of.page(undefined, 100)))
    const shown = entries.map(({ params, value }: any) => [params.id, value]).toSorted()
    const expected = ids.filter((id) => isFresh(model, `${family}:${id}`))
    assert.deepStrictEqual(shown, expected.map((id) => [id, model.held.get(`${family}:${id}`)!.value]).toSorted())
  }),
  command("set", (id, family) => async (model, real, of) => {
    const { run, running: { as } } = real
    const value = `set${++fresh}`
    if (await isRefused(model, real, [[family, id]], of.set({ id }, value))) return
    await run(as(of.set({ id }, value, { tags: ["s"] })))
    model.write(family, id, value, ["s"])
  }),
  command("setMany", (_, family) => async (model, real, of) => {
    const { run, running: { as } } = real
    const value = `set${++fresh}`
    if (await isRefused(model, real, ids.map((id) => [family, id]), of.setMany(ids.map((id) => [{ id }, value])))) {
      return
    }
    await run(as(of.setMany(ids.map((id) => [{ id }, value]))))
    for (const id of ids) model.write(family, id, value, [])
  }),
  command("update", (id, family) => async (model, real, of) => {
    const { run, running: { as } } = real
    if (await isRefused(model, real, [[family, id]], of.update({ id }, throwing))) return
    const epoch = model.epochs.get(`${family}:${id}`)
    // A renewal that its read begins behind it says nothing of the value that it begins with.
    const before = freshIn(model, `${family}:${id}`)
    const expected = model.readFresh(family, id)
    const exit = await run(Effect.exit(as(of.update({ id }, (was: string) => `${was}+`))))
    if ("error" in expected) return sameAs(exit, expected, "update")
    if (expected.stale) return isUnkept(exit)
    const value = `${String(expected.value)}+`
    const { freshUntil = Infinity, tags = [`t${id}`] } = before ?? model.held.get(`${family}:${id}`) ?? {}
    // What derives from another is fresh no longer than what the update began with.
    const until = family === "profile" ? freshUntil : Infinity
    // It is unknown whether the value that it began with was the new one.
    if (model.epochs.get(`${family}:${id}`) !== epoch) model.drop(family, id, "hide", true)
    else model.write(family, id, value, tags, until)
    sameAs(exit, { value, stale: false, until: Infinity }, "update")
  }),
  command("update that fails", (id, family) => async (model, real, of) => {
    const { run, running: { as } } = real
    if (await isRefused(model, real, [[family, id]], of.update({ id }, throwing))) return
    const expected = model.readFresh(family, id)
    const exit = await run(Effect.exit(as(of.update({ id }, () => Effect.fail("refused")))))
    if (!("error" in expected) && expected.stale) return isUnkept(exit)
    sameAs(exit, "error" in expected ? expected : { error: "refused" }, "update")
  }),
  command("set on a condition", (id, family) => async (model, real, of) => {
    const { run, running: { as, cache } } = real
    if (await isRefused(model, real, [[family, id]], of.set({ id }, "", { ifVersion: 0.5 }))) return
    const { version } = insides(cache.families.get(family)).held(id) ?? { version: undefined }
    const value = `set${++fresh}`
    const wrong = await run<Exit.Exit<unknown, any>>(Effect.exit(as(of.set({ id }, value, { ifVersion: 0.5 }))))
    assert.isTrue(
      wrong._tag === "Failure" &&
        wrong.cause.reasons.some((reason) =>
          reason._tag === "Fail" && reason.error instanceof CacheError && reason.error.reason._tag === "VersionConflict"
        )
    )
    await run(as(of.set({ id }, value, { ifVersion: version ?? null })))
    model.write(family, id, value, [])
  }),
  command("patch", (id, family) => async (model, real, of) => {
    const { run, running: { as } } = real
    if (await isRefused(model, real, [[family, id]], of.patch({ id }, throwing))) return
    const at = `${family}:${id}`
    const held = isFresh(model, at) ? model.held.get(at)! : undefined
    const patched = await run<any>(as(of.patch({ id }, (was: string) => `${was}*`)))
    assert.strictEqual(patched.value, held && `${String(held.value)}*`)
    if (held === undefined) return
    model.amend(family, id, held, patched.value)
  }),
  ...atOnce,
  fc.tuple(name, id, fc.constantFrom("set", "setMany", "batch", "update", "patch"), fc.constantFrom(...faults)).map(
    ([family, id, door, fault]) =>
      new Command(`${door}(${family}:${id}) of a value whose ${fault.name}`, family, async (model, real, of) => {
        const { run, running: { app, as } } = real
        const value = fault.make()
        const isHeld = isFresh(model, `${family}:${id}`)
        // A patch of what is not held asks for no value, and an update would load it first.
        if ((door === "update" || door === "patch") && !isHeld) return
        const write = door === "set"
          ? of.set({ id }, value)
          : door === "setMany"
          ? of.setMany([[{ id: "0" }, "good"], [{ id }, value]])
          : door === "batch"
          ? app.batch([app.keys.user.setting({ id: "1" }, "good"), of.setting({ id }, value)])
          : of[door]({ id }, () => value)
        const { reason } = await run<CacheError>(Effect.flip(as(write)))
        // Which of two reasons a write is refused for is not promised.
        const isLeased = reason._tag === "LeaseRefused" && model.leases.length > 0
        assert.isTrue(isLeased || reason._tag === "FunctionFailed", reason._tag)
        if (isLeased) return
        // An update reads before it writes, which may renew what is held.
        if (door === "update") model.readFresh(family, id)
      })
  ),
  command("deleteMany", (_, family) => async (model, { run, running: { as } }, of) => {
    await run(as(of.deleteMany(ids.map((id) => ({ id })))))
    for (const id of ids) model.delete(family, id)
  }),
  command("invalidate a pattern", (_, _family, mode) => async (model, { run, running: { app, as } }) => {
    await run(as(app.invalidate("user:*", { mode })))
    model.dropAll("user", mode)
  }),
  command("delete", (id, family) => async (model, { run, running: { as } }, of) => {
    await run(as(of.delete({ id })))
    model.delete(family, id)
  }),
  command("invalidate", (id, family, mode) => async (model, { run, running: { as } }, of) => {
    await run(as(of.invalidate({ id }, { mode })))
    model.drop(family, id, mode, true)
    model.spread(family, id, mode)
  }),
  command("invalidateWhere", (id, family, mode) => async (model, { run, running: { as } }, of) => {
    await run(as(of.invalidateWhere({ id }, { mode })))
    model.drop(family, id, mode, false)
    if (family === "user") model.drop("profile", id, mode, false)
  }),
  command("invalidateAll", (_, family, mode) => async (model, { run, running: { as } }, of) => {
    await run(as(of.invalidateAll({ mode })))
    model.dropAll(family, mode)
  }),
  command("invalidateTag", (id, family) => async (model, real, of) => {
    await real.run(real.running.as(of.invalidateTag(`t${id}`)))
    model.dropTag(family, `t${id}`)
    if (family === "user") { for (const id of ids) model.drop("profile", id, "hide", false) }
  }),
  command("refresh", (id, family) => async (model, { run, running: { as } }, of) => {
    const expected = model.load(family, id, undefined, true)
    sameAs(await run(Effect.exit(as(of.refresh({ id })))), expected, "refresh")
  }),
  command("batch", (id, family) => async (model, real) => {
    const { run, running: { app, as } } = real
    const value = `set${++fresh}`
    const other = family === "user" ? "profile" : "user"
    const batch = app.batch([
      app.keys[family].setting({ id }, value),
      app.keys[other].deleting({ id: "0" }),
      app.keys.profile.setting({ id: "1" }, value)
    ])
    if (await isRefused(model, real, [[family, id]], batch)) return
    await run(as(batch))
    for (const [name, at] of [[family, id], [other, "0"], ["profile", "1"]] as const) {
      model.drop(name, at, "hide", true)
      model.spread(name, at, "hide")
    }
    for (const [name, at] of [[family, id], ["profile", "1"]] as const) {
      model.spread("profile", at, "hide")
      model.failed.delete(`${name}:${at}`)
      model.keep(`${name}:${at}`, value, [])
    }
  }),
  fc.tuple(id, fc.constantFrom<LeaseMode>("shared", "exclusive")).map(([id, mode]) =>
    new Command(`lease(user:${id}, ${mode})`, "user", async (model, { run, running: { as } }, of) => {
      const scope = await run(Scope.make())
      const acquire = as<Lease, unknown>(
        of.lease({ id }, { mode, deadline: 0, timeToLive: "1 day" })
      )
      const exit = await run(Effect.exit(Scope.provide(acquire, scope)))
      const isFree = model.leases.every((other) =>
        other.id !== Number(id) || (other.mode === "shared" && mode === "shared")
      )
      assert.strictEqual(exit._tag, isFree ? "Success" : "Failure")
      if (isFree) model.leases.push({ id: Number(id), mode, close: Scope.close(scope, Exit.void) })
    })
  ),
  fc.constant(
    new Command("release", "user", async (model, { run }) => {
      const lease = model.leases.shift()
      if (lease !== undefined) await run(lease.close)
    })
  ),
  fc.integer({ min: 1, max: 20 }).map((ticks) =>
    new Command(`advance(${ticks * tick})`, "user", async (model, { run }) => {
      await run(TestClock.adjust(ticks * tick))
      model.now += ticks * tick
    })
  ),
  fc.boolean().map((broken) =>
    new Command(broken ? "break the source" : "repair the source", "user", async (model, { source }) => {
      source.broken = model.broken = broken
    })
  ),
  fc.constant(
    new Command("change the source", "user", async (model, { source }) => {
      source.value = ++model.source
    })
  )
]

const lookup = (source: Real["source"]) => ({ key }: { readonly key: string }, app: App<Name>) =>
  Effect.suspend((): Effect.Effect<unknown, unknown, any> => {
    source.loads++
    if (source.broken) return Effect.fail("broken")
    const [family, id] = key.split(":") as [Name, string]
    const tags = [`t${id}`]
    return family === "user"
      ? Effect.succeed(Lookup.loaded(`${id}=${source.value}`, { tags }))
      : Effect.map(app.keys.user.get({ id }), (user) => Lookup.loaded(`(${String(user)})`, { tags }))
  })

describe("engine", () => {
  it("the engine does what the model does on any sequence of commands", { timeout: 600_000 }, () =>
    fc.assert(
      fc.asyncProperty(policy, fc.commands([...commands], { size: "+1", maxCommands: 40 }), (policy, commands) =>
        Effect.runPromise(
          Effect.scoped(Effect.gen(function*() {
            const source = { value: 0, broken: false, loads: 0 }
            const running = yield* engine(
              {
                families: {
                  user: { pattern: "user:{id}", freeze: true, weigher, ...policy },
                  profile: { pattern: "profile:{id}", derives: ["user:{id}"], freeze: true, weigher, ...policy }
                }
              },
              lookup(source),
              { store: MemoryStore.layer({ weightMax: 10_000 }) }
            )
            const context = yield* Effect.context<any>()
            const real: Real = {
              running,
              source,
              watches: new Map(),
              run: Effect.runPromiseWith(context) as never
            }
            yield* Effect.promise(() =>
              fc.asyncModelRun(() => ({ model: new Model(policy), real }), commands)
            )
          })).pipe(Effect.provide(TestClock.layer())) as Effect.Effect<void, unknown>
        ))
    ))
})
