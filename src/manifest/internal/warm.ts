/**
 * Loads keys of an owner's family before they are read: the keys in `warm`, at start and on a schedule, and the keys
 * that `predict` finds likely to be read again. One fiber for each family does it, until the owner's Scope closes.
 */
import * as Clock from "effect/Clock"
import type * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Latch from "effect/Latch"
import * as Pull from "effect/Pull"
import * as Schedule from "effect/Schedule"
import type * as Scope from "effect/Scope"
import { CacheError, InvalidOption } from "../../cache/CacheError.ts"
import type { CacheFamily } from "../../cache/engine/cacheFamily.ts"
import { forkOutside } from "../../capability/shared/outside.ts"
import { type DurationInput, millisOf } from "../../ownership/DurationInput.ts"
import { countMisfit } from "../../ownership/shared/countMisfit.ts"
import * as BackgroundTimer from "../../store/shared/backgroundTimer.ts"
import { RareLog } from "../../store/shared/rareLog.ts"
import type { PredictOptions, WarmOptions } from "../Owner.ts"
import type { FamilyGate } from "./familyGate.ts"
import type { Engine } from "./grants.ts"
import type { Params } from "./keys.ts"
import { replayable } from "./lists.ts"

export interface Warming {
  readonly warm?: WarmOptions<Params> | undefined
  readonly predict?: PredictOptions | undefined
}

// How long the first round waits for the owners of the families that the lookup reads. They are built at the same time.
const ownersWaitMax: Duration.Input = "10 seconds"

/** Starts the loads in the Context of the owner. With `await`, it waits for the end of the first round. */
export const start = Effect.fnUntraced(function*(
  engine: Engine,
  gate: FamilyGate,
  sources: ReadonlyArray<string>,
  { predict, warm }: Warming,
  context: Context.Context<any>
): Effect.fn.Return<void, CacheError, Scope.Scope> {
  const family = engine.cache.families.get(gate.name)!
  const warmed = Latch.makeUnsafe()
  const work: Array<Effect.Effect<void>> = []
  if (predict !== undefined) work.push(family.predict(yield* predictOptions(gate.name, predict)))
  if (warm !== undefined) {
    const schedule = yield* scheduleOf(gate.name, warm.schedule)
    const owners = Effect.forEach(sources, (source) => loadable(engine, source).await, { discard: true })
    const ready = Effect.andThen(Effect.yieldNow, Effect.timeoutOption(owners, ownersWaitMax))
    const all = Effect.provideContext(rounds(gate, family, keysOf(warm.keys), schedule, warmed), context)
    work.push(Effect.ensuring(Effect.andThen(ready, all), warmed.open))
  }
  // Starts now, so that `predict` sees every read. The first round yields once, so that the layer can finish building.
  const all = Effect.all(work, { concurrency: "unbounded", discard: true })
  Fiber.runIn(yield* forkOutside(all, { startImmediately: true }), yield* Effect.scope)
  if (warm?.await === true) yield* warmed.await
})

// Each round reads the keys again.
const keysOf = (keys: WarmOptions<Params>["keys"]): WarmOptions<Params>["keys"] =>
  Effect.isEffect(keys) ? keys : replayable(keys)

/** Returns the latch of a family, which is open while the family has an owner with a lookup. */
export const loadable = (engine: Engine, family: string): Latch.Latch => {
  const latch = engine.loadable.get(family) ?? Latch.makeUnsafe()
  engine.loadable.set(family, latch)
  return latch
}

const rounds = Effect.fnUntraced(function*(
  gate: FamilyGate,
  family: CacheFamily,
  keys: WarmOptions<Params>["keys"],
  schedule: Schedule.Schedule<unknown, unknown, unknown>,
  warmed: Latch.Latch
) {
  const clock = yield* Clock.Clock
  const { time } = family.cache
  const step = yield* Schedule.toStep(schedule)
  const logs = { refused: new RareLog(), failed: new RareLog() }
  for (let more = true; more;) {
    const began = time.now()
    // A schedule may name times of day, so it gets the time of the wall clock. It returns how long to wait.
    const next = yield* Effect.exit(step(clock.currentTimeMillisUnsafe(), undefined))
    more = Exit.isSuccess(next)
    if (Exit.isFailure(next) && !Pull.isDoneCause(next.cause)) {
      yield* Effect.logWarning(`the schedule by which \`${gate.name}\` is warmed failed`, next.cause)
    }
    const until = Exit.isSuccess(next) ? began + Duration.toMillis(next.value[1]) : began
    yield* round(gate, family, keys, until, logs)
    warmed.openUnsafe()
    if (more) yield* BackgroundTimer.sleep(Math.max(0, until - time.now()))
  }
})

/** What rounds log, which may follow each other without a pause. */
interface Logs {
  readonly refused: RareLog
  readonly failed: RareLog
}

/** Finds the keys, and loads those that are absent or end before `until`. It never fails. */
const round = (
  gate: FamilyGate,
  family: CacheFamily,
  keys: WarmOptions<Params>["keys"],
  until: number,
  { failed, refused: refusals }: Logs
) =>
  Effect.suspend(() => Effect.isEffect(keys) ? keys : Effect.succeed(keys)).pipe(
    Effect.flatMap((all) => {
      const valid: Array<string> = []
      let refused: CacheError | undefined
      for (const params of all as Iterable<Params>) {
        const key = gate.keyOf(params)
        if (Exit.isSuccess(key)) valid.push(key.value)
        else refused ??= gate.keyRefusal(gate.textOf(params), params)
      }
      const warning = refused === undefined
        ? Effect.void
        : refusals.say((since) => Effect.logWarning(`a key of \`${gate.name}\` cannot be warmed${since}`, refused))
      return Effect.andThen(warning, family.renew(valid, until))
    }),
    Effect.catchCause((cause) => {
      // The errors of an Effect that finds the keys may contain them, so those of a sensitive family are not logged.
      const why = gate.isSensitive ? [] : [cause]
      return failed.say((since) => Effect.logWarning(`the keys of \`${gate.name}\` were not warmed${since}`, ...why))
    })
  )

const invalid = (family: string, option: string, why: string) =>
  Effect.fail(new CacheError({ reason: new InvalidOption({ family, option, why }) }))

const intervalOf = (family: string, option: string, input: DurationInput): Effect.Effect<number, CacheError> => {
  const millis = millisOf(input)
  return millis > 0 ? Effect.succeed(millis) : invalid(family, option, "must be a duration above zero")
}

const once = Schedule.recurs(0)

const scheduleOf = (
  family: string,
  given: WarmOptions<Params>["schedule"]
): Effect.Effect<Schedule.Schedule<unknown, unknown, unknown>, CacheError> => {
  if (given === undefined) return Effect.succeed(once)
  // The rounds run in the owner's Context, which has the requirements of the schedule.
  if (Schedule.isSchedule(given)) return Effect.succeed(given as Schedule.Schedule<unknown, unknown, unknown>)
  return Effect.map(intervalOf(family, "warm.schedule", given as DurationInput), Schedule.spaced)
}

const predictOptions = (family: string, { interval, keysMax }: PredictOptions) => {
  const misfit = countMisfit(keysMax)
  return Effect.andThen(
    misfit === undefined ? Effect.void : invalid(family, "predict.keysMax", misfit),
    Effect.map(
      interval === undefined ? Effect.succeed(undefined) : intervalOf(family, "predict.interval", interval),
      (intervalMillis) => ({ keysMax, intervalMillis })
    )
  )
}
