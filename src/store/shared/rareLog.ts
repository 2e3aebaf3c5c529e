/**
 * Logs a failure that may repeat many times a second, such as that of each write to a full disk: the first one at once,
 * and then one in each `restMillis`, with the number of those in between.
 */
import type * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"

/** How long one kind of failure is not logged again. */
export const restMillis = 10_000

/** One kind of failure. */
export class RareLog {
  #until = -Infinity
  // The times of two clocks cannot be compared.
  #clock: Clock.Clock | undefined
  #left = 0

  /** Runs `log` unless it ran a short time ago. `since` says how many were left out, and is empty if none were. */
  say(log: (since: string) => Effect.Effect<void>): Effect.Effect<void> {
    return Effect.clockWith((clock: Clock.Clock) => {
      const now = Number(clock.monotonicTimeNanosUnsafe()) / 1_000_000
      if (clock === this.#clock && now < this.#until) {
        this.#left++
        return Effect.void
      }
      const left = this.#left
      this.#clock = clock
      this.#until = now + restMillis
      this.#left = 0
      return log(left === 0 ? "" : `, and ${left} times more since the last message`)
    })
  }
}
