/**
 * Orders the work on each key of a family in one place, so that copies between tiers never undo a write. All engines of
 * the process over one place share it: else a copy of one engine could undo a write of another.
 *
 * Writes of one key take turns, in the order in which they came. A copy (promotion, demotion) holds a permit from
 * before its read until after its write. A write voids the permits of its keys, and permits drawn while it runs are
 * void from the start. A copy checks its permit and starts to write in one step; a write that finds a copy writing
 * waits for it. So a copy either comes before the write, which then overwrites it, or does not happen.
 *
 * The permit of an entry that a tier has pushed out carries the entry. As long as it holds, the entry is in no tier,
 * and reads of all engines are answered from here. It also holds when it is drawn during the very write that brought
 * the entry, and then lands after that write. A sweep does not void it, but judges what it carries.
 *
 * The order knows a key only while there is work on it.
 */
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type { Entry } from "../Entry.ts"
import type { FreshUntilMax, HotPartition, Partition } from "../Store.ts"
import type { OwnTiers } from "./elsewhere.ts"

/** The largest number of copies at a time in a family; further copies are not made. */
const permitsMax = 10_000

// Entries of a family that are on their way to a lower tier, in number, and in characters of keys and in bytes of
// values, if these are known without encoding: texts and bytes.
const carriedMax = 65_536
const carriedSizeMax = 67_108_864

/** Permission to copy one key. */
export interface Permit {
  readonly key: string
  isVoid: boolean
  landing: Deferred.Deferred<void> | undefined
}

/** Leave to take an entry down, which is in no tier until it has landed. */
export interface Carrying<V> extends Permit {
  entry: Entry<V>
  /** The tier that it is on its way to. */
  readonly tier: string
  /** The write that brought the entry, where it runs still. */
  readonly after: Deferred.Deferred<void> | undefined
}

interface Work {
  readonly permits: Set<Permit>
  /** The permits that carry an entry. */
  carrying: ReadonlyArray<Carrying<any>>
  /** Done when the last write that runs or waits is done. */
  tail: Deferred.Deferred<void> | undefined
  /** The version that the last of them sets; `Infinity` where it removes. */
  version: number
}

const sizeOf = ({ entry: { value }, key }: Carrying<unknown>): number =>
  key.length + (typeof value === "string" ? value.length : value instanceof Uint8Array ? value.byteLength : 0)

// By the place that the lowest tiers share.
const orders = new WeakMap<object, Map<string, KeyOrder>>()

/** Orders the work on one family in one place, for all engines of this process. */
export class KeyOrder {
  readonly #work = new Map<string, Work>()
  #permits = 0
  #carried = 0
  #carriedSize = 0
  // Done when the last write of the whole partition is done, and whether one of those that wait removes its entries.
  #barrier: Deferred.Deferred<void> | undefined
  #isClearing = false
  /**
   * The hottest tiers of all who push down on eviction: what one of them holds may be nowhere else. Even one whose
   * engine has left still pushes down what it holds, so a write drops its key from the others.
   */
  readonly tops = new Map<HotPartition<any>, Partition<any>>()
  /** The tiers that each engine has for itself: a write of another one takes its keys from them. */
  readonly apart = new Set<OwnTiers>()

  /** The order that all engines over one place share for a family: a copy of one must not undo a write of another. */
  static of(place: object, family: string): KeyOrder {
    let known = orders.get(place)
    if (known === undefined) orders.set(place, known = new Map())
    let order = known.get(family)
    if (order === undefined) known.set(family, order = new KeyOrder())
    return order
  }

  /** The number of keys with work on them. */
  get busy(): number {
    return this.#work.size
  }

  /** Entries that are on their way to a lower tier. */
  get carried(): number {
    return this.#carried
  }

  /** Draws a permit for a copy. The caller must return it with `end`. */
  begin(key: string): Permit {
    const work = this.#of(key)
    const isVoid = work.tail !== undefined || this.#barrier !== undefined || this.#permits >= permitsMax
    const permit: Permit = { key, isVoid, landing: undefined }
    work.permits.add(permit)
    this.#permits++
    return permit
  }

