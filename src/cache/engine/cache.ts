/**
 * Runs the engine: families over one store, with one counter of invalidations and one stream of events.
 *
 * - Every change takes the next stamp, and drops its dependents in the same synchronous step.
 * - Marks that a store has kept apply again from the first read on.
 *
 * Not here: who may call. An engine trusts its caller; grants are checked where a program meets it, in `manifest/`.
 *
 * @since 0.1.0
 */
import type * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Queue from "effect/Queue"
import * as Stream from "effect/Stream"
import type { Lease } from "../../capability/Lease.ts"
import type * as LeaseTable from "../../capability/shared/leaseTable.ts"
import type { Entry } from "../../store/Entry.ts"
import type { CoarseClock } from "../../store/shared/coarseClock.ts"
import type { VersionClock } from "../../store/shared/versionClock.ts"
import type { Store } from "../../store/Store.ts"
import { type Commons, type News } from "../../store/Store.ts"
import { CacheError, WatermarkRefused } from "../CacheError.ts"
import { CacheEvent, type InvalidationMode } from "../CacheEvent.ts"
import type { FamilyStats } from "../CacheMetrics.ts"
import type { Slice } from "../Explanation.ts"
import { both, type Delivery, noDelivery } from "../internal/below/delivery.ts"
import { Outbox } from "../internal/below/outbox.ts"
import { whenKnown } from "../internal/below/whenKnown.ts"
import { type CacheContext, orStoreFailed, orTakenBack } from "../internal/entries/cacheContext.ts"
import { type ChangeListener, Changes } from "../internal/entries/changes.ts"
import { type Heard, type Peer, Peers, type Swept } from "../internal/entries/peers.ts"
import { deletion, judgeAll, type Judged, type Judging, whenJudged } from "../internal/family/judgement.ts"
import { Lengths } from "../internal/family/lengths.ts"
import { splitScope } from "../internal/family/names.ts"
import { storeFailed } from "../internal/family/storeFailed.ts"
import { Spreading } from "../internal/invalidation/spreading.ts"
import { Sweeper } from "../internal/invalidation/sweep.ts"
import { expectedBy, guarded } from "../internal/writes/guarded.ts"
import { asksForRoom, inFreedRoom, roomRefusalOfAll, type Wanted } from "../internal/writes/room.ts"
import { renewTerm } from "../internal/writes/terms.ts"
import type { SetOptions } from "../types/setOptions.ts"
import type { CacheFamily } from "./cacheFamily.ts"

/**
 * One write of a batch. Without a value, it is a deletion.
 *
 * @category models
 * @since 0.1.0
 */
export interface BatchWrite {
  readonly family: CacheFamily<any>
  readonly key: string
  readonly value: { readonly value: unknown } | undefined
  readonly options: SetOptions<Lease>
}

/** Why a value of a batch must not be written now: it must stay, and a transaction forbids to keep it. */
const closedRefusalOf = (
  writes: ReadonlyArray<BatchWrite>,
  judged: ReadonlyArray<Judged<any>>
): CacheError | undefined => {
  for (const [i, { family, options }] of writes.entries()) {
    if (judged[i] === deletion) continue
    const refusal = family.writes.refusals.closedRefusal(judged[i]!, options.ifVersion !== undefined)
    if (refusal !== undefined) return refusal
  }
  return undefined
}

/** The values of a batch that ask for room. */
const wantedBy = (writes: ReadonlyArray<BatchWrite>, judged: ReadonlyArray<Judged<any>>): Wanted => {
  const byFamily = new Map<CacheFamily<any>, Array<Judged<any>>>()
  for (const [i, { family }] of writes.entries()) {
    if (judged[i] === deletion || !asksForRoom(family.entries)) continue
    const own = byFamily.get(family)
    if (own === undefined) byFamily.set(family, [judged[i]!])
    else own.push(judged[i]!)
  }
  return Array.from(byFamily, ([{ entries }, own]) => [entries, own])
}

