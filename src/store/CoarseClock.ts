/**
 * The engine's time, read once per burst.
 *
 * Reading the system's clock costs three times as much as finding an entry. So one synchronous burst of JavaScript
 * (until the next microtask) sees one time, renewed every `readsPerBurstMax` reads. A clock that is not the live one
 * (a test's) is asked each time, and shows every adjustment at once.
 *
 * @since 0.1.0
 */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"

// Bounds how far a burst that never yields can drift: 256 hits take some ten microseconds.
const readsPerBurstMax = 256

// Calls in a microtask. Node's `queueMicrotask` is JavaScript, which V8 would inline into a hit in place of what every
// hit does.
const settled = Promise.resolve()

const liveClock = Context.get(Context.empty(), Clock.Clock)

/**
 * Whether a clock is the one of the machine, and not one of a test.
 *
 * @category guards
 * @since 0.1.0
 */
export const isLive = (clock: Clock.Clock): boolean => clock === liveClock

/**
 * A clock that is cheap to ask often.
 *
 * @category models
 * @since 0.1.0
 */
export class CoarseClock {
  declare readonly clock: Clock.Clock
  /**
   * What is due from then on is not due yet: a millisecond after the time of this burst, or `Infinity` where that has
   * to be asked for. Who compares with this instead of calling `now` calls `expire` now and then.
   */
  next = Infinity
  private millis = 0
  private left = 0
  declare private readonly live: boolean
  private armed = false
  private readonly endBurst = () => {
    this.armed = false
    this.expire()
  }

  constructor(clock: Clock.Clock) {
    this.clock = clock
    this.live = isLive(clock)
  }

  now(): number {
    if (!this.live) return this.clock.currentTimeMillisUnsafe()
    if (--this.left < 0) this.renew()
    return this.millis
  }

  /** Has the clock read anew by whoever asks next. */
  expire(): void {
    this.next = Infinity
    this.left = 0
  }

  private renew(): void {
    this.millis = this.clock.currentTimeMillisUnsafe()
    this.next = this.millis + 1
    this.left = readsPerBurstMax - 1
    if (this.armed) return
    this.armed = true
    settled.then(this.endBurst)
  }
}
