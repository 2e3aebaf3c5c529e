/**
 * The engine's time, read once per burst.
 *
 * Reading the system's clock costs three times as much as finding an entry. So one synchronous burst of JavaScript
 * (until the next microtask) sees one time, renewed every `readsPerBurstMax` reads. A clock that is not the live one (a
 * test's clock) is read each time, and shows every adjustment at once. Fake timers that replace `Date` are the live
 * clock: where they jump within a synchronous run, the first reads after the jump may still see the time before it.
 *
 * The time is that of the wall clock, but it never goes back. After the wall clock was set back, the time advances with
 * the monotonic clock, and is `ahead` of the wall clock from then on. Else every entry would live longer by the step.
 * All readers of one `Clock` see one time. The time follows a step forward, since a process may have slept.
 */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"

// Bounds the reads of the time for which it stands still in a synchronous run. The bound counts reads, because the run
// may compute for any time between two of them.
const readsPerBurstMax = 32

// `settled.then` runs a function in a microtask. Node's `queueMicrotask` is JavaScript, which V8 would inline into a
// hit in place of the code that every hit runs.
const settled = Promise.resolve()

// How often the live clock is compared with the monotonic one, and how far they may differ: a process may be paused
// between two readings. A step back is noticed at the latest after the wall clock has advanced by this much.
const checkMillis = 100
const slackMillis = 10
// Of any other clock: a wall clock shows whole milliseconds, and so is behind by a part of one.
const otherSlackMillis = 0.999

// The steps back that are remembered one by one; a time before the oldest of them counts as before all steps.
const stepsMax = 32

/** The clock of the machine, whatever clock the program has. */
export const liveClock = Context.get(Context.empty(), Clock.Clock)

/** The time of one `Clock`, shared by all its readers. */
class Timeline {
  ahead = 0
  private steps: Array<{ readonly at: number; readonly ahead: number }> = []
  private readonly clock: Clock.Clock
  private readonly origin: bigint
  private readonly interval: number
  private readonly slack: number
  private wall: number
  private elapsed = 0
  /** The latest time that was given. What was made before a step is not younger. */
  private latest: number

  constructor(clock: Clock.Clock) {
    this.clock = clock
    this.interval = clock === liveClock ? checkMillis : 0
    this.slack = clock === liveClock ? slackMillis : otherSlackMillis
    this.origin = clock.monotonicTimeNanosUnsafe()
    this.wall = clock.currentTimeMillisUnsafe()
    this.latest = this.wall
  }

  now(): number {
    const wall = this.clock.currentTimeMillisUnsafe()
    const passed = wall - this.wall
    if (passed < 0 || passed >= this.interval) this.compare(wall)
    return this.latest = wall + this.ahead
  }

  aheadAt(millis: number): number {
    return this.ahead === 0 ? 0 : this.steps.findLast(({ at }) => at < millis)?.ahead ?? 0
  }

  private compare(wall: number): void {
    const elapsed = Number(this.clock.monotonicTimeNanosUnsafe() - this.origin) / 1_000_000
    const behind = this.wall + Math.max(0, elapsed - this.elapsed) - wall
    // Whole milliseconds, as the wall clock gives them: deadlines are compared to the millisecond.
    if (behind > this.slack) {
      this.ahead += Math.round(behind)
      this.steps = [...this.steps.slice(1 - stepsMax), { at: this.latest, ahead: this.ahead }]
    }
    this.wall = wall
    this.elapsed = elapsed
  }
}

const timelines = new WeakMap<Clock.Clock, Timeline>()

const timelineOf = (clock: Clock.Clock): Timeline => {
  const known = timelines.get(clock)
  if (known !== undefined) return known
  const timeline = new Timeline(clock)
  timelines.set(clock, timeline)
  return timeline
}

/**
 * Whether a clock is the live clock of the machine, and not a clock of a test.
 */
export const isLive = (clock: Clock.Clock): boolean => clock === liveClock

/**
 * A clock that is cheap to ask often.
 */
export class CoarseClock {
  declare readonly clock: Clock.Clock
  /**
   * The first time that is not due yet: a millisecond after the time of this burst, or `Infinity` where the time is not
   * known without a reading. A caller that compares with this instead of calling `now` must call `expire` now and then.
   */
  next = Infinity
  private millis = 0
  private left = 0
  declare private readonly live: boolean
  declare private readonly timeline: Timeline
  private armed = false
  private readonly endBurst = () => {
    this.armed = false
    this.expire()
  }

  constructor(clock: Clock.Clock) {
    this.clock = clock
    this.live = isLive(clock)
    this.timeline = timelineOf(clock)
  }

  /** The milliseconds by which the time is ahead of the wall clock: the sum of the steps back of the wall clock. */
  get ahead(): number {
    return this.timeline.ahead
  }

  /** The milliseconds by which the time was ahead when it showed `millis`; 0 if that step is not remembered. */
  aheadAt(millis: number): number {
    return this.timeline.aheadAt(millis)
  }

  now(): number {
    if (!this.live) return this.timeline.now()
    if (--this.left < 0) this.renew()
    return this.millis
  }

  /** Makes the next reader read the clock again. */
  expire(): void {
    this.next = Infinity
    this.left = 0
  }

  private renew(): void {
    this.millis = this.timeline.now()
    this.next = this.millis + 1
    this.left = readsPerBurstMax - 1
    if (this.armed) return
    this.armed = true
    settled.then(this.endBurst)
  }
}