// How far a listener may fall behind, in events and in characters of their keys. Beyond that, it loses the oldest
// events.
const eventsMax = 16_384
const eventCharactersMax = 4_194_304

/** An event, and how many came before it since its listener began. */
interface Numbered {
  readonly number: number
  readonly event: CacheEvent
}

/**
 * The engine. It checks no rights: a caller that has it may read and write everything.
 *
 * @category models
 * @since 0.1.0
 */
export class Cache implements CacheContext, Peer {
  readonly id: string
  readonly manifestKey: string
  readonly store: Store["Service"]
  readonly isShared: boolean
  readonly time: CoarseClock
  readonly versions: VersionClock
  readonly random: { nextDoubleUnsafe(): number }
  readonly changes = new Changes()
  /** The table that grants leases on its keys. */
  readonly leases: LeaseTable.LeaseTable
  readonly families = new Map<string, CacheFamily<any>>()
  /** By the names by which a store knows them. */
  readonly byStoreName = new Map<string, CacheFamily<any>>()
  hasListeners = false
  readonly spread = new Spreading(this)
  readonly outbox: Outbox
  readonly peers: Peers
  private readonly commons: Commons
  readonly sweeper = new Sweeper(this, (name) => {
    const family = this.families.get(name)!
    return family.entries.marking.sweepDue.isStillDue() ? Effect.ignore(family.sweepMarks) : Effect.void
  })
  openedAt = 0
  openedAtMillis = 0
  // The greatest version of an entry of an earlier engine that was found below. Later entries get greater versions.
  private versionBefore = 0
  private readonly listeners = new Map<(event: CacheEvent) => void, Queue.Enqueue<Numbered, Cause.Done>>()
  private isClosed = false

  constructor(
    id: string,
    store: Store["Service"],
    time: CoarseClock,
    versions: VersionClock,
    random: { nextDoubleUnsafe(): number },
    leases: LeaseTable.LeaseTable,
    manifestKey = id
  ) {
    this.id = id
    this.manifestKey = manifestKey
    this.store = store
    this.isShared = store.news !== undefined
    this.time = time
    this.versions = versions
    this.random = random
    this.leases = leases
    this.commons = store.commons
    this.peers = new Peers(store.commons)
    this.outbox = new Outbox(store, this.peers.carrier)
  }

  whenRoom<A, E>(step: () => Effect.Effect<A, E>): Effect.Effect<A, E> {
    return Effect.suspend(() => this.inRoom(step))
  }

  inRoom<A, E>(step: () => Effect.Effect<A, E>): Effect.Effect<A, E> {
    return this.outbox.isFull ? Effect.andThen(this.outbox.room, this.whenRoom(step)) : step()
  }

  // All engines over one place share these counters, so a mark of one engine can judge the entries of another.

  get stamp(): number {
    return this.commons.stamp
  }

  nextStamp(): number {
    return ++this.commons.stamp
  }

  get version(): number {
    return this.commons.version
  }

  nextVersion(nowMillis: number): number {
    return this.versions.next(nowMillis)
  }

  saw({ stamp, version }: Entry<unknown>): void {
    if (stamp < this.openedAt) this.versionBefore = Math.max(this.versionBefore, version)
    this.versions.saw(version)
  }

  // The version is compared as well, because the stamp rises when the entry is found valid.
  isFromBefore({ stamp, version }: Entry<unknown>): boolean {
    return stamp < this.openedAt || version <= this.versionBefore
  }

  tell(family: string, heard: Heard): void {
    if (this.peers.areSome) this.peers.tell(this, family, heard)
  }

  get hasPeers(): boolean {
    return this.peers.areSome
  }

  isRefreshedElsewhere(family: string, key: string): boolean {
    return this.peers.areSome && this.peers.isRefreshedElsewhere(this, family, key)
  }

  isRefreshing(family: string, key: string): boolean {
    return this.families.get(family)?.loads.refreshOf(key) !== undefined
  }

  hear(family: string, heard: Heard): void {
    this.families.get(family)?.hear(heard)
  }

