/**
 * Drops the keys that a change reaches.
 *
 * The plan of the changed family says which keys are reached (`shared/invalidationPlan.ts`). They are dropped in the
 * same synchronous step as the change: one key by its name, any other slice by one mark.
 *
 * Some changes are not seen when they happen, because the entry of the source is gone. A value that was made from such
 * a source is dropped when the engine can no longer find out whether the source has changed:
 *
 * - when the source leaves the last tier (`ofEvicted`),
 * - when a key that a lookup has missed, or that has gone unseen, has a value again (`ofUnseen`),
 * - when a key from before the engine was opened has another value (`ofBefore`),
 * - when the owner of a source has left, or no tier keeps the source for the next process (`ofEnd`, `ofRestart`),
 * - when another engine has left, which knew what was made from what (`ofLeft`).
 *
 * Law 4: completeness.
 */
import type { InvalidationMode } from "../../CacheEvent.ts"
import type { Slice } from "../../Explanation.ts"
import {
  type CompiledStep,
  droppedBy,
  eachReached,
  eachReachedFrom,
  eachReachedFromAll,
  keyOf,
  segmentsOf
} from "../../shared/invalidationPlan.ts"
import { both, type Delivery, noDelivery } from "../below/delivery.ts"
import type { Reached, Spread } from "../entries/cacheContext.ts"
import type { Entries } from "../entries/entries.ts"
import type { Flight } from "../loads/flight.ts"
import type { Loads } from "../loads/loads.ts"
import type { FamilyInvalidation } from "./familyInvalidation.ts"

/** The parts of a family that a change needs. */
interface Target extends Reached {
  readonly entries: Entries<any>
  readonly loads: Loads<any>
  readonly invalidation: FamilyInvalidation<any>
}

interface TargetedStep {
  readonly step: CompiledStep
  readonly invalidation: FamilyInvalidation<any>
}

/** The parts of the cache that its changes need. */
interface Ground {
  readonly families: ReadonlyMap<string, Target>
  readonly stamp: number
  readonly version: number
  nextStamp(): number
}

/** Keys that were made from a source which may have changed. */
interface Unseen {
  readonly slice: Slice
  /** Whether the slice is one key. */
  readonly exact: boolean
  /** Whether there may be entries in the slice. */
  readonly isHeld: boolean
  /** Whether a load has read the source before it changed. */
  readonly isBehind: (flight: Flight<any>) => boolean
}

export class Spreading implements Spread {
  private readonly ground: Ground
  /** Keys that were pushed out while an entry was put. */
  private readonly evicted: Array<readonly [family: string, key: string, wasRead: boolean]> = []
  private readonly forgotten: Array<readonly [family: string, key: string, since: number]> = []
  private isPutting = false
  /** Whether a change runs that puts several entries. */
  private isWhole = false
  private readonly steps = new Map<string, ReadonlyArray<TargetedStep>>()

  constructor(ground: Ground) {
    this.ground = ground
  }

  private target(family: string): Target {
    return this.ground.families.get(family)!
  }

  private planOf(family: string) {
    return this.target(family).entries.spec.plan
  }

  // --- a change that is seen --------------------------------------------------------------------

  ofKey(family: string, key: string, mode: InvalidationMode): Delivery {
    let delivery = noDelivery
    let segments: ReadonlyArray<string> | undefined
    for (const { invalidation, step } of this.stepsOf(family)) {
      // Most steps drop the key of the same text.
      const dropped = step.isSame === true ? key : droppedBy(step, segments ??= segmentsOf(key))
      if (dropped === undefined) continue
      const { stamp } = this.ground
      const own = typeof dropped === "string"
        ? invalidation.dropKey(dropped, mode, stamp, family)
        : invalidation.markSlice(dropped, mode, stamp, family)
      delivery = both(delivery, own)
    }
    return delivery
  }

  /** The steps of a family's plan, each with what carries it out. Most changes of a key come here. */
  private stepsOf(family: string): ReadonlyArray<TargetedStep> {
    const known = this.steps.get(family)
    if (known !== undefined) return known
    const steps = this.planOf(family).all.map((step) => ({ step, invalidation: this.target(step.family).invalidation }))
    this.steps.set(family, steps)
    return steps
  }

  ofSlice(family: string, slice: Slice, mode: InvalidationMode): Delivery {
    let delivery = noDelivery
    eachReachedFrom(this.planOf(family), slice, (step, reached) => {
      delivery = both(
        delivery,
        this.target(step.family).invalidation.markSlice(reached, mode, this.ground.stamp, family)
      )
    })
    return delivery
  }

