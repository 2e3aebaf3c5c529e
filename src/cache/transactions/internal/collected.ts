/**
 * Collects the changes that one transaction makes to one manifest, and applies them or drops their keys at the end.
 *
 * 1. `collect`: a change is noted, and its keys are held. The cache does not change yet. If another writer changes a
 *    key between the beginning of the body and the commit, the key is removed after the commit, and not set.
 * 2. `seal`: the last step before the commit. Every condition of a change is checked once more, and a memory store that
 *    evicts nothing is asked for room. Then the entries that the commit would make out of date are dropped, durably in
 *    tiers that survive a crash, the holds are closed, and the room is kept free.
 * 3. `commit`, `release` or `doubt`, by the outcome. None of them fails, because the database has decided.
 *
 * Not here: when each of them happens (`transaction.ts`).
 */
import * as Effect from "effect/Effect"
import type { Lease } from "../../../capability/Lease.ts"
import type { Entry } from "../../../store/Entry.ts"
import { RareLog } from "../../../store/shared/rareLog.ts"
import { CacheError, TransactionRefused } from "../../CacheError.ts"
import type { InvalidationMode } from "../../CacheEvent.ts"
import type { CacheFamily } from "../../engine/cacheFamily.ts"
import type { Slice } from "../../Explanation.ts"
import { both, type Delivery, noDelivery } from "../../internal/below/delivery.ts"
import { whenKnown } from "../../internal/below/whenKnown.ts"
import { type CacheContext, orStoreFailed, orTakenBack, type Reached } from "../../internal/entries/cacheContext.ts"
import { beforeCommit } from "../../internal/entries/conditions.ts"
import { doubtMillis, Hold, type KeyState } from "../../internal/entries/holds.ts"
import { type Judged, noOptions } from "../../internal/family/judgement.ts"
import { expectedBy, guarded } from "../../internal/writes/guarded.ts"
import type { Refusals } from "../../internal/writes/refusals.ts"
import { inFreedRoom, memoryRefusal, reserve, type Wanted } from "../../internal/writes/room.ts"
import { renewTerm } from "../../internal/writes/terms.ts"
import { everything, isWithin } from "../../shared/slices.ts"
import type { SetOptions } from "../../types/setOptions.ts"

/** The most changes that one transaction collects. All of them are made after the commit, in one synchronous step. */
const collectedMax = 10_000

interface Changed {
  readonly family: CacheFamily<any>
  /** What refuses it at the commit; unless given, that of the family. */
  readonly refusals?: Refusals<any>
}

/** A change of one key: a new value, or a removal. */
export interface KeyChange extends Changed {
  readonly _tag: "Key"
  readonly key: string
  readonly judged: Judged<any> | undefined
  readonly mode: InvalidationMode
  /** Whether the owner has deleted the key, or writes it. Otherwise it is invalidated. */
  readonly isDeletion: boolean
  readonly options: SetOptions<Lease>
}

/** A change of all keys in a slice, or of all entries with a tag. */
export type WideChange =
  & Changed
  & { readonly mode: InvalidationMode }
  & ({ readonly _tag: "Slice"; readonly slice: Slice } | { readonly _tag: "Tag"; readonly tag: string })

export type Change = KeyChange | WideChange

/** The change of a key that is removed. */
export const removal = (family: CacheFamily<any>, key: string, mode: InvalidationMode = "hide"): KeyChange => ({
  _tag: "Key",
  family,
  key,
  judged: undefined,
  mode,
  isDeletion: false,
  options: noOptions
})

/** The change of a key that its owner deletes. */
export const deletion = (family: CacheFamily<any>, key: string): KeyChange => ({
  ...removal(family, key),
  isDeletion: true
})

/** Why the change of a key may not be committed; a wide change has no conditions. */
const conflictAtSeal = (
  change: Change,
  refusals: Refusals<any>,
  known: ReadonlyMap<KeyChange, Entry<any> | undefined>,
  isKnown: boolean
): CacheError | undefined => {
  if (change._tag !== "Key") return undefined
  const { judged, key, options } = change
  return refusals.conflictOf(key, options, known.get(change), isKnown, judged === undefined) ??
    // Without a condition, a value that another commit forbids to keep is left out, as a contended one is.
    (judged && options.ifVersion !== undefined ? refusals.closedRefusal(judged, true) : undefined)
}

