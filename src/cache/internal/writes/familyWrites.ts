/**
 * The write operations of a family. Each write has two phases.
 *
 * 1. **Judging** (`judgement.ts`): everything that can refuse the value is checked. Nothing has changed yet. The writer
 *    may wait here, for a codec or for room in the outbox.
 * 2. **Applying**: the conditions are compared (`refusals.ts`). Then one synchronous step makes the change
 *    (`writeSteps.ts`). `set` returns when the lower tiers have the change.
 *
 * A writer may wait between the phases, so the right to write is checked again in the second one.
 *
 * Not here: writes that a function makes of the value before (`updates.ts`), and those without an Effect
 * (`writesAtOnce.ts`).
 */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type { Lease } from "../../../capability/Lease.ts"
import type { Entry } from "../../../store/Entry.ts"
import type { Prepared } from "../../../store/Store.ts"
import { CacheError, InvalidOption } from "../../CacheError.ts"
import type { LoadedOptions } from "../../Lookup.ts"
import type { SetOptions } from "../../types/setOptions.ts"
import { noDelivery } from "../below/delivery.ts"
import { type Holding, triesMax, whenKnown } from "../below/whenKnown.ts"
import { type CacheContext, orRedressed, orStoreFailed } from "../entries/cacheContext.ts"
import type { Entries } from "../entries/entries.ts"
import * as Expiry from "../family/expiry.ts"
import type { EngineFamilySpec } from "../family/familySpec.ts"
import { asHeld, isJudged, type Judged, type Judging, noOptions, whenJudged } from "../family/judgement.ts"
import type { FamilyInvalidation } from "../invalidation/familyInvalidation.ts"
import type { FamilyReads } from "../reads/familyReads.ts"
import { absence, expectedBy, guarded, type GuardedKey, whenArrived } from "./guarded.ts"
import { type LentRight, Refusals } from "./refusals.ts"
import { Updates } from "./updates.ts"
import { WritesAtOnce } from "./writesAtOnce.ts"
import { WriteSteps } from "./writeSteps.ts"

type Lifetime = NonNullable<LoadedOptions["timeToLive"]>

export class FamilyWrites<V> {
  private readonly cache: CacheContext
  private readonly spec: EngineFamilySpec<V>
  private readonly entries: Entries<V>
  private readonly reads: FamilyReads<V>
  private readonly invalidation: FamilyInvalidation<V>
  /** Why a write may not happen. */
  readonly refusals: Refusals<V>
  /** What a write changes. */
  readonly steps: WriteSteps<V>
  readonly updates: Updates<V>
  readonly atOnce: WritesAtOnce<V>

  constructor(reads: FamilyReads<V>, invalidation: FamilyInvalidation<V>, refusals?: Refusals<V>) {
    const { cache, entries, loads, spec } = reads
    this.cache = cache
    this.spec = spec
    this.entries = entries
    this.reads = reads
    this.invalidation = invalidation
    this.refusals = refusals ?? new Refusals(entries, loads)
    this.steps = new WriteSteps(entries, loads, invalidation)
    this.updates = new Updates(reads, invalidation, this.refusals, this.steps)
    this.atOnce = new WritesAtOnce(entries, loads, this.refusals, this.steps)
  }

  /** The writes by a right that the owner has lent: they are refused from its end on. */
  lentTo(right: LentRight): FamilyWrites<V> {
    return new FamilyWrites(this.reads, this.invalidation, this.refusals.lentTo(right))
  }

  set(key: string, value: V, options: SetOptions<Lease> = noOptions): Effect.Effect<void, CacheError> {
    const plain = options === noOptions ? this.steps.writeShort(key, value) : undefined
    if (plain !== undefined) return plain === noDelivery ? Effect.void : orRedressed(plain)
    return this.setLong(key, value, options)
  }

  private setLong(key: string, value: V, options: SetOptions<Lease>): Effect.Effect<void, CacheError> {
    const { ends } = this.refusals
    const refusal = this.refusals.refusalOf(options, key)
    if (refusal !== undefined) return Effect.fail(refusal)
    const judging = this.judge(key, value, options)
    // If there is nothing to wait for, this makes no closure, because each long write comes this way.
    return isJudged(judging) && !this.cache.outbox.isFull && this.entries.hot?.isRefusing !== true
      ? this.applyIf(judging, options, ends)
      : whenJudged(judging, (judged) => this.steps.inRoom([judged], () => this.applyIf(judged, options, ends)))
  }

