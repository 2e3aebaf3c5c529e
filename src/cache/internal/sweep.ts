/**
 * Forgets marks that no entry needs any more, so that memory, files and starts do not grow with what was invalidated.
 *
 * A mark is needed for as long as something older than it may still be served or stored. So a sweep looks at every
 * entry of the family, in all tiers, and has those removed that the marks hide, and those end that they make stale.
 * Then the marks that were there when it began are forgotten, by the store and by the family.
 *
 * What is older than a mark, and no entry that a sweep sees:
 *
 * - on its way below: the sweep waits until that has arrived. What comes later was judged when it was put down.
 * - being copied from tier to tier: judged where it lands, by the store of several tiers.
 * - being read, loaded or computed: told in the step in which the marks are forgotten ({@link Loads.heed}, watches).
 *
 * A crash in between leaves marks without entries. A sweep that fails forgets nothing, and is tried again later.
 */
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Latch from "effect/Latch"
import type * as Scope from "effect/Scope"
import type { Mark, Store } from "../../store/Store.ts"
import type { StoreError } from "../../store/StoreError.ts"
import type { Entries } from "./entries.ts"
import type { Loads } from "./loads.ts"
import { interruptingMax } from "./outbox.ts"

// Marks that a store forgets in one step: some ten milliseconds of the thread.
const marksPerStepMax = 4_096

/** Sweeps one family. */
export const sweep = <V>(
  store: Store["Service"],
  entries: Entries<V>,
  loads: Loads<V>
): Effect.Effect<void, StoreError> =>
  Effect.suspend(() => {
    const upTo = entries.cache.stamp
    let looked = 0
    const look = entries.spec.partition.sweep((key, stamp, tags) => {
      looked++
      return entries.freshUntilMax(key, stamp, tags)
    })
    const forget = Effect.sync(() => {
      loads.heed()
      entries.forgetMarks(upTo, looked)
    })
    // Without tiers below, no store was told of the marks.
    const dropped = entries.lower === undefined
      ? Effect.void
      : Effect.suspend(() => drop(store, entries.marksUpTo(upTo)))
    return entries.cache.outbox.settled.pipe(
      Effect.andThen(look),
      Effect.andThen(dropped),
      Effect.andThen(forget)
    )
  })

const drop = (store: Store["Service"], marks: Iterable<Mark>): Effect.Effect<void, StoreError> => {
  const all = Array.from(marks)
  const steps = Array.from({ length: Math.ceil(all.length / marksPerStepMax) }, (_, i) => i * marksPerStepMax)
  return Effect.forEach(
    steps,
    (from) => Effect.andThen(store.dropMarks(all.slice(from, from + marksPerStepMax)), Effect.yieldNow),
    { discard: true }
  )
}

/** The fiber that sweeps, one family after the other. */
export class Sweeper {
  private readonly due = new Set<string>()
  private readonly wake = Latch.makeUnsafe(false)
  private readonly sweepOf: (family: string) => Effect.Effect<void>

  constructor(sweepOf: (family: string) => Effect.Effect<void>) {
    this.sweepOf = sweepOf
  }

  ask(family: string): void {
    this.due.add(family)
    this.wake.openUnsafe()
  }

  /** Sweeps until the Scope closes, which waits no longer than a second for a tier that hangs. */
  readonly run: Effect.Effect<void, never, Scope.Scope> = Effect.suspend(() => {
    const all: Effect.Effect<void> = Effect.suspend(() => {
      const [family] = this.due
      if (family === undefined) return Effect.void
      // Asked for again while it runs, it runs again: only then are the marks forgotten that came meanwhile.
      this.due.delete(family)
      return Effect.andThen(this.sweepOf(family), all)
    })
    const forever = Effect.forever(Effect.suspend(() => {
      this.wake.closeUnsafe()
      // The latch resumes this fiber in the middle of the step that asks, which ends while `forever` yields.
      return Effect.andThen(all, this.wake.await)
    }))
    return Effect.flatMap(Effect.forkDetach(forever), (fiber) =>
      Effect.addFinalizer(() =>
        Effect.suspend(() => {
          fiber.interruptUnsafe()
          return Effect.timeoutOption(Fiber.await(fiber), interruptingMax)
        })
      ))
  })
}