export class Collected {
  private readonly manifest: string
  private readonly holds = new Map<Reached, Hold>()
  /** The families of which single keys were written or removed. */
  private readonly written = new Map<Reached, CacheFamily<any>>()
  /** The latest change of each key that is held. */
  private readonly changes = new Map<KeyState, KeyChange>()
  private wide: Array<WideChange> = []
  /** The changes, each with the number of owners who had left its family when it was collected. */
  private conditions: Array<{ readonly change: Change; readonly refusals: Refusals<any>; readonly ends: number }> = []
  /** How many owners had left each family just before the commit. */
  private readonly ends = new Map<Reached, number>()
  private size = 0
  /** The changes of transactions of other manifests that ended within this one. */
  private adopted: Array<Collected> = []
  /** Gives back the room that `seal` has kept free. */
  private giveBack: (() => void) | undefined

  /** How many changes there were in this process when the body began. */
  private readonly changesBefore: number

  constructor(manifest: string, changesBefore: number) {
    this.manifest = manifest
    this.changesBefore = changesBefore
  }

  /** Notes several changes as one change. So a value among them stays, even if it depends on another key among them. */
  collect(changes: ReadonlyArray<Change>): CacheError | undefined {
    if (this.size + changes.length > collectedMax) return this.tooMany()
    this.size += changes.length
    for (const change of changes) this.hold(change)
    for (const change of changes) {
      const { refusals = change.family.writes.refusals } = change
      this.conditions.push({ change, refusals, ends: refusals.ends })
      if (change._tag !== "Key") {
        this.wide.push(change)
        continue
      }
      const { family, judged, key } = change
      const { keys } = this.holdOf(family)
      this.written.set(family, family)
      const contended = keys.get(key)?.contended === true ||
        family.entries.holds.isChangedSince(key, this.changesBefore)
      const state: KeyState = { judged, contended, isLater: false }
      keys.set(key, state)
      this.changes.set(state, change)
    }
    return undefined
  }

  private tooMany(): CacheError {
    const reason = new TransactionRefused({
      code: "E0525",
      manifest: this.manifest,
      why: `it makes more than ${collectedMax} changes, the most that a transaction collects`,
      help: "invalidate many keys at once, with `invalidateWhere` or `invalidateTag`"
    })
    return new CacheError({ reason })
  }

  private holdOf(family: Reached): Hold {
    let hold = this.holds.get(family)
    if (hold === undefined) {
      // A doubt that was over before the body began must not end in the middle of it.
      family.entries.holds.sweep(family.cache.time.now())
      this.holds.set(family, hold = new Hold())
      family.entries.holds.add(hold)
    }
    return hold
  }

  /**
   * Holds the keys of a change and the keys that depend on them. Values of such keys that were collected earlier are
   * dropped.
   */
  private hold(change: Change): void {
    const { family } = change
    const { cache } = family
    if (change._tag === "Key") {
      this.holdOf(family).slices.addKey(change.key)
      cache.spread.eachOfKey(family.name, change.key, (target, slice) => this.holdSlice(target, slice))
    } else if (change._tag === "Slice") {
      this.holdSlice(family, change.slice)
      cache.spread.eachOfSlice(family.name, change.slice, (target, slice) => this.holdSlice(target, slice))
    } else {
      const hold = this.holdOf(family)
      hold.tags.add(change.tag)
      for (const state of hold.keys.values()) state.judged = undefined
      cache.spread.eachOfSlice(family.name, everything, (target, slice) => this.holdSlice(target, slice))
    }
  }

  private holdSlice(family: Reached, slice: Slice): void {
    const hold = this.holdOf(family)
    hold.slices.add(slice)
    if (hold.keys.size > 0) {
      for (const [key, state] of hold.keys) {
        if (state.judged !== undefined && isWithin(slice, key)) state.judged = undefined
      }
    }
  }

  /**
   * What the transaction has made of a key: the value that it wrote, or `"changed"` if only a load can find the value.
   */
  stateOf(family: Reached, key: string): KeyState | "changed" | undefined {
    const hold = this.holds.get(family)
    if (hold === undefined) return undefined
    return hold.keys.get(key) ?? (hold.mayChange(key) ? "changed" : undefined)
  }

  /**
   * Takes over the changes that a savepoint has collected, without their values if the outcome of the savepoint is not
   * known.
   */
  absorb(inner: Collected, isKnown: boolean): void {
    if (!isKnown) inner.forgetValues()
    for (const [family, hold] of inner.holds) {
      this.holdOf(family).absorb(hold)
      family.entries.holds.release(hold)
      for (const [key, state] of this.holdOf(family).keys) {
        const from = hold.keys.get(key)
        if (from !== undefined) this.changes.set(state, inner.changes.get(from)!)
      }
    }
    for (const [reached, family] of inner.written) this.written.set(reached, family)
    this.wide = [...this.wide, ...inner.wide]
    if (isKnown) this.conditions = [...this.conditions, ...inner.conditions]
    this.adopted = [...this.adopted, ...inner.adopted]
    this.size += inner.size
  }

