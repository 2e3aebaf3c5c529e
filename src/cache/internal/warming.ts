/**
 * Loads that no reader asked for: of keys that the owner named, and of keys that are likely to be read again.
 *
 * - Readers come first: these loads take no place in the queue of the family's `loadConcurrency`, and of its turns they
 *   leave one.
 * - A key is loaded if nothing that may be served is held of it, or if what is held ends before the next round. Where
 *   no round follows, what may be served is left to its readers, stale or not.
 * - What such a load reads of other families is loaded anew before, if it ends too early itself: else what is made from
 *   it would end with it.
 * - A key whose last load failed is left alone for as long as its family says: `negativeTimeToLive` where nothing is
 *   held, `retryAfterFailure` where something is.
 */
import * as Effect from "effect/Effect"
import * as BackgroundTimer from "../../store/shared/backgroundTimer.ts"
import * as Expiry from "../Expiry.ts"
import type { Loader } from "../FamilySpec.ts"
import type { Entries } from "./entries.ts"
import type { Flight } from "./flight.ts"
import { Load } from "./load.ts"
import type { Loads } from "./loads.ts"
import { Reuse } from "./reuse.ts"

export interface PredictOptions {
  /** The most keys that one round loads. */
  readonly keysMax: number
  /** The time between two rounds. */
  readonly intervalMillis: number | undefined
}

// How many background loads of a family run at a time, and how many keys go to one `lookupMany`.
const concurrencyMax = 16
const keysPerLookupMax = 100

// A load is overtaken by what its own lookup brings to light: a source that is loaded anew, and has changed.
const attemptsMax = 2

// A background load that hangs is given up after this, where the family has no hard timeout.
const patienceMillis = 60_000

// Rounds of a forecast in one lifetime, as far as the bounds of their interval allow it: what ends before the next
// round is loaded in this one, so that a hot key loses at most about a tenth of its life.
const roundsPerLife = 10
const intervalMin = 100
const intervalMax = 10_000

// How many keys a round looks at before it lets others run: half a millisecond's work.
const keysPerPassMax = 1_024

type Cause = "absent" | "ahead"

export class Warming<V> {
  private readonly entries: Entries<V>
  private readonly loads: Loads<V>

  constructor(entries: Entries<V>, loads: Loads<V>) {
    this.entries = entries
    this.loads = loads
  }

  /** Loads those of the keys that are absent, or end before `until`; how many were loaded. */
  renew(keys: ReadonlyArray<string>, until: number, concurrency = this.concurrency()): Effect.Effect<number> {
    return Effect.suspend(() => {
      const size = this.loads.loader?.lookupMany === undefined ? 1 : keysPerLookupMax
      let loaded = 0
      const work = Effect.forEach(
        inGroups([...new Set(keys)], size),
        (group) =>
          Effect.map(this.loadGroup(group, until), (count) => {
            loaded += count
          }),
        { concurrency, discard: true }
      )
      return Effect.map(work, () => loaded)
    })
  }

  /** Loads, for as long as it runs, what is likely to be read again and would be missed. */
  predict({ intervalMillis, keysMax }: PredictOptions): Effect.Effect<void> {
    const { random, time } = this.entries.cache
    const { hot } = this.entries
    const life = this.entries.expiry.timeToLive
    // Without memory, nobody hears of reads.
    if (hot === undefined) return Effect.void
    const interval = intervalMillis ?? Math.min(intervalMax, Math.max(intervalMin, life / roundsPerLife))
    return Effect.acquireUseRelease(
      Effect.sync(() => {
        const reuse = new Reuse(life, random, time.now())
        hot.watch((key, reads) => reuse.note(key, reads, time.now()))
        return reuse
      }),
      (reuse) =>
        Effect.forever(Effect.andThen(BackgroundTimer.sleep(interval), this.predictOnce(reuse, keysMax, interval))),
      () => Effect.sync(() => hot.watch(undefined))
    )
  }

  private readonly predictOnce = Effect.fnUntraced(
    function*(this: Warming<V>, reuse: Reuse, keysMax: number, interval: number) {
      const { time } = this.entries.cache
      const until = time.now() + interval
      reuse.turn(time.now())
      const likely: Array<{ readonly key: string; readonly rate: number }> = []
      let looked = 0
      for (const key of Array.from(reuse.keys())) {
        const rate = this.rateOfMissed(reuse, key, until)
        if (rate > 0) likely.push({ key, rate })
        if (++looked % keysPerPassMax === 0) yield* Effect.yieldNow
      }
      const chosen = likely.toSorted((a, b) => b.rate - a.rate).slice(0, keysMax).map(({ key }) => key)
      for (const key of chosen) reuse.renewed(key, time.now())
      yield* this.renew(chosen, until)
    }
  )

