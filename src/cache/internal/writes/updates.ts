/**
 * The writes whose value a function makes of the value before: `update` and `patch`.
 */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import type { Entry } from "../../../store/Entry.ts"
import type { CacheError } from "../../CacheError.ts"
import { noDelivery } from "../below/delivery.ts"
import type { Expected } from "../below/guard.ts"
import { unknown } from "../below/whenKnown.ts"
import { type CacheContext, orRedressed } from "../entries/cacheContext.ts"
import { overtakenUpdate, unkeptUpdate } from "../entries/conditions.ts"
import type { Entries } from "../entries/entries.ts"
import type { EngineFamilySpec } from "../family/familySpec.ts"
import { asHeld, type Judged, memory, noOptions, noTags, whenJudged } from "../family/judgement.ts"
import type { FamilyInvalidation } from "../invalidation/familyInvalidation.ts"
import { atOnce } from "../loads/atOnce.ts"
import type { Loads } from "../loads/loads.ts"
import { type Updating, working } from "../loads/turns.ts"
import type { FamilyReads } from "../reads/familyReads.ts"
import { guarded, whenArrived } from "./guarded.ts"
import type { Refusals } from "./refusals.ts"
import { inFreedRoom, roomRefusal } from "./room.ts"
import type { WriteSteps } from "./writeSteps.ts"

export class Updates<V> {
  private readonly cache: CacheContext
  private readonly spec: EngineFamilySpec<V>
  private readonly entries: Entries<V>
  private readonly loads: Loads<V>
  private readonly reads: FamilyReads<V>
  private readonly invalidation: FamilyInvalidation<V>
  private readonly refusals: Refusals<V>
  private readonly steps: WriteSteps<V>

  constructor(
    reads: FamilyReads<V>,
    invalidation: FamilyInvalidation<V>,
    refusals: Refusals<V>,
    steps: WriteSteps<V>
  ) {
    this.cache = reads.cache
    this.spec = reads.spec
    this.entries = reads.entries
    this.loads = reads.loads
    this.reads = reads
    this.invalidation = invalidation
    this.refusals = refusals
    this.steps = steps
  }

  /**
   * Reads a value, changes it and writes it. Updates of one key run one after the other. If `f` fails, nothing changes.
   * The entry keeps its tags, and where it was made from others it lasts no longer than before.
   *
   * If the key was changed or invalidated meanwhile, the new value was made from a value that is gone. If the owner has
   * a lookup, the key is then left absent, because the engine does not know which value the data source has. If the
   * cache alone has the value, the update fails with `VersionConflict`, and the other change stays.
   */
  update<E, R>(key: string, f: (was: V) => Effect.Effect<V, E, R>): Effect.Effect<V, unknown, R> {
    const { entries, loads } = this
    const isPlain = entries.hasShortWay && !entries.tagged && loads.isShortWayOpen && loads.loader !== undefined &&
      !this.spec.isDerived
    const was = isPlain ? entries.hot!.look(key) : undefined
    if (was !== undefined) return this.updateHeld(key, f, was)
    const { ends } = this.refusals
    return loads.turns.take(key, (updating) => this.updateInTurn(key, f, updating, ends))
  }

