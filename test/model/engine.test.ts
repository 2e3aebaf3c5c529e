/**
 * Every operation of the engine, one after the other, against a plain model: two maps, a number for the clock, and the
 * rules of freshness. After each command the structure of the engine is checked.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Scope from "effect/Scope"
import { TestClock } from "effect/testing"
import * as fc from "fast-check"
import { CacheError } from "../../src/cache/CacheError.ts"
import type { InvalidationMode } from "../../src/cache/CacheEvent.ts"
import * as Lookup from "../../src/cache/Lookup.ts"
import type { Lease, LeaseMode } from "../../src/capability/Lease.ts"
import type { Entry } from "../../src/store/Entry.ts"
import * as MemoryStore from "../../src/store/memory/MemoryStore.ts"
import { type App, checkInvariants, engine, type Running } from "../support/engine.ts"

type Name = "user" | "profile"
const names: ReadonlyArray<Name> = ["user", "profile"]
const ids = ["0", "1"]

interface Policy {
  readonly timeToLive: number | "never"
  readonly staleWhileRevalidate: number
  readonly staleIfError: number
  readonly refreshAhead: number | undefined
  readonly idleTimeToLive: number | undefined
  readonly negativeTimeToLive: number
  readonly retryAfterFailure: number
}

// Times that no sum of steps of the clock meets exactly, so that `<` and `<=` need no thought.
const policy: fc.Arbitrary<Policy> = fc.record({
  timeToLive: fc.constantFrom("never" as const, 50, 120),
  staleWhileRevalidate: fc.constantFrom(0, 40),
  staleIfError: fc.constantFrom(0, 90),
  refreshAhead: fc.constantFrom(undefined, 0.5),
  idleTimeToLive: fc.constantFrom(undefined, 30),
  negativeTimeToLive: fc.constantFrom(0, 20),
  retryAfterFailure: fc.constantFrom(0, 60)
})
const tick = 7

// --- the model ---------------------------------------------------------------------------------

interface Held {
  readonly value: unknown
  readonly madeAt: number
  readonly freshUntil: number
  readonly tags: ReadonlyArray<string>
  touchedAt: number
  markedAt: number | undefined
}

interface Failed {
  readonly at: number
  readonly error: unknown
  negative: boolean
}

/** `until` is when the entry that was served ends: what is made from it ends then, too. */
type Answered = { readonly value: unknown; readonly stale: boolean; readonly until: number } | {
  readonly error: unknown
}

class Model {
  now = 0
  source = 0
  broken = false
  loads = 0
  readonly policy: Policy
  readonly held = new Map<string, Held>()
  readonly failed = new Map<string, Failed>()
  readonly epochs = new Map<string, number>()
  readonly leases: Array<{ readonly id: number; readonly mode: LeaseMode; readonly close: Effect.Effect<void> }> = []
  readonly versions = new Map<string, number | undefined>()

  constructor(policy: Policy) {
    this.policy = policy
  }

  private freshUntil(held: Held): number {
    return Math.min(held.freshUntil, held.markedAt ?? Infinity)
  }

  /** When a fresh entry that nothing reads any more ends: what is made from it is fresh no longer. */
  private endOf({ freshUntil, touchedAt }: Held): number {
    return Math.min(freshUntil, touchedAt + (this.policy.idleTimeToLive ?? Infinity))
  }

  /** What may be served of a key, fresh or stale. */
  usable(at: string): Held | undefined {
    const held = this.held.get(at)
    if (held === undefined) return undefined
    const { idleTimeToLive, staleIfError, staleWhileRevalidate } = this.policy
    const window = Math.max(staleIfError, staleWhileRevalidate)
    const isOver = this.now >= held.freshUntil + window || this.now >= held.touchedAt + (idleTimeToLive ?? Infinity)
    if (isOver) this.held.delete(at)
    return isOver || this.now >= this.freshUntil(held) + window ? undefined : held
  }

  isBackingOff(at: string): boolean {
    const failed = this.failed.get(at)
    return failed !== undefined && this.now < failed.at + this.policy.retryAfterFailure
  }

  negative(at: string): Failed | undefined {
    const failed = this.failed.get(at)
    return failed?.negative && this.now < failed.at + this.policy.negativeTimeToLive ? failed : undefined
  }

  outcome(at: string): string {
    const held = this.usable(at)
    const age = held === undefined ? Infinity : this.now - this.freshUntil(held)
    if (age < 0) return "hit"
    if (age < this.policy.staleWhileRevalidate) return "staleHit"
    if (held !== undefined) return this.isBackingOff(at) ? "staleHit" : "load"
    return this.negative(at) === undefined ? "load" : "fail"
  }

  read(name: Name, id: string): Answered {
    const at = `${name}:${id}`
    const held = this.usable(at)
    const { refreshAhead, staleWhileRevalidate } = this.policy
    if (held !== undefined) {
      const age = this.now - this.freshUntil(held)
      if (age < 0) {
        const isDue = refreshAhead !== undefined && held.freshUntil !== Infinity &&
          this.now > held.madeAt + (held.freshUntil - held.madeAt) * refreshAhead
        held.touchedAt = this.now
        if (isDue && !this.isBackingOff(at)) this.load(name, id, held, false)
        return { value: held.value, stale: false, until: this.endOf(held) }
      }
      if (age < staleWhileRevalidate || this.isBackingOff(at)) {
        if (!this.isBackingOff(at)) this.load(name, id, held, false)
        return { value: held.value, stale: true, until: held.freshUntil }
      }
      return this.load(name, id, held, false)
    }
    const negative = this.negative(at)
    return negative === undefined ? this.load(name, id, undefined, false) : { error: negative.error }
  }

