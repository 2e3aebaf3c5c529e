/**
 * Entries on their way from a tier that pushed them out to the one below.
 *
 * Such an entry is in no tier, so its permit carries it (`keyOrder.ts`), and reads are answered from there until it has
 * landed. A value whose codec takes its time waits beside the others, and holds up none of them.
 *
 * - What there is no room to carry, what a tier refuses, and what is not prepared in time, is lost: it has left the
 *   last tier.
 * - Nothing goes down while a tier still has what a failed round was to take away (`owing.ts`).
 * - A writer waits while many entries are on their way ({@link Demotions.room}), so that writes do not fill the room.
 *
 * Not here: what a sweep does to entries on their way, and which writes void them. The order does that.
 */
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Latch from "effect/Latch"
import * as Result from "effect/Result"
import * as Semaphore from "effect/Semaphore"
import * as Stream from "effect/Stream"
import type { Entry, Found } from "../Entry.ts"
import * as AnswerTime from "../shared/answerTime.ts"
import type { VersionClock } from "../shared/versionClock.ts"
import type { Change, FreshUntilMax, HotPartition, Mark, Prepared, PreparedEntry } from "../Store.ts"
import { StoreError, TierTimeout } from "../StoreError.ts"
import { type Carrying, type KeyOrder, limited } from "./keyOrder.ts"
import type { Owing } from "./owing.ts"
import { keysOf, type Tier, writeTo } from "./tieredTier.ts"

/** Entries that one write below carries. */
const perWriteMax = 256

/** Entries on their way from which on a writer waits. */
const crowdedMin = 4_096

/** Codecs that take their time, at once in a family, and how long one has. */
const slowAtOnceMax = 16
const codecMillisMax = 30_000

/** The sweeps of a family that run: they judge an entry that is copied from tier to tier where it lands. */
export class Sweeps {
  readonly #running = new Set<FreshUntilMax>()