  // --- a change that may have gone unseen -------------------------------------------------------

  ofUnseen(family: string, key: string, since: number): Delivery {
    return this.dropMade(family, key, false, (flight) => flight.stamp < since && flight.load.mayHaveRead(family, key))
  }

  ofBefore(family: string, key: string): Delivery {
    const { before, sources } = this.target(family).entries
    if (before.isEmpty || sources === undefined || sources.wasSpread(key)) return noDelivery
    sources.noteSpread(key)
    // All keys that are read in this process are known, so no load that runs has read this key itself.
    return this.dropMade(family, key, true, isNotBehind)
  }

  /** Drops what was made from a key, with the loads that have read the key, or have read it too early. */
  private dropMade(
    family: string,
    key: string,
    fromBefore: boolean,
    hasRead: (flight: Flight<any>) => boolean
  ): Delivery {
    const stamp = this.ground.nextStamp()
    const reached: Array<{
      readonly dropped: string | Slice
      readonly exact: boolean
      readonly slice: Slice
      readonly target: Target
      isHeld: boolean
    }> = []
    eachReached(this.planOf(family), key, ({ exact, family }, slice) => {
      const target = this.target(family)
      const dropped = exact ? keyOf(slice) : slice
      const isHeld = fromBefore ? target.entries.before.mayHave(dropped) : target.entries.mayHave(dropped)
      reached.push({ dropped, exact, slice, target, isHeld })
    })
    const held = reached.filter(({ isHeld }) => isHeld)
    // What was made since from a dropped key is dropped with it.
    for (const { dropped, target } of held) {
      if (!fromBefore || target.entries.sources?.wasReadIn(dropped) !== true) continue
      for (const each of reached) {
        if (each.isHeld || target.entries.spec.plan.in(each.target.name).length === 0) continue
        each.isHeld = each.target.entries.mayHave(each.dropped)
        if (each.isHeld) held.push(each)
      }
    }
    // What a load has read counts even if no tier has it any more. What was made in this process is not from before.
    const read = fromBefore ? held : reached
    const isBehind = (flight: Flight<any>) =>
      hasRead(flight) || read.some(({ slice, target }) => flight.load.mayHaveReadOf(target.name, slice))
    let delivery = noDelivery
    for (const { exact, isHeld, slice, target } of reached) {
      delivery = both(delivery, dropUnseen(target, { slice, exact, isHeld, isBehind }, stamp, family))
    }
    return delivery
  }

  noteForgotten(family: string, key: string, since: number): void {
    this.forgotten.push([family, key, since])
  }

  ofForgotten(): Delivery {
    return this.forgotten.length === 0 || this.isWhole ? noDelivery : this.ofAllForgotten()
  }

  private ofAllForgotten(): Delivery {
    let delivery = noDelivery
    for (let one = this.forgotten.pop(); one !== undefined; one = this.forgotten.pop()) {
      delivery = both(delivery, this.ofUnseen(...one))
    }
    return delivery
  }

  beginPut(): void {
    this.isPutting = true
  }

  endPut(): void {
    this.isPutting = false
  }

  noteEvicted(family: string, key: string, wasRead: boolean): void {
    this.evicted.push([family, key, wasRead])
    // The tier frees an entry on its own: no caller waits for what follows from it.
    if (!this.isPutting && !this.isWhole) void this.ofEvicted()
  }

  ofEvicted(exceptFamily?: string, exceptKey?: string, others?: () => ReadonlySet<string>): Delivery {
    if (this.evicted.length === 0 || this.isWhole) return noDelivery
    const also = others === undefined ? none : others()
    const { stamp } = this.ground
    const isKept = (key: string) => key === exceptKey || also.has(key)
    const delivery = this.ofAllEvicted((family, key) => family === exceptFamily && isKept(key))
    return also === none ? delivery : both(delivery, this.confirmed(exceptFamily!, also, stamp))
  }

  beginChange(): void {
    this.isWhole = true
  }

  endChange(): void {
    this.isWhole = false
  }

  ofChange(written: () => ReadonlyArray<readonly [family: string, key: string]>): Delivery {
    return this.evicted.length === 0 ? this.ofForgotten() : this.ofPushedOut(written())
  }

  /** Drops what was made from the keys that a change has pushed out. What the change wrote stays. */
  private ofPushedOut(written: ReadonlyArray<readonly [family: string, key: string]>): Delivery {
    const keys = new Map<string, Set<string>>()
    for (const [family, key] of written) {
      const known = keys.get(family)
      if (known === undefined) keys.set(family, new Set([key]))
      else known.add(key)
    }
    const { stamp } = this.ground
    let delivery = this.ofAllEvicted((family, key) => keys.get(family)?.has(key) === true)
    for (const [family, own] of keys) delivery = both(delivery, this.confirmed(family, own, stamp))
    return both(delivery, this.ofForgotten())
  }

