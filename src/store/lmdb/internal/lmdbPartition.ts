/**
 * One family in the LMDB tier: reads on the calling thread, and writes that join a batch in the order of their calls.
 *
 * - A write that must wait, for a codec or for the batch, takes a `Turn`; no later write of the family overtakes it.
 * - A record that cannot be read is absent and counted.
 *
 * Not here: batches and their commits (`lmdbWrites.ts`), the bytes of a record (`lmdbRecord.ts`), and the bytes of a
 * value (`store/Codec.ts`).
 */
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Metric from "effect/Metric"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import { Buffer } from "node:buffer"
import { isTooLong, keyBytesMax } from "../../../pattern/Key.ts"
import type { Codec } from "../../Codec.ts"
import { type Entry, type Found, tagsMax } from "../../Entry.ts"
import * as AnswerTime from "../../shared/answerTime.ts"
import { nameOfThrown, wordsOfIssue } from "../../shared/misfit.ts"
import { RareLog } from "../../shared/rareLog.ts"
import {
  type Change,
  type Content,
  type FreshUntilMax,
  type Partition,
  type PartitionPage,
  type Prepared,
  type StoreFamily
} from "../../Store.ts"
import {
  BookmarkLost,
  EncodeFailed,
  KeyTooLong,
  type Operation,
  StoreError,
  TierTimeout,
  ValueTooLarge
} from "../../StoreError.ts"
import type { Batch, Departed } from "./lmdbBatch.ts"
import { tierName } from "./lmdbEnvironment.ts"
import { failure } from "./lmdbFailure.ts"
import type { LmdbFamily } from "./lmdbFamilies.ts"
import { bookmarkOf, entryKey, isBookmark, isShort, keyWithin } from "./lmdbKey.ts"
import { decodeRecord, encodeRecord, isOfOtherFormat, recordBytes, recordExpiresAt } from "./lmdbRecord.ts"
import type { LmdbNamespace } from "./lmdbTier.ts"
import type { Durability } from "./lmdbWrites.ts"

/** Counts records that a read could not use, by `reason`. */
export const dropped: Metric.Counter<number> = Metric.counter("stateless_lmdb_records_dropped", {
  description: "Records of the LMDB tier that were damaged, or that another schema or version wrote",
  incremental: true
})

const damaged = Metric.withAttributes(dropped, { reason: "damaged" })
const undecodable = Metric.withAttributes(dropped, { reason: "undecodable" })

/** A larger record is refused when it is written: it would evict all others, or hold up the thread for a second. */
const recordBytesMax = 268_435_456

/** The time limit of a codec; a slower one fails its own write, and does not hold up other writes. */
const encodeTimeoutMillis = 30_000

/** Keys that one step of `entries` or `size`, or one page, reads without a pause: about 1 ms. */
const keysPerStepMax = 512

/** The bytes of records from which on a page ends. */
const pageBytesMax = 4_194_304

/**
 * The queue of the writes of a partition. A write that must wait, for a codec or for the batch, takes a turn. While a
 * write has a turn, every later write of the partition takes one, so that none overtakes another.
 */
export class Turn {
  #last: Deferred.Deferred<void> | undefined

  get isFree(): boolean {
    return this.#last === undefined
  }