  /** Applies what other processes have changed. Families of other manifests are not known here. */
  readonly hearNews = (news: News): void => {
    switch (news._tag) {
      case "Changed":
        for (const [name, key] of news.keys) this.byStoreName.get(name)?.hearChanged(key)
        for (const { scope, stamp } of news.marks) {
          const { familyName, marked } = splitScope(scope)
          this.byStoreName.get(familyName)?.hearMark(marked, stamp)
        }
        return
      case "Cleared":
        for (const name of news.families) this.byStoreName.get(name)?.hearGone(news.stamp)
        return
      case "Missed":
        for (const family of this.families.values()) family.hearGone(news.stamp)
    }
  }

  /** How far this process has heard what other processes change; the empty text where none do. */
  readonly watermark: Effect.Effect<string, CacheError> = Effect.suspend(() => {
    const { knowing } = this.store
    if (knowing === undefined) return Effect.succeed("")
    // A write without an Effect has returned before it has arrived.
    return Effect.mapError(Effect.andThen(this.outbox.settledWhole, knowing.watermark), storeFailed)
  })

  /** Waits until this process has heard what a watermark names. */
  reach(watermark: string): Effect.Effect<void, CacheError> {
    const { knowing } = this.store
    if (knowing === undefined && watermark === "") return Effect.void
    const reached = knowing?.reach(watermark) ?? Effect.succeed(false)
    return Effect.flatMap(
      Effect.mapError(reached, storeFailed),
      (is) =>
        is
          ? Effect.void
          : Effect.fail(new CacheError({ reason: new WatermarkRefused({ isShared: knowing !== undefined }) }))
    )
  }

  /**
   * Calls a function for each change, in the step that makes it and before any other code can run. Returns the function
   * that removes it again. The listener must not use the cache: see `internal/entries/changes.ts`.
   */
  onChange(listener: ChangeListener): () => void {
    return this.changes.listen(listener)
  }

  get stats(): { readonly [family: string]: FamilyStats } {
    return Object.fromEntries(Array.from(this.families, ([name, family]) => [name, family.stats]))
  }

  // --- events -----------------------------------------------------------------------------------

  emit(event: CacheEvent): void {
    // All listeners get the same object.
    Object.freeze(event)
    for (const listener of this.listeners.keys()) listener(event)
  }

  /**
   * The events from the moment when the stream runs until the cache closes, which ends the stream. A slow listener
   * loses the oldest events, and gets a `Lagged` with their number in their place.
   */
  readonly events: Stream.Stream<CacheEvent> = Stream.suspend(() => {
    let next = 0
    return Stream.mapArray(this.numbered, (all) => {
      const events: Array<CacheEvent> = []
      for (const { event, number } of all) {
        if (number > next) events.push(Object.freeze(CacheEvent.Lagged({ count: number - next })))
        events.push(event)
        next = number + 1
      }
      return events as [CacheEvent, ...Array<CacheEvent>]
    })
  })

  // A gap in the numbers shows what a listener has missed, so a listener that keeps up costs nothing more than them.
  private readonly numbered: Stream.Stream<Numbered> = Stream.callback<Numbered>((queue) =>
    Effect.acquireRelease(
      Effect.sync(() => {
        const lengths = new Lengths()
        let number = 0
        const listener = (event: CacheEvent) => {
          const length = lengthOf(event)
          lengths.keepLast(Queue.sizeUnsafe(queue))
          while (lengths.sum + length > eventCharactersMax && Queue.takeUnsafe(queue) !== undefined) lengths.shift()
          Queue.offerUnsafe(queue, { number: number++, event })
          lengths.push(length)
        }
        this.listen(listener, queue)
        return listener
      }),
      (listener) => Effect.sync(() => this.unlisten(listener))
    ), { bufferSize: eventsMax, strategy: "sliding" })

  private listen(listener: (event: CacheEvent) => void, queue: Queue.Enqueue<Numbered, Cause.Done>): void {
    if (this.isClosed) return void Queue.endUnsafe(queue)
    this.listeners.set(listener, queue)
    this.hasListeners = true
    for (const family of this.families.values()) family.noteListeners(true)
  }

