/**
 * Pauses that do not keep a process alive: for work behind a program that never ends by itself, such as upkeep.
 *
 * A program that never disposes of its runtime ends when nothing else is left to do. The process waits for work that
 * has begun, and for a write on its way to a tier; it does not wait for the pauses in between.
 */
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import { isLive, liveClock } from "./coarseClock.ts"

// A longer timer of JavaScript fires at once; so a longer pause is made of several timers.
const millisMax = 2_147_483_647

/**
 * Sleeps as `Effect.sleep` does, by the same clock, but does not keep the process alive.
 *
 * With the live clock the timer lets the process end. In a browser, whose timers cannot do that, it is an ordinary
 * timer.
 */
export const sleep = (duration: Duration.Input): Effect.Effect<void> =>
  Effect.flatMap(Clock.Clock, (clock) => {
    const millis = Duration.toMillis(duration)
    if (!isLive(clock)) return Effect.sleep(millis)
    return Effect.callback((resume) => {
      let timer: unknown
      const wait = (left: number) => {
        const pause = Math.min(left, millisMax)
        timer = setTimeout(() => left > pause ? wait(left - pause) : resume(Effect.void), pause)
        if (typeof timer === "object" && timer !== null && "unref" in timer && typeof timer.unref === "function") {
          timer.unref()
        }
      }
      wait(millis)
      return Effect.sync(() => clearTimeout(timer as number))
    })
  })

/**
 * Sleeps as `sleep` does, by the time of the machine, whatever clock the program has: for what other processes see, or
 * do. A jump of `TestClock` does not end it.
 */
export const sleepByMachine = (duration: Duration.Input): Effect.Effect<void> =>
  Effect.provideService(sleep(duration), Clock.Clock, liveClock)
