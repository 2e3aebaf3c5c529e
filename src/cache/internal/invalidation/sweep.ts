/**
 * Forgets marks that no entry needs any more, so that memory, files and starts do not grow with what was invalidated.
 *
 * A mark is needed as long as a value that is older may still be served or stored. So a sweep looks at every entry of
 * the family in all tiers. It removes the entries that the marks hide, and ends the entries that they make stale. Then
 * the marks that were there when it began are forgotten, by the store and by the family.
 *
 * A value that is older than a mark may be in a place that a sweep does not see:
 *
 * - in the memory of another engine over the same place: a sweep looks there, too. If an engine came or left meanwhile,
 *   the sweep is tried again later.
 * - on its way below: the sweep waits until it has arrived. A later value was judged when it was put into the outbox.
 * - being copied from tier to tier: judged where it lands, by the store of several tiers.
 * - being read, loaded or computed: this work learns of the marks in the step in which they are forgotten
 *   ({@link heed}, watches).
 *
 * Where processes share a tier, it keeps all marks, and so does each process: a sweep would have to walk over the tier.
 *
 * What an engine hides in this process alone, because an owner has left, stays in all tiers, and then all marks stay.
 *
 * A crash in between leaves marks without entries. A sweep that fails forgets nothing, and is tried again later.
 */
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Latch from "effect/Latch"
import type * as Scope from "effect/Scope"
import { forkOutside } from "../../../capability/shared/outside.ts"
import { parsePatternUnsafe } from "../../../pattern/KeyPattern.ts"
import * as BackgroundTimer from "../../../store/shared/backgroundTimer.ts"
import type { CoarseClock } from "../../../store/shared/coarseClock.ts"
import type { Mark, Store } from "../../../store/Store.ts"
import type { StoreError } from "../../../store/StoreError.ts"
import { interruptingMax } from "../below/carrier.ts"
import type { Entries } from "../entries/entries.ts"
import { isMarkedSince } from "../entries/leaseTerms.ts"
import type { Swept } from "../entries/peers.ts"
import { freshUntilMax } from "../entries/servable.ts"
import { noTags } from "../family/judgement.ts"
import { scopeOf } from "../family/names.ts"
import type { Loads } from "../loads/loads.ts"
import { writeSlice, writeTag } from "../marks/familyMarks.ts"

// The most marks that a store forgets in one step, which takes about ten milliseconds of the thread.
const marksPerStepMax = 4_096

/** What a sweep needs from one engine. */
export const sweptOf = <V>(entries: Entries<V>, loads: Loads<V>): Swept => ({
  look: Effect.suspend(() => {
    let looked = 0
    let kept = 0
    let hiddenHere = 0
    entries.marking.sweepDue.begins()
    const freshUntil = freshUntilMax(entries)
    const sweep = entries.spec.partition.sweep((key, stamp, tags) => {
      looked++
      const until = freshUntil(key, stamp, tags)
      if (until > -Infinity) kept++
      // Other engines may serve it, and so may the next process.
      else if (entries.before.isHiddenHere(stamp)) {
        kept++
        hiddenHere++
        return Infinity
      }
      return until
    })
    return Effect.map(sweep, () => ({ looked, kept, hiddenHere }))
  }),
  marksUpTo: (upTo) => marksUpTo(entries, upTo),
  forget: (upTo, looked) => {
    heed(entries, loads)
    entries.marking.forget(upTo, looked)
  },
  rest: (upTo, looked) => entries.marking.sweepDue.ends(upTo, looked)
})

function* marksUpTo({ marks, storeName, tags }: Entries<any>, upTo: number): Iterable<Mark> {
  for (const { mode, slice, stamp } of marks.upTo(upTo)) {
    yield { scope: scopeOf(storeName, writeSlice(slice, mode)), stamp }
  }
  for (const { mode, stamp, tag } of tags.upTo(upTo)) yield { scope: scopeOf(storeName, writeTag(tag, mode)), stamp }
}

/** Applies the marks that are about to be forgotten to running work that is older than they are. */
const heed = <V>(entries: Entries<V>, { failures, flights, turns }: Loads<V>): void => {
  // A value that may be served in place of a failure is older than the load, and may have any tags.
  const mayHide = (key: string) => entries.tags.fullness > 0 || entries.judge(key, 0, noTags) === "hidden"
  for (const flight of flights.running) {
    // A closed flight may bring a tag whose mark is forgotten.
    if (flight.isClosed || entries.judge(flight.key, flight.stamp, noTags) !== "valid") flight.overtake()
    if (mayHide(flight.key)) flight.bar()
  }
  failures.heed()
  heedTerms(entries)
  for (const [key, turn] of turns.byKey) {
    // The tags of the value that is being read are not known.
    const isTagged = turn.reading && turn.stamp < entries.marking.tagMark
    if (isTagged || entries.judge(key, turn.stamp, turn.tags) !== "valid") turn.overtake()
  }
}

