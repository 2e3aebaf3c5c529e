/**
 * Computes the times of an entry: the time until which it is fresh, when a refresh is due, until when it may be served
 * stale, and when it ends. A family's policy is decoded once; the rest is arithmetic on it.
 *
 * An entry's lifetime, on the time axis:
 *
 *     made ------ refreshAhead ------ freshUntil ------ staleWhileRevalidate / staleIfError ------ expiresAt
 *     a plain     a hit, and a        stale: served at once and renewed behind,
 *     hit         renewal behind      or served only if the lookup fails
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import { type DurationInput, millisOf } from "../../../ownership/DurationInput.ts"
import type { Consistency, FamilyPolicy } from "../../../ownership/FamilyPolicy.ts"
import { countMisfit } from "../../../ownership/shared/countMisfit.ts"
import { isBag } from "../../../ownership/shared/validation.ts"
import type { Entry } from "../../../store/Entry.ts"
import { CacheError, InvalidOption } from "../../CacheError.ts"

/**
 * A family's policy with all times in milliseconds.
 *
 * @category models
 * @since 0.1.0
 */
export interface Expiry {
  /** `Infinity`: the entry never ends. 0: it is not stored. */
  readonly timeToLive: number
  readonly idleTimeToLive: number | undefined
  readonly staleWhileRevalidate: number
  readonly staleIfError: number
  /** The largest share of a lifetime that is taken off at random, from 0 to 1. */
  readonly jitter: number
  readonly refreshAhead: number | "xfetch" | undefined
  readonly negativeTimeToLive: number
  readonly retryAfterFailure: number
  readonly softTimeout: number | undefined
  readonly hardTimeout: number | undefined
  /** How long ago it may have been shown that no change of another process is missing; 0 if that must be now. */
  readonly behindMillisMax: number
  readonly loadConcurrency: number
  readonly loadQueueMax: number
  readonly onAbandoned: "interrupt" | "finish"
  readonly freeze: boolean
}

/**
 * The defaults of a family's policy.
 *
 * - An entry never ends, and is never served stale.
 * - A failed lookup is remembered for a fifth of a second: long enough that a herd runs it once.
 * - A failed refresh is tried again after ten seconds.
 * - Where other processes change a family, too, it is a second behind them, at the most.
 *
 * @category constants
 * @since 0.1.0
 */
export const defaults = {
  timeToLive: "never",
  negativeTimeToLive: "200 millis",
  retryAfterFailure: "10 seconds",
  consistency: { bounded: "1 second" },
  loadQueueMax: 10_000
} as const

/**
 * XFetch looks ahead by this multiple of a lookup's cost; 1 is the paper's optimum (Vattani, Chierichetti, Lowenstein:
 * Optimal Probabilistic Cache Stampede Prevention, VLDB 2015).
 */
const xfetchBeta = 1

// XFetch refreshes earlier than this many costs before the end with a chance of e^-14: less than one in a million.
const xfetchWindow = 14

