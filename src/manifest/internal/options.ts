/**
 * Checks the options of operations, before anything changes.
 *
 * - Options that are not an object are refused as a whole. An option that is `undefined` counts as not given, except
 *   those that guard an operation (`ifVersion` and `lease` a write, `stale` a read): a guard that was lost on its way
 *   must not leave the operation unguarded.
 * - An unknown option, or a value of a wrong kind, is refused with `InvalidOption`, which names the family and the
 *   option.
 * - Options are read when the operation runs, so that to build an operation never throws.
 *
 * Not here: the values of options that are stored with a value (`timeToLive`, `tags`, `revision`), which the judgement
 * of a write reads; and the options of owners and families, which are read when their layer is built.
 */
import * as Effect from "effect/Effect"
import { CacheError, InvalidOption } from "../../cache/CacheError.ts"
import type { InvalidationMode } from "../../cache/CacheEvent.ts"
import type { SetOptions } from "../../cache/types/setOptions.ts"
import type { Lease, LeaseOptions } from "../../capability/Lease.ts"
import * as Nearest from "../../diagnostic/types/nearest.ts"
import { millisOf } from "../../ownership/DurationInput.ts"
import { countMisfit } from "../../ownership/shared/countMisfit.ts"
import { unreadableOption, whyUnreadable } from "../../ownership/shared/readable.ts"
import { isBag } from "../../ownership/shared/validation.ts"
import type { InvalidateOptions, Readable, ReadOptions } from "../Family.ts"

// The options are declared in `Family.ts`, where editors show them.
type Operations = Readable<string, unknown, unknown, {}>
export type ConcurrencyOptions = NonNullable<Parameters<Operations["warm"]>[1]>
export type PromiseOptions = Exclude<Parameters<Operations["getPromise"]>[1], number | undefined>

// The number of lookups that `warm` runs at a time, by default. Readers' loads come first.
const warmConcurrency = 16

/** The error for a refused option, or `undefined`. */
type Refusal = CacheError | undefined

export const refusal = (family: string | undefined, option: string, why: string): CacheError =>
  new CacheError({ reason: new InvalidOption({ family, option, why }) })

const unless = (holds: boolean, family: string | undefined, option: string, why: string): Refusal =>
  holds ? undefined : refusal(family, option, why)

/**
 * Reads the options that a caller gave. A getter or a Proxy of the caller may throw; the error names no more than the
 * option.
 */
const reading = (
  family: string | undefined,
  given: unknown,
  known: object,
  read: () => Refusal,
  otherwise = "options"
): Refusal => {
  try {
    return read()
  } catch {
    return refusal(family, unreadableOption(given, known) ?? otherwise, whyUnreadable)
  }
}

const isEffect = (given: unknown): boolean => {
  try {
    return Effect.isEffect(given)
  } catch {
    return false
  }
}

/** Returns the error for options that are not an object, or that have an option which is not `known`. */
const notOptions = (family: string | undefined, given: unknown, known: object): Refusal => {
  if (given === undefined) return undefined
  if (!isBag(given)) return refusal(family, "options", "must be an object")
  const unknown = Nearest.unknownOption(given, known)
  return unknown && refusal(family, unknown.option, unknown.why)
}

/** The names of all options of a type. The compiler refuses a list in which one is missing. */
export type Known<Chosen> = { readonly [Option in keyof Required<Chosen>]: true }

/** Without an index in the place of options, which comes with `Effect.forEach(all, user.invalidate)`. */
export const withoutIndex = <Chosen>(given: Chosen | number | undefined): Chosen | undefined =>
  typeof given === "number" ? undefined : given

const invalidateKnown: Known<InvalidateOptions> = { mode: true }
const concurrencyKnown: Known<ConcurrencyOptions> = { concurrency: true }
const readKnown: Known<ReadOptions> = { stale: true }
const promiseKnown: Known<PromiseOptions> = { ...readKnown, signal: true }
const leaseKnown: Known<LeaseOptions> = { mode: true, deadline: true, timeToLive: true }
const deleteKnown: Known<Pick<SetOptions<Lease>, "ifVersion" | "lease">> = { ifVersion: true, lease: true }
const claimKnown: Known<Omit<SetOptions<Lease>, "ifVersion">> = {
  timeToLive: true,
  tags: true,
  revision: true,
  lease: true
}
const setKnown: Known<SetOptions<Lease>> = { ...deleteKnown, ...claimKnown }

const guards = {
  ifVersion: "write",
  lease: "write",
  stale: "read"
} as const

/** Returns the error for a guard that is given and `undefined`. */
const guardLost = (family: string, given: object): Refusal => {
  for (const [guard, operation] of Object.entries(guards)) {
    if (guard in given && (given as Record<string, unknown>)[guard] === undefined) {
      const why = `is undefined, so the ${operation} would have no such condition; help: leave it out, or give it`
      return refusal(family, guard, why)
    }
  }
  return undefined
}

/** The options of each kind of write. */
const knownOf = { set: setKnown, deletion: deleteKnown, claim: claimKnown }

/** Runs the rest of an operation, or fails with the refusal. */
export const checked = <A, E, R>(
  refused: Refusal,
  next: () => Effect.Effect<A, E, R>
): Effect.Effect<A, E | CacheError, R> => refused === undefined ? next() : Effect.fail(refused)

/** Runs the rest of an invalidation with its mode, or fails for an invalid one. */
export const withMode = <A, E, R>(
  family: string | undefined,
  given: InvalidateOptions | undefined,
  next: (mode: InvalidationMode) => Effect.Effect<A, E, R>
): Effect.Effect<A, E | CacheError, R> => {
  let mode: InvalidationMode = "hide"
  const refused = reading(family, given, invalidateKnown, () => {
    const wrong = notOptions(family, given, invalidateKnown)
    if (wrong !== undefined || given === undefined) return wrong
    // The default replaces `undefined` only: `null` is a wrong value.
    const { mode: chosen = "hide" } = given
    mode = chosen
    return unless(mode === "hide" || mode === "markStale", family, "mode", "must be \"hide\" or \"markStale\"")
  })
  return checked(refused, () => next(mode))
}