  /** Runs a write of several partitions after all earlier writes; it takes its turns in one step. */
  static take<A, E>(turns: ReadonlyArray<Turn>, body: Effect.Effect<A, E>): Effect.Effect<A, E> {
    return Effect.uninterruptibleMask((restore) =>
      Effect.suspend(() => {
        const done = Deferred.makeUnsafe<void>()
        const before = turns.map((turn) => turn.#last).filter((last) => last !== undefined)
        for (const turn of turns) turn.#last = done
        // The wait is not interrupted: later writes wait for this write, and through it for the earlier ones.
        return Effect.ensuring(
          Effect.andThen(Effect.forEach(before, Deferred.await, { discard: true }), restore(body)),
          Effect.sync(() => {
            for (const turn of turns) if (turn.#last === done) turn.#last = undefined
            Deferred.doneUnsafe(done, Exit.void)
          })
        )
      })
    )
  }
}

/** The prepared form of a value: its bytes, and the key where the record must hold it. */
interface Form {
  readonly value: Uint8Array
  readonly hashedKey: string | undefined
  readonly bytes: number
}

export class LmdbPartition<V> implements Partition<V> {
  readonly hot = undefined
  readonly turn = new Turn()
  readonly #tier: LmdbNamespace
  readonly #family: LmdbFamily
  readonly #durability: Durability
  readonly #codec: Codec<V>
  readonly #render: (key: string) => string

  constructor(
    tier: LmdbNamespace,
    family: LmdbFamily,
    durability: Durability,
    codec: Codec<V>,
    render: (key: string) => string
  ) {
    this.#tier = tier
    this.#family = family
    this.#durability = durability
    this.#codec = codec
    this.#render = render
  }

  readonly get = (key: string): Effect.Effect<Found<V> | undefined, StoreError> =>
    Effect.withFiber((fiber) =>
      this.#find(entryKey(this.#family.prefix, key), key, nowOf(fiber.context), fiber.context)
    )

  readonly getMany = (keys: ReadonlyArray<string>): Effect.Effect<ReadonlyArray<Found<V> | undefined>, StoreError> =>
    Effect.withFiber((fiber) => {
      const now = nowOf(fiber.context)
      return Effect.forEach(keys, (key) => this.#find(entryKey(this.#family.prefix, key), key, now, fiber.context))
    })

  // A long key is compared with the key in the record: its hash alone would be a guess.
  #find(
    entryKey: string,
    key: string,
    nowMillis: number,
    context: Context.Context<never>
  ): Effect.Effect<Found<V> | undefined, StoreError> {
    const tier = this.#tier
    const fault = tier.writes.fault("get")
    if (fault !== undefined) return Exit.fail(fault)
    try {
      const bytes = tier.read(entryKey)
      if (bytes === undefined || recordExpiresAt(bytes, bytes.length) <= nowMillis) return absent
      const record = decodeRecord(bytes, bytes.length)
      if (record === undefined) {
        return isOfOtherFormat(bytes, bytes.length) ? unread(context) : this.#drop(entryKey, damaged, context)
      }
      if (record.hashedKey !== undefined && record.hashedKey !== key) return absent
      const { entry } = record
      const decoded = answered(this.#codec.decode(record.value))
      if (decoded !== undefined) {
        return Exit.isSuccess(decoded)
          ? Exit.succeed({ entry: { ...entry, value: decoded.value }, tier: tierName })
          : unread(context)
      }
      // The driver owns the bytes, and reuses them before a codec that waits continues.
      return Effect.matchEffect(this.#codec.decode(new Uint8Array(record.value)), {
        onSuccess: (value) => Effect.succeed({ entry: { ...entry, value }, tier: tierName }),
        onFailure: () => Effect.sync(() => void unread(context))
      })
    } catch (cause) {
      return Exit.fail(failure("get", cause))
    }
  }

  #drop(entryKey: string, reason: typeof dropped, context: Context.Context<never>): Exit.Exit<undefined> {
    reason.updateUnsafe(1, context)
    // Without room the record stays, and is found again.
    if (this.#tier.writes.hasRoom && this.#tier.writes.fault("get") === undefined) this.#tier.writes.remove([entryKey])
    return absent
  }

  readonly set = (key: string, entry: Entry<V>): Effect.Effect<void, StoreError> =>
    this.#write("set", () => this.#encode(key, entry), (form) => {
      this.#tier.writes.admit(1, form.bytes, () => this.#remove([key]))
      this.#put(key, entry, form)
    })