  /** The marks that were set since a stamp do not concern these keys. */
  private confirmed(family: string, keys: Iterable<string>, since: number): Delivery {
    let delivery = noDelivery
    if (since === this.ground.stamp) return delivery
    const { entries } = this.target(family)
    for (const key of keys) delivery = both(delivery, entries.confirm(key))
    return delivery
  }

  private ofAllEvicted(stays: (family: string, key: string) => boolean): Delivery {
    let delivery = noDelivery
    for (let one = this.evicted.pop(); one !== undefined; one = this.evicted.pop()) {
      const [family, key, wasRead] = one
      if (!wasRead) {
        delivery = both(delivery, this.ofBefore(family, key))
        continue
      }
      const stamp = this.ground.nextStamp()
      eachReached(this.planOf(family), key, (step, slice) => {
        const { exact } = step
        if (exact && stays(step.family, keyOf(slice))) return
        const target = this.target(step.family)
        const isHeld = target.entries.mayHave(exact ? keyOf(slice) : slice)
        delivery = both(delivery, dropUnseen(target, { slice, exact, isHeld, isBehind: isNotBehind }, stamp, family))
      })
    }
    return delivery
  }

  // --- a source that is gone --------------------------------------------------------------------

  ofEnd(family: string): void {
    const plan = this.planOf(family)
    if (plan.isEmpty) return
    const stamp = this.ground.nextStamp()
    // All owners of a chain end together. A plan without fixed texts is not compiled for this.
    eachReachedFromAll(plan, (name, slice) => this.target(name).invalidation.hideHere(slice, stamp, family))
  }

  /**
   * The engine has been opened over tiers that hold entries. If memory alone keeps a source, the lower tiers hold
   * entries made from values that are gone with the process before.
   */
  ofRestart(openedAt: number): void {
    for (const { entries, name } of this.ground.families.values()) {
      if (entries.lane !== undefined || entries.spec.plan.isEmpty) continue
      eachReachedFromAll(entries.spec.plan, (family, slice) => {
        const target = this.target(family)
        const { lane, marks } = target.entries
        if (lane !== undefined && !marks.hidesAll(slice, openedAt)) target.invalidation.hideHere(slice, openedAt, name)
      })
    }
  }

  /**
   * Another engine has left. The lower tiers hold what its lookups have made, and only that engine knew of which keys.
   */
  ofLeft(): void {
    for (const { entries } of this.ground.families.values()) {
      if (entries.lane !== undefined) entries.before.endNow()
    }
  }

  // --- what would be dropped --------------------------------------------------------------------

  eachOfKey(family: string, key: string, visit: (target: Target, slice: Slice) => void): void {
    eachReached(this.planOf(family), key, (step, slice) => visit(this.target(step.family), slice))
  }

  eachOfSlice(family: string, slice: Slice, visit: (target: Target, slice: Slice) => void): void {
    eachReachedFrom(this.planOf(family), slice, (step, reached) => visit(this.target(step.family), reached))
  }
}

const none: ReadonlySet<string> = new Set()

// A load that runs has read the source while the source was there.
const isNotBehind = () => false

/** Drops what was made from an unseen source, with the loads that are behind. */
const dropUnseen = (
  { entries, loads }: Target,
  { exact, isBehind, isHeld, slice }: Unseen,
  stamp: number,
  through: string
): Delivery => {
  if (exact) {
    const key = keyOf(slice)
    loads.overtakeUnseen(key, loads.flights.mayStore(key).filter(isBehind), isHeld)
    // A lookup that could make nothing of the source may do so now.
    loads.failures.forget(key)
    if (!isHeld) return noDelivery
    entries.invalidated(key, "hide", stamp, through)
    return entries.remove(key)
  }
  const running = loads.flights.mayStore()
  if (!isHeld && !running.some(isBehind) && loads.failures.isEmpty) return noDelivery
  // A load that a tag has closed is judged by its stamp when it ends, so a later stamp would hide the tag from it.
  const ahead = running.filter((flight) => loads.flights.isOpen(flight) && !isBehind(flight))
  entries.invalidated(slice, "hide", stamp, through)
  const delivery = entries.marking.markKeys(slice, "hide", stamp, entries.cache.time.now())
  for (const flight of ahead) flight.confirmUpTo(stamp)
  return delivery
}
