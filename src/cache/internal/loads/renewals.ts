/**
 * Begins the loads that renew an entry behind a reader who has got it.
 */
import type { Entry } from "../../../store/Entry.ts"
import type { KeyLookup, Loader } from "../../shared/loader.ts"
import type { Entries } from "../entries/entries.ts"
import * as Expiry from "../family/expiry.ts"
import type { Failures } from "./failures.ts"
import { type Asked, type AskedOf, type Flight, type Renewal, renewalOf } from "./flight.ts"
import type { LoadQueue } from "./loadQueue.ts"
import type { Patience } from "./patience.ts"

/** What it needs from the loads that it begins. */
interface Ground<V> {
  readonly failures: Failures<V>
  readonly isPatient: boolean
  readonly loader: Loader<V> | undefined
  readonly loadQueue: LoadQueue
  readonly patience: Patience
  mayStart(key: string): boolean
  start(loader: Loader<V>, key: string, asked: Asked<V>): Flight<V>
  startMany(asked: ReadonlyArray<AskedOf<V>>): ReadonlyArray<Flight<V>>
}

export class Renewals<V> {
  private readonly entries: Entries<V>
  private readonly ground: Ground<V>

  constructor(entries: Entries<V>, ground: Ground<V>) {
    this.entries = entries
    this.ground = ground
  }

  /** Whether a reader of a fresh entry should have it renewed behind. Each call draws its own random number. */
  isDue(entry: Entry<V>, now: number): boolean {
    const { cache, expiry } = this.entries
    return Expiry.isRefreshDue(expiry, now, entry, cache.versions.madeAt(entry), cache.random.nextDoubleUnsafe())
  }

  /** Begins a load that renews an entry behind its reader. */
  begin(key: string, cause: "ahead" | "stale", entry: Entry<V>, now: number, lookup?: KeyLookup<V>): void {
    // Beyond the bound of background loads, the renewal is left to the next reader.
    if (this.ground.loader === undefined || this.ground.loadQueue.isBackgroundFull || !this.mayRenew(key, now)) return
    if (lookup === undefined && this.ground.loader.lookup === undefined) return
    this.goesOn(this.ground.start(this.ground.loader, key, { ...renewalOf(key, cause, entry), lookup }))
  }

  /** Renews entries behind the reader of all of them: by one `lookupMany`, if the owner has one. */
  beginMany(renewals: ReadonlyArray<Renewal<V>>, now: number): void {
    const wanted = renewals.filter(({ key }) => this.mayRenew(key, now))
    if (wanted.length < 2 || this.ground.loader?.lookupMany === undefined) {
      for (const { cause, fallback, key } of wanted) this.begin(key, cause, fallback, now)
    } else if (!this.ground.loadQueue.isBackgroundFull) this.goOn(this.ground.startMany(wanted))
  }

  /** Whether a key may be renewed by a load of many keys. */
  mayBegin(key: string, now: number): boolean {
    return !this.ground.loadQueue.isBackgroundFull && this.mayRenew(key, now)
  }

  /** The loads of these keys go on behind their readers. */
  goOn(flights: ReadonlyArray<Flight<V>>): void {
    for (const flight of flights) {
      flight.letGo()
      this.goesOn(flight)
    }
  }

  private mayRenew(key: string, now: number): boolean {
    return this.ground.mayStart(key) && !this.ground.failures.isBackingOff(key, now)
  }

  /** A load goes on behind readers who have their answer. If it hung, later readers would get that answer, too. */
  goesOn(flight: Flight<V>): void {
    if (!this.ground.isPatient || flight.hasEnded || flight.sharedSince !== undefined) return
    if (flight.isEmpty) flight.renewBehind()
    this.ground.patience.share(flight)
  }
}