  private unlisten(listener: (event: CacheEvent) => void): void {
    this.listeners.delete(listener)
    this.hasListeners = this.listeners.size > 0
    for (const family of this.families.values()) family.noteListeners(this.hasListeners)
  }

  /** Ends the streams of events. Each listener first gets the events that it has not taken yet. */
  close(): void {
    this.isClosed = true
    for (const queue of this.listeners.values()) Queue.endUnsafe(queue)
  }

  sweepSoon(family: string): void {
    this.sweeper.ask(family)
  }

  sweepAt(family: string, atMillis: number): void {
    this.sweeper.askAt(family, atMillis)
  }

  sweptOf(family: string): ReadonlyArray<Swept> {
    return this.peers.of(this).map((peer) => peer.swept(family))
  }

  swept(family: string): Swept {
    return this.families.get(family)!.swept
  }

  sendOwed(): void {
    const [family] = this.families.values()
    void family?.entries.sendOwed()
  }

  outlive(): void {
    this.spread.ofLeft()
  }

  // --- invalidation -----------------------------------------------------------------------------

  /**
   * Notes that the engine is open. The lower tiers hold entries of earlier engines; from here on the engine knows which
   * entry is made from which.
   */
  opened(): void {
    const families = Array.from(this.families.values())
    if (!families.some(({ entries }) => entries.lane !== undefined)) return
    this.openedAt = this.stamp
    this.openedAtMillis = this.time.now()
    for (const { entries } of families) entries.before.openedAt(this.openedAt)
    this.spread.ofRestart(this.openedAt)
  }

  /** Drops the slices of several families, and everything that depends on them, in one step. */
  dropSlices(
    slices: ReadonlyArray<readonly [family: CacheFamily<any>, slice: Slice]>,
    mode: InvalidationMode
  ): Effect.Effect<void, CacheError> {
    return Effect.suspend(() => {
      const refusal = this.changes.refusal(this.id)
      if (refusal !== undefined) return Effect.fail(refusal)
      const stamp = this.nextStamp()
      let delivery = noDelivery
      for (const [family, slice] of slices) {
        delivery = both(delivery, family.invalidation.applyDropSlice(slice, mode, stamp))
      }
      return orStoreFailed(delivery)
    })
  }

  /**
   * Does all writes or none. Readers see all of them at the same time, and dependents are dropped in the same step.
   *
   * If a batch writes a key several times, the last write counts. Each condition is compared with the version from
   * before the batch. If a tier refuses, memory keeps none of the written values: the keys are absent, and the next
   * read loads them.
   */
  batch(writes: ReadonlyArray<BatchWrite>): Effect.Effect<void, CacheError> {
    const plain = this.batchShort(writes)
    if (plain !== undefined) return plain
    const conditional = writes.filter(({ options }) => options.ifVersion !== undefined)
    const ends = writes.map(({ family }) => family.writes.refusals.ends)
    return whenJudged(
      judgeAll(writes, judgeWrite),
      (judged) => {
        const wanted = wantedBy(writes, judged)
        const step = () => {
          const holdings = conditional.map(({ family, key }) => family.writes.holding(key))
          return whenKnown(holdings, (held) => {
            const known = new Map(conditional.map((write, i) => [write, held?.[i]]))
            for (const [i, write] of writes.entries()) {
              const conflict = write.family.writes.refusals.goneSince(ends[i]!) ??
                write.family.writes.refusals.conflictOf(
                  write.key,
                  write.options,
                  known.get(write),
                  held !== undefined,
                  write.value === undefined
                )
              if (conflict !== undefined) return Effect.fail(conflict)
            }
            const full = closedRefusalOf(writes, judged) ?? roomRefusalOfAll(wanted)
            if (full !== undefined) return Effect.fail(full)
            const apply = () => this.applyBatch(writes, judged)
            if (conditional.length === 0) return apply()
            const keys = writes.map((write) => {
              const { family: { entries }, key, options } = write
              const expected = expectedBy(options, known.get(write), holdings[conditional.indexOf(write)])
              return { entries, key, expected }
            })
            return guarded(this, keys, apply, Effect.fail)
          })
        }
        return inFreedRoom(wanted, () => this.inRoom(step))
      }
    )
  }