  /** Draws a permit for an entry that a tier has pushed out; `undefined` where there is no room for another one. */
  carry<V>(key: string, entry: Entry<V>, tier: string): Carrying<V> | undefined {
    if (this.#carried >= carriedMax || this.#carriedSize >= carriedSizeMax) return undefined
    const work = this.#of(key)
    // A write that is under way and sets a later version, or removes, comes after the entry.
    const isVoid = work.tail === undefined ? this.#isClearing : work.version > entry.version
    const permit: Carrying<V> = { key, isVoid, landing: undefined, entry, tier, after: work.tail ?? this.#barrier }
    work.carrying = [...work.carrying, permit]
    this.#carried++
    this.#carriedSize += sizeOf(permit)
    return permit
  }

  /** The entry of a key that is on its way to a lower tier. */
  carriedOf(key: string): Carrying<any> | undefined {
    let latest: Carrying<any> | undefined
    for (const one of this.#work.get(key)?.carrying ?? []) {
      if (!one.isVoid && (latest === undefined || latest.entry.version < one.entry.version)) latest = one
    }
    return latest
  }

  /** All entries that are on their way. */
  *allCarried(): Iterable<Carrying<any>> {
    for (const { carrying } of this.#work.values()) for (const one of carrying) if (!one.isVoid) yield one
  }

  /** Has a sweep judge what is on its way. */
  judge(freshUntilMax: FreshUntilMax): void {
    for (const one of this.allCarried()) {
      const judged = limited(one.key, one.entry, freshUntilMax)
      if (judged === undefined) one.isVoid = true
      else one.entry = judged
    }
  }

  end(permit: Permit | Carrying<any>): void {
    const work = this.#work.get(permit.key)
    if (work === undefined) return
    if ("entry" in permit) {
      const carrying = work.carrying.filter((one) => one !== permit)
      if (carrying.length === work.carrying.length) return
      work.carrying = carrying
      this.#carried--
      this.#carriedSize -= sizeOf(permit)
    } else {
      if (!work.permits.delete(permit)) return
      this.#permits--
    }
    this.#forget(permit.key, work)
  }

  /** Writes the copies whose permits are still valid, if any. Once it writes, it is not interrupted. */
  land<T extends Permit, E>(
    permits: ReadonlyArray<T>,
    write: (holding: ReadonlyArray<T>) => Effect.Effect<void, E>
  ): Effect.Effect<void, E> {
    return Effect.uninterruptible(Effect.suspend(() => {
      const holding = permits.filter((permit) => !permit.isVoid)
      if (holding.length === 0) return Effect.void
      const landing = Deferred.makeUnsafe<void>()
      for (const permit of holding) permit.landing = landing
      return Effect.ensuring(write(holding), Effect.sync(() => Deferred.doneUnsafe(landing, Exit.void)))
    }))
  }

  /**
   * Runs a write of some keys after all earlier writes of these keys. It takes its turn when it is called. `versions`
   * are those of the keys that it sets.
   */
  write<A, E>(
    keys: ReadonlyArray<string>,
    body: Effect.Effect<A, E>,
    versions: ReadonlyMap<string, number> = noVersions,
    from?: HotPartition<any>
  ): Effect.Effect<A, E> {
    return writeTogether([{ order: this, keys, all: false, versions, from }], body)
  }

  /** Runs a write of all keys after all earlier ones. It takes its turn when it is called. */
  writeAll<A, E>(body: Effect.Effect<A, E>): Effect.Effect<A, E> {
    return writeTogether([{ order: this, keys: [], all: true }], body)
  }

  /** Waits for all writes and copies that have begun, and voids the copies that have not; what is carried stays. */
  readonly settle: Effect.Effect<void> = Effect.suspend(() =>
    writeTogether([{ order: this, keys: [], all: true, spares: true }], Effect.void)
  )

  /** Takes a turn, and adds to `before` what must end first. Returns the function to call when the write is over. */
  enter(turn: Turn, done: Deferred.Deferred<void>, before: Set<Deferred.Deferred<void>>): () => void {
    const { all, from, keys, spares = false, versions } = turn
    if (this.#barrier !== undefined) before.add(this.#barrier)
    if (all) {
      for (const work of this.#work.values()) {
        revoke(work, before, spares)
        if (!spares) work.version = Infinity
      }
    }
    const mine = new Set(keys)
    for (const key of mine) {
      const work = this.#of(key)
      revoke(work, before, false)
      work.tail = done
      work.version = versions?.get(key) ?? Infinity
      for (const top of this.tops.keys()) {
        // What has another version there is older.
        if (top !== from && (top.peek(key)?.version ?? Infinity) < work.version) top.drop(key)
      }
    }
    if (all) {
      this.#barrier = done
      if (!spares) this.#isClearing = true
    }
    return () => {
      if (this.#barrier === done) {
        this.#barrier = undefined
        this.#isClearing = false
      }
      for (const key of mine) {
        const work = this.#work.get(key)!
        if (work.tail === done) work.tail = undefined
        this.#forget(key, work)
      }
    }
  }

  #of(key: string): Work {
    let work = this.#work.get(key)
    if (work === undefined) {
      work = { permits: new Set(), carrying: [], tail: undefined, version: -Infinity }
      this.#work.set(key, work)
    }
    return work
  }

  #forget(key: string, work: Work): void {
    if (work.permits.size === 0 && work.carrying.length === 0 && work.tail === undefined) this.#work.delete(key)
  }
}

/** The keys of an order that a write concerns; all keys if `all` is true. */
export interface Turn {
  readonly order: KeyOrder
  readonly keys: ReadonlyArray<string>
  readonly all: boolean
  /** The versions of the keys that it sets; the others go. */
  readonly versions?: ReadonlyMap<string, number>
  /** The hottest tier of the partition that writes, which is in step already. */
  readonly from?: HotPartition<any> | undefined
  /** Whether the write changes nothing, so that it leaves what is carried on its way. */
  readonly spares?: boolean
}

const noVersions: ReadonlyMap<string, number> = new Map()

/** An entry as a sweep leaves it; `undefined` where it removes it. */
export const limited = <V>(key: string, entry: Entry<V>, freshUntilMax: FreshUntilMax): Entry<V> | undefined => {
  const max = freshUntilMax(key, entry.stamp, entry.tags)
  if (max === -Infinity) return undefined
  return max >= entry.freshUntil ? entry : { ...entry, freshUntil: max }
}

/**
 * Runs a write that concerns keys of several orders. It takes all its turns in one step, so two writes have the same
 * order at all orders, and do not wait for each other.
 */
export const writeTogether = <A, E>(turns: ReadonlyArray<Turn>, body: Effect.Effect<A, E>): Effect.Effect<A, E> =>
  Effect.uninterruptibleMask((restore) =>
    Effect.suspend(() => {
      const done = Deferred.makeUnsafe<void>()
      const before = new Set<Deferred.Deferred<void>>()
      const leaves = turns.map((turn) => turn.order.enter(turn, done, before))
      // The wait is not interrupted: later writes wait for this write, and through it for the earlier ones.
      return Effect.ensuring(
        Effect.andThen(awaitAll(before), restore(body)),
        Effect.sync(() => {
          for (const leave of leaves) leave()
          Deferred.doneUnsafe(done, Exit.void)
        })
      )
    })
  )

/** Voids the permits, and collects what must end before a write. */
const revoke = (work: Work, before: Set<Deferred.Deferred<void>>, spares: boolean): void => {
  if (work.tail !== undefined) before.add(work.tail)
  for (const permit of [...work.permits, ...work.carrying]) {
    if (!spares || !("entry" in permit)) permit.isVoid = true
    if (permit.landing !== undefined) before.add(permit.landing)
  }
}

const awaitAll = (all: ReadonlySet<Deferred.Deferred<void>>): Effect.Effect<void> =>
  all.size === 0 ? Effect.void : Effect.forEach(all, Deferred.await, { discard: true })
