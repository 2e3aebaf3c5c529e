/**
 * Frees the dead entries of a memory store: soon after an entry ends, and not before.
 *
 * Upkeep sleeps until the first entry ends, and at least a second, so a store without ending entries causes no
 * wake-ups. An entry that ends earlier wakes it, and so does a mark that leaves entries dead.
 */
import * as Effect from "effect/Effect"
import * as Latch from "effect/Latch"
import * as BackgroundTimer from "../../shared/backgroundTimer.ts"
import type { CoarseClock } from "../../shared/coarseClock.ts"
import type { Alarm, MemoryShard } from "./memoryShard.ts"

// The shortest and the longest sleep.
const millisMin = 1_000
const millisMax = 3_600_000

// The entries that upkeep frees before it lets other work run: half a millisecond's work.
const freedPerPassMax = 256

/** A family whose entries may be dead for another reason than time. */
interface Collected {
  /** Frees some of them; returns whether there are more to inspect. */
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

  /** Frees dead entries, and sleeps, for ever. */
  run(shards: () => ReadonlyArray<MemoryShard>, all: () => Iterable<Collected>): Effect.Effect<never> {
    const { time } = this
    return Effect.forever(Effect.gen({ self: this }, function*() {
      for (const shard of shards()) {
        for (let more = shard.nextDueMillis <= time.now(); more;) {
          more = shard.advance(time.now(), freedPerPassMax)
          yield* Effect.yieldNow
        }
      }
      for (const each of all()) while (each.collect(freedPerPassMax)) yield* Effect.yieldNow
      yield* this.rest(shards())
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
