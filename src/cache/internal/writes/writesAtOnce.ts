/**
 * The writes that are made in this step or not at all, without an Effect. A write that would have to wait throws
 * `WouldWait`.
 */
import * as Cause from "effect/Cause"
import * as Exit from "effect/Exit"
import type { Lease } from "../../../capability/Lease.ts"
import type { Entry } from "../../../store/Entry.ts"
import { CacheError, WouldWait } from "../../CacheError.ts"
import type { SetOptions } from "../../types/setOptions.ts"
import type { Delivery } from "../below/delivery.ts"
import type { CacheContext } from "../entries/cacheContext.ts"
import type { Entries } from "../entries/entries.ts"
import type { EngineFamilySpec } from "../family/familySpec.ts"
import { asHeld, isJudged, type Judged, type Judging, noOptions } from "../family/judgement.ts"
import type { Loads } from "../loads/loads.ts"
import type { Refusals } from "./refusals.ts"
import type { WriteSteps } from "./writeSteps.ts"

export class WritesAtOnce<V> {
  private readonly cache: CacheContext
  private readonly spec: EngineFamilySpec<V>
  private readonly entries: Entries<V>
  private readonly loads: Loads<V>
  private readonly refusals: Refusals<V>
  private readonly steps: WriteSteps<V>

  constructor(entries: Entries<V>, loads: Loads<V>, refusals: Refusals<V>, steps: WriteSteps<V>) {
    this.cache = entries.cache
    this.spec = entries.spec
    this.entries = entries
    this.loads = loads
    this.refusals = refusals
    this.steps = steps
  }

  /**
   * Why no write can be made at once: the family has no owner, or the outbox is full. Then `set` is used in its place.
   */
  get closed(): CacheError | "full" | undefined {
    if (this.loads.loader === undefined) return this.loads.unowned()
    return this.cache.outbox.isFull ? "full" : undefined
  }

  /** Writes a value as `set` does, in this step. Throws the `CacheError` that refuses it, and changes nothing then. */
  setUnsafe(key: string, value: V, options: SetOptions<Lease> = noOptions): Delivery {
    const plain = options === noOptions ? this.steps.writeShort(key, value) : undefined
    return plain ?? this.setLongUnsafe(key, value, options)
  }

  private setLongUnsafe(key: string, value: V, options: SetOptions<Lease>): Delivery {
    const { ends } = this.refusals
    const refusal = this.refusals.refusalOf(options, key)
    if (refusal !== undefined) throw refusal
    const judged = this.judgedNow(key, this.entries.judgement.judge(key, value, options))
    // Where other processes change the lower tier, it judges the condition, too.
    const isJudgedBelow = options.ifVersion !== undefined && this.cache.isShared && this.entries.lane !== undefined
    if (isJudgedBelow) throw this.wouldWait(key, "tier")
    const held = options.ifVersion === undefined ? undefined : this.heldNow(key)
    const refused = this.refusals.goneSince(ends) ?? this.refusals.conflictOf(key, options, held, true) ??
      this.refusals.unkept([judged], options.ifVersion !== undefined)
    if (refused !== undefined) throw refused
    return this.steps.write(judged, options)
  }

  /**
   * Replaces the fresh value that memory holds, as `patch` does, in this step. The entry keeps its lifetime, tags and
   * revision. Returns `undefined`, and changes nothing, where `patch` returns `None`. Throws as `setUnsafe` does.
   */
  amendUnsafe(key: string, f: (was: V) => V): Delivery | undefined {
    const { ends } = this.refusals
    const before = this.heldToChange(key)
    // What a refresh brings must not be replaced.
    if (before === undefined || this.loads.isRefreshing(key)) return undefined
    const judged = this.judgedNow(key, this.entries.judgement.judge(key, f(before.value), asHeld(before)))
    const left = this.refusals.goneSince(ends) ?? this.refusals.unkept([judged], true)
    if (left !== undefined) throw left
    // The function, or a weigher, may have used the cache. Another lifetime is a change, and keeps the version.
    const after = this.heldToChange(key)
    const isChanged = after?.version !== before.version || after.freshUntil !== before.freshUntil
    if (isChanged || this.loads.isRefreshing(key)) return undefined
    return this.steps.amend(judged, before, this.cache.nextStamp(), this.cache.time.now())
  }

  /**
   * Notes that the value of a key was changed in place: its entry gets a new version, running loads are overtaken, and
   * dependents are dropped. Returns `undefined` if memory holds no fresh value.
   */
  changedUnsafe(key: string): Delivery | undefined {
    return this.amendUnsafe(key, (was) => was)
  }

  /**
   * Moves the end of the fresh entry that memory holds to a time in milliseconds since the epoch; the entry is removed
   * if that time is over. Returns `undefined` if memory holds no fresh value.
   *
   * What was made from the entry may last as long as the entry was to last, so it is dropped if the entry ends earlier.
   * In a family that derives from others the end is never moved to a later time: the entry is fresh no longer than what
   * it was made from.
   */
  rescheduleUnsafe(key: string, freshUntil: number): Delivery | undefined {
    const before = this.heldToChange(key)
    return before && this.steps.moveEnd(key, before, freshUntil, this.cache.time.now())
  }

  /** The fresh entry in memory of a key that the caller may write now. */
  private heldToChange(key: string): Entry<V> | undefined {
    const refusal = this.refusals.refusalOf(noOptions, key)
    if (refusal !== undefined) throw refusal
    if (this.cache.outbox.isFull) throw this.wouldWait(key, "outbox")
    // Another process may have a later value, and no lookup could bring it again: the tier has to compare them.
    if (this.entries.isRaced) throw this.wouldWait(key, "tier")
    const held = this.entries.hot?.peek(key)
    return held !== undefined && this.entries.isFresh(key, held, this.cache.time.now()) ? held : undefined
  }

  private judgedNow(key: string, judging: Judging<Judged<V>>): Judged<V> {
    if (isJudged(judging)) {
      if (this.cache.outbox.isFull) throw this.wouldWait(key, "outbox")
      return judging
    }
    if (Exit.isExit(judging) && Exit.isFailure(judging)) throw Cause.squash(judging.cause)
    throw this.wouldWait(key, "codec")
  }

  /** The entry of a key, for the condition of a write that cannot wait for a tier. */
  private heldNow(key: string): Entry<V> | undefined {
    const held = this.entries.held(key)
    const { lane } = this.entries
    if (held !== undefined || lane === undefined) return held
    const pending = lane.pending(key)
    if (pending?.entry === undefined) throw this.wouldWait(key, "tier")
    return this.entries.judge(key, pending.entry.stamp, pending.entry.tags) === "hidden" ? undefined : pending.entry
  }

  private wouldWait(key: string, why: WouldWait["why"]): CacheError {
    return new CacheError({ reason: new WouldWait({ key: this.spec.show(key), why }) })
  }
}
