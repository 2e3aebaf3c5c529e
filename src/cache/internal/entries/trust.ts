/**
 * Says until when entries in memory count as fresh in a family that other processes change, too, by its `consistency`.
 *
 * - While it was shown, within the bound, that no change is missing, each entry may be fresh by its own times.
 * - What this process made itself, such as by a lookup, is no older than that: it may be fresh for the bound, without a
 *   sign of the tier.
 * - An entry is due in the middle of the bound, so a hit costs what it costs in a family with a lifetime. The second
 *   look lets the tier be asked before the bound is over.
 * - A read that comes later asks the tier and waits, if the tier answers. Then the stale rules say what is served.
 *
 * Not here: how the tier shows it (`Store.knowing`).
 */
import type * as Effect from "effect/Effect"
import type { Knowing } from "../../../store/Store.ts"
import type { StoreError } from "../../../store/StoreError.ts"

export class Trust {
  /** The bound. */
  readonly millis: number
  private readonly knowing: Knowing

  constructor(millis: number, knowing: Knowing) {
    this.millis = millis
    this.knowing = knowing
  }

  /** Until when all entries are trusted. */
  get until(): number {
    return this.knowing.provenAt() + this.millis
  }

  /** When a hit of any entry needs a second look. */
  get dueAt(): number {
    return this.knowing.provenAt() + this.millis / 2
  }

  /** When an entry of this process needs it, by the time at which what the entry was made of was complete. */
  ownDueAt(shownSince: number): number {
    return Math.max(this.dueAt, shownSince + this.millis)
  }

  /** What a read waits for first; `undefined` if it need not wait, or would wait in vain. */
  asking(now: number): Effect.Effect<void, StoreError> | undefined {
    return now < this.until ? undefined : this.knowing.prove()
  }
}
