/**
 * The loads of a family that failed, each remembered for a short while.
 *
 * - A read without anything to serve repeats the failure for `negativeTimeToLive`; a stale value is served without
 *   another try for `retryAfterFailure`.
 * - What a tier below memory may still serve stale comes before the failure.
 * - At most `failuresMax` are remembered; the oldest is forgotten first.
 */
import type * as Exit from "effect/Exit"
import type { Entry } from "../../store/Entry.ts"
import * as Expiry from "../Expiry.ts"
import type { Entries } from "./entries.ts"
import { noTags } from "./judgement.ts"

interface Failure {
  readonly exit: Exit.Exit<never, unknown>
  readonly stamp: number
  /** A clock that was set back behind it would keep the failure for longer than was promised. */
  readonly at: number
  /** Until then a read without anything to serve gets the same failure. */
  readonly negativeUntil: number
  /** Until then a stale value is served without another try. */
  readonly retryAt: number
  /** Until then a tier below may hold something stale to serve in its place. */
  readonly coveredUntil: number
}

const failuresMax = 10_000

export class Failures<V> {
  private readonly byKey = new Map<string, Failure>()
  private readonly entries: Entries<V>

  constructor(entries: Entries<V>) {
    this.entries = entries
  }

  /** `previous` is what was there to be served in place of the failure. */
  remember(
    key: string,
    exit: Exit.Exit<never, unknown>,
    stamp: number,
    now: number,
    previous: Entry<V> | undefined
  ): void {
    if (this.byKey.size >= failuresMax) {
      for (const oldest of this.byKey.keys()) {
        this.byKey.delete(oldest)
        break
      }
    }
    const { expiry } = this.entries
    const coveredUntil = previous === undefined || this.entries.lower === undefined
      ? -Infinity
      : this.entries.freshUntil(key, previous, now) + Expiry.staleMillisMax(expiry)
    const negativeUntil = now + expiry.negativeTimeToLive
    const retryAt = now + expiry.retryAfterFailure
    this.byKey.set(key, { exit, stamp, at: now, negativeUntil, retryAt, coveredUntil })
  }

  forget(key: string): void {
    this.byKey.delete(key)
  }

  clear(): void {
    this.byKey.clear()
  }

  /** The failure that a read repeats at once: no tier has anything to serve in its place. */
  negative(key: string, now: number): Failure | undefined {
    const failure = this.remembered(key, now)
    return failure !== undefined && now >= failure.coveredUntil ? failure : undefined
  }

  /** The failure that a read without anything to serve repeats. */
  remembered(key: string, now: number): Failure | undefined {
    const failure = this.byKey.get(key)
    return failure !== undefined && failure.at <= now && now < failure.negativeUntil &&
        failure.stamp >= this.entries.tagMark &&
        this.entries.judge(key, failure.stamp, noTags) === "valid"
      ? failure
      : undefined
  }

  /** A refresh failed so recently that the next one has to wait. */
  isBackingOff(key: string, now: number): boolean {
    const failure = this.byKey.get(key)
    return failure !== undefined && failure.at <= now && now < failure.retryAt
  }

  /** For tests. */
  checkInvariants(check: (holds: boolean, rule: string) => void): void {
    check(this.byKey.size <= failuresMax, "failures are forgotten")
  }
}
