/**
 * Writes a family. Each write has two phases.
 *
 * 1. **Judging** (`judgement.ts`): everything that can refuse the value is checked. Nothing has changed yet. The writer
 *    may wait here, for a codec or for room in the outbox.
 * 2. **Applying**: the conditions are compared. Then one synchronous step drops the dependents, overtakes running
 *    loads, and stores the entry in memory and in the outbox (laws 2, 3 and 4). `set` returns when the lower tiers have
 *    the change. If a tier refuses it, the value is removed from memory, too.
 *
 * A writer may wait between the phases, so the right to write is checked again in the second one.
 */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type { Lease } from "../../capability/Lease.ts"
import type { Entry } from "../../store/Entry.ts"
import type { CacheError } from "../CacheError.ts"
import { CacheEvent } from "../CacheEvent.ts"
import type { LoadedOptions } from "../Lookup.ts"
import type { EngineFamilySpec, SetOptions } from "../shared/familySpec.ts"
import { type CacheContext, orTakenBack } from "./cacheContext.ts"
import {
  heldRefusal,
  leaseRefusal,
  overtakenLease,
  overtakenUpdate,
  unkeptUpdate,
  versionConflict
} from "./conditions.ts"
import { both, type Delivery, noDelivery, type Writer } from "./delivery.ts"
import type { Entries } from "./entries.ts"
import * as Expiry from "./expiry.ts"
import type { FamilyInvalidation } from "./familyInvalidation.ts"
import type { FamilyReads } from "./familyReads.ts"
import { isJudged, type Judged, type Judging, noOptions, noTags, whenJudged } from "./judgement.ts"
import { type Holding, knowing, unknown } from "./knowing.ts"
import { isMarkedSince } from "./leaseTerms.ts"
import type { Loads } from "./loads.ts"
import { type Updating, working } from "./turns.ts"

// The terms of the entry stay, whatever the family's policy is for new values.
const asHeld = ({ revision, tags }: Entry<unknown>): LoadedOptions => ({ timeToLive: "never", tags, revision })

// The keys of a write. They are needed only if some key of the cache has a lease, or the write carries one.
const keysOf = (written: string | ReadonlyArray<readonly [key: string, value: unknown]>): ReadonlyArray<string> =>
  typeof written === "string" ? [written] : written.map(([key]) => key)

export class FamilyWrites<V> implements Writer {
  private readonly cache: CacheContext
  private readonly spec: EngineFamilySpec<V>
  private readonly name: string
  private readonly expiry: Expiry.Expiry
  private readonly entries: Entries<V>
  private readonly loads: Loads<V>
  private readonly reads: FamilyReads<V>
  private readonly invalidation: FamilyInvalidation<V>
  private endCount = 0

  constructor(reads: FamilyReads<V>, invalidation: FamilyInvalidation<V>) {
    this.cache = reads.cache
    this.spec = reads.spec
    this.name = reads.name
    this.expiry = reads.spec.expiry
    this.entries = reads.entries
    this.loads = reads.loads
    this.reads = reads
    this.invalidation = invalidation
  }

  /** How often an owner has left. A writer that waits compares it with the count before. */
  get ends(): number {
    return this.endCount
  }

  /** An owner has left: writers that wait may not write any more. */
  end(): void {
    this.endCount++
  }

  set(key: string, value: V, options: SetOptions<Lease> = noOptions): Effect.Effect<void, CacheError> {
    const { ends } = this
    const refusal = this.refusalOf(options, key)
    if (refusal !== undefined) return Effect.fail(refusal)
    const judging = this.judge(key, value, options)
    // If there is nothing to wait for, this makes no closure, because every write comes this way.
    return isJudged(judging) && !this.cache.outbox.isFull
      ? this.applyIf(judging, options, ends)
      : whenJudged(judging, (judged) => this.cache.inRoom(() => this.applyIf(judged, options, ends)))
  }

  /** Judges a write: checks everything that can refuse it, before anything changes. */
  judge(key: string, value: V, options: LoadedOptions): Judging<Judged<V>> {
    return this.entries.judgement.judge(key, value, options)
  }