/** Runs the rest of `warm` with its concurrency, or fails for an invalid one. */
export const withConcurrency = <A, E, R>(
  family: string,
  given: ConcurrencyOptions | undefined,
  next: (concurrency: number) => Effect.Effect<A, E, R>
): Effect.Effect<A, E | CacheError, R> => {
  let concurrency = warmConcurrency
  const refused = reading(family, given, concurrencyKnown, () => {
    const wrong = notOptions(family, given, concurrencyKnown)
    if (wrong !== undefined || given === undefined) return wrong
    const { concurrency: chosen = warmConcurrency } = given
    concurrency = chosen
    return count(family, "concurrency", concurrency)
  })
  return checked(refused, () => next(concurrency))
}

export const promise = (family: string, given: PromiseOptions | undefined): Refusal =>
  reading(family, given, promiseKnown, () => {
    const signal = given?.signal
    return notOptions(family, given, promiseKnown) ?? staleness(family, given) ??
      unless(signal === undefined || signal instanceof AbortSignal, family, "signal", "must be an AbortSignal")
  })

/** Checks the options of a read. */
export const read = (family: string, given: ReadOptions | undefined): Refusal =>
  reading(family, given, readKnown, () => notOptions(family, given, readKnown) ?? staleness(family, given))

const staleness = (family: string, given: ReadOptions | undefined): Refusal => {
  if (given === undefined) return undefined
  const { stale } = given
  const isKnown = stale === undefined || stale === "allow" || stale === "refuse"
  return guardLost(family, given) ?? unless(isKnown, family, "stale", "must be \"allow\" or \"refuse\"")
}

/** Checks the two arguments of a transaction: the combinator of a database, and a body. */
export const transaction = (within: unknown, body: unknown): Refusal =>
  unless(typeof within === "function", undefined, "within", "must be a function, such as `sql.withTransaction`") ??
    unless(isEffect(body), undefined, "body", "must be an Effect")

/** Returns the Effect that a combinator made of the body, or fails for any other answer. */
export const combined = (made: unknown): Effect.Effect<any, any, any> =>
  isEffect(made)
    ? made as Effect.Effect<any, any, any>
    : Effect.fail(refusal(undefined, "within", "must return an Effect"))

/** Checks the load that `getOr` takes. */
export const load = (family: string, given: unknown): Refusal =>
  unless(isEffect(given), family, "load", "must be an Effect")

/** Checks the function that `select`, `update` or `patch` takes. */
export const change = (family: string, operation: string, given: unknown): Refusal =>
  unless(typeof given === "function", family, operation, "takes a function of the value")

export const tag = (family: string, given: unknown): Refusal =>
  unless(typeof given === "string", family, "tag", "must be a string")

export const count = (family: string, option: string, given: unknown): Refusal => {
  const misfit = countMisfit(given)
  return misfit === undefined ? undefined : refusal(family, option, misfit)
}

/** The most entries of a page. */
const pageMax = 10_000

export const pageSize = (family: string, given: unknown): Refusal =>
  unless(
    Number.isSafeInteger(given) && Number(given) >= 1 && Number(given) <= pageMax,
    family,
    "max",
    `must be a whole number from 1 to ${pageMax}`
  )

export const page = (family: string, cursor: unknown, max: unknown): Refusal =>
  unless(cursor === undefined || typeof cursor === "string", family, "cursor", "must be a cursor or `undefined`") ??
    pageSize(family, max)

/** Checks the options of a write, and the conditions among them. A claim is a `setIfAbsent`. */
export const conditions = (
  family: string,
  options: SetOptions<Lease> | undefined,
  kind: keyof typeof knownOf = "set"
): Refusal => {
  return options === undefined
    ? undefined
    : reading(family, options, knownOf[kind], () => conditionsOf(family, options, kind))
}

const conditionsOf = (family: string, options: SetOptions<Lease>, kind: keyof typeof knownOf): Refusal => {
  const refused = notOptions(family, options, knownOf[kind]) ?? guardLost(family, options)
  if (refused !== undefined) return refused
  const { ifVersion, lease } = options
  const isVersion = ifVersion === undefined || ifVersion === null || (typeof ifVersion === "number" && ifVersion >= 0)
  if (!isVersion) return refusal(family, "ifVersion", "must be a version, or null for a key that has no value")
  const look = () => {
    const isLease = lease === undefined || typeof (lease as Lease | null)?.isHeldUnsafe === "function"
    return unless(isLease, family, "lease", "must be a lease of this manifest")
  }
  return reading(family, undefined, {}, look, "lease")
}

export const lease = (family: string, given: LeaseOptions | undefined): Refusal =>
  reading(family, given, leaseKnown, () => leaseOf(family, given))

const leaseOf = (family: string, given: LeaseOptions | undefined): Refusal => {
  const refused = notOptions(family, given, leaseKnown)
  if (refused !== undefined || given === undefined) return refused
  const { deadline, mode, timeToLive } = given
  return unless(
    mode === undefined || mode === "shared" || mode === "exclusive",
    family,
    "mode",
    "must be \"shared\" or \"exclusive\""
  ) ?? unless(
    deadline === undefined || millisOf(deadline) >= 0,
    family,
    "deadline",
    "must be a duration that is not negative"
  ) ?? unless(
    timeToLive === undefined || millisOf(timeToLive) > 0,
    family,
    "timeToLive",
    "must be a duration above zero"
  )
}
