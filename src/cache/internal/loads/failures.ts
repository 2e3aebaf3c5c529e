/**
 * The loads of a family that brought no value, each remembered for a short while: those that failed, and those whose
 * lookup returned that the key has no value.
 *
 * - A read without anything to serve repeats the failure for `negativeTimeToLive`; a stale value is served without
 *   another try for `retryAfterFailure`. An absent key has no stale value, so it has no such pause.
 * - A value that a lower tier may serve, fresh or stale, comes before the failure. So the tiers are asked first, unless
 *   the load found that they have nothing.
 * - Failures are bounded in number and in the length of their keys. The oldest is forgotten first.
 * - A failure is forgotten soon after its time is over, even if there are no later reads, because an error may hold
 *   much memory. What its reader had in `AsyncLocalStorage` is let go at once.
 */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import type * as Exit from "effect/Exit"
import type * as Fiber from "effect/Fiber"
import * as BackgroundTimer from "../../../store/shared/backgroundTimer.ts"
import { Absent, BulkMiscounted, CacheError, CircularWait, LookupInterrupted, QueueFull } from "../../CacheError.ts"
import type { Entries } from "../entries/entries.ts"
import { noTags } from "../family/judgement.ts"
import type { Flight } from "./flight.ts"
import { releaseFrames } from "./stackTraces.ts"

interface Failure {
  readonly exit: Exit.Exit<never, unknown>
  readonly stamp: number
  /** If the clock is set back before this time, the failure is forgotten; otherwise it would be kept for too long. */
  readonly at: number
  /** Until then, a read that has no value to serve repeats the failure. */
  readonly negativeUntil: number
  /** When the first value ends that its lookup has read. It counts no longer than that. */
  readonly restsUntil: number
  /** Until then, a stale value is served without another load. */
  readonly retryAt: number
  /** Whether a lower tier may hold a value to serve in its place. */
  readonly isCovered: boolean
}

// The most failures of a family, and the most characters of their keys. The oldest is forgotten first. A failure may
// name its key once more, so a family takes two megabytes at most, besides what the errors of its lookups hold.
const failuresMax = 10_000
const charactersMax = 524_288

// The shortest time between two searches for failures whose time is over.
const tidyMillisMin = 1_000

const shed = [QueueFull, CircularWait, LookupInterrupted]

/**
 * Whether the lookup was not tried, or could not go on. Such a failure says nothing about the source, and is not
 * remembered.
 */
export const isShed = (cause: Cause.Cause<unknown>): boolean =>
  cause.reasons.some((reason) => {
    const error = Cause.isFailReason(reason) ? reason.error : undefined
    return error instanceof CacheError && shed.some((type) => error.reason instanceof type)
  })

/** Why a key is absent, if that is why a read of it failed. */
const absentIn = (cause: Cause.Cause<unknown>): Absent["why"] | undefined => {
  for (const reason of cause.reasons) {
    const error = Cause.isFailReason(reason) ? reason.error : undefined
    if (error instanceof CacheError && error.reason instanceof Absent) return error.reason.why
  }
  return undefined
}

/**
 * The error of a lookup of several keys that returned another number of values; `undefined` if it returned one for each
 * key. A hole of an array is not an answer, though its length counts it. A cast may bring any value.
 */
export const miscounted = (family: string, asked: number, answers: unknown): CacheError | undefined => {
  const all: ReadonlyArray<unknown> = Array.isArray(answers) ? answers : []
  const answered = all.length === asked ? all.reduce<number>((count) => count + 1, 0) : all.length
  return answered === asked ? undefined : new CacheError({ reason: new BulkMiscounted({ family, asked, answered }) })
}

export class Failures<V> {
  private readonly byKey = new Map<string, Failure>()
  private readonly entries: Entries<V>
  private readonly fork: (work: Effect.Effect<void>) => Fiber.Fiber<void>
  private characters = 0
  /** The fiber that forgets failures whose time is over. It runs while any failure is remembered. */
  private tidying: Fiber.Fiber<void> | undefined = undefined

  constructor(entries: Entries<V>, fork: (work: Effect.Effect<void>) => Fiber.Fiber<void>) {
    this.entries = entries
    this.fork = fork
  }

  /** Remembers a load that failed. */
  remember({ isAlone, key, load, stamp }: Flight<V>, exit: Exit.Exit<never, unknown>, now: number): void {
    const { negativeTimeToLive, retryAfterFailure } = this.entries.expiry
    const restsUntil = load.freshUntilMax(key)
    const negativeUntil = Math.min(now + negativeTimeToLive, restsUntil)
    const isCovered = this.entries.lane !== undefined && !isAlone
    releaseFrames(exit)
    this.add(key, { exit, stamp, at: now, negativeUntil, restsUntil, retryAt: now + retryAfterFailure, isCovered })
  }

