/**
 * The failures of lookups that a family remembers for a while, bounded in number and in the length of their keys.
 */
import * as Cause from "effect/Cause"
import type * as Exit from "effect/Exit"
import { CacheError, CircularWait, LoadQueueFull, LookupInterrupted } from "../CacheError.ts"

export interface Failure {
  readonly exit: Exit.Exit<never, unknown>
  readonly stamp: number
  /** A clock that was set back behind it would keep the failure for longer than was promised. */
  readonly at: number
  /** Until then a read without anything to serve gets the same failure. */
  readonly negativeUntil: number
  /** Until then a stale value is served without another try. */
  readonly retryAt: number
}

// Failures remembered per family, and the characters of their keys; the oldest is forgotten first. A failure may name
// its key once more, so a family takes two megabytes at most, besides what the errors of its lookups hold.
const failuresMax = 10_000
const charactersMax = 524_288

const shed = [LoadQueueFull, CircularWait, LookupInterrupted]

/** The lookup was not tried, or could not go on: the failure says nothing about its source, and is not remembered. */
export const isShed = (cause: Cause.Cause<unknown>): boolean =>
  cause.reasons.some((reason) => {
    const error = Cause.isFailReason(reason) ? reason.error : undefined
    return error instanceof CacheError && shed.some((type) => error.reason instanceof type)
  })

export class Failures {
  private readonly byKey = new Map<string, Failure>()
  private characters = 0

  get(key: string): Failure | undefined {
    return this.byKey.get(key)
  }

  entries(): Iterable<[string, Failure]> {
    return this.byKey.entries()
  }

  remember(key: string, failure: Failure, now: number): void {
    this.delete(key)
    this.forgetEnded(now)
    // A key that is as long as many: to remember it would be to forget those.
    if (key.length > charactersMax / 16) return
    while (this.byKey.size >= failuresMax || this.characters + key.length > charactersMax) {
      const [oldest] = this.byKey.keys()
      this.delete(oldest!)
    }
    this.byKey.set(key, failure)
    this.characters += key.length
  }

  delete(key: string): void {
    if (this.byKey.delete(key)) this.characters -= key.length
  }

  clear(): void {
    this.byKey.clear()
    this.characters = 0
  }

  /** Forgets those that no read would find any more; they were remembered in the order of their ends, or nearly so. */
  private forgetEnded(now: number): void {
    for (const [key, { negativeUntil, retryAt }] of this.byKey) {
      if (now < negativeUntil || now < retryAt) return
      this.delete(key)
    }
  }

  /** Throws when the structure is broken. For tests. */
  checkInvariants(): void {
    let characters = 0
    for (const key of this.byKey.keys()) characters += key.length
    if (characters !== this.characters || characters > charactersMax || this.byKey.size > failuresMax) {
      throw new Error("the failures that a family remembers have outgrown their bounds")
    }
  }
}