  /** How often a key is likely to be read; 0 where it is held for long enough, or likely not to be read in a life. */
  private rateOfMissed(reuse: Reuse, key: string, until: number): number {
    if (this.causeToLoad(key, until) === undefined) return 0
    const now = this.entries.cache.time.now()
    const entry = this.entries.held(key)
    const madeAt = entry === undefined ? -Infinity : Expiry.madeAtMillis(entry)
    const rate = reuse.rate(key, madeAt, now)
    return rate * reuse.life(key, entry && entry.freshUntil - madeAt) >= 1 ? rate : 0
  }

  /** Why a key should be loaded though nobody asks for it; `undefined` if it should not. */
  private causeToLoad(key: string, until: number): Cause | undefined {
    const now = this.entries.cache.time.now()
    if (!this.loads.mayStart(key)) return undefined
    const entry = this.entries.held(key)
    const freshUntil = entry === undefined ? -Infinity : this.entries.freshUntil(key, entry, now)
    if (entry === undefined || now >= freshUntil + Expiry.staleMillisMax(this.entries.expiry)) {
      return this.loads.failures.negative(key, now) === undefined ? "absent" : undefined
    }
    if (this.loads.failures.isBackingOff(key, now)) return undefined
    return freshUntil - entry.costMillis <= until ? "ahead" : undefined
  }

  /** One key by its lookup, or several by one `lookupMany`; once more where a change overtook them. */
  private loadGroup(keys: ReadonlyArray<string>, until: number, attempts = attemptsMax): Effect.Effect<number> {
    const once = Effect.acquireUseRelease(
      Effect.sync(() => this.start(keys, until)),
      (flights) => {
        const { hardTimeout = patienceMillis } = this.entries.expiry
        const ended = Effect.forEach(new Set(flights.map(({ load }) => load)), waitUntilOver, { discard: true })
        return Effect.as(Effect.timeoutOption(ended, hardTimeout), flights)
      },
      (flights) =>
        Effect.sync(() => {
          for (const flight of flights) flight.letGo()
        })
    )
    return Effect.flatMap(once, (flights) => {
      const isLoaded = ({ exit, isSuperseded }: Flight<V>) =>
        exit?._tag === "Success" && exit.value.tier === "lookup" && !isSuperseded
      const loaded = flights.filter(isLoaded).length
      const overtaken = flights.filter(({ isSuperseded }) => isSuperseded).map(({ key }) => key)
      return overtaken.length === 0 || attempts === 1
        ? Effect.succeed(loaded)
        : Effect.map(this.loadGroup(overtaken, until, attempts - 1), (more) => loaded + more)
    })
  }

  private start(keys: ReadonlyArray<string>, until: number): ReadonlyArray<Flight<V>> {
    const { loader } = this.loads
    if (loader === undefined) return []
    const wanted: { readonly [C in Cause]: Array<string> } = { absent: [], ahead: [] }
    for (const key of keys) {
      const cause = this.causeToLoad(key, until)
      if (cause !== undefined) wanted[cause].push(key)
    }
    return (["absent", "ahead"] as const).flatMap((cause) => this.takeOff(loader, wanted[cause], cause, until))
  }

  /** Flights that are held until they have ended, since nobody waits for them. */
  private takeOff(
    loader: Loader<V>,
    keys: ReadonlyArray<string>,
    cause: Cause,
    until: number
  ): ReadonlyArray<Flight<V>> {
    if (keys.length === 0) return []
    const load = new Load(this.entries.cache, this.entries.spec, keys, loader, until)
    const flights = keys.map((key) => this.loads.takeOff(load, key, { cause, isQuiet: true }))
    for (const flight of flights) flight.hold()
    const work = loader.lookupMany === undefined ? this.loads.load(flights[0]!) : this.loads.loadMany(flights)
    this.loads.run(load, flights, work)
    return flights
  }

  private concurrency(): number {
    const { loadConcurrency } = this.entries.expiry
    return Math.min(concurrencyMax, Math.max(1, loadConcurrency - 1))
  }
}

const waitUntilOver = (load: Load): Effect.Effect<void> => load.whenOver()

const inGroups = (keys: ReadonlyArray<string>, size: number): ReadonlyArray<ReadonlyArray<string>> =>
  Array.from({ length: Math.ceil(keys.length / size) }, (_, i) => keys.slice(i * size, (i + 1) * size))