  /**
   * The short way: the value is held, and no other update of the family runs. The update has its turn while `f` is
   * called. If `f` has only returned a value, that is written in this step, and nothing has to wait. Otherwise the
   * update takes its turn again with what `f` has returned, as soon as it is run.
   */
  private updateHeld<E, R>(
    key: string,
    f: (was: V) => Effect.Effect<V, E, R>,
    was: V
  ): Effect.Effect<V, unknown, R> {
    const { cache, entries, loads } = this
    const { ends } = this.refusals
    const { stamp, version } = cache
    // Only the error of an update that cannot be dropped names it.
    const before = loads.loader!.lookup === undefined ? entries.hot!.peek(key) : undefined
    loads.turns.beginBrief(key)
    const made = atOnce(f, was)
    // A check of the value is the user's code, too.
    const isShort = Exit.isExit(made) && (Exit.isFailure(made) || this.steps.admitsShortWay(made.value))
    let after: Entry<V> | undefined
    if (!isShort || stamp !== cache.stamp || version !== cache.version) after = entries.held(key)
    const isOvertaken = loads.turns.endBrief()
    if (isShort && stamp === cache.stamp && version === cache.version) {
      const exit = made as Exit.Exit<V, E>
      const delivery = Exit.isSuccess(exit) ? this.steps.writeAdmitted(key, exit.value) : noDelivery
      if (delivery !== undefined) {
        entries.counts.hits++
        return delivery === noDelivery ? exit : Effect.andThen(orRedressed(delivery), exit)
      }
      after = entries.held(key)
    }
    entries.tally.countHit(key, memory)
    return loads.turns.take(key, (updating) => {
      const { turn } = updating
      turn.readsFrom(stamp)
      turn.hasRead(after)
      if (isOvertaken || entries.held(key)?.version !== after?.version) turn.overtake()
      return this.written(key, made, before, updating, ends)
    })
  }

