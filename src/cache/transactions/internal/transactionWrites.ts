/**
 * Writes a family for the body of a transaction. Changes are judged and collected; the cache does not change yet.
 *
 * Inside a transaction that the cache does not know, changes are refused.
 */
import * as Effect from "effect/Effect"
import type * as Option from "effect/Option"
import type { Lease } from "../../../capability/Lease.ts"
import { CacheError, TransactionRefused } from "../../CacheError.ts"
import type { InvalidationMode } from "../../CacheEvent.ts"
import type { CacheFamily } from "../../engine/cacheFamily.ts"
import type { Slice } from "../../Explanation.ts"
import { judgeAll, type Judged, noOptions, whenJudged } from "../../internal/family/judgement.ts"
import type { LoadedOptions } from "../../Lookup.ts"
import type { KeyLookup } from "../../shared/loader.ts"
import type { SetOptions } from "../../types/setOptions.ts"
import { type Change, deletion, removal } from "./collected.ts"
import type { Frame } from "./frame.ts"
import { TransactionReads } from "./transactionReads.ts"

/**
 * The writing operations of a family. If they need not wait, they act where they are called, and return an Exit. So
 * their caller calls them in the step that runs them.
 */
export interface Writes<V> {
  set(key: string, value: V, options?: SetOptions<Lease>): Effect.Effect<void, CacheError>
  setMany(
    entries: ReadonlyArray<readonly [key: string, value: V]>,
    options?: SetOptions<Lease>
  ): Effect.Effect<void, CacheError>
  update<E, R>(key: string, f: (was: V) => Effect.Effect<V, E, R>): Effect.Effect<V, unknown, R>
  patch<E, R>(
    key: string,
    f: (was: V) => Effect.Effect<V, E, R>
  ): Effect.Effect<Option.Option<V>, CacheError | E, R>
  /** Returns what is held, or what the load of the caller brings. */
  readOr(key: string, lookup: KeyLookup<V>): Effect.Effect<V, unknown>
  setIfAbsent(key: string, value: V, options?: SetOptions<Lease>): Effect.Effect<boolean, CacheError>
  getAndDelete(key: string): Effect.Effect<Option.Option<V>, CacheError>
  reschedule(key: string, timeToLive: NonNullable<LoadedOptions["timeToLive"]>): Effect.Effect<boolean, CacheError>
  delete(keys: ReadonlyArray<string>): Effect.Effect<void, CacheError>
  drop(keys: ReadonlyArray<string>, mode: InvalidationMode): Effect.Effect<void, CacheError>
  dropSlice(slice: Slice, mode: InvalidationMode): Effect.Effect<void, CacheError>
  invalidateTag(tag: string, mode: InvalidationMode): Effect.Effect<void, CacheError>
  refresh(key: string): Effect.Effect<V, unknown>
}

/** A family as the body of a transaction writes it. */
export class TransactionWrites<V> implements Writes<V> {
  private readonly family: CacheFamily<V>
  /** The family as the holder of the right writes it. */
  private readonly written: CacheFamily<V>
  private readonly frame: Frame
  /** Whether the cache learns the outcome of the writes. */
  private readonly isKnown: boolean

  constructor(family: CacheFamily<V>, frame: Frame, isKnown: boolean) {
    this.family = family.whole
    this.written = family
    this.frame = frame
    this.isKnown = isKnown
  }

  set(key: string, value: V, options: SetOptions<Lease> = noOptions): Effect.Effect<void, CacheError> {
    return this.setMany([[key, value]], options)
  }

  setMany(
    entries: ReadonlyArray<readonly [key: string, value: V]>,
    options: SetOptions<Lease> = noOptions
  ): Effect.Effect<void, CacheError> {
    const writes = entries.map(([key, value]) => ({ family: this.written, key, value: { value }, options }))
    return batch(this.frame, writes, this.isKnown)
  }

  update<E, R>(key: string): Effect.Effect<V, E | CacheError, R> {
    return Effect.fail(this.refusal("an update", key))
  }

  patch<E, R>(key: string): Effect.Effect<Option.Option<V>, CacheError | E, R> {
    return Effect.fail(this.refusal("a patch", key))
  }

  readOr(key: string, lookup: KeyLookup<V>): Effect.Effect<V, unknown> {
    return new TransactionReads(this.family, this.frame).readOr(key, lookup)
  }

  setIfAbsent(key: string): Effect.Effect<boolean, CacheError> {
    return Effect.fail(this.refusal("a `setIfAbsent`", key))
  }

  getAndDelete(key: string): Effect.Effect<Option.Option<V>, CacheError> {
    return Effect.fail(this.refusal("a `getAndDelete`", key))
  }

  reschedule(key: string): Effect.Effect<boolean, CacheError> {
    return Effect.fail(this.refusal("a `reschedule`", key))
  }