  /** Applies a judged write, if the caller may still write, and the key has the expected version. */
  private applyIf(judged: Judged<V>, options: SetOptions<Lease>, ends: number): Effect.Effect<void, CacheError> {
    const { key } = judged
    if (options.ifVersion === undefined) {
      const refusal = this.goneSince(ends) ?? this.refusalOf(options, key)
      return refusal === undefined ? this.applySet(judged, options) : Effect.fail(refusal)
    }
    return knowing([this.holding(key)], (held) => {
      const conflict = this.goneSince(ends) ?? this.conflictOf(key, options, held?.[0], held !== undefined)
      return conflict === undefined ? this.applySet(judged, options) : Effect.fail(conflict)
    })
  }

  /** The error of a writer that has waited, if an owner has left since `ends` was read. */
  goneSince(ends: number): CacheError | undefined {
    return this.endCount === ends ? undefined : this.loads.unowned()
  }

  /** The entry of a key, for conditions. */
  holding(key: string): Holding {
    return this.entries.holding(key)
  }

  /** The error if the condition of a write does not hold for the key. */
  conflictOf(
    key: string,
    options: SetOptions<Lease>,
    held: Entry<V> | undefined,
    isKnown: boolean,
    isDeletion = false
  ): CacheError | undefined {
    const refusal = this.refusalOf(options, key, isDeletion)
    if (refusal !== undefined || options.ifVersion === undefined) return refusal
    return versionConflict(this.spec.show(key), options.ifVersion, held, isKnown)
  }

  /**
   * Why a caller may not write now: the family has no owner, its lease does not allow it, or another caller has a lease
   * of the key. A deletion says that the source has changed, so a lease of another caller does not refuse it.
   */
  refusalOf(
    { ifVersion, lease }: SetOptions<Lease>,
    written: string | ReadonlyArray<readonly [key: string, value: V]>,
    isDeletion = false
  ): CacheError | undefined {
    if (this.loads.loader === undefined) return this.loads.unowned()
    const { leases } = this.cache
    if (lease === undefined) {
      return leases.isEmpty || isDeletion ? undefined : heldRefusal(leases, this.spec, keysOf(written))
    }
    const keys = keysOf(written)
    const refusal = leaseRefusal(leases, lease, this.spec, keys)
    // A version says what the value is made from.
    if (refusal !== undefined || ifVersion !== undefined || isDeletion) return refusal
    const term = leases.termOf(lease)
    const isOvertaken = term.isOvertaken ||
      keys.some((one) => isMarkedSince(this.entries, one, term) || this.loads.isRefreshing(one))
    return isOvertaken ? overtakenLease(this.spec, keys) : undefined
  }

  /**
   * A lease of a key was granted. If the value is below memory, its tags are asked for, so that a write under the lease
   * is refused in the same cases as if the value were in memory.
   */
  beginTerm(lease: Lease, key: string): Effect.Effect<void> {
    const { hot, lower } = this.entries
    const inMemory = hot?.peek(key)
    this.restart(lease, inMemory !== undefined, inMemory?.tags ?? noTags)
    if (inMemory !== undefined || lower === undefined) return Effect.void
    const term = this.cache.leases.termOf(lease)
    // Until the tier has answered, any tag may be one of the value.
    Object.assign(term, { wasSeen: true, tags: undefined })
    const { stamp } = term
    return Effect.map(this.holding(key).current, (held) => {
      if (term.stamp !== stamp || term.tags !== undefined || held === unknown) return
      if (held !== undefined) term.tags = held.tags
      else if (stamp >= this.entries.tagMark) Object.assign(term, { wasSeen: false, tags: noTags })
    })
  }

  /** A write under a lease has happened: the holder knows the value, so what came before it does not matter. */
  renewTerm({ lease }: SetOptions<Lease>, tags: ReadonlyArray<string>): void {
    if (lease === undefined || !this.cache.leases.isOwn(lease)) return
    this.restart(lease, true, tags)
  }

  private restart(lease: Lease, wasSeen: boolean, tags: ReadonlyArray<string>): void {
    const { stamp } = this.cache
    Object.assign(this.cache.leases.termOf(lease), { stamp, isOvertaken: false, wasSeen, tags, absentKey: undefined })
  }

