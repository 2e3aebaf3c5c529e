/**
 * Says why a write may not happen now: by the owner of the family, by leases and conditions, by transactions, and by
 * the room that is left. Nothing has changed yet when it is asked.
 */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type { Lease } from "../../../capability/Lease.ts"
import type { Entry } from "../../../store/Entry.ts"
import type { CacheError } from "../../CacheError.ts"
import type { SetOptions } from "../../types/setOptions.ts"
import type { CacheContext } from "../entries/cacheContext.ts"
import {
  closedBy,
  heldRefusal,
  leaseRefusal,
  overtakenLease,
  unknownBelow,
  versionConflict
} from "../entries/conditions.ts"
import type { Entries } from "../entries/entries.ts"
import { isMarkedSince } from "../entries/leaseTerms.ts"
import type { EngineFamilySpec } from "../family/familySpec.ts"
import type { Judged } from "../family/judgement.ts"
import type { Loads } from "../loads/loads.ts"
import { maySubstitute } from "../loads/substitutes.ts"
import { roomRefusal } from "./room.ts"

// The keys of a write. They are needed only if some key of the cache has a lease, or the write carries one.
const keysOf = (written: string | ReadonlyArray<readonly [key: string, value: unknown]>): ReadonlyArray<string> =>
  typeof written === "string" ? [written] : written.map(([key]) => key)

/** A right to write that ends before the right of the owner, as that of a delegate. */
export interface LentRight {
  readonly active: boolean
  /** The error of a write after its end. */
  readonly ended: () => CacheError
}

export class Refusals<V> {
  private readonly cache: CacheContext
  private readonly spec: EngineFamilySpec<V>
  private readonly entries: Entries<V>
  private readonly loads: Loads<V>
  private endCount = 0
  /** The refusals of the owner, for writes by a right that the owner has lent. */
  private readonly whole: Refusals<V>
  private readonly right: LentRight | undefined

  constructor(entries: Entries<V>, loads: Loads<V>, whole?: Refusals<V>, right?: LentRight) {
    this.whole = whole ?? this
    this.right = right
    this.cache = entries.cache
    this.spec = entries.spec
    this.entries = entries
    this.loads = loads
  }

  /** How often an owner has left. A writer that waits compares it with the count before. */
  get ends(): number {
    return this.whole.endCount
  }

  /** The refusals of writes by a right that the owner has lent. */
  lentTo(right: LentRight): Refusals<V> {
    return new Refusals(this.entries, this.loads, this.whole, right)
  }

  /** The error of a lent right that has ended. */
  get ended(): CacheError | undefined {
    return this.right === undefined || this.right.active ? undefined : this.right.ended()
  }

  /** Fails what is done by the right of an owner that has left since `ends` was read, or by a lent right that ended. */
  whileHeld<A, E, R>(ends: number, done: Effect.Effect<A, E, R>): Effect.Effect<A, E | CacheError, R> {
    return Effect.flatMap(done, (a): Exit.Exit<A, CacheError> => {
      const gone = this.goneSince(ends)
      return gone === undefined ? Exit.succeed(a) : Exit.fail(gone)
    })
  }

  /** Fails what is done by a lent right that has ended meanwhile. */
  whileLent<A, E, R>(done: Effect.Effect<A, E, R>): Effect.Effect<A, E | CacheError, R> {
    return this.right === undefined ? done : Effect.flatMap(done, (a): Exit.Exit<A, CacheError> => {
      const { ended } = this
      return ended === undefined ? Exit.succeed(a) : Exit.fail(ended)
    })
  }

  /** Does this by a lent right; if that has ended, even meanwhile, something else is done instead. */
  unlessEnded<A, E, R>(done: Effect.Effect<A, E, R>, instead: () => Effect.Effect<A, E, R>): Effect.Effect<A, E, R> {
    if (this.right === undefined) return done
    return Effect.suspend(() =>
      this.ended === undefined
        ? Effect.flatMap(Effect.exit(done), (exit) => this.ended === undefined ? exit : instead())
        : instead()
    )
  }

  /** An owner has left: writers that wait may not write any more. */
  end(): void {
    this.endCount++
  }

  /** The error of a writer that has waited, if an owner has left since `ends` was read. */
  goneSince(ends: number): CacheError | undefined {
    return this.ends === ends ? this.ended : this.loads.unowned()
  }

  /**
   * Why a caller may not write now: the family has no owner, its lease does not allow it, or another caller has a lease
   * of the key. A deletion says that the data source has changed, so a lease of another caller does not refuse it.
   */
  refusalOf(
    { ifVersion, lease }: SetOptions<Lease>,
    written: string | ReadonlyArray<readonly [key: string, value: V]>,
    isDeletion = false
  ): CacheError | undefined {
    if (this.loads.loader === undefined) return this.loads.unowned()
    if (this.right?.active === false) return this.right.ended()
    const { changes, leases } = this.cache
    if (changes.isTelling) return changes.refusal(this.spec.pattern)
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
    if (!isKnown) return this.unknown(key)
    const counted = options.ifVersion === null ? this.servable(key, held) : held
    return versionConflict(this.spec.show(key), options.ifVersion, counted)
  }

  /** The error of a write whose condition cannot be judged: a tier does not say what it holds. */
  unknown(key: string): CacheError {
    return unknownBelow(this.entries, key)
  }

  /** The entry of a key, unless no read may serve it any more, not even as a stale one. */
  servable(key: string, held: Entry<V> | undefined): Entry<V> | undefined {
    return held !== undefined && maySubstitute(this.entries, key, held, this.cache.time.now()) ? held : undefined
  }

  /**
   * Why values are not written now: a transaction forbids to keep one that must stay, or there is no room. Where a
   * write has a condition, its value must stay, because the conditions of later writes are compared with it.
   */
  unkept(all: ReadonlyArray<Judged<V>>, isConditional: boolean): CacheError | undefined {
    for (const judged of all) {
      const refusal = this.closedRefusal(judged, isConditional)
      if (refusal !== undefined) return refusal
    }
    return roomRefusal(this.entries, all)
  }

  /**
   * The error if a value must stay that a transaction forbids to keep now. Without a condition, only a family without a
   * lookup is concerned: in any other one the next read loads what the data source has by then.
   */
  closedRefusal(
    { key, lifetimeMillis, tags }: Pick<Judged<V>, "key" | "lifetimeMillis" | "tags">,
    isConditional: boolean
  ): CacheError | undefined {
    const { cache, entries: { holds }, spec } = this
    if (holds.isEmpty) return undefined
    // The doubts that are over end here, before the write gets its stamp.
    const hold = holds.closing(key, tags, cache.time.now())
    const mustStay = lifetimeMillis !== 0 && (isConditional || holds.isAlone)
    return mustStay && hold !== undefined ? closedBy(hold, cache.id, spec.show(key)) : undefined
  }
}