  private updateInTurn<E, R>(
    key: string,
    f: (was: V) => Effect.Effect<V, E, R>,
    updating: Updating,
    ends: number
  ): Effect.Effect<V, unknown, R> {
    const { turn } = updating
    const refusal = this.refusals.goneSince(ends) ?? this.refusals.refusalOf(noOptions, key)
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
        const unkept = unkeptUpdate(this.spec.show(key), served) ??
          this.refusals.closedRefusal({ key, tags: tags ?? noTags, lifetimeMillis: Infinity }, true)
        if (unkept !== undefined) return Effect.fail(unkept)
        turn.hasRead(entry, tags)
        return this.written(key, f(was), entry, updating, ends)
      }
    )
  }

  /**
   * Whether an updated value keeps the end of the one before: a lookup has made that one from others, so it is fresh no
   * longer than these.
   */
  private get isBounded(): boolean {
    return this.spec.isDerived && this.loads.loader?.lookup !== undefined
  }

  private applied(judged: Judged<V>, before: Entry<V> | undefined): Effect.Effect<void, CacheError> {
    const freshUntilMax = this.isBounded ? before?.freshUntil ?? this.cache.time.now() : Infinity
    return this.steps.applySet(judged, noOptions, freshUntilMax)
  }

  /** Writes what the function of an update makes, unless the key was changed meanwhile. */
  private written<E, R>(
    key: string,
    made: Effect.Effect<V, E, R>,
    before: Entry<V> | undefined,
    updating: Updating,
    ends: number
  ): Effect.Effect<V, unknown, R> {
    const { turn } = updating
    const { tags } = turn
    const write = (value: V) =>
      whenJudged(
        this.entries.judgement.judge(key, value, { tags }),
        (judged) =>
          this.steps.inRoom([judged], () =>
            this.whenArrived(key, () => {
              const left = this.refusals.goneSince(ends) ?? this.refusals.refusalOf(noOptions, key)
              if (left !== undefined) return Effect.fail(left)
              const full = roomRefusal(this.entries, [judged])
              if (full !== undefined) return Effect.fail(full)
              const overtaken = turn.overtaken || this.loads.isRefreshing(key) ||
                this.entries.judge(key, turn.stamp, turn.tags) !== "valid"
              if (!overtaken) {
                const expected = before === undefined ? undefined : { version: before.version, orAbsent: false }
                return this.guarded(key, expected, () => this.applied(judged, before), Effect.fail)
              }
              return this.loads.loader?.lookup === undefined
                ? Effect.flatMap(
                  this.entries.holding(key).current,
                  (now) => Effect.fail(overtakenUpdate(this.spec.show(key), before, now === unknown ? undefined : now))
                )
                : this.invalidation.drop([key], "hide")
            }))
      )
    return Effect.flatMapEager(
      working(updating, made),
      (value) => Effect.mapEager(working(updating, write(value)), () => value)
    )
  }

  /** Runs a step when no change of the key is on its way to a tier that will judge it. */
  private whenArrived<A, E>(key: string, step: () => Effect.Effect<A, E>): Effect.Effect<A, E | CacheError> {
    return whenArrived(this.entries, this.refusals, key, step)
  }

  /** Applies a write whose value is made from another one, which no lookup could bring again. */
  private guarded<A>(
    key: string,
    expected: Expected | undefined,
    apply: () => Effect.Effect<A, CacheError>,
    refused: (conflict: CacheError) => Effect.Effect<A, CacheError>
  ): Effect.Effect<A, CacheError> {
    const { cache, entries } = this
    return this.entries.isRaced ? guarded(cache, [{ entries, key, expected }], apply, refused) : apply()
  }

  /**
   * Changes a part of the value that the cache holds. The value keeps its lifetime, tags and revision, and nothing is
   * loaded. Patches of one key run one after the other. It returns `None` if the cache holds no fresh value, if the key
   * changed otherwise while `f` ran, or if a refresh of the key still runs at its end.
   */
  patch<E, R>(
    key: string,
    f: (was: V) => Effect.Effect<V, E, R>
  ): Effect.Effect<Option.Option<V>, CacheError | E, R> {
    const { ends } = this.refusals
    return this.loads.patchTurns.take(
      key,
      (updating) => working(updating, this.afterRefresh(key, () => this.patchNow(key, f, ends)))
    )
  }

  private patchNow<E, R>(
    key: string,
    f: (was: V) => Effect.Effect<V, E, R>,
    ends: number
  ): Effect.Effect<Option.Option<V>, CacheError | E, R> {
    return this.entries.watches.during(key, (watch) => {
      const refusal = this.refusals.goneSince(ends) ?? this.refusals.refusalOf(noOptions, key)
      if (refusal !== undefined) return Effect.fail(refusal)
      return Effect.flatMap(this.reads.find(key), (held) => {
        const before = held?.entry
        if (before === undefined) return Effect.succeed(Option.none())
        const write = (judged: Judged<V>) => {
          const now = this.cache.time.now()
          const left = this.refusals.goneSince(ends) ?? this.refusals.refusalOf(noOptions, key)
          const full = left ?? this.refusals.unkept([judged], true)
          if (full !== undefined) return Effect.fail(full)
          const stamp = this.cache.nextStamp()
          // What a refresh brings must not be replaced by a value that is made of the one before.
          const isOvertaken = watch.changed || this.loads.isRefreshing(key)
          if (isOvertaken || !this.entries.isFresh(key, before, now)) return Effect.succeed(Option.none())
          const amend = () => {
            const delivery = this.steps.amend(judged, before, stamp, now)
            return Effect.as(delivery === noDelivery ? Effect.void : orRedressed(delivery), Option.some(judged.value))
          }
          const expected = { version: before.version, orAbsent: false }
          return this.guarded<Option.Option<V>>(key, expected, amend, () => Effect.succeed(Option.none()))
        }
        const options = asHeld(before)
        return Effect.flatMap(
          f(before.value),
          (value) =>
            whenJudged(
              this.entries.judgement.judge(key, value, options),
              (judged) =>
                inFreedRoom([[this.entries, [judged]]], () =>
                  this.cache.whenRoom(() => this.whenArrived(key, () => write(judged))))
            )
        )
      })
    })
  }

  /**
   * Reads a key after the refresh that was asked for before, whether or not it succeeds. The caller of the refresh
   * knows of a change of the source. A value that is made from the one before would take the place of what the refresh
   * brings.
   */
  private afterRefresh<A, E, R>(key: string, read: () => Effect.Effect<A, E, R>): Effect.Effect<A, E, R> {
    if (this.loads.refreshOf(key) === undefined) return read()
    // It is found and joined in one step. Its caller may leave in between, and end it.
    const ended = Effect.callback<unknown, unknown>((resume) => {
      const refresh = this.loads.refreshOf(key)
      return refresh === undefined ? resume(Exit.void) : this.loads.join(refresh, resume, "new")
    })
    return Effect.flatMap(Effect.exit(ended), read)
  }
}