/**
 * Decodes the policy of a family. Fails with `InvalidOption` if a time is negative or not a duration, if a number is
 * out of its range, or if an option gets a word or a flag that it does not have.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = Effect.fnUntraced(function*(policy: FamilyPolicy, family: string) {
  const refuse = (option: keyof FamilyPolicy, why: string) =>
    Effect.fail(new CacheError({ reason: new InvalidOption({ family, option, why }) }))
  const time = <D>(option: keyof FamilyPolicy, input: DurationInput | undefined, otherwise: D) => {
    if (input === undefined) return Effect.succeed(otherwise)
    const millis = millisOf(input)
    return millis >= 0 ? Effect.succeed(millis) : refuse(option, "must be a duration that is not negative")
  }
  const count = <A>(option: keyof FamilyPolicy, input: number | undefined, otherwise: A) => {
    const misfit = input === undefined ? undefined : countMisfit(input)
    return misfit === undefined ? Effect.succeed(input ?? otherwise) : refuse(option, misfit)
  }
  const share = (option: keyof FamilyPolicy, input: number, max: number) =>
    typeof input === "number" && input >= 0 && input <= max
      ? Effect.succeed(input)
      : refuse(option, `must be from 0 to ${max}`)
  const oneOf = <A>(option: keyof FamilyPolicy, input: A, known: ReadonlyArray<unknown>, why: string) =>
    known.includes(input) ? Effect.succeed(input) : refuse(option, why)

  const behind = (consistency: Consistency | undefined) => {
    const millis = behindMillis(consistency)
    return millis >= 0 ? Effect.succeed(millis) : refuse("consistency", consistencyMisfit)
  }

  const lifetime = lifetimeMillis(policy.timeToLive === undefined ? defaults.timeToLive : policy.timeToLive)
  const expiry: Expiry = {
    timeToLive: lifetime >= 0 ? lifetime : yield* refuse("timeToLive", lifetimeMisfit),
    idleTimeToLive: yield* time("idleTimeToLive", policy.idleTimeToLive, undefined),
    staleWhileRevalidate: yield* time("staleWhileRevalidate", policy.staleWhileRevalidate, 0),
    staleIfError: yield* time("staleIfError", policy.staleIfError, 0),
    jitter: yield* share("jitter", policy.jitter === undefined ? 0 : policy.jitter, 1),
    refreshAhead: typeof policy.refreshAhead === "number"
      ? yield* share("refreshAhead", policy.refreshAhead, 1)
      : yield* oneOf("refreshAhead", policy.refreshAhead, [undefined, "xfetch"], "must be from 0 to 1, or \"xfetch\""),
    negativeTimeToLive: yield* time(
      "negativeTimeToLive",
      policy.negativeTimeToLive,
      millisOf(defaults.negativeTimeToLive)
    ),
    retryAfterFailure: yield* time("retryAfterFailure", policy.retryAfterFailure, millisOf(defaults.retryAfterFailure)),
    softTimeout: yield* time("softTimeout", policy.softTimeout, undefined),
    hardTimeout: yield* time("hardTimeout", policy.hardTimeout, undefined),
    behindMillisMax: yield* behind(policy.consistency),
    loadConcurrency: yield* count("loadConcurrency", policy.loadConcurrency, Infinity),
    loadQueueMax: yield* count("loadQueueMax", policy.loadQueueMax, defaults.loadQueueMax),
    onAbandoned: yield* oneOf(
      "onAbandoned",
      policy.onAbandoned === undefined ? "interrupt" : policy.onAbandoned,
      ["interrupt", "finish"],
      "must be \"interrupt\" or \"finish\""
    ),
    freeze: yield* oneOf(
      "freeze",
      policy.freeze === undefined ? false : policy.freeze,
      [true, false],
      "must be true or false"
    )
  }
  yield* count("capacity", policy.capacity, undefined)
  yield* count("weightMax", policy.weightMax, undefined)
  const contradiction = findContradiction(policy, expiry)
  if (contradiction !== undefined) return yield* refuse(...contradiction)
  yield* oneOf("weigher", typeof policy.weigher, ["undefined", "function"], "must be a function of a key and a value")
  return expiry
})

const consistencyMisfit = "must be \"strict\", \"eventual\", or { bounded } with a duration above 0"

/**
 * How far behind other processes a family may be; `NaN` if that is not what was given.
 *
 * @category decoding
 * @since 0.1.0
 */
export const behindMillis = (given: Consistency = defaults.consistency): number => {
  if (given === "strict") return 0
  if (given === "eventual") return Infinity
  const bounded = isBag(given) && Object.keys(given).length === 1
    ? millisOf(given.bounded as DurationInput)
    : Number.NaN
  return bounded > 0 ? bounded : Number.NaN
}

/** Returns an option that cannot act beside the others, and why. It is refused, because its author counts on it. */
const findContradiction = (
  policy: FamilyPolicy,
  { hardTimeout = Infinity, loadConcurrency, softTimeout, staleIfError, staleWhileRevalidate }: Expiry
): readonly [option: keyof FamilyPolicy, why: string] | undefined => {
  if (policy.capacity !== undefined && policy.weightMax !== undefined) {
    return ["capacity", "or `weightMax` may be given, but not both"]
  }
  if (policy.weightMax !== undefined && policy.weigher === undefined) {
    return ["weightMax", "does nothing that `capacity` does not: without `weigher` each entry weighs 1"]
  }
  if (softTimeout !== undefined && staleIfError <= staleWhileRevalidate) {
    return [
      "softTimeout",
      "does nothing unless `staleIfError` is longer than `staleWhileRevalidate`: a read gets a stale value in its place"
    ]
  }
  if (softTimeout !== undefined && softTimeout >= hardTimeout) {
    return [
      "softTimeout",
      "does nothing unless `hardTimeout` is longer: the lookup is interrupted first, and its readers get a stale value"
    ]
  }
  return policy.loadQueueMax !== undefined && loadConcurrency === Infinity
    ? ["loadQueueMax", "does nothing without `loadConcurrency`: no lookup waits"]
    : undefined
}

/**
 * The reason in the error for an invalid lifetime.
 *
 * @category constants
 * @since 0.1.0
 */
export const lifetimeMisfit = "must be a duration that is not negative, \"never\" or \"doNotStore\""

/**
 * Decodes the lifetime that a lookup or a write chose for one value, in milliseconds. 0 means that the value is not
 * stored. `NaN` means that the input is not a lifetime.
 *
 * @category arithmetic
 * @since 0.1.0
 */
export const lifetimeMillis = (timeToLive: DurationInput | "never" | "doNotStore"): number =>
  timeToLive === "never" ? Infinity : timeToLive === "doNotStore" ? 0 : millisOf(timeToLive)

/**
 * The times of one entry, in milliseconds since the epoch. From `dueAt` on, a read of the entry takes the second look.
 *
 * @category models
 * @since 0.1.0
 */
export interface Times {
  readonly dueAt: number
  readonly freshUntil: number
  readonly expiresAt: number
}

/**
 * Computes the times of an entry that is made at `now` and lives for `lifetimeMillis`. `random` is from 0 to 1.
 *
 * @category arithmetic
 * @since 0.1.0
 */