  /** Runs with every copy judged that lands from now on. */
  during<A, E>(freshUntilMax: FreshUntilMax, use: Effect.Effect<A, E>): Effect.Effect<A, E> {
    return Effect.acquireUseRelease(
      Effect.sync(() => this.#running.add(freshUntilMax)),
      () => use,
      () => Effect.sync(() => this.#running.delete(freshUntilMax))
    )
  }

  /** An entry as these sweeps leave it; `undefined` where one of them removes it. */
  judge<V>(key: string, entry: Entry<V>): Entry<V> | undefined {
    let judged: Entry<V> | undefined = entry
    for (const freshUntilMax of this.#running) judged = judged && limited(key, judged, freshUntilMax)
    return judged
  }
}

/** Receives an entry that a tier has pushed out, and that the tier below has not taken. */
export type Lost<V> = (key: string, entry: Entry<V>) => void

type Made<V> = Exit.Exit<Prepared<V>, StoreError>

interface Demotion<V> {
  readonly to: number
  readonly permit: Carrying<V>
  /** What the lower tier made of it, where that took its time. */
  made: Made<V> | undefined
}

export interface DemotionsOptions<V> {
  readonly order: KeyOrder
  readonly sweeps: Sweeps
  readonly tiers: ReadonlyArray<Tier<V>>
  readonly lost: Lost<V>
  /** Marks that go with each write: nothing of the family may be below without them. */
  readonly owed: () => ReadonlyArray<Mark>
  /** Nothing goes down while something is owed. */
  readonly owing: Owing
  readonly versions: VersionClock
}

export class Demotions<V> {
  readonly #order: KeyOrder
  readonly #sweeps: Sweeps
  readonly #tiers: ReadonlyArray<Tier<V>>
  readonly #lost: Lost<V>
  readonly #owing: Owing
  readonly #owed: () => ReadonlyArray<Mark>
  readonly #versions: VersionClock
  readonly #wake = Latch.makeUnsafe(false)
  readonly #room = Latch.makeUnsafe(true)
  readonly #waiting = new Set<Demotion<V>>()
  /** The demotions whose codec waits. */
  readonly #slow = new Map<Demotion<V>, Fiber.Fiber<void>>()
  readonly #codecs = Semaphore.makeUnsafe(slowAtOnceMax)
  #version = 0
  #writes = 0
  #isEnding = false

  constructor({ order, lost, owed, owing, sweeps, tiers, versions }: DemotionsOptions<V>) {
    this.#versions = versions
    this.#lost = lost
    this.#owed = owed
    this.#owing = owing
    this.#order = order
    this.#sweeps = sweeps
    this.#tiers = tiers
  }

  /** A write of these entries begins. Later ones have greater versions. */
  began(entries: ReadonlyArray<Entry<V>>): void {
    for (const { version } of entries) this.#version = Math.max(this.#version, version)
  }

  /** A tier has pushed out an entry. */
  offer(from: number, key: string, entry: Entry<V>): void {
    // What is put into memory by its synchronous door is on its way in a round, which takes down what memory has pushed
    // out by then. Here it would overtake that round, and a crash in between would tear the change that it is part of.
    const isFromMemory = from === 0 && this.#tiers[0]!.partition.hot !== undefined
    if (isFromMemory && entry.version > this.#version) return
    this.add(from + 1, key, isFromMemory ? this.#versions.inWallTime(entry) : entry)
  }

  /** An entry is to be in a tier, and is in none that is hotter. */
  add(to: number, key: string, entry: Entry<V>): void {
    const permit = this.#order.carry(key, entry, this.#tiers[to]!.name)
    if (permit === undefined) return this.#lost(key, entry)
    this.#waiting.add({ to, permit, made: undefined })
    if (this.#isCrowded) this.#room.closeUnsafe()
    this.#wake.openUnsafe()
  }

  /**
   * What reads find of keys that are in no lower tier, as if it were in this one: entries on their way, and those that
   * only the memory of another engine holds. `undefined` where there are none.
   */
  find(
    tier: string,
    keys: ReadonlyArray<string>,
    own: HotPartition<V> | undefined
  ): Effect.Effect<ReadonlyArray<Found<V> | undefined> | undefined> {
    const { tops } = this.#order
    if (this.#order.carried === 0 && tops.size < 2) return Effect.undefined
    return Effect.clockWith((clock) => {
      const now = clock.currentTimeMillisUnsafe()
      const found = keys.map((key): Found<V> | undefined => {
        let entry: Entry<V> | undefined = this.#order.carriedOf(key)?.entry
        for (const top of tops.keys()) if (top !== own) entry ??= this.#heldBy(top, key)
        return entry === undefined || entry.expiresAt <= now ? undefined : { entry, tier }
      })
      return Effect.succeed(found.some((one) => one !== undefined) ? found : undefined)
    })
  }

  /** What a memory tier holds of a key, as a lower tier gets it. */
  #heldBy(top: HotPartition<V>, key: string): Entry<V> | undefined {
    const entry = top.peek(key)
    return entry && this.#versions.inWallTime(entry)
  }

  /** Waits, where much is on its way, until there is room again. */
  get room(): Effect.Effect<void> {
    return this.#room.await
  }

  readonly run: Effect.Effect<never> = Effect.forever(Effect.suspend(() => {
    this.#wake.closeUnsafe()
    return Effect.andThen(this.#writeWaiting, this.#wake.await)
  }))

  readonly #writeWaiting: Effect.Effect<void> = Effect.suspend(() => {
    if (this.#owing.isOwed) {
      return this.#isEnding ? Effect.void : Effect.andThen(this.#owing.paid, this.#writeWaiting)
    }
    const batch = this.#batch()
    return batch.length === 0 ? Effect.void : Effect.andThen(this.#carry(batch), this.#writeWaiting)
  })

  // For one tier, as many as one write takes.
  #batch(): ReadonlyArray<Demotion<V>> {
    const batch: Array<Demotion<V>> = []
    for (const demotion of this.#waiting) {
      if (demotion.permit.isVoid) this.#end(demotion)
      else if (demotion.to === (batch[0] ?? demotion).to && batch.push(demotion) === perWriteMax) break
    }
    return batch
  }

  #end(demotion: Demotion<V>): void {
    this.#waiting.delete(demotion)
    this.#slow.delete(demotion)
    this.#order.end(demotion.permit)
    if (!this.#isCrowded) this.#room.openUnsafe()
  }

  get #isCrowded(): boolean {
    return this.#waiting.size + this.#slow.size >= crowdedMin
  }

  #carry(batch: ReadonlyArray<Demotion<V>>): Effect.Effect<void> {
    const written = batch.flatMap(({ permit }) => permit.after ?? [])
    return Effect.uninterruptibleMask((restore) =>
      // A write that has brought one of them, and still runs, comes first.
      Effect.andThen(
        restore(Effect.forEach(new Set(written), Deferred.await, { discard: true })),
        Effect.suspend(() => {
          // It may be what that write was to bring, and the write has failed.
          if (this.#owing.isOwed) return Effect.void
          const slow: Array<Effect.Effect<void>> = []
          const ready = batch.filter((demotion) => {
            if (demotion.made !== undefined) return true
            const made = this.#tiers[demotion.to]!.prepare(demotion.permit.key, demotion.permit.entry)
            if (Exit.isExit(made)) demotion.made = made as Made<V>
            else slow.push(this.#prepare(demotion, made))
            return demotion.made !== undefined
          })
          const byPermit = new Map(ready.map((demotion) => [demotion.permit, demotion]))
          const land = this.#order.land(
            ready.map(({ permit }) => permit),
            (holding) => this.#land(holding.map((permit) => byPermit.get(permit)!))
          )
          const ended = Effect.sync(() => ready.forEach((demotion) => this.#end(demotion)))
          return Effect.andThen(Effect.all(slow, { discard: true }), Effect.ensuring(land, ended))
        })
      )
    )
  }

  /** Has a codec make it in the background; it waits again when that is done. */
  #prepare(demotion: Demotion<V>, made: Effect.Effect<Prepared<V>, StoreError>): Effect.Effect<void> {
    const { name: tier } = this.#tiers[demotion.to]!
    const tooLate = new StoreError({
      reason: new TierTimeout({ tier, operation: "prepare", timeoutMillis: codecMillisMax })
    })
    const inTime = AnswerTime.timeoutOrElse(this.#codecs.withPermit(made), {
      duration: codecMillisMax,
      orElse: () => Effect.fail(tooLate)
    })
    const work = Effect.map(Effect.exit(inTime), (exit) => {
      demotion.made = exit
      if (!this.#slow.delete(demotion)) return
      this.#waiting.add(demotion)
      this.#wake.openUnsafe()
    })
    this.#waiting.delete(demotion)
    return Effect.map(Effect.forkDetach(Effect.interruptible(work)), (fiber) => {
      this.#slow.set(demotion, fiber)
    })
  }

  #land(demotions: ReadonlyArray<Demotion<V>>): Effect.Effect<void> {
    const set: Array<PreparedEntry<V>> = []
    const removed: Array<string> = []
    for (const { made, permit: { entry, key } } of demotions) {
      const judged = this.#sweeps.judge(key, entry)
      if (judged === undefined) continue
      if (Exit.isSuccess(made!)) set.push({ key, entry: judged, prepared: made.value })
      else {
        removed.push(key)
        this.#lost(key, entry)
      }
    }
    return set.length + removed.length === 0 ? Effect.void : this.#write(demotions[0]!.to, removed, set)
  }

  // One that does not fit must not take the others along.
  #write(
    to: number,
    removed: ReadonlyArray<string>,
    set: ReadonlyArray<PreparedEntry<V>>
  ): Effect.Effect<void> {
    const tier = this.#tiers[to]!
    const change = { partition: tier.partition, cleared: false, removed, set }
    const owed = this.#owed()
    const write = (change: Change<V>, marks: ReadonlyArray<Mark>) =>
      writeTo(tier.store, noReport, [{ tier, change }], marks)
    const written = Effect.flatMap(
      Effect.result(this.#tell(to, owed)),
      (told) =>
        Result.isSuccess(told)
          ? write(change, owed)
          // What is not taken must not leave the values before in their place.
          : Effect.as(write({ ...change, removed: keysOf(change), set: [] }, []), { error: told.failure })
    )
    return Effect.flatMap(written, (refusal) => {
      this.#writes++
      if (refusal === undefined) return Effect.void
      if (set.length > 1 && isOfOne(refusal.error)) {
        return Effect.forEach(set, (one) => this.#write(to, [], [one]), { discard: true })
      }
      return Effect.sync(() => {
        for (const { entry, key } of set) this.#lost(key, entry)
      })
    })
  }

  // The tiers below learn of it first, because they may outlive the tier that takes the entries.
  #tell(to: number, owed: ReadonlyArray<Mark>): Effect.Effect<void, StoreError> {
    if (owed.length === 0) return Effect.void
    const below = this.#tiers.slice(to + 1).toReversed()
    return Effect.forEach(below, ({ store }) => store.recordMarks(owed), { discard: true })
  }

  /** How many writes have ended. */
  readonly progress = (): number => this.#writes

  /**
   * Writes below what waits, and then what the tiers above the lowest still hold. Where a tier still has what it was to
   * forget, all of that is lost: beside a dependent that is older, the next process would find it.
   */
  readonly drain: Effect.Effect<void> = Effect.suspend(() => {
    this.#isEnding = true
    return Effect.andThen(
      this.#settle,
      this.#owing.isOwed ? Effect.void : Effect.forEach(this.#tiers.slice(0, -1).toReversed(), (tier) => {
        const { hot } = tier.partition
        const to = this.#tiers.indexOf(tier) + 1
        const push = Stream.runForEachArray(tier.partition.entries, (entries) =>
          Effect.suspend(() => {
            for (const [key, entry] of entries) {
              // It may have changed since the stream has given it.
              const now = hot === undefined ? entry : this.#heldBy(hot, key)
              if (now !== undefined) this.add(to, key, now)
            }
            return this.#settle
          }))
        return tier.attempt("entries", push)
      }, { discard: true })
    )
  })

  // Writes what waits, also for a codec.
  readonly #settle: Effect.Effect<void> = Effect.suspend(() =>
    Effect.andThen(
      this.#writeWaiting,
      Effect.suspend(() =>
        this.#slow.size === 0
          ? Effect.void
          : Effect.andThen(Effect.raceAll(Array.from(this.#slow.values(), Fiber.await)), this.#settle)
      )
    )
  )
}

// The tier itself reports what it refuses.
const noReport = () => {}

// The tier is well, and one of several entries does not fit it.
const isOfOne = ({ reason: { _tag } }: StoreError): boolean =>
  _tag === "EncodeFailed" || _tag === "KeyTooLong" || _tag === "ValueTooLarge"
