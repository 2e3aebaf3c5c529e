/**
 * Loads keys before a reader asks for them: keys that the owner named, and keys that are likely to be read again.
 *
 * - Readers come first: these loads take no place in the queue of the family's `loadConcurrency`, and always leave one
 *   of its turns to readers.
 * - A key is loaded if the cache has no fresh value of it, or if its value ends before the next round.
 * - If such a load reads a key of another family that ends too early, that key is loaded again first. Otherwise the new
 *   value would end with it.
 * - A key whose last load failed is not loaded for some time: for `negativeTimeToLive` if the cache has no value of it,
 *   and for `retryAfterFailure` if it has one.
 */
import * as Effect from "effect/Effect"
import * as BackgroundTimer from "../../../store/shared/backgroundTimer.ts"
import * as Pieces from "../../shared/pieces.ts"
import type { Entries } from "../entries/entries.ts"
import * as Expiry from "../family/expiry.ts"
import type { AskedOf, Flight } from "../loads/flight.ts"
import type { Load } from "../loads/load.ts"
import type { Loads } from "../loads/loads.ts"
import { ReadForecast } from "../loads/readForecast.ts"

export interface Prediction {
  /** The most keys that one round loads. */
  readonly keysMax: number
  /** The time between two rounds. */
  readonly intervalMillis: number | undefined
}

// The most background loads of a family at a time, and the most keys for one `lookupMany`.
const concurrencyMax = 16
const keysPerLookupMax = 100

// A load may be overtaken by its own lookup: it loads a source again, and the source has changed.
const attemptsMax = 2

// A background load that hangs is given up after this time, if the family has no hard timeout.
const backgroundTimeoutMillis = 60_000

// The rounds of a forecast in one lifetime, if the bounds of the interval allow so many. A value that ends before the
// next round is loaded in this one, so a hot key loses at most about a tenth of its lifetime.
const roundsPerLifetime = 10
const intervalMin = 100
const intervalMax = 10_000

// The most keys that a round checks before it lets other fibers run: half a millisecond of work.
const keysPerPassMax = 1_024

type Cause = "absent" | "stale" | "ahead"

export class Warming<V> {
  private readonly entries: Entries<V>
  private readonly loads: Loads<V>

  constructor(entries: Entries<V>, loads: Loads<V>) {
    this.entries = entries
    this.loads = loads
  }

  /** Loads the keys that are absent or end before `until`. Returns how many were loaded. */
  renew(keys: ReadonlyArray<string>, until: number, concurrency = this.concurrency()): Effect.Effect<number> {
    return Effect.suspend(() => {
      const distinct = new Set<string>()
      return Effect.flatMap(
        Pieces.each(keys.length, (at) => distinct.add(keys[at]!)),
        () => this.renewDistinct(Array.from(distinct), until, concurrency)
      )
    })
  }

  private renewDistinct(keys: ReadonlyArray<string>, until: number, concurrency: number): Effect.Effect<number> {
    const size = this.loads.loader?.lookupMany === undefined ? 1 : keysPerLookupMax
    let loaded = 0
    const add = (count: number): void => {
      loaded += count
    }
    // A lookup that returns at once makes no pause, and others go on while one of the groups pauses.
    const groupsPerPause = Math.max(1, Math.floor(Pieces.pieceMax / (size * Math.min(concurrency, keys.length))))
    const work = Effect.forEach(inGroups(keys, size), (group, at) => {
      const load = Effect.map(this.loadGroup(group, until), add)
      return (at + 1) % groupsPerPause === 0 ? Effect.andThen(Effect.yieldNow, load) : load
    }, { concurrency, discard: true })
    return Effect.map(work, () => loaded)
  }

  /** Loads, for as long as it runs, the keys that are likely to be read again and would be missed. */
  predict({ intervalMillis, keysMax }: Prediction): Effect.Effect<void> {
    const { random, time } = this.entries.cache
    const { hot } = this.entries
    const lifetime = this.entries.expiry.timeToLive
    // Without memory, reads are not counted, so there is no forecast.
    if (hot === undefined) return Effect.void
    const interval = intervalMillis ?? Math.min(intervalMax, Math.max(intervalMin, lifetime / roundsPerLifetime))
    return Effect.acquireUseRelease(
      Effect.sync(() => {
        const forecast = new ReadForecast(lifetime, random, time.now())
        hot.watch((key, reads) => forecast.note(key, reads, time.now()))
        return forecast
      }),
      (forecast) =>
        Effect.forever(Effect.andThen(BackgroundTimer.sleep(interval), this.predictOnce(forecast, keysMax, interval))),
      () => Effect.sync(() => hot.watch(undefined))
    )
  }