  /** Remembers that a key has no value. Its error was made without frames. */
  rememberAbsent({ key, load, stamp }: Flight<V>, exit: Exit.Exit<never, unknown>, now: number): void {
    const restsUntil = load.freshUntilMax(key)
    const negativeUntil = Math.min(now + this.entries.expiry.negativeTimeToLive, restsUntil)
    this.add(key, { exit, stamp, at: now, negativeUntil, restsUntil, retryAt: -Infinity, isCovered: false })
  }

  private add(key: string, failure: Failure): void {
    const now = failure.at
    this.forget(key)
    this.forgetEnded(now)
    // A very long key is not remembered, because it would push out many others.
    if (key.length > charactersMax / 16) return
    while (this.byKey.size >= failuresMax || this.characters + key.length > charactersMax) {
      const [oldest] = this.byKey.keys()
      this.forget(oldest!)
    }
    this.byKey.set(key, failure)
    this.characters += key.length
    this.tidying ??= this.fork(this.tidy)
  }

  private readonly tidy: Effect.Effect<void> = Effect.suspend(() => {
    const { negativeTimeToLive, retryAfterFailure } = this.entries.expiry
    const pause = BackgroundTimer.sleep(Math.max(negativeTimeToLive, retryAfterFailure, tidyMillisMin))
    return Effect.flatMap(pause, () => {
      this.forgetEnded(this.entries.cache.time.now())
      if (this.byKey.size > 0) return this.tidy
      this.tidying = undefined
      return Effect.void
    })
  })

  get isEmpty(): boolean {
    return this.byKey.size === 0
  }

  forget(key: string): void {
    if (this.byKey.size > 0 && this.byKey.delete(key)) this.characters -= key.length
  }

  clear(): void {
    this.byKey.clear()
    this.characters = 0
    this.tidying?.interruptUnsafe()
    this.tidying = undefined
  }

  /** Forgets failures that are older than a mark of their key, because that mark is about to be forgotten. */
  heed(): void {
    for (const [key, { stamp }] of this.byKey) {
      if (this.entries.judge(key, stamp, noTags) !== "valid") this.forget(key)
    }
  }

  /** The failure that a read repeats at once, because it is known that no tier has a value to serve in its place. */
  negative(key: string, now: number): Failure | undefined {
    if (this.byKey.size === 0) return undefined
    const failure = this.remembered(key, now)
    return failure?.isCovered === true ? undefined : failure
  }

  /** The failure that a read repeats if it has no value to serve. */
  remembered(key: string, now: number): Failure | undefined {
    const failure = this.byKey.get(key)
    return failure !== undefined && failure.at <= now && now < failure.negativeUntil &&
        failure.stamp >= this.entries.marking.tagMark &&
        this.entries.judge(key, failure.stamp, noTags) === "valid"
      ? failure
      : undefined
  }

  /**
   * Until when a value may be fresh that is made of the failed read of a key. A failure counts for as long as it is
   * remembered. That a key has no value is an answer of its lookup: it counts for as long as a value would, if that is
   * longer, and no longer than what the lookup has read. Without a lookup, the cache alone knows, and a write drops
   * what was made.
   */
  countsUntil(key: string, cause: Cause.Cause<unknown>, now: number): number {
    const { negativeTimeToLive, timeToLive } = this.entries.expiry
    const known = this.byKey.get(key)
    const absent = absentIn(cause)
    if (absent === "no lookup") return Infinity
    const lifetime = absent === undefined ? negativeTimeToLive : Math.max(negativeTimeToLive, timeToLive)
    // It may be forgotten by now, with what it rests on.
    const restsUntil = absent !== undefined && this.entries.spec.isDerived ? now : Infinity
    return Math.min((known?.at ?? now) + lifetime, known?.restsUntil ?? restsUntil)
  }

  /** Whether a refresh failed so recently that the next one has to wait. */
  isBackingOff(key: string, now: number): boolean {
    const failure = this.byKey.get(key)
    return failure !== undefined && failure.at <= now && now < failure.retryAt
  }

  /** Forgets the failures that no read would find any more. They are in the order of their ends, or nearly so. */
  private forgetEnded(now: number): void {
    for (const [key, { negativeUntil, retryAt }] of this.byKey) {
      if (now < negativeUntil || now < retryAt) return
      this.forget(key)
    }
  }

  /** For tests. */
  checkInvariants(check: (holds: boolean, rule: string) => void): void {
    let characters = 0
    for (const key of this.byKey.keys()) characters += key.length
    check(characters === this.characters, "the characters of failures are counted")
    check(characters <= charactersMax && this.byKey.size <= failuresMax, "failures are forgotten")
  }
}
