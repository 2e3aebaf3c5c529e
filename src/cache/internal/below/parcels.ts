/**
 * Defines what a round carries: the changes of a family, and the marks of an engine; and how much may wait for one.
 *
 * Not here: how a round comes about, and what its failure means (`carrier.ts`, `outbox.ts`).
 */
import * as Cause from "effect/Cause"
import * as Deferred from "effect/Deferred"
import * as Exit from "effect/Exit"
import type { Entry } from "../../../store/Entry.ts"
import type { CoarseClock } from "../../../store/shared/coarseClock.ts"
import type { VersionClock } from "../../../store/shared/versionClock.ts"
import type { Mark, Partition, Prepared, Store } from "../../../store/Store.ts"
import { type Operation, StoreError, TierFailed } from "../../../store/StoreError.ts"
import { everything } from "../../shared/slices.ts"
import { scopeOf, splitScope } from "../family/names.ts"
import { writeSlice } from "../marks/familyMarks.ts"
import type { Delivery, Parcel } from "./delivery.ts"
import type { Guard } from "./guard.ts"
import { Written } from "./written.ts"

/** The most keys that wait to be set, and the most that wait to be removed, over all families. */
export const pendingMax = 65_536

/** The most bytes of values that wait to be set, over all families, and the most of one family in one round. */
export const pendingBytesMax = 67_108_864

// Marks of an engine that were in rounds which have failed; beyond, one mark hides what each family has below.
const owedMax = 4_096

/** A key on its way below: with its new entry, or without one if it is removed. */
export interface Pending<V> {
  readonly entry: Entry<V> | undefined
  /** The entry as the partition prepared it, if that was done before the change. */
  readonly prepared: Prepared<V> | undefined
  /** Whether the value below is the same, and only its end has moved. */
  readonly isTouch?: boolean
  /** Whether it replaces what other processes may hold of the key: it does, unless this says `false`. */
  readonly replaces?: boolean
  /** When a caller gave it, where other processes change the key, too. */
  readonly givenAt?: number
  /** Whether it stays whatever other processes have changed, because no lookup could bring it again. */
  readonly prevails?: boolean
  /** What it goes below with, if the tiers there judge its condition. */
  readonly guard?: Guard
}

/** Is called for each failed operation of a tier. */
export type OnFailure = (operation: Operation, error: StoreError) => void

/** What the parcels of one engine in one round share. */
export interface Trip {
  readonly arrived: Deferred.Deferred<void>
  readonly written: Written
}

/** A part of what one engine sends with a round. */
abstract class RoundParcel implements Parcel {
  readonly arrived: Deferred.Deferred<void>
  readonly written: Written
  failure: StoreError | undefined = undefined

  constructor({ arrived, written }: Trip) {
    this.arrived = arrived
    this.written = written
  }
}

/** The changes of one family of one engine in a round. */
export class ChangesParcel<V> extends RoundParcel {
  readonly keys = new Map<string, Pending<V>>()
  /** The conditional writes that go with it. */
  readonly guards = new Set<Guard>()
  /** The keys whose value a caller gave. */
  readonly given = new Set<string>()
  /** The keys of values that stay whatever others change, and that others have changed while they were under way. */
  readonly contested = new Set<string>()
  /** Why the tiers have no room for the values of these keys. */
  readonly refusals = new Map<string, StoreError>()
  removals = 0
  /** Whether the whole family is cleared below before these changes. */
  cleared = false
}

/** A value that a caller gave, on its way. It may be refused, while the rest of its parcel arrives. */
export class GivenParcel implements Parcel {
  private readonly parcel: ChangesParcel<any>
  private readonly key: string

  constructor(parcel: ChangesParcel<any>, key: string) {
    this.parcel = parcel
    this.key = key
    parcel.given.add(key)
  }

  get arrived(): Deferred.Deferred<void> {
    return this.parcel.arrived
  }

  get written(): Written {
    return this.parcel.written
  }

  get failure(): StoreError | undefined {
    return this.parcel.failure ?? this.parcel.refusals.get(this.key)
  }
}

/** The key goes below. */
export const absent: Pending<never> = { entry: undefined, prepared: undefined }

/** What holds of a key whose change below has failed: the cache has nothing of it, and does not know what is there. */
export const distrusted: Pending<never> = { entry: undefined, prepared: undefined }

/** What a parcel makes of a key. */
export const pendingIn = <V>(parcel: ChangesParcel<V> | undefined, key: string): Pending<V> | undefined =>
  parcel === undefined ? undefined : parcel.keys.get(key) ?? (parcel.cleared ? absent : undefined)