  /**
   * Stores a value and drops its dependents, in one synchronous step. If a tier does not take the value, memory does
   * not keep it either.
   */
  private applySet(judged: Judged<V>, options: SetOptions<Lease>): Effect.Effect<void, CacheError> {
    const delivery = this.applyWhole(judged)
    if (options.lease !== undefined) this.renewTerm(options, judged.tags)
    const { version } = this.cache
    return delivery === noDelivery ? Effect.void : orTakenBack(delivery, [[this, judged.key, version]])
  }

  private applySets(all: ReadonlyArray<Judged<V>>, options: SetOptions<Lease>): Effect.Effect<void, CacheError> {
    let delivery = noDelivery
    for (const judged of all) delivery = both(delivery, this.applyWhole(judged))
    if (options.lease !== undefined) this.renewTerm(options, all.flatMap(({ tags }) => tags))
    if (delivery === noDelivery) return Effect.void
    const { version } = this.cache
    return orTakenBack(delivery, all.map(({ key }) => [this, key, version]))
  }

  private applyWhole(judged: Judged<V>): Delivery {
    const stamp = this.cache.nextStamp()
    const dependents = this.invalidation.spread(judged.key, "hide")
    return both(dependents, this.applyWrite(judged, stamp))
  }

  /**
   * Applies a write without its dependents, in one synchronous step. Returns the changes that are on their way below.
   */
  applyWrite(judged: Judged<V>, stamp: number): Delivery {
    const now = this.cache.time.now()
    return this.keepWritten(judged, this.entries.entryOf(judged, stamp, now, 0), now)
  }

  /** Stores the entry of a write. Running loads and updates, remembered failures and peers learn of it. */
  private keepWritten({ key, prepared, weight }: Judged<V>, entry: Entry<V>, now: number): Delivery {
    this.loads.overtake(key)
    this.loads.failures.forget(key)
    this.entries.note("Set", key, entry.stamp)
    if (this.cache.hasListeners) this.cache.emit(CacheEvent.Set({ family: this.name, key: this.spec.show(key) }))
    return this.entries.keep(key, entry, now, weight, prepared)
  }

  /** Removes a value up to this version, because its write failed. A later value stays. */
  takeBack(key: string, version: number): Delivery {
    const { hot, lower } = this.entries
    const held = hot?.peek(key) ?? lower?.pending(key)?.entry
    return held !== undefined && held.version > version
      ? noDelivery
      : this.invalidation.applyDelete(key, "hide", this.cache.nextStamp())
  }

  setMany(
    entries: ReadonlyArray<readonly [key: string, value: V]>,
    options: SetOptions<Lease> = noOptions
  ): Effect.Effect<void, CacheError> {
    const { ends } = this
    const isConditional = options.ifVersion !== undefined
    const refusal = this.refusalOf(options, entries)
    if (refusal !== undefined) return Effect.fail(refusal)
    return whenJudged(
      this.entries.judgement.judgeMany(entries, options),
      (judged) =>
        this.cache.inRoom(() =>
          knowing(isConditional ? entries.map(([key]) => this.holding(key)) : [], (held) => {
            const conflict = this.goneSince(ends) ?? (isConditional
              ? entries.map(([key], i) => this.conflictOf(key, options, held?.[i], held !== undefined))
                .find((one) => one !== undefined)
              : this.refusalOf(options, entries))
            return conflict === undefined ? this.applySets(judged, options) : Effect.fail(conflict)
          })
        )
    )
  }

  /**
   * Reads a value, changes it and writes it. Updates of one key run one after the other. If `f` fails, nothing changes.
   * The entry keeps its tags.
   *
   * If the key was changed or invalidated meanwhile, the new value was made from a value that is gone. If the owner has
   * a lookup, the key is then left absent, because the engine does not know which value the source has. If the cache
   * alone has the value, the update fails with `VersionConflict`, and the other change stays.
   */
  update<E, R>(key: string, f: (was: V) => Effect.Effect<V, E, R>): Effect.Effect<V, unknown, R> {
    return this.loads.turns.take(key, (updating) => this.updateInTurn(key, f, updating))
  }