  /** Judges a write: checks everything that can refuse it, before anything changes. */
  judge(key: string, value: V, options: LoadedOptions): Judging<Judged<V>> {
    return this.entries.judgement.judge(key, value, options)
  }

  /** Applies a judged write, if the caller may still write, and the key has the expected version. */
  private applyIf(judged: Judged<V>, options: SetOptions<Lease>, ends: number): Effect.Effect<void, CacheError> {
    const { key } = judged
    if (options.ifVersion === undefined) {
      const refusal = this.refusals.goneSince(ends) ?? this.refusals.refusalOf(options, key) ??
        this.refusals.unkept([judged], false)
      return refusal === undefined ? this.steps.applySet(judged, options) : Effect.fail(refusal)
    }
    const holding = this.holding(key)
    return whenKnown([holding], (held) => {
      const conflict = this.refusals.goneSince(ends) ??
        this.refusals.conflictOf(key, options, held?.[0], held !== undefined) ??
        this.refusals.unkept([judged], true)
      if (conflict !== undefined) return Effect.fail(conflict)
      const expected = expectedBy(options, held?.[0], holding)
      return this.guarded([{ key, expected }], () => this.steps.applySet(judged, options), Effect.fail)
    })
  }

  /** Applies a conditional write of some keys. `refused` gets the conflict with what another process has written. */
  private guarded<A>(
    keys: ReadonlyArray<Pick<GuardedKey, "key" | "expected">>,
    apply: () => Effect.Effect<A, CacheError>,
    refused: (conflict: CacheError) => Effect.Effect<A, CacheError>
  ): Effect.Effect<A, CacheError> {
    const { cache, entries } = this
    return cache.isShared ? guarded(cache, keys.map((one) => ({ entries, ...one })), apply, refused) : apply()
  }

  /** The entry of a key, for conditions. */
  holding(key: string): Holding {
    return this.entries.holding(key)
  }

  /** Writes a value if no tier holds one that may be served, fresh or stale; whether it was written. */
  setIfAbsent(key: string, value: V, options: SetOptions<Lease> = noOptions): Effect.Effect<boolean, CacheError> {
    const { ends } = this.refusals
    const refusal = this.refusals.refusalOf(options, key)
    if (refusal !== undefined) return Effect.fail(refusal)
    return whenJudged(
      this.judge(key, value, options),
      (judged) =>
        this.steps.inRoom([judged], () =>
          this.knowingOf(key, (held, holding) => {
            const refused = this.refusals.goneSince(ends) ?? this.refusals.refusalOf(options, key)
            if (refused !== undefined) return Effect.fail(refused)
            if (this.refusals.servable(key, held) !== undefined) return Effect.succeed(false)
            const unkept = this.refusals.unkept([judged], true)
            if (unkept !== undefined) return Effect.fail(unkept)
            return this.guarded(
              [{ key, expected: absence(held, holding) }],
              () => Effect.as(this.steps.applySet(judged, options), true),
              () => Effect.succeed(false)
            )
          }))
    )
  }

  /** Deletes a key, and returns the fresh value that a tier held until then. Both are one step. */
  getAndDelete(key: string, tries = triesMax): Effect.Effect<Option.Option<V>, CacheError> {
    const { ends } = this.refusals
    const refusal = this.refusals.refusalOf(noOptions, key, true)
    if (refusal !== undefined) return Effect.fail(refusal)
    return this.knowingOf(key, (held, holding) => {
      const refused = this.refusals.goneSince(ends) ?? this.refusals.refusalOf(noOptions, key, true)
      if (refused !== undefined) return Effect.fail(refused)
      const isFresh = held !== undefined && this.entries.isFresh(key, held, this.cache.time.now())
      const expected = held === undefined ? absence(held, holding) : { version: held.version, orAbsent: false }
      return this.guarded(
        [{ key, expected }],
        () => Effect.as(this.invalidation.delete([key]), isFresh ? Option.some(held.value) : Option.none()),
        (conflict) => tries > 0 ? this.getAndDelete(key, tries - 1) : Effect.fail(conflict)
      )
    })
  }

