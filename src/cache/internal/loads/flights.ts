/**
 * Knows which loads of a family run. Of each key there are at most two: one that readers join, and one that its key has
 * overtaken, which still has to answer the readers who joined it (law 5).
 *
 * Not here: how a load begins and ends (`loads.ts`), and the states of one load (`flight.ts`).
 */
import type { Entries } from "../entries/entries.ts"
import { noTags } from "../family/judgement.ts"
import type { Flight } from "./flight.ts"
import type { Load } from "./load.ts"

// The most lookups of one key at a time: one that was overtaken and still has to answer the readers who joined it, and
// one whose value may be stored.
export const lookupsPerKeyMax = 2

export class Flights<V> {
  private readonly joinables = new Map<string, Flight<V>>()
  private readonly all = new Set<Flight<V>>()
  /**
   * The load whose lookup is being called in the step of its reader. It is entered among the others only if some other
   * step asks for them meanwhile: most lookups return before any can.
   */
  private here: Flight<V> | undefined = undefined
  /** By key, the loads that no reader joins any more, because the key has changed or a later load runs. */
  readonly overtaken = new Map<string, Set<Flight<V>>>()
  private readonly entries: Entries<V>

  constructor(entries: Entries<V>) {
    this.entries = entries
  }

  /** The loads that a reader may join. */
  get byKey(): Map<string, Flight<V>> {
    if (this.here !== undefined) this.enter(this.here)
    return this.joinables
  }

  /** All loads that run: those that a reader may join, and those that still have to answer the readers who joined. */
  get running(): Set<Flight<V>> {
    if (this.here !== undefined) this.enter(this.here)
    return this.all
  }

  /** Whether no load runs. */
  get areNone(): boolean {
    return this.byKey.size === 0 && this.overtaken.size === 0
  }

  /** Whether no load of the key runs, and none of any key that was overtaken. */
  hasNone(key: string): boolean {
    return this.overtaken.size === 0 && (this.byKey.size === 0 || !this.byKey.has(key))
  }

  /** The flight of a key that was not set aside. */
  at(key: string): Flight<V> | undefined {
    return this.byKey.size === 0 ? undefined : this.byKey.get(key)
  }

  /** All flights of a key. */
  of(key: string): ReadonlyArray<Flight<V>> {
    const current = this.at(key)
    return [...this.asideOf(key), ...current === undefined ? [] : [current]]
  }

  /** The flights of a key that no reader joins any more. */
  asideOf(key: string): Iterable<Flight<V>> {
    return this.overtaken.size === 0 ? [] : this.overtaken.get(key) ?? []
  }

  /** The loads of a key that run. */
  loadsOf(key: string): ReadonlyArray<Load> {
    return this.of(key).map(({ load }) => load)
  }

  /** The other flights of its key. */
  beside(flight: Flight<V>): ReadonlyArray<Flight<V>> {
    return this.overtaken.size === 0 ? [] : this.of(flight.key).filter((other) => other !== flight)
  }

  /** The loads of a key that began before this one. */
  before(flight: Flight<V>): ReadonlyArray<Flight<V>> {
    if (this.overtaken.size === 0) return []
    const all = Array.from(this.asideOf(flight.key))
    const at = all.indexOf(flight)
    return at < 0 ? all : all.slice(0, at)
  }

  /** The loads of a key that began after this one, and that the key has not overtaken. */
  after(flight: Flight<V>): ReadonlyArray<Flight<V>> {
    const before = this.before(flight)
    return this.beside(flight).filter((other) => !other.isOvertaken && !before.includes(other))
  }

  /** The flight that a reader of the key may join now. */
  joinable(key: string): Flight<V> | undefined {
    const flight = this.byKey.get(key)
    return flight !== undefined && !flight.isContested && this.isOpen(flight) && this.rests(flight)
      ? flight
      : undefined
  }

  /** Whether a reader who comes now may get its value: no source that it has read has ended. */
  private rests({ key, load }: Flight<V>): boolean {
    return load.restsUntil === Infinity || this.entries.cache.time.now() < load.joinableUntil(key)
  }

  /** Whether its value may be stored, whatever the tags of the value will be. */
  isOpen({ isCurrent, key, stamp }: Flight<V>): boolean {
    return isCurrent && this.entries.judge(key, stamp, noTags) === "valid"
  }

  /**
   * The loads whose value may still be stored, of one key or of all: those that readers join, and those that a tag has
   * closed, beside which a later load may run.
   */
  mayStore(key?: string): ReadonlyArray<Flight<V>> {
    const all = key === undefined ? Array.from(this.running) : this.of(key)
    return all.filter(({ isOvertaken }) => !isOvertaken)
  }

  /** Whether no further lookup of the key may run. */
  isCrowded(key: string): boolean {
    return this.overtaken.size > 0 &&
      (this.overtaken.get(key)?.size ?? 0) + (this.byKey.has(key) ? 1 : 0) >= lookupsPerKeyMax
  }

  /** Adds a flight that readers may join. */
  enter(flight: Flight<V>): void {
    if (this.here === flight) this.here = undefined
    this.all.add(flight)
    this.joinables.set(flight.key, flight)
  }

  /** Notes the flight whose lookup is about to be called in the step of its reader. */
  beginHere(flight: Flight<V>): void {
    this.here = flight
  }

  /** The lookup has not returned in the step of its reader: from now on its flight is one of the others. */
  goOnBeyond(flight: Flight<V>): void {
    if (this.here === flight) this.enter(flight)
  }

  /** No reader joins the flight any more, but it still has to answer the readers who have joined it. */
  setAside(flight: Flight<V>): void {
    const { key } = flight
    this.byKey.delete(key)
    const others = this.overtaken.get(key)
    if (others === undefined) this.overtaken.set(key, new Set([flight]))
    else others.add(flight)
  }

  /**
   * A tag was invalidated. The tags of a loaded value are known only when its load ends, so the value is judged then.
   * Until then no further reader joins the load.
   */
  closeAll(): void {
    for (const flight of this.running) flight.close()
  }

  /** Forgets a flight that has ended. */
  remove(flight: Flight<V>): void {
    if (this.here === flight) {
      this.here = undefined
      return
    }
    const { key } = flight
    if (this.byKey.get(key) === flight) this.byKey.delete(key)
    else if (this.overtaken.size > 0) {
      const others = this.overtaken.get(key)
      others?.delete(flight)
      if (others?.size === 0) this.overtaken.delete(key)
    }
    this.running.delete(flight)
  }
}
