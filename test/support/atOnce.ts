/**
 * Both doors of the writes of a family: the Effect, and the step that it is built on. A simulation draws the door of
 * each of its writes, and knows no difference: the rules are the same.
 *
 * - A write at once waits below as its Effect does. `Writer.arrived` has to agree with that (`Arrivals`).
 * - Where a step would wait, it has changed nothing, and the Effect takes its place, as in a program.
 */
import { assert } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import { TestClock } from "effect/testing"
import { CacheError } from "../../src/cache/CacheError.ts"
import type { Delivery } from "../../src/cache/internal/below/delivery.ts"
import { orRedressed } from "../../src/cache/internal/entries/cacheContext.ts"
import type { App, RunningOf } from "./engine.ts"

type Work = Effect.Effect<unknown, unknown>

/** The writes of one key. A patch of what is not held deletes it: a reader gets the new value either way. */
interface Door {
  readonly set: (value: unknown, options?: object) => Work
  readonly delete: Work
  readonly patch: (f: (was: any) => unknown) => Work
  readonly reschedule: (millis: number) => Work
}

const wouldWait = (error: unknown): boolean => error instanceof CacheError && error.reason._tag === "WouldWait"

/** What `arrived` says of each write at once whose caller has waited below, beside what the caller got. */
export class Arrivals {
  private readonly told: Array<{ readonly said: Promise<boolean>; readonly arrived: boolean }> = []

  /** Waits below for what a write at once has put on its way. */
  await(writer: any, below: Delivery | undefined): Work {
    return Effect.suspend(() => {
      const said: Promise<void> | undefined = writer.arrived(below)
      if (below === undefined || said === undefined) return Effect.void
      const arrived = said.then(() => true, () => false)
      return Effect.onExit(orRedressed(below), (exit) =>
        Effect.sync(() => {
          if (Exit.isSuccess(exit) || !Exit.hasInterrupts(exit)) {
            this.told.push({ said: arrived, arrived: exit._tag === "Success" })
          }
        }))
    })
  }

  /** Awaits promises, so a simulation does this at its end, when no clock runs. */
  readonly check: Effect.Effect<void> = Effect.promise(async () => {
    for (const { arrived, said } of this.told) assert.strictEqual(await said, arrived, "what `arrived` says of a write")
  })
}

const effects = <Name extends string>({ app, as }: RunningOf<App<Name>>, name: Name, params: object): Door => {
  const of = app.keys[name]
  return {
    set: (value, options) => as(of.set(params, value, options)),
    delete: as(of.delete(params)),
    patch: (f) =>
      as(Effect.flatMap(of.patch(params, f), (found) => Option.isSome(found) ? Effect.void : of.delete(params))),
    reschedule: (millis) => as(of.reschedule(params, millis))
  }
}

const steps = <Name extends string>(
  running: RunningOf<App<Name>>,
  name: Name,
  params: object,
  arrivals: Arrivals
): Door => {
  const instead = effects(running, name, params)
  const family = running.cache.families.get(name)!
  const key = Object.values(params).join(":")
  const now = (step: (writer: any) => Delivery | undefined, otherwise: Work): Work =>
    Effect.flatMap(running.as<any, unknown>(running.app.keys[name].writer), (writer) => {
      try {
        return arrivals.await(writer, step(writer))
      } catch (error) {
        return wouldWait(error) ? otherwise : Effect.fail(error)
      }
    })
  return {
    set: (value, options) => now((writer) => writer.setUnsafe(params, value, options), instead.set(value, options)),
    delete: now((writer) => writer.deleteUnsafe(params), instead.delete),
    patch: (f) => now((writer) => writer.patchUnsafe(params, f) ?? writer.deleteUnsafe(params), instead.patch(f)),
    reschedule: (millis) =>
      Effect.flatMap(
        TestClock.testClockWith((clock) => clock.currentTimeMillis),
        (at) => now(() => family.rescheduleUnsafe(key, at + millis), instead.reschedule(millis))
      )
  }
}

/** The writes of one key, by one of the two doors. */
export const doorOf = <Name extends string>(
  isAtOnce: boolean,
  running: RunningOf<App<Name>>,
  name: Name,
  params: object,
  arrivals: Arrivals
): Door => isAtOnce ? steps(running, name, params, arrivals) : effects(running, name, params)

/** Reads as a program without an Effect does first: what memory holds, and the Effect where it holds nothing. */
export const heldOr = <Name extends string>(
  { app, as }: RunningOf<App<Name>>,
  name: Name,
  params: object,
  seen: (held: unknown) => void = () => {}
): Effect.Effect<unknown, unknown> =>
  Effect.flatMap(as<any, unknown>(app.keys[name].reader), (reader) => {
    const held = reader.getUnsafe(params)
    if (held === undefined) return as(app.keys[name].get(params))
    seen(held)
    return Effect.succeed(held)
  })