  /** Runs a step with what is held of a key at that moment. Fails if a tier does not say what it holds. */
  private knowingOf<A>(
    key: string,
    step: (held: Entry<V> | undefined, holding: Holding | undefined) => Effect.Effect<A, CacheError>
  ): Effect.Effect<A, CacheError> {
    if (this.entries.lane === undefined) return step(this.entries.held(key), undefined)
    const holding = this.holding(key)
    return whenKnown(
      [holding],
      (held) => held === undefined ? Effect.fail(this.refusals.unknown(key)) : step(held[0], holding)
    )
  }

  /**
   * Gives the fresh value of a key another lifetime, counted from now; whether there was one. The value keeps its
   * version, tags and revision. `rescheduleUnsafe` says what follows for its dependents.
   */
  reschedule(key: string, timeToLive: Lifetime): Effect.Effect<boolean, CacheError> {
    const lifetimeMillis = Expiry.lifetimeMillis(timeToLive)
    if (!(lifetimeMillis >= 0)) {
      const reason = new InvalidOption({ family: this.spec.name, option: "timeToLive", why: Expiry.lifetimeMisfit })
      return Effect.fail(new CacheError({ reason }))
    }
    return this.moveEnd(key, lifetimeMillis, this.refusals.ends, triesMax)
  }

  private moveEnd(
    key: string,
    lifetimeMillis: number,
    ends: number,
    tries: number
  ): Effect.Effect<boolean, CacheError> {
    return this.entries.watches.during(key, (watch) => {
      const refusal = this.refusals.goneSince(ends) ?? this.refusals.refusalOf(noOptions, key)
      if (refusal !== undefined) return Effect.fail(refusal)
      // Another caller has changed the key meanwhile, and may have left a fresh value.
      const again = Effect.suspend(() =>
        tries > 0 ? this.moveEnd(key, lifetimeMillis, ends, tries - 1) : Effect.fail(this.refusals.unknown(key))
      )
      const found = whenArrived(this.entries, this.refusals, key, () => this.reads.find(key))
      return Effect.flatMap(found, (served) => {
        const before = served?.entry
        if (before === undefined) return watch.changed ? again : Effect.succeed(false)
        const move = (prepared: Prepared<V> | undefined) =>
          this.cache.whenRoom(() => {
            const now = this.cache.time.now()
            const refused = this.refusals.goneSince(ends) ?? this.refusals.refusalOf(noOptions, key)
            if (refused !== undefined) return Effect.fail(refused)
            if (watch.changed) return again
            if (!this.entries.isFresh(key, before, now)) return Effect.succeed(false)
            const apply = () =>
              Effect.as(orStoreFailed(this.steps.moveEnd(key, before, now + lifetimeMillis, now, prepared)), true)
            if (!this.entries.isRaced) return apply()
            // What this process knows may not be the latest value.
            const expected = { version: before.version, orAbsent: false }
            return this.guarded([{ key, expected }], apply, () => again)
          })
        if (!this.entries.isRaced) return move(undefined)
        return whenJudged(this.judge(key, before.value, asHeld(before)), ({ prepared }) => move(prepared))
      })
    })
  }

  setMany(
    entries: ReadonlyArray<readonly [key: string, value: V]>,
    options: SetOptions<Lease> = noOptions
  ): Effect.Effect<void, CacheError> {
    const plain = options === noOptions ? this.steps.writeManyShort(entries) : undefined
    if (plain !== undefined) return plain
    const { ends } = this.refusals
    const isConditional = options.ifVersion !== undefined
    const refusal = this.refusals.refusalOf(options, entries)
    if (refusal !== undefined) return Effect.fail(refusal)
    return whenJudged(
      this.entries.judgement.judgeMany(entries, options),
      (judged) =>
        this.steps.inRoom(
          judged,
          () => {
            const holdings = isConditional ? entries.map(([key]) => this.holding(key)) : []
            return whenKnown(holdings, (held) => {
              const conflict = this.refusals.goneSince(ends) ?? (isConditional
                ? entries.map(([key], i) => this.refusals.conflictOf(key, options, held?.[i], held !== undefined))
                  .find((one) => one !== undefined)
                : this.refusals.refusalOf(options, entries)) ??
                this.refusals.unkept(judged, isConditional)
              if (conflict !== undefined) return Effect.fail(conflict)
              const apply = () => this.steps.applySets(judged, options)
              if (!isConditional) return apply()
              const keys = entries.map(([key], n) => ({ key, expected: expectedBy(options, held?.[n], holdings[n]) }))
              return this.guarded(keys, apply, Effect.fail)
            })
          }
        )
    )
  }
}
