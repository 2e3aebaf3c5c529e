/**
 * When a memory store looks for the dead: soon after something ends, and not before.
 *
 * It sleeps until the first entry ends, for a second at least, so a store in which nothing ends wakes nobody. What ends
 * before that rings, and so does a mark that leaves entries dead.
 */
import * as Effect from "effect/Effect"
import * as Latch from "effect/Latch"
import * as BackgroundTimer from "../../BackgroundTimer.ts"
import type { CoarseClock } from "../../CoarseClock.ts"
import type { Alarm, MemoryShard } from "./memoryShard.ts"

// How often it looks, at most and at least.
const millisMin = 1_000
const millisMax = 3_600_000

// How many it frees before it lets others run: half a millisecond's work.
const freedPerPassMax = 256

/** What has entries that are dead for another reason than time. */
interface Collected {
  /** Frees some of them; whether there are more to look at. */
  collect(max: number): boolean
}

export class MemoryUpkeep implements Alarm {
  at = Infinity
  private readonly wake = Latch.makeUnsafe(false)
  private readonly time: CoarseClock

  constructor(time: CoarseClock) {
    this.time = time
  }

  ring(): void {
    this.at = -Infinity
    this.wake.openUnsafe()
  }

  /** Frees what is dead, and sleeps; for ever. */
  run(shards: ReadonlyArray<MemoryShard>, all: () => Iterable<Collected>): Effect.Effect<never> {
    const { time } = this
    return Effect.forever(Effect.gen({ self: this }, function*() {
      for (const shard of shards) {
        for (let more = shard.nextDueMillis <= time.now(); more;) {
          more = shard.advance(time.now(), freedPerPassMax)
          yield* Effect.yieldNow
        }
      }
      for (const each of all()) while (each.collect(freedPerPassMax)) yield* Effect.yieldNow
      yield* this.rest(shards)
    }))
  }

  private rest(shards: ReadonlyArray<MemoryShard>): Effect.Effect<void> {
    const due = shards.reduce((least, shard) => Math.min(least, shard.nextDueMillis), Infinity)
    const millis = Math.min(Math.max(due - this.time.now(), millisMin), millisMax)
    this.wake.closeUnsafe()
    this.at = this.time.now() + millis
    const sooner = Effect.andThen(this.wake.await, BackgroundTimer.sleep(millisMin))
    return Effect.raceFirst(BackgroundTimer.sleep(millis), sooner)
  }
}