  private refusal(what: string, key: string): CacheError {
    const reason = new TransactionRefused({
      code: "E0524",
      manifest: this.family.cache.id,
      why: `${what} of \`${this.family.spec.show(key)}\` would start from a value that may be older than the row`,
      help: "read the row with SQL, write it, and `set` the new value or `invalidate` the key"
    })
    return new CacheError({ reason })
  }

  delete(keys: ReadonlyArray<string>): Effect.Effect<void, CacheError> {
    return Effect.suspend(() => this.frame.put(keys.map((key) => this.lent(deletion(this.family, key))), this.isKnown))
  }

  drop(keys: ReadonlyArray<string>, mode: InvalidationMode): Effect.Effect<void, CacheError> {
    return Effect.suspend(() =>
      this.frame.put(keys.map((key) => this.lent(removal(this.family, key, mode))), this.isKnown)
    )
  }

  /** A change with what refuses it at the commit. */
  private lent<A extends Change>(change: A): A {
    return { ...change, refusals: this.written.writes.refusals }
  }

  dropSlice(slice: Slice, mode: InvalidationMode): Effect.Effect<void, CacheError> {
    const { family } = this
    return Effect.suspend(() => this.frame.put([this.lent({ _tag: "Slice", family, slice, mode })], this.isKnown))
  }

  invalidateTag(tag: string, mode: InvalidationMode): Effect.Effect<void, CacheError> {
    const { family } = this
    return Effect.suspend(() => this.frame.put([this.lent({ _tag: "Tag", family, tag, mode })], this.isKnown))
  }

  /** Invalidates the key, and loads its value within the transaction. That value is not stored. */
  refresh(key: string): Effect.Effect<V, unknown> {
    return Effect.andThen(this.drop([key], "hide"), new TransactionReads(this.family, this.frame).read(key))
  }
}

/**
 * The error of a write inside a database transaction that does not collect it. The write would take effect before the
 * commit, and stay after a rollback.
 */
export const unknownTransaction = (manifest: string): CacheError =>
  new CacheError({
    reason: new TransactionRefused({
      code: "E0528",
      manifest,
      why: "the cache does not know the database transaction around it, so a rollback would not undo it",
      help: `open the transaction with \`${manifest}.transaction(sql.withTransaction)\`, or write after it`
    })
  })

/** A family in a database transaction that the cache does not know: all writes are refused. */
export class RefusedWrites implements Writes<any> {
  readonly set = this.refuse
  readonly setMany = this.refuse
  readonly update = this.refuse
  readonly patch = this.refuse
  readonly readOr = this.refuse
  readonly setIfAbsent = this.refuse
  readonly getAndDelete = this.refuse
  readonly reschedule = this.refuse
  readonly delete = this.refuse
  readonly drop = this.refuse
  readonly dropSlice = this.refuse
  readonly invalidateTag = this.refuse
  readonly refresh = this.refuse
  private readonly manifest: string

  constructor(manifest: string) {
    this.manifest = manifest
  }

  private refuse(): Effect.Effect<never, CacheError> {
    return Effect.fail(unknownTransaction(this.manifest))
  }
}

/** A write of one key. Without a value, it is a deletion. */
export interface Write {
  readonly family: CacheFamily<any>
  readonly key: string
  readonly value: { readonly value: unknown } | undefined
  readonly options: SetOptions<Lease>
}

/** Collects the writes of a batch together. */
export const batch = (
  frame: Frame,
  writes: ReadonlyArray<Write>,
  isKnown: boolean
): Effect.Effect<void, CacheError> =>
  Effect.suspend(() => {
    for (const { family, key, options, value } of writes) {
      const refusal = family.writes.refusals.refusalOf(options, key, value === undefined)
      if (refusal !== undefined) return Effect.fail(refusal)
    }
    const values = writes.filter(({ value }) => value !== undefined)
    return whenJudged(
      judgeAll(values, ({ family, key, options, value }) => family.writes.judge(key, value!.value, options)),
      (judged) => {
        const byWrite = new Map<Write, Judged<any>>(values.map((write, i) => [write, judged[i]!]))
        const changes = writes.map((write) => ({
          ...deletion(write.family.whole, write.key),
          ...termsOf(write, byWrite),
          refusals: write.family.writes.refusals
        }))
        return frame.put(changes, isKnown)
      }
    )
  })

const termsOf = (write: Write, judged: ReadonlyMap<Write, Judged<any>>) => ({
  judged: judged.get(write),
  options: write.options
})

/** Collects the slices of several families together. */
export const dropSlices = (
  frame: Frame,
  slices: ReadonlyArray<readonly [family: CacheFamily<any>, slice: Slice]>,
  mode: InvalidationMode
): Effect.Effect<void, CacheError> =>
  Effect.suspend(() => frame.put(slices.map(([family, slice]) => ({ _tag: "Slice", family, slice, mode })), true))