  /** What an update begins with: nothing stale. */
  readFresh(name: Name, id: string): Answered {
    if (this.outcome(`${name}:${id}`) === "hit") return this.read(name, id)
    const negative = this.negative(`${name}:${id}`)
    return negative === undefined ? this.load(name, id, undefined, false) : { error: negative.error }
  }

  load(name: Name, id: string, fallback: Held | undefined, isRefresh: boolean): Answered {
    const at = `${name}:${id}`
    this.loads++
    const epoch = this.epochs.get(at)
    const loaded = this.lookup(name, id)
    if ("error" in loaded) {
      if (this.epochs.get(at) === epoch) this.failed.set(at, { at: this.now, error: loaded.error, negative: true })
      return fallback === undefined ? loaded : { value: fallback.value, stale: true, until: fallback.freshUntil }
    }
    this.failed.delete(at)
    // A source that it read was loaded for it, and had changed: that made a new epoch of this key.
    if (this.epochs.get(at) !== epoch || loaded.stale) return loaded
    const before = this.held.get(at)
    const changed = before === undefined ? isRefresh : before.value !== loaded.value
    if (changed) this.spread(name, id, "hide")
    return { ...loaded, until: this.endOf(this.keep(at, loaded.value, [`t${id}`], loaded.until)) }
  }

  private lookup(name: Name, id: string): Answered {
    if (this.broken) return { error: "broken" }
    if (name === "user") return { value: `${id}=${this.source}`, stale: false, until: Infinity }
    const user = this.read("user", id)
    return "error" in user ? user : { ...user, value: `(${String(user.value)})` }
  }

  keep(at: string, value: unknown, tags: ReadonlyArray<string>, until = Infinity): Held {
    const { timeToLive } = this.policy
    const freshUntil = Math.min(until, timeToLive === "never" ? Infinity : this.now + timeToLive)
    const held = { value, madeAt: this.now, freshUntil, tags, touchedAt: this.now, markedAt: undefined }
    this.held.set(at, held)
    return held
  }

  write(name: Name, id: string, value: unknown, tags: ReadonlyArray<string>): void {
    const at = `${name}:${id}`
    this.spread(name, id, "hide")
    this.failed.delete(at)
    this.keep(at, value, tags)
  }

  spread(name: Name, id: string, mode: InvalidationMode): void {
    if (name === "user") this.drop("profile", id, mode, true)
  }

  /** `exact` is one key, whose failure is forgotten with its entry. */
  drop(name: Name, id: string, mode: InvalidationMode, exact: boolean): void {
    const at = `${name}:${id}`
    this.epochs.set(at, 1 + (this.epochs.get(at) ?? 0))
    const failed = this.failed.get(at)
    if (failed !== undefined) failed.negative = false
    if (mode === "hide") {
      this.held.delete(at)
      if (exact) this.failed.delete(at)
      return
    }
    const held = this.held.get(at)
    if (held !== undefined) held.markedAt ??= this.now
  }

  dropAll(name: Name, mode: InvalidationMode): void {
    for (const family of name === "user" ? names : [name]) for (const id of ids) this.drop(family, id, mode, false)
  }

  dropTag(name: Name, tag: string): void {
    for (const id of ids) {
      const failed = this.failed.get(`${name}:${id}`)
      if (failed !== undefined) failed.negative = false
      if (this.held.get(`${name}:${id}`)?.tags.includes(tag)) this.held.delete(`${name}:${id}`)
    }
  }
}

// --- the commands -------------------------------------------------------------------------------

interface Real {
  readonly running: Running<Name>
  readonly source: { value: number; broken: boolean; loads: number }
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
    const expected = model.readFresh(family, id)
    const exit = await run(Effect.exit(as(of.update({ id }, (was: string) => `${was}+`))))
    if ("error" in expected) return sameAs(exit, expected, "update")
    if (expected.stale) return isUnkept(exit)
    const value = `${String(expected.value)}+`
    const tags = model.held.get(`${family}:${id}`)?.tags ?? [`t${id}`]
    // It is unknown whether the value that it began with was the new one.
    if (model.epochs.get(`${family}:${id}`) !== epoch) model.drop(family, id, "hide", true)
    else model.write(family, id, value, tags)
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
    model.failed.delete(at)
    model.held.set(at, { ...held, value: patched.value, madeAt: model.now, touchedAt: model.now })
    model.spread(family, id, "hide")
  }),
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
    for (const id of ids) {
      model.drop(family, id, "hide", true)
      model.spread(family, id, "hide")
    }
  }),
  command("invalidate a pattern", (_, _family, mode) => async (model, { run, running: { app, as } }) => {
    await run(as(app.invalidate("user:*", { mode })))
    model.dropAll("user", mode)
  }),
  command("delete", (id, family) => async (model, { run, running: { as } }, of) => {
    await run(as(of.delete({ id })))
    model.drop(family, id, "hide", true)
    model.spread(family, id, "hide")
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
              run: Effect.runPromiseWith(context) as never
            }
            yield* Effect.promise(() =>
              fc.asyncModelRun(() => ({ model: new Model(policy), real }), commands)
            )
          })).pipe(Effect.provide(TestClock.layer())) as Effect.Effect<void, unknown>
        ))
    ))
})