  private updateInTurn<E, R>(
    key: string,
    f: (was: V) => Effect.Effect<V, E, R>,
    updating: Updating
  ): Effect.Effect<V, unknown, R> {
    const { ends } = this
    const { turn } = updating
    const refusal = this.refusalOf(noOptions, key)
    if (refusal !== undefined) return Effect.fail(refusal)
    return Effect.flatMapEager(
      working(
        updating,
        this.afterRefresh(key, () => {
          turn.readsFrom(this.cache.stamp)
          return this.reads.serveNothingStale(key)
        })
      ),
      (served) => {
        const { entry, tags = entry?.tags, value: was } = served
        const unkept = unkeptUpdate(this.spec.show(key), served)
        if (unkept !== undefined) return Effect.fail(unkept)
        turn.hasRead(entry, tags)
        const write = (value: V) =>
          whenJudged(this.judge(key, value, { tags }), (judged) =>
            this.cache.inRoom(() => {
              const left = this.goneSince(ends) ?? this.refusalOf(noOptions, key)
              if (left !== undefined) return Effect.fail(left)
              const overtaken = turn.overtaken || this.loads.isRefreshing(key) ||
                this.entries.judge(key, turn.stamp, turn.tags) !== "valid"
              if (!overtaken) return this.applySet(judged, noOptions)
              return this.loads.loader?.lookup === undefined
                ? Effect.fail(overtakenUpdate(this.spec.show(key), entry, this.entries.hot?.peek(key)))
                : this.invalidation.drop([key], "hide")
            }))
        return Effect.flatMapEager(
          working(updating, f(was)),
          (value) => Effect.mapEager(working(updating, write(value)), () => value)
        )
      }
    )
  }

  /**
   * Reads a key after the refresh that was asked for before, whether or not it succeeds. The caller of the refresh
   * knows of a change of the source. A value that is made from the one before would take the place of what the refresh
   * brings.
   */
  private afterRefresh<A, E, R>(key: string, read: () => Effect.Effect<A, E, R>): Effect.Effect<A, E, R> {
    const refresh = this.loads.refreshOf(key)
    if (refresh === undefined) return read()
    const ended = Effect.callback<unknown, unknown>((resume) => this.loads.join(refresh, resume, true))
    return Effect.flatMap(Effect.exit(ended), read)
  }

  /**
   * Changes a part of the value that the cache holds. The value keeps its lifetime, tags and revision, and nothing is
   * loaded. The answer is `None` if the cache holds no fresh value, if the key changed while `f` ran, or if a refresh
   * of the key still runs at its end.
   */
  patch<E, R>(
    key: string,
    f: (was: V) => Effect.Effect<V, E, R>
  ): Effect.Effect<Option.Option<V>, CacheError | E, R> {
    return this.afterRefresh(key, () => this.patchNow(key, f))
  }

  private patchNow<E, R>(
    key: string,
    f: (was: V) => Effect.Effect<V, E, R>
  ): Effect.Effect<Option.Option<V>, CacheError | E, R> {
    return this.entries.watching(key, (watch) => {
      const { ends } = this
      const refusal = this.refusalOf(noOptions, key)
      if (refusal !== undefined) return Effect.fail(refusal)
      return Effect.flatMap(this.reads.find(key), (held) => {
        const before = held?.entry
        if (before === undefined) return Effect.succeed(Option.none())
        const write = (judged: Judged<V>) => {
          const now = this.cache.time.now()
          const left = this.goneSince(ends) ?? this.refusalOf(noOptions, key)
          if (left !== undefined) return Effect.fail(left)
          const stamp = this.cache.nextStamp()
          // What a refresh brings must not be replaced by a value that is made of the one before.
          const isOvertaken = watch.changed || this.loads.isRefreshing(key)
          if (isOvertaken || !this.entries.isFresh(key, before, now)) return Effect.succeed(Option.none())
          const { value } = judged
          const dependents = this.invalidation.spread(key, "hide")
          const version = this.cache.nextVersion(now)
          const expiresAt = Expiry.endOf(this.expiry, before.freshUntil, now)
          const delivery = this.keepWritten(judged, { ...before, value, stamp, version, expiresAt }, now)
          return Effect.as(orTakenBack(both(dependents, delivery), [[this, key, version]]), Option.some(value))
        }
        const options = asHeld(before)
        return Effect.flatMap(
          f(before.value),
          (value) => whenJudged(this.judge(key, value, options), (judged) => this.cache.whenRoom(() => write(judged)))
        )
      })
    })
  }
}