export const timesOf = (
  expiry: Expiry,
  now: number,
  lifetimeMillis: number,
  costMillis: number,
  random: number
): Times => {
  if (lifetimeMillis === Infinity && expiry.idleTimeToLive === undefined) return never
  const lifetime = expiry.jitter === 0 ? lifetimeMillis : lifetimeMillis * (1 - expiry.jitter * random)
  const freshUntil = now + lifetime
  return {
    dueAt: dueAt(expiry, now, freshUntil, lifetime, costMillis),
    freshUntil,
    expiresAt: endOf(expiry, freshUntil, now)
  }
}

/**
 * The longest time for which an entry may be served after it ceased to be fresh, in milliseconds.
 *
 * @category arithmetic
 * @since 0.1.0
 */
export const staleMillisMax = (expiry: Expiry): number => Math.max(expiry.staleWhileRevalidate, expiry.staleIfError)

/**
 * Whether all entries of a family have its time to live, and no read changes when they end.
 *
 * @category guards
 * @since 0.1.0
 */
export const hasPlainLifetime = ({ freeze, idleTimeToLive, jitter, refreshAhead, timeToLive }: Expiry): boolean =>
  timeToLive >= 1 && jitter === 0 && idleTimeToLive === undefined && refreshAhead === undefined && !freeze

/**
 * Computes the end of an entry that is fresh until `freshUntil` and was made, or last read, at `readAt`. It ends when
 * it may no longer be served stale, or earlier, if no reader has read it for the idle time.
 *
 * @category arithmetic
 * @since 0.1.0
 */
export const endOf = (expiry: Expiry, freshUntil: number, readAt: number): number => {
  const end = freshUntil + staleMillisMax(expiry)
  return expiry.idleTimeToLive === undefined ? end : Math.min(end, readAt + expiry.idleTimeToLive)
}

const never: Times = { dueAt: Infinity, freshUntil: Infinity, expiresAt: Infinity }

const dueAt = (expiry: Expiry, now: number, freshUntil: number, lifetime: number, costMillis: number): number => {
  // Every read of such an entry takes the second look anyway: see `updateHotLimits`.
  if (expiry.idleTimeToLive !== undefined) return now + expiry.idleTimeToLive
  if (expiry.refreshAhead === "xfetch") return freshUntil - xfetchWindow * xfetchBeta * costMillis
  return expiry.refreshAhead === undefined ? freshUntil : Math.min(freshUntil, now + lifetime * expiry.refreshAhead)
}

/**
 * Shortens an entry's lifetime, so that it is not fresh for longer than the entries that it was made from. After that
 * time, its family's stale rules apply.
 *
 * @category arithmetic
 * @since 0.1.0
 */
export const endBy = <E extends { readonly freshUntil: number; readonly expiresAt: number }>(
  expiry: Expiry,
  entry: E,
  freshUntilMax: number
): E =>
  entry.freshUntil <= freshUntilMax ? entry : {
    ...entry,
    freshUntil: freshUntilMax,
    expiresAt: Math.min(entry.expiresAt, freshUntilMax + staleMillisMax(expiry))
  }

/**
 * The time at which the lifetime of an entry began: at `madeAt`, when it was made, or later, if its end was moved on
 * after that, as by `reschedule` and by a lookup that confirms the value. Versions only grow, so they are ahead of the
 * clock after a process whose clock was ahead. The lifetime of what was made after its own end began a lifetime before
 * that end.
 *
 * @category arithmetic
 * @since 0.1.0
 */
export const lifetimeBeganAt = (
  { timeToLive }: Expiry,
  entry: Pick<Entry<unknown>, "freshUntil" | "ownLifetimeMillis">,
  madeAt: number
): number => {
  const { freshUntil, ownLifetimeMillis = timeToLive } = entry
  if (ownLifetimeMillis === Infinity) return madeAt
  return madeAt < freshUntil ? Math.max(madeAt, freshUntil - ownLifetimeMillis) : freshUntil - ownLifetimeMillis
}

/**
 * The time at which an entry stops being fresh, if no reader reads it before that.
 *
 * @category arithmetic
 * @since 0.1.0
 */
export const endsAt = ({ expiresAt, freshUntil }: { readonly freshUntil: number; readonly expiresAt: number }) =>
  Math.min(freshUntil, expiresAt)

/**
 * Whether a read of a fresh entry, made at `madeAt`, should renew it behind the reader. `random` is from 0 to 1; each
 * read draws its own.
 *
 * @category arithmetic
 * @since 0.1.0
 */
export const isRefreshDue = (
  expiry: Expiry,
  now: number,
  entry: Pick<Entry<unknown>, "freshUntil" | "costMillis" | "ownLifetimeMillis">,
  madeAt: number,
  random: number
): boolean => {
  if (expiry.refreshAhead === undefined || entry.freshUntil === Infinity) return false
  if (expiry.refreshAhead === "xfetch") {
    return now - entry.costMillis * xfetchBeta * Math.log(random) >= entry.freshUntil
  }
  const beganAt = lifetimeBeganAt(expiry, entry, madeAt)
  return now >= beganAt + (entry.freshUntil - beganAt) * expiry.refreshAhead
}