  private readonly predictOnce = Effect.fnUntraced(
    function*(this: Warming<V>, forecast: ReadForecast, keysMax: number, interval: number) {
      const { time } = this.entries.cache
      const until = time.now() + interval
      forecast.nextWindow(time.now())
      const likely: Array<{ readonly key: string; readonly rate: number }> = []
      let looked = 0
      for (const key of Array.from(forecast.keys())) {
        const rate = this.rateOfMissed(forecast, key, until)
        if (rate > 0) likely.push({ key, rate })
        if (++looked % keysPerPassMax === 0) yield* Effect.yieldNow
      }
      const chosen = likely.toSorted((a, b) => b.rate - a.rate).slice(0, keysMax).map(({ key }) => key)
      for (const key of chosen) forecast.renewed(key, time.now())
      yield* this.renew(chosen, until)
    }
  )

  /**
   * The expected reads of a key per millisecond; 0 if its value lasts long enough, or if no read is expected in one
   * lifetime.
   */
  private rateOfMissed(forecast: ReadForecast, key: string, until: number): number {
    if (this.causeToLoad(key, until) === undefined) return 0
    const { time, versions } = this.entries.cache
    const now = time.now()
    const entry = this.entries.held(key)
    const madeAt = entry === undefined ? -Infinity : versions.madeAt(entry)
    const rate = forecast.rate(key, madeAt, now)
    return rate * forecast.lifetime(key, entry && entry.freshUntil - madeAt) >= 1 ? rate : 0
  }

  /** Why a key should be loaded before a reader asks for it; `undefined` if it should not. */
  private causeToLoad(key: string, until: number): Cause | undefined {
    const now = this.entries.cache.time.now()
    if (!this.loads.mayStart(key)) return undefined
    const entry = this.entries.held(key)
    const freshUntil = entry === undefined ? -Infinity : this.entries.freshUntil(key, entry, now)
    if (entry === undefined || now >= freshUntil + Expiry.staleMillisMax(this.entries.expiry)) {
      return this.loads.failures.negative(key, now) === undefined ? "absent" : undefined
    }
    if (this.loads.failures.isBackingOff(key, now)) return undefined
    if (now >= freshUntil) return "stale"
    return freshUntil - entry.costMillis <= until ? "ahead" : undefined
  }

  /** Loads one key by its lookup, or several by one `lookupMany`, and once more if a change has overtaken the load. */
  private loadGroup(keys: ReadonlyArray<string>, until: number, attempts = attemptsMax): Effect.Effect<number> {
    const once = Effect.acquireUseRelease(
      Effect.sync(() => this.start(keys, until)),
      (flights) => {
        const ended = Effect.forEach(new Set(flights.map(({ load }) => load)), waitUntilOver, { discard: true })
        return Effect.as(this.inTime(flights, ended), flights)
      },
      (flights) =>
        Effect.sync(() => {
          for (const flight of flights) flight.letGo()
        })
    )
    return Effect.flatMap(once, (flights) => {
      const isLoaded = ({ exit, isOvertaken }: Flight<V>) =>
        exit?._tag === "Success" && exit.value.tier === "lookup" && !isOvertaken
      const loaded = flights.filter(isLoaded).length
      const overtaken = flights.filter(({ isOvertaken }) => isOvertaken).map(({ key }) => key)
      return overtaken.length === 0 || attempts === 1
        ? Effect.succeed(loaded)
        : Effect.map(this.loadGroup(overtaken, until, attempts - 1), (more) => loaded + more)
    })
  }

  /** Waits for background loads, and not for ever. The time in which they wait for their turns does not count. */
  private inTime(flights: ReadonlyArray<Flight<V>>, ended: Effect.Effect<void>): Effect.Effect<void> {
    const { hardTimeout = backgroundTimeoutMillis } = this.entries.expiry
    const left = (): number => {
      const now = this.entries.cache.time.now()
      const each = flights.map(({ hasEnded, load, startedAt }) =>
        hasEnded ? 0 : load.isInLine ? hardTimeout : load.timeLeft(hardTimeout, startedAt, now)
      )
      return Math.max(0, ...each)
    }
    const wait = (millis: number): Effect.Effect<void> =>
      Effect.timeoutOrElse(ended, {
        duration: millis,
        orElse: () => Effect.suspend(() => left() > 0 ? wait(left()) : Effect.void)
      })
    return wait(hardTimeout)
  }

  private start(keys: ReadonlyArray<string>, until: number): ReadonlyArray<Flight<V>> {
    const wanted: Array<AskedOf<V>> = []
    for (const key of keys) {
      const cause = this.causeToLoad(key, until)
      if (cause !== undefined) wanted.push({ key, cause, isQuiet: true })
    }
    // The flights are held until they have ended, because no reader waits for them.
    return this.loads.startMany(wanted, until)
  }

  private concurrency(): number {
    const { loadConcurrency } = this.entries.expiry
    return Math.min(concurrencyMax, Math.max(1, loadConcurrency - 1))
  }
}

const waitUntilOver = (load: Load): Effect.Effect<void> => load.whenOver()

const inGroups = (keys: ReadonlyArray<string>, size: number): ReadonlyArray<ReadonlyArray<string>> =>
  Array.from({ length: Math.ceil(keys.length / size) }, (_, i) => keys.slice(i * size, (i + 1) * size))