/** The marks of one engine in a round. */
export class MarksParcel extends RoundParcel {
  readonly stamps = new Map<string, number>()
  /** The stamp of the first of them, by the name of the family in a store. */
  readonly oldest = new Map<string, number>()
  /** The callbacks of their families. */
  readonly told = new Set<OnFailure>()
  isSensitive = false
}

/** The changes of one engine in one round. */
export class Journey<Lane> implements Trip {
  readonly arrived = Deferred.makeUnsafe<void>()
  readonly written: Written
  readonly lanes = new Set<Lane>()
  readonly parcels: Array<Parcel & { failure: StoreError | undefined }> = []
  marks: MarksParcel | undefined = undefined

  /** `counts` counts the keys that callers have written. */
  constructor(counts: { written: number }) {
    this.written = new Written(counts)
  }

  /** Fails the callers whose changes do not arrive. */
  fail(error: StoreError): void {
    for (const parcel of this.parcels) parcel.failure ??= error
    Deferred.doneUnsafe(this.arrived, Exit.void)
  }
}

/** The marks of rounds that have failed. They go with each round until one has arrived. */
export class OwedMarks {
  private readonly stamps = new Map<string, number>()

  get areSome(): boolean {
    return this.stamps.size > 0
  }

  /** The least stamp of those of a family. */
  oldestOf(family: string): number {
    let oldest = Infinity
    for (const [scope, stamp] of this.stamps) {
      if (stamp < oldest && splitScope(scope).familyName === family) oldest = stamp
    }
    return oldest
  }

  get all(): ReadonlyArray<Mark> {
    return this.stamps.size === 0 ? [] : Array.from(this.stamps, ([scope, stamp]) => ({ scope, stamp }))
  }

  add(marks: Iterable<readonly [scope: string, stamp: number]>): void {
    const { stamps } = this
    const owe = (scope: string, stamp: number) => stamps.set(scope, Math.max(stamp, stamps.get(scope) ?? stamp))
    for (const [scope, stamp] of marks) owe(scope, stamp)
    if (stamps.size <= owedMax) return
    const all = Array.from(stamps)
    stamps.clear()
    for (const [scope, stamp] of all) owe(scopeOf(splitScope(scope).familyName, writeSlice(everything, "hide")), stamp)
  }

  /** A round has arrived with these. */
  repaid(marks: ReadonlyArray<Mark>): void {
    for (const { scope, stamp } of marks) if (this.stamps.get(scope) === stamp) this.stamps.delete(scope)
  }

  /** The engine is closed, and another one over the place is left. */
  passTo(heir: OwedMarks): void {
    if (heir === this) return
    heir.add(this.stamps)
    this.stamps.clear()
  }
}

/** What a carrier needs of the outbox of an engine. */
export interface Sender {
  readonly store: Store["Service"]
  /** Marks that go with each round until one has arrived. Engines of one manifest owe the same. */
  readonly life: { owed: ReadonlyArray<Mark> }
  /** Marks of rounds that have failed. */
  readonly owed: OwedMarks
}

/** The options of a lane: one family of one engine, on its way below. */
export interface LaneOptions<V> {
  /** The name of the family in a store. */
  readonly name: string
  readonly partition: Partition<V>
  /** Whether other processes change the lower tiers, too. */
  readonly isShared: boolean
  /** Whether the cache alone has the values of the family. */
  readonly isAlone: () => boolean
  readonly time: CoarseClock
  readonly versions: VersionClock
  /** Whether failures hide their causes. */
  readonly isSensitive: boolean
  readonly onFailure: OnFailure
  /** Is called when no entry that is below at that time can be trusted. */
  readonly onDistrust: () => void
  /**
   * Is called for a key whose value the lower tiers may not have: there was no room for it, or another process has
   * changed the key while it was under way.
   */
  readonly onLost: (key: string, version: number | undefined) => Delivery
  /** Is called for each key whose entry has not arrived below and will not follow, with the reason. */
  readonly onAlone: (key: string, operation: "prepare" | "write", error: StoreError) => void
  /** The latest stamp up to which no mark concerns an entry. */
  readonly validAt: (key: string, entry: Entry<V>) => number
}

/** The error under which a failure of a tier is reported. */
export const errorOf = (operation: Operation, cause: Cause.Cause<StoreError>): StoreError => {
  const error = Cause.squash(cause)
  return error instanceof StoreError
    ? error
    : new StoreError({ reason: new TierFailed({ tier: "lower", operation, cause: error }) })
}