/** A lease learns now what the marks say of its key, and no lease of another key learns anything. */
const heedTerms = <V>(entries: Entries<V>): void => {
  const { cache: { leases }, spec } = entries
  if (leases.isEmpty) return
  leases.overtake(parsePatternUnsafe(spec.pattern), (full, term) => {
    const key = spec.parse(full)
    return key !== undefined && isMarkedSince(entries, key, term)
  })
}

/** Sweeps one family, in all engines over its place. */
export const sweep = <V>(store: Store["Service"], entries: Entries<V>): Effect.Effect<void, StoreError> =>
  Effect.tapError(Effect.suspend(() => sweepAll(store, entries)), (error) =>
    Effect.sync(() => {
      entries.marking.sweepDue.postpone()
      entries.tierFailed("sweep", error)
    }))

const sweepAll = <V>(store: Store["Service"], entries: Entries<V>): Effect.Effect<void, StoreError> => {
  const { cache, name } = entries
  const upTo = cache.stamp
  const engines = cache.sweptOf(name)
  // Without lower tiers, no store has the marks.
  const marks = () => entries.lane === undefined ? [] : engines.flatMap((one) => Array.from(one.marksUpTo(upTo)))
  const look = Effect.forEach(engines, (one) => one.look, { concurrency: "unbounded" })
  return cache.outbox.settledWhole.pipe(
    Effect.andThen(look),
    Effect.flatMap((looked) => {
      const now = cache.sweptOf(name)
      if (now.length !== engines.length || now.some((one) => !engines.includes(one))) {
        return Effect.sync(() => entries.marking.sweepDue.postpone())
      }
      // A mark that hides something here alone is still needed, and the store does not have it. It looks like the
      // others, so all of them stay until a later sweep finds nothing that is hidden here.
      if (looked.some(({ hiddenHere }) => hiddenHere > 0)) {
        return Effect.sync(() => engines.forEach((one, at) => one.rest(upTo, looked[at]!)))
      }
      const forget = Effect.sync(() => engines.forEach((one, at) => one.forget(upTo, looked[at]!)))
      return Effect.andThen(Effect.suspend(() => removeMarks(store, marks())), forget)
    })
  )
}

const removeMarks = (store: Store["Service"], all: ReadonlyArray<Mark>): Effect.Effect<void, StoreError> => {
  const steps = Array.from({ length: Math.ceil(all.length / marksPerStepMax) }, (_, i) => i * marksPerStepMax)
  return Effect.forEach(
    steps,
    (from) => Effect.andThen(store.removeMarks(all.slice(from, from + marksPerStepMax)), Effect.yieldNow),
    { discard: true }
  )
}

/** The fiber that sweeps, one family after the other. */
export class Sweeper {
  private readonly due = new Set<string>()
  /** When families are to be swept that are not due yet. */
  private readonly later = new Map<string, number>()
  private readonly wake = Latch.makeUnsafe(false)
  private readonly ground: { readonly time: CoarseClock }
  private readonly sweepOf: (family: string) => Effect.Effect<void>

  constructor(ground: { readonly time: CoarseClock }, sweepOf: (family: string) => Effect.Effect<void>) {
    this.ground = ground
    this.sweepOf = sweepOf
  }

  ask(family: string): void {
    this.due.add(family)
    this.wake.openUnsafe()
  }

  askAt(family: string, atMillis: number): void {
    if (atMillis >= (this.later.get(family) ?? Infinity)) return
    this.later.set(family, atMillis)
    this.wake.openUnsafe()
  }

  /** Waits until a family is asked for, or its time has come. */
  private readonly rest: Effect.Effect<void> = Effect.suspend(() => {
    const at = Math.min(Infinity, ...this.later.values())
    if (at === Infinity) return this.wake.await
    // A clock may round down: a pause of less than a millisecond would be taken again and again.
    const pause = BackgroundTimer.sleep(Math.max(1, Math.ceil(at - this.ground.time.now())))
    return Effect.andThen(
      Effect.raceFirst(this.wake.await, pause),
      Effect.sync(() => {
        const now = this.ground.time.now()
        for (const [family, at] of this.later) if (at <= now) this.due.add(family)
      })
    )
  })

  /** Sweeps until the Scope closes, which waits no longer than a second for a tier that hangs. */
  readonly run: Effect.Effect<void, never, Scope.Scope> = Effect.suspend(() => {
    const all: Effect.Effect<void> = Effect.suspend(() => {
      const [family] = this.due
      if (family === undefined) return Effect.void
      // Asked for again while it runs, it runs again: only then are the marks forgotten that came meanwhile.
      this.due.delete(family)
      this.later.delete(family)
      return Effect.andThen(this.sweepOf(family), all)
    })
    const forever = Effect.forever(Effect.suspend(() => {
      this.wake.closeUnsafe()
      // The latch resumes this fiber in the middle of the step that asks, which ends while `forever` yields.
      return Effect.andThen(all, this.rest)
    }))
    return Effect.flatMap(forkOutside(forever), (fiber) =>
      Effect.addFinalizer(() =>
        Effect.suspend(() => {
          fiber.interruptUnsafe()
          return Effect.timeoutOption(Fiber.await(fiber), interruptingMax)
        })
      ))
  })
}