  readonly setMany = (
    entries: ReadonlyArray<readonly [key: string, entry: Entry<V>]>
  ): Effect.Effect<void, StoreError> =>
    this.#write("set", () => this.#encodeAll(entries), (forms) => {
      const bytes = forms.reduce((sum, form) => sum + form.bytes, 0)
      this.#tier.writes.admit(forms.length, bytes, () => this.#remove(entries.map(([key]) => key)))
      entries.forEach(([key, entry], at) => this.#put(key, entry, forms[at]!))
    })

  readonly remove = (keys: ReadonlyArray<string>): Effect.Effect<void, StoreError> =>
    this.#write("remove", () => Exit.void, () => this.#remove(keys))

  readonly clear: Effect.Effect<void, StoreError> = Effect.suspend(() =>
    this.#write("clear", () => Exit.void, () => this.#tier.clear(this.#family))
  )

  readonly prepare = (key: string, content: Content<V>): Effect.Effect<Prepared<V>, StoreError> =>
    this.#encode(key, content)

  /**
   * Hands over this family's part of a round, in the turn of the round; returns the batch as `Writes.remove` does. It
   * is a property, so that a spread copy of a partition has it, too.
   */
  readonly apply = ({ cleared, removed, set }: Change<V>): Batch | undefined => {
    let last = cleared ? this.#tier.clear(this.#family) : undefined
    last = this.#remove(removed) ?? last
    for (const { entry, key, prepared } of set) last = this.#put(key, entry, prepared as Prepared<V> & Form)
    return last
  }

  /** Hands over removals of what a round was to set, where the disk has no room for its values. */
  readonly refuse = ({ cleared, partition, removed, set }: Change<V>): void => {
    this.apply({ partition, cleared, removed: [...removed, ...set.map(({ key }) => key)], set: [] })
  }

  readonly full = (entries: number, bytes: number): StoreError | undefined => this.#tier.writes.full(entries, bytes)

  #put(key: string, entry: Entry<V>, { hashedKey, value }: Form): Batch {
    const record = encodeRecord(entry, value, hashedKey)
    return this.#tier.put(entryKey(this.#family.prefix, key), record, entry)
  }

  #remove(keys: ReadonlyArray<string>): Batch | undefined {
    return this.#tier.writes.remove(keys.map((key) => entryKey(this.#family.prefix, key)))
  }

  /** Prepares a write, takes its turn, hands it to the tier, and waits for the batch that the tier returns, if any. */
  #write<A>(
    operation: Operation,
    prepare: () => Effect.Effect<A, StoreError>,
    hand: (prepared: A) => Batch | undefined | void
  ): Effect.Effect<void, StoreError> {
    return Effect.suspend(() => {
      const tier = this.#tier
      const handOver = (prepared: A) => tier.writes.attempt(operation, () => hand(prepared) ?? undefined)
      const whenDurable = (batch: Batch | undefined) => tier.writes.awaitBatch(batch, this.#durability, operation)
      const prepared = prepare()
      const ready = this.turn.isFree && tier.writes.hasRoom ? answered(prepared) : undefined
      if (ready !== undefined) return Effect.flatMap(Effect.flatMapEager(ready, handOver), whenDurable)
      const inTurn = Effect.flatMap(prepared, (prepared) => Effect.andThen(tier.writes.room, handOver(prepared)))
      return Effect.flatMap(Turn.take([this.turn], inTurn), whenDurable)
    })
  }

  #encode(key: string, { revision, tags, value }: Content<V>): Effect.Effect<Form, StoreError> {
    const hashedKey = isShort(key) ? undefined : key
    if (hashedKey !== undefined && isTooLong(key)) {
      const bytes = Buffer.byteLength(key)
      return Exit.fail(new StoreError({ reason: new KeyTooLong({ tier: tierName, bytes, bytesMax: keyBytesMax }) }))
    }
    if (tags.length > tagsMax) return this.#refuse(key, value, new Error(`an entry has at most ${tagsMax} tags`))
    const form = this.#formOf(key, value, (value): Exit.Exit<Form, StoreError> => {
      const bytes = recordBytes({ revision, tags }, value, hashedKey)
      return bytes <= this.#recordBytesMax ? Exit.succeed({ value, hashedKey, bytes }) : this.#tooLarge(key, bytes)
    })
    return Exit.isExit(form) ? form : AnswerTime.timeoutOrElse(form, {
      duration: encodeTimeoutMillis,
      orElse: () =>
        Effect.fail(
          new StoreError({
            reason: new TierTimeout({ tier: tierName, operation: "prepare", timeoutMillis: encodeTimeoutMillis })
          })
        )
    })
  }

  // A schema may run the user's code, which may throw.
  #formOf(
    key: string,
    value: V,
    form: (bytes: Uint8Array) => Exit.Exit<Form, StoreError>
  ): Effect.Effect<Form, StoreError> {
    try {
      const encoded = this.#codec.encode(value)
      const exit = answered(encoded)
      if (exit !== undefined) return Exit.isSuccess(exit) ? form(exit.value) : this.#notEncoded(key, value, exit.cause)
      return Effect.matchCauseEffect(encoded, {
        onSuccess: form,
        onFailure: (cause) => this.#notEncoded(key, value, cause)
      })
    } catch (cause) {
      return this.#refuse(key, value, cause)
    }
  }

  #notEncoded(key: string, value: V, cause: Cause.Cause<unknown>): Exit.Exit<never, StoreError> {
    return Cause.hasInterruptsOnly(cause) ? Exit.interrupt() : this.#refuse(key, value, Cause.squash(cause))
  }

  get #recordBytesMax(): number {
    return Math.min(recordBytesMax, this.#tier.bounds.bytesMax)
  }

  #tooLarge(key: string, bytes: number): Exit.Exit<never, StoreError> {
    const bytesMax = this.#recordBytesMax
    return Exit.fail(
      new StoreError({ reason: new ValueTooLarge({ tier: tierName, key: this.#render(key), bytes, bytesMax }) })
    )
  }

  #refuse(key: string, value: V, cause: unknown): Exit.Exit<never, StoreError> {
    const where = cause instanceof Schema.SchemaError
      ? wordsOfIssue(cause.issue, value)
      : `the codec failed with ${nameOfThrown(cause)}`
    const reason = new EncodeFailed({ tier: tierName, key: this.#render(key), cause, where })
    return Exit.fail(new StoreError({ reason }))
  }

  #encodeAll(
    entries: ReadonlyArray<readonly [key: string, entry: Entry<V>]>
  ): Effect.Effect<ReadonlyArray<Form>, StoreError> {
    const forms: Array<Form> = []
    for (const [key, entry] of entries) {
      const form = answered(this.#encode(key, entry))
      if (form === undefined) return Effect.forEach(entries, ([key, entry]) => this.#encode(key, entry))
      if (Exit.isFailure(form)) return Exit.failCause(form.cause)
      forms.push(form.value)
    }
    return Exit.succeed(forms)
  }

  readonly entries: Stream.Stream<readonly [key: string, entry: Entry<V>], StoreError> = Stream.unwrap(
    Effect.map(Effect.suspend(() => Effect.ignore(this.#tier.writes.drain("process", "entries"))), () => {
      const { id } = this.#family
      return Stream.paginate(undefined as string | undefined, (from) => this.#entriesAfter(id, from))
    })
  )

  // Each step is its own read: a read transaction that stays open keeps every page that writers replace meanwhile.
  #entriesAfter(id: string, from: string | undefined) {
    return Effect.flatMap(this.#keysAfter("entries", id, from), ({ keys, next }) =>
      Effect.map(
        Effect.forEach(keys, (entryKey) => this.#findKeyed(entryKey)),
        (found) => [found.filter((found) => found !== undefined), next] as const
      ))
  }

  /**
   * A bookmark is the key of the last record without its family's number, so it holds over a restart. What was set
   * before the first page is committed before it, so that the range has it.
   */
  readonly page = (after: string | undefined, max: number): Effect.Effect<PartitionPage<V>, StoreError> => {
    if (after !== undefined && !isBookmark(after)) {
      return Effect.fail(new StoreError({ reason: new BookmarkLost({ tier: tierName, why: "malformed" }) }))
    }
    const page = Effect.withFiber<PartitionPage<V>, StoreError>((fiber) =>
      Effect.flatMap(
        this.#keysOfPage(after, Math.min(max, keysPerStepMax)),
        ({ keys, next }) => this.#pageOf(keys, next, fiber.context)
      )
    )
    return after === undefined ? Effect.andThen(Effect.ignore(this.#tier.writes.drain("process", "page")), page) : page
  }

  #keysOfPage(after: string | undefined, max: number) {
    const { id } = this.#family
    return this.#tier.writes.attempt("page", () => {
      const keys = this.#tier.keysAfter(id, after === undefined ? undefined : id + after, max)
      return { keys, next: keys.length < max ? undefined : bookmarkOf(keys.at(-1)!) }
    })
  }

  #pageOf(
    keys: ReadonlyArray<string>,
    next: string | undefined,
    context: Context.Context<never>
  ): Effect.Effect<PartitionPage<V>, StoreError> {
    const now = nowOf(context)
    const entries: Array<readonly [key: string, entry: Entry<V>]> = []
    const read = (first: number, before: number): Effect.Effect<PartitionPage<V>, StoreError> => {
      let bytes = before
      for (let at = first; at < keys.length; at++) {
        const entryKey = keys[at]!
        if (bytes > pageBytesMax) {
          return Exit.succeed({ entries, next: bookmarkOf(keys[at - 1]!) })
        }
        bytes += this.#bytesOf(entryKey)
        const key = keyWithin(entryKey) ?? this.#hashedKey(entryKey)
        if (key === undefined) continue
        const found = this.#find(entryKey, key, now, context)
        const exit = answered(found)
        if (exit === undefined) {
          return Effect.flatMap(found, (one) => {
            if (one !== undefined) entries.push([key, one.entry])
            return read(at + 1, bytes)
          })
        }
        if (Exit.isFailure(exit)) return Exit.failCause(exit.cause)
        if (exit.value !== undefined) entries.push([key, exit.value.entry])
      }
      return Exit.succeed({ entries, next })
    }
    return read(0, 0)
  }

  #bytesOf(entryKey: string): number {
    return this.#tier.writes.fault("page") === undefined ? this.#tier.read(entryKey)?.length ?? 0 : 0
  }

  #findKeyed(entryKey: string): Effect.Effect<readonly [key: string, entry: Entry<V>] | undefined, StoreError> {
    return Effect.withFiber((fiber) => {
      const key = keyWithin(entryKey) ?? this.#hashedKey(entryKey)
      return key === undefined
        ? absent
        : Effect.mapEager(
          this.#find(entryKey, key, nowOf(fiber.context), fiber.context),
          (found) => found === undefined ? undefined : [key, found.entry] as const
        )
    })
  }

  #hashedKey(entryKey: string): string | undefined {
    const bytes = this.#tier.writes.fault("entries") === undefined ? this.#tier.read(entryKey) : undefined
    return bytes === undefined ? undefined : decodeRecord(bytes, bytes.length)?.hashedKey
  }

  #keysAfter(operation: Operation, id: string, from: string | undefined) {
    return this.#tier.writes.attempt(operation, () => {
      // After the family was cleared, entries under its old number no longer belong to it.
      const keys = this.#family.id === id ? this.#tier.keysAfter(id, from, keysPerStepMax) : []
      return { keys, next: keys.length < keysPerStepMax ? Option.none() : Option.some(keys.at(-1)) }
    })
  }

  readonly sweep = (freshUntilMax: FreshUntilMax): Effect.Effect<void, StoreError> =>
    Effect.suspend(() => {
      const { id } = this.#family
      const after = (from: string | undefined): Effect.Effect<void, StoreError> =>
        Effect.flatMap(this.#keysAfter("sweep", id, from), ({ keys, next }) =>
          Effect.andThen(
            Effect.andThen(
              this.#tier.writes.room,
              this.#tier.writes.attempt("sweep", () => this.#sweepSome(keys, freshUntilMax))
            ),
            Option.isSome(next) ? Effect.andThen(Effect.yieldNow, after(next.value)) : Effect.void
          ))
      const drain = Effect.suspend(() => this.#tier.writes.drain(this.#durability, "sweep"))
      return Effect.andThen(Effect.andThen(Effect.ignore(drain), after(undefined)), drain)
    })

  // An entry is read, checked and changed in one step, so that a write in between is not changed.
  #sweepSome(entryKeys: ReadonlyArray<string>, freshUntilMax: FreshUntilMax): void {
    for (const entryKey of entryKeys) {
      const bytes = this.#tier.read(entryKey)
      if (bytes === undefined) continue
      const record = decodeRecord(bytes, bytes.length)
      const key = keyWithin(entryKey) ?? record?.hashedKey
      // Nothing shows which marks concern a damaged record, or a record in the format of another release.
      const max = record === undefined || key === undefined
        ? -Infinity
        : freshUntilMax(key, record.entry.stamp, record.entry.tags)
      if (max === -Infinity) this.#tier.writes.remove([entryKey])
      else if (max < record!.entry.freshUntil) {
        const entry = { ...record!.entry, freshUntil: max }
        this.#tier.put(entryKey, encodeRecord(entry, record!.value, record!.hashedKey), entry)
      }
    }
  }

  readonly size: Effect.Effect<number, StoreError> = Effect.suspend(() => {
    const { id } = this.#family
    const count = (from: string | undefined, sum: number): Effect.Effect<number, StoreError> =>
      Effect.flatMap(this.#keysAfter("size", id, from), ({ keys, next }) =>
        Option.isSome(next)
          ? Effect.andThen(Effect.yieldNow, count(next.value, sum + keys.length))
          : Effect.succeed(sum + keys.length))
    return Effect.andThen(Effect.ignore(this.#tier.writes.drain("process", "size")), count(undefined, 0))
  })

  /** Passes an entry that upkeep removed to `onEvict`, if the entry can still be read. */
  tell({ cause, entryKey, record }: Departed, onEvict: NonNullable<StoreFamily<V>["onEvict"]>): Effect.Effect<void> {
    const found = decodeRecord(record, record.length)
    const key = keyWithin(entryKey) ?? found?.hashedKey
    if (found === undefined || key === undefined) return Effect.void
    return this.#codec.decode(found.value).pipe(
      Effect.flatMap((value) => Effect.sync(() => onEvict(key, { ...found.entry, value }, cause))),
      Effect.catchTag("SchemaError", () => Effect.void),
      Effect.catchCause((cause) =>
        evictFailures.say((since) =>
          Effect.ignoreCause(Effect.failCause(cause), {
            log: "Unhandled",
            message: `an \`onEvict\` of the ${tierName} tier failed${since}`
          })
        )
      )
    )
  }
}

// A function of the user that fails does so for each entry that leaves.
const evictFailures = new RareLog()

const absent = Exit.succeed(undefined)

// Another release may read it, so a read by this release does not remove it.
const unread = (context: Context.Context<never>): Exit.Exit<undefined> => {
  undecodable.updateUnsafe(1, context)
  return absent
}

// An effect that is already an Exit has the same type parameters.
const answered = <A, E>(effect: Effect.Effect<A, E>): Exit.Exit<A, E> | undefined =>
  Exit.isExit(effect) ? effect as Exit.Exit<A, E> : undefined

const nowOf = (context: Context.Context<never>): number => Context.get(context, Clock.Clock).currentTimeMillisUnsafe()