  /**
   * Takes over the sealed changes of another manifest's transaction, so that both end together; without their values if
   * the outcome of that transaction is not known.
   */
  adopt(other: Collected, isKnown: boolean): void {
    if (!isKnown) other.forgetValues()
    this.adopted.push(other)
  }

  private forgetValues(): void {
    this.vacate()
    for (const hold of this.holds.values()) for (const state of hold.keys.values()) state.judged = undefined
  }

  /** Checks every condition; then drops the entries that the commit makes out of date, and closes the holds. */
  seal(): Effect.Effect<void, CacheError> {
    return Effect.suspend(() => inFreedRoom(this.wanted(), () => this.sealNow()))
  }

  private sealNow(): Effect.Effect<void, CacheError> {
    return Effect.suspend(() => {
      if (this.size > collectedMax) return Effect.fail(this.tooMany())
      const versioned = this.conditions.flatMap(({ change }) =>
        change._tag === "Key" && change.options.ifVersion !== undefined ? [change] : []
      )
      const holdings = versioned.map(({ family, key }) => family.writes.holding(key))
      return whenKnown(holdings, (held) => {
        const known = new Map(versioned.map((change, i) => [change, held?.[i]]))
        for (const { change, ends, refusals } of this.conditions) {
          const conflict = refusals.goneSince(ends) ?? conflictAtSeal(change, refusals, known, held !== undefined)
          if (conflict !== undefined) return Effect.fail(beforeCommit(conflict))
        }
        const wanted = this.wanted()
        const full = memoryRefusal(wanted)
        if (full !== undefined) return Effect.fail(full)
        for (const hold of this.holds.values()) hold.closedUntil = Infinity
        for (const family of this.written.values()) this.ends.set(family, family.writes.refusals.ends)
        const drop = () => orStoreFailed(this.drop(false))
        const keys = versioned.map(({ family: { cache, entries }, key, options }, i) => ({
          cache,
          entries,
          key,
          expected: expectedBy(options, held?.[i], holdings[i])
        }))
        // Each cache has an outbox of its own.
        const dropped = Array.from(Map.groupBy(keys, ({ cache }) => cache)).reduce(
          (apply: () => Effect.Effect<void, CacheError>, [cache, own]) => () =>
            guarded(cache, own, apply, (conflict) => Effect.fail(beforeCommit(conflict))),
          drop
        )()
        // Other writers may not take the room until the transaction has ended.
        this.giveBack = reserve(wanted)
        return dropped
      })
    })
  }

  /** The values that the commit stores, if no key is contended until then. */
  private wanted(): Wanted {
    return Array.from(this.written.values(), (family) => {
      const states = Array.from(this.holds.get(family)!.keys.values())
      return [family.entries, states.flatMap(({ contended, judged }) => contended || !judged ? [] : [judged])] as const
    })
  }

  /** Gives back the room of a run of the body that another run has replaced: its values are not stored. */
  vacate(): void {
    this.giveBack?.()
    this.giveBack = undefined
  }

  /**
   * Drops every collected key in one synchronous step. This must not make the transaction's own keys contended. Before
   * the commit, deleted keys are only invalidated, because the transaction may still roll back.
   */
  private drop(isCommitted: boolean): Delivery {
    const contended = new Map<KeyState, boolean>()
    for (const { keys } of this.holds.values()) for (const state of keys.values()) contended.set(state, state.contended)
    const stamps = new Map<CacheContext, number>()
    const stampOf = ({ cache }: CacheFamily<any>): number => {
      const stamp = stamps.get(cache) ?? cache.nextStamp()
      stamps.set(cache, stamp)
      return stamp
    }
    let delivery = noDelivery
    for (const change of this.wide) {
      const { family, mode } = change
      delivery = both(
        delivery,
        change._tag === "Slice"
          ? family.invalidation.applyDropSlice(change.slice, mode, stampOf(family))
          : family.invalidation.applyDropTag(change.tag, mode, stampOf(family))
      )
    }
    for (const family of this.written.values()) {
      for (const [key, state] of this.holds.get(family)!.keys) {
        const { isDeletion, judged, mode } = this.changes.get(state)!
        if (state.isLater) {
          stampOf(family)
          delivery = both(delivery, endDoubt(family, key))
          continue
        }
        delivery = both(
          delivery,
          isCommitted && isDeletion && judged === undefined
            ? family.invalidation.applyDelete(key, stampOf(family))
            : family.invalidation.applyDrop(key, mode, stampOf(family))
        )
      }
    }
    for (const [state, was] of contended) state.contended = was
    return delivery
  }