  /** Applies a batch of values without options the short way of `set`, where that is open to all of them. */
  private batchShort(writes: ReadonlyArray<BatchWrite>): Effect.Effect<void, CacheError> | undefined {
    for (const { family, options, value } of writes) {
      if (value === undefined || !areNone(options) || !family.writes.steps.admitsShortWay(value.value)) return undefined
    }
    for (const { family } of writes) if (!family.writes.steps.isShortWayOpen) return undefined
    const stamp = this.nextStamp()
    let delivery = noDelivery
    for (const { family: { invalidation }, key } of writes) {
      delivery = both(delivery, invalidation.spread(key, "hide"))
    }
    this.spread.beginChange()
    try {
      for (const { family, key, value } of writes) {
        delivery = both(delivery, family.writes.steps.putShort(key, value!.value, stamp))
      }
    } finally {
      this.spread.endChange()
    }
    return this.batched(writes, both(delivery, this.spread.ofChange(() => keysOf(writes))))
  }

  private batched(writes: ReadonlyArray<BatchWrite>, delivery: Delivery): Effect.Effect<void, CacheError> {
    if (delivery === noDelivery) return Effect.void
    const { version } = this
    return orTakenBack(delivery, writes.map(({ family, key }) => [family.writes.steps, key, version]))
  }

  private applyBatch(
    writes: ReadonlyArray<BatchWrite>,
    judged: ReadonlyArray<Judged<any>>
  ): Effect.Effect<void, CacheError> {
    const stamp = this.nextStamp()
    let delivery = noDelivery
    // All removals come first, so that a value of the batch stays even if it depends on another one.
    for (const { family: { invalidation }, key, value } of writes) {
      const removed = value === undefined ? invalidation.applyDelete(key, stamp) : invalidation.spread(key, "hide")
      delivery = both(delivery, removed)
    }
    this.spread.beginChange()
    try {
      delivery = both(delivery, this.applyWrites(writes, judged, stamp))
    } finally {
      this.spread.endChange()
    }
    return this.batched(writes, both(delivery, this.spread.ofChange(() => keysOf(writes))))
  }

  private applyWrites(
    writes: ReadonlyArray<BatchWrite>,
    judged: ReadonlyArray<Judged<any>>,
    stamp: number
  ): Delivery {
    let delivery = noDelivery
    // The last write of a key counts, so a deletion removes a value that the batch wrote before it.
    const written = judged.includes(deletion) ? new Map<CacheFamily<any>, Set<string>>() : undefined
    for (let i = 0; i < writes.length; i++) {
      const { family, key, options } = writes[i]!
      if (judged[i] !== deletion) {
        delivery = both(delivery, family.writes.steps.applyWrite(judged[i]!, stamp))
        renewTerm(family.cache, options, judged[i]!.tags)
        if (written !== undefined) written.set(family, (written.get(family) ?? new Set()).add(key))
      } else if (written?.get(family)?.has(key)) {
        delivery = both(delivery, family.invalidation.dropKey(key, "hide", stamp, family.name))
      }
    }
    return delivery
  }
}

const areNone = (options: SetOptions<Lease>): boolean => {
  for (const _ in options) return false
  return true
}

const keysOf = (writes: ReadonlyArray<BatchWrite>): ReadonlyArray<readonly [family: string, key: string]> =>
  writes.map(({ family, key }) => [family.name, key])

const judgeWrite = ({ family, key, options, value }: BatchWrite): Judging<Judged<any>> =>
  value === undefined ? deletion : family.writes.judge(key, value.value, options)

/** The length of the names in an event, which may be long. */
const lengthOf = (event: CacheEvent): number =>
  "key" in event ? event.key.length : "scope" in event ? event.scope.length : 0