  /** Applies the collected changes after the commit, in one synchronous step. */
  commit(): Effect.Effect<void> {
    return Effect.suspend(() => {
      const writes: Array<readonly [CacheFamily<any>, Judged<any>]> = []
      for (const family of this.written.values()) {
        for (const { contended, judged } of this.holds.get(family)!.keys.values()) {
          const isGone = family.writes.refusals.goneSince(this.ends.get(family)!) !== undefined
          // A write that would have to wait for room is not made, and the next read loads the key: nothing waits after
          // the commit.
          if (judged !== undefined && !contended && !isGone && !family.cache.outbox.isFull) {
            writes.push([family, judged])
          }
        }
      }
      this.free()
      const delivery = both(this.drop(true), applied(writes))
      // What is left out, or removed, tells the holder of a lease nothing of the value that the key has now.
      const made = new Set(writes.map(([, judged]) => judged))
      for (const { change } of this.conditions) {
        if (change._tag !== "Key" || change.judged === undefined || !made.has(change.judged)) continue
        renewTerm(change.family.cache, change.options, change.judged.tags)
      }
      const written = writes.map(([family, { key }]) => [family.writes.steps, key, family.cache.version] as const)
      const own = told(orTakenBack(delivery, written))
      return together(own, this.adopted, (other) => other.commit())
    })
  }

  /** Ends the holds after a rollback. The cache has not changed; entries that `seal` dropped are loaded again. */
  release(): Effect.Effect<void> {
    return Effect.suspend(() => {
      this.free()
      // A transaction of another database may have been committed by that database.
      return together(Effect.void, this.adopted, (other) => other.doubt())
    })
  }

  /** Removes the keys when the outcome of the commit is not known. For a while, loads of these keys are not stored. */
  doubt(): Effect.Effect<void> {
    return Effect.suspend(() => {
      const delivery = this.drop(false)
      for (const [family, hold] of this.holds) {
        hold.closedUntil = family.cache.time.now() + doubtMillis
      }
      this.forgetValues()
      let isOver = false
      for (const [family, hold] of this.holds) {
        const over = () => {
          if (isOver) return
          isOver = true
          for (const [other, one] of this.holds) other.entries.holds.release(one)
          this.drop(false)
        }
        const { cache, invalidation } = family
        family.entries.holds.doubt(hold, over, () => {
          invalidation.applyDropSlice(everything, "hide", cache.nextStamp())
        })
      }
      return together(told(orStoreFailed(delivery)), this.adopted, (other) => other.doubt())
    })
  }

  private free(): void {
    this.vacate()
    for (const [family, hold] of this.holds) family.entries.holds.release(hold)
  }
}

/** Puts the values that a transaction has written, in one change of each cache. */
const applied = (writes: ReadonlyArray<readonly [CacheFamily<any>, Judged<any>]>): Delivery => {
  let delivery = noDelivery
  for (const [cache, own] of Map.groupBy(writes, ([family]) => family.cache)) {
    const { stamp } = cache
    cache.spread.beginChange()
    try {
      for (const [family, judged] of own) delivery = both(delivery, family.writes.steps.applyWrite(judged, stamp))
    } finally {
      cache.spread.endChange()
    }
    delivery = both(delivery, cache.spread.ofChange(() => own.map(([family, { key }]) => [family.name, key])))
  }
  return delivery
}

/**
 * Keeps what was written while the outcome was in doubt. Loads of that time, also of what depends on the key, are not
 * kept.
 */
const endDoubt = ({ invalidation, loads }: CacheFamily<any>, key: string): Delivery => {
  loads.overtake(key)
  loads.failures.forget(key)
  return invalidation.spread(key, "hide")
}

const together = (
  own: Effect.Effect<void>,
  others: ReadonlyArray<Collected>,
  f: (other: Collected) => Effect.Effect<void>
): Effect.Effect<void> => others.length === 0 ? own : Effect.andThen(own, Effect.forEach(others, f, { discard: true }))

/**
 * Logs that a tier did not take a change after the commit. The caller gets no error, because the transaction was
 * committed.
 */
const told = (work: Effect.Effect<void, CacheError>): Effect.Effect<void> =>
  Effect.catch(work, (error) =>
    untaken.say((since) =>
      Effect.logWarning(
        `a transaction was committed, but a tier below memory did not take all of its changes: ${error.message}; ` +
          `the next read of each key loads it again${since}`
      )
    ))

const untaken = new RareLog()
