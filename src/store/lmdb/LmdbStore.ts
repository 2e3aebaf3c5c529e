/**
 * Warm tier: entries in a memory-mapped file that outlives the process.
 *
 * - `get` reads on the calling thread, without waiting: the file is mapped, and a read makes no system call.
 * - `set` returns as soon as its write has joined a batch; from then on readers see the value. `remove`, `clear`,
 *   `recordMarks` and `write` return when the write would survive what `durability` names. All writes of one call
 *   become visible, and durable, together: a round of any number of families, keys and bytes is one transaction.
 * - After a crash at any moment the file is in the state of some earlier moment: no entry is half written, no round is
 *   torn, and no removed entry comes back.
 * - A damaged record is absent; it is counted and dropped. A record of another schema or version is absent and counted.
 *   It stays until its time is over, its key is written, or room is needed: another release may read it. A sweep of
 *   marks removes records in another format, because it cannot see which marks concern them.
 * - A write that could not be committed leaves its key absent, never an older value in its place.
 * - Layers of one folder and namespace in one thread share one store and one counter of invalidations, and see each
 *   other's writes at once; layers of two copies of this module do so, too.
 * - A second process, or a second thread, that opens a namespace is refused with `FolderHeld`, which names the holder.
 *   A killed holder does not hold any more; a stopped one does. A later process reads everything that an earlier one
 *   wrote.
 * - A folder belongs to one container (pid namespace) at a time, with all its namespaces. After a container was killed
 *   or stopped, it holds the folder for 30 seconds more.
 * - Writes to a file that was removed, replaced or taken over while it was open fail with `FolderGone`.
 * - A copy of a folder has no holder. All paths to a folder lead to the same store: links and mounts are resolved, and
 *   a data file with a hard link, or mounted without its folder, is refused.
 *
 * Several processes of one container may use one folder, each with its own namespace. Network file systems do not work.
 * When the folder is opened, damage to the file outside of records is found only in the first two pages and in the
 * length of the file.
 *
 * @since 0.1.0
 */
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Config from "effect/Config"
import * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Metric from "effect/Metric"
import * as Option from "effect/Option"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { Buffer } from "node:buffer"
import { forkOutside } from "../../capability/shared/outside.ts"
import { millisOf } from "../../ownership/FamilyPolicy.ts"
import { isBag } from "../../ownership/shared/validation.ts"
import { isTooLong, keyBytesMax } from "../../pattern/Key.ts"
import type { Codec } from "../Codec.ts"
import { type Entry, type Found, tagsMax } from "../Entry.ts"
import { noOptions, refused } from "../internal/given.ts"
import { owned, versioned } from "../internal/ownedCodec.ts"
import * as BackgroundTimer from "../shared/backgroundTimer.ts"
import { RareLog } from "../shared/rareLog.ts"
import {
  type Change,
  type Content,
  type FreshUntilMax,
  type Partition,
  type Prepared,
  type Round,
  Store,
  type StoreFamily
} from "../Store.ts"
import { EncodeFailed, KeyTooLong, type Operation, StoreError, TierTimeout, ValueTooLarge } from "../StoreError.ts"
import type { Batch, Departed } from "./internal/lmdbBatch.ts"
import { acquire, tierName } from "./internal/lmdbEnvironment.ts"
import { failure } from "./internal/lmdbFailure.ts"
import type { Family } from "./internal/lmdbFamilies.ts"
import { entryKey, isShort, keyWithin } from "./internal/lmdbKey.ts"
import { decodeRecord, encodeRecord, isOfOtherFormat, recordBytes, recordExpiresAt } from "./internal/lmdbRecord.ts"
import { Tier } from "./internal/lmdbTier.ts"
import type { Durability } from "./internal/lmdbWrites.ts"

/**
 * The place of the tier, its durability and its bounds.
 *
 * @stability stable
 * @category models
 * @since 0.1.0
 */
export interface Options {
  /** The folder of the file. It is made if it does not exist. */
  readonly path: string
  /**
   * What `remove`, `clear` and `recordMarks` survive once they returned: any end of the process (`"process"`, about 0.4
   * ms), or also a loss of power (`"flushed"`, as long as the disk takes). In both modes a loss of power leaves the
   * file in the state of some earlier moment.
   */
  readonly durability: "process" | "flushed"
  /**
   * Separates stores in one folder: stores with different names share nothing. `"default"` unless given. A process may
   * have at most 24 namespaces of one folder open at once; one more is refused with `InvalidStoreOptions`.
   */
  readonly namespace?: string | undefined
  /**
   * The largest number of entries. The entry that is due soonest is evicted first, then the oldest. No bound unless
   * given.
   */
  readonly entriesMax?: number | undefined
  /**
   * The largest number of bytes of the file that hold entries, at least 1 MiB; exact to within one batch of writes (16
   * MiB). The file itself is somewhat larger, and does not shrink. No bound unless given.
   */
  readonly bytesMax?: number | undefined
  /**
   * The release of all entries in this namespace. An entry written under another version, or without one, is absent; it
   * stays until its time is over, its key is written, or room is needed.
   */
  readonly version?: string | number | undefined
  /** How often expired entries are freed; they are absent before that. A second unless given. */
  readonly sweepInterval?: Duration.Input | undefined
  /**
   * The largest number of threads and processes that read at once, in all namespaces. 512 unless given; the first store
   * that opens the folder decides.
   */
  readonly readersMax?: number | undefined
}

/**
 * Counts records that a read could not use, by `reason`: `damaged` records, which were dropped, and `undecodable`
 * records, which another schema or version wrote, and which stay.
 *
 * @stability stable
 * @category metrics
 * @since 0.1.0
 */
export const recordsDropped: Metric.Counter<number> = Metric.counter("stateless_lmdb_records_dropped", {
  description: "Records of the LMDB tier that were damaged, or that another schema or version wrote",
  incremental: true
})

const damaged = Metric.withAttributes(recordsDropped, { reason: "damaged" })
const undecodable = Metric.withAttributes(recordsDropped, { reason: "undecodable" })

const bytesMaxMin = 1_048_576

/** A larger record is refused when it is written: it would evict all others, or hold up the thread for a second. */
const recordBytesMax = 268_435_456

/** The time limit of a codec; a slower one fails its own write, and does not hold up other writes. */
const encodeTimeoutMillis = 30_000
const readersMaxDefault = 512

/** Keys that one step of `entries` or `size` reads without a pause: about 1 ms. */
const keysPerStepMax = 512

/**
 * Makes a store in a folder. It lives until the Scope ends, and then first writes everything that it accepted.
 *
 * Fails with `InvalidStoreOptions` when an option or the folder is invalid, and with `TierFailed` when the file is
 * damaged.
 *
 * @stability stable
 * @category constructors
 * @since 0.1.0
 */
export const make: (options: Options) => Effect.Effect<Store["Service"], StoreError, Scope.Scope> = Effect.fnUntraced(
  function*(options) {
    const { bounds, namespace, path, readersMax, sweepMillis } = yield* validate(options)
    const { tier } = yield* Effect.acquireRelease(
      acquire({ path, namespace, readersMax }, (opened) =>
        Effect.gen(function*() {
          const tier = yield* Effect.try({
            try: () => new Tier(opened, bounds),
            catch: (cause) => failure("open", cause)
          })
          if (tier.wasDamaged) {
            yield* Effect.logWarning(`the ${tierName} tier in ${path} was damaged, and was emptied`)
          }
          const scope = yield* Scope.make()
          Fiber.runIn(yield* forkOutside(tier.writes.writer), scope)
          const upkeep = Effect.andThen(BackgroundTimer.sleep(sweepMillis), Effect.ignore(tier.upkeep))
          Fiber.runIn(yield* forkOutside(Effect.forever(upkeep)), scope)
          return { tier, close: Effect.tap(tier.writes.close, Scope.close(scope, Exit.void)) }
        })),
      ({ release, tier }) => Effect.andThen(Effect.ignore(tier.writes.drain(options.durability, "set")), release)
    )
    if (tier.bounds.entriesMax !== bounds.entriesMax || tier.bounds.bytesMax !== bounds.bytesMax) {
      return yield* invalid(
        "entriesMax",
        "and `bytesMax` must have the values with which this namespace is already open"
      )
    }
    const { durability } = options
    return Store.of({
      name: tierName,
      open: (family) => open(tier, durability, family, options.version),
      commons: tier.commons,
      write: (round) => writeRound(tier, durability, round),
      loadMarks: tier.loadMarks,
      recordMarks: (marks) =>
        Effect.flatMap(
          tier.writes.attempt("recordMarks", () => tier.recordMarks(marks)),
          (batch) => tier.writes.settle(batch, durability, "recordMarks")
        ),
      dropMarks: (marks) =>
        Effect.flatMap(
          tier.writes.attempt("dropMarks", () => tier.dropMarks(marks)),
          (batch) => tier.writes.settle(batch, durability, "dropMarks")
        )
    })
  }
)

/**
 * A layer with a store in a folder, whose entries are there again after a restart.
 *
 * **When to use**
 *
 * As the tier under memory, for values that are dear to load. Install the package `lmdb`.
 *
 * **Details**
 *
 * Only families whose value is a Schema are kept in it. It fails as `make` does.
 *
 * **Gotchas**
 *
 * - One process at a time has a namespace of a folder; a second process fails with `FolderHeld`.
 * - Network file systems do not work.
 *
 * **Example** (Keeping entries across restarts)
 *
 * ```ts no-run
 * import * as LmdbStore from "effect-stateless/store/LmdbStore"
 *
 * const Warm = LmdbStore.layer({ path: ".cache", durability: "process", bytesMax: 1_000_000_000 })
 * ```
 *
 * @see {@link make} for its errors
 * @stability stable
 * @category layers
 * @since 0.1.0
 */
export const layer = (options: Options): Layer.Layer<Store, StoreError> => Layer.effect(Store, make(options))

/**
 * A layer with a store in a folder, with options from the configuration. It also fails with `ConfigError`.
 *
 * **When to use**
 *
 * Where the folder or the bounds come from the environment.
 *
 * **Example** (A folder from the environment)
 *
 * ```ts no-run
 * import { Config } from "effect"
 * import * as LmdbStore from "effect-stateless/store/LmdbStore"
 *
 * export const Warm = LmdbStore.layerConfig({
 *   path: Config.String("CACHE_PATH"),
 *   durability: Config.succeed("process")
 * })
 * ```
 *
 * @stability stable
 * @category layers
 * @since 0.1.0
 */
export const layerConfig = (options: Config.Wrap<Options>): Layer.Layer<Store, StoreError | Config.ConfigError> =>
  Layer.effect(
    Store,
    // `make` refuses a value that is not an object, with a clear error.
    Effect.suspend(() =>
      isBag(options as unknown) ? Effect.flatMap(Config.unwrap(options), make) : make(options as never)
    )
  )

const known: { readonly [O in keyof Required<Options>]: true } = {
  path: true,
  durability: true,
  namespace: true,
  entriesMax: true,
  bytesMax: true,
  version: true,
  sweepInterval: true,
  readersMax: true
}

const validate = Effect.fnUntraced(function*(options: Options) {
  const wrong = noOptions(tierName, options, known)
  if (wrong !== undefined) return yield* Effect.fail(wrong)
  // Default values in a pattern replace only `undefined`: `null` is a wrong value, not a missing one.
  const {
    bytesMax = Number.POSITIVE_INFINITY,
    entriesMax = Number.POSITIVE_INFINITY,
    namespace = "default",
    readersMax = readersMaxDefault,
    sweepInterval = 1_000,
    version
  } = options
  if (version !== undefined && typeof version !== "string" && !Number.isFinite(version)) {
    return yield* invalid("version", "must be a text or a finite number")
  }
  if (typeof options.path !== "string") return yield* invalid("path", "must be a text")
  if (options.path === "") return yield* invalid("path", "is empty")
  if (options.durability !== "process" && options.durability !== "flushed") {
    return yield* invalid("durability", "must be \"process\" or \"flushed\"")
  }
  if (typeof namespace !== "string" || !/^[\w.-]{1,64}$/.test(namespace)) {
    return yield* invalid("namespace", "must be 1 to 64 letters, digits, dots, hyphens or underscores")
  }
  if (typeof entriesMax !== "number" || !(entriesMax >= 1)) {
    return yield* invalid("entriesMax", "must be a number of at least 1")
  }
  if (typeof bytesMax !== "number" || !(bytesMax >= bytesMaxMin)) {
    return yield* invalid("bytesMax", `must be a number of at least ${bytesMaxMin}`)
  }
  if (!Number.isInteger(readersMax) || readersMax < 1) return yield* invalid("readersMax", "must be an integer above 0")
  const sweepMillis = millisOf(sweepInterval)
  if (!(sweepMillis > 0)) return yield* invalid("sweepInterval", "must be a duration above 0")
  return { path: options.path, namespace, readersMax, sweepMillis, bounds: { entriesMax, bytesMax } }
})

const invalid = (option: string, why: string) => Effect.fail(refused(tierName, option, why))

const open = <V>(
  tier: Tier,
  durability: Durability,
  family: StoreFamily<V>,
  version: Options["version"]
): Effect.Effect<Partition<V>, StoreError, Scope.Scope> =>
  Effect.gen(function*() {
    const codec = family.codec
    if (codec === undefined) {
      const help = "give its value as a Schema, or put memory above this tier by `TieredStore`"
      return yield* invalid("codec", `is missing from family \`${family.name}\`; help: ${help}`)
    }
    const own = yield* tier.writes.attempt("open", () => tier.family(family.name))
    const partition = new LmdbPartition(tier, own, durability, versioned(owned(codec), version), family.render)
    const { onEvict } = family
    if (onEvict !== undefined) {
      const tell = (departed: Departed) => partition.tell(departed, onEvict)
      yield* Effect.acquireRelease(
        Effect.sync(() => own.onDeparture.add(tell)),
        () => Effect.sync(() => own.onDeparture.delete(tell))
      )
    }
    return partition
  })

/**
 * Hands a round to the tier in one turn, so that it is one transaction, after the earlier writes of its families were
 * handed over.
 */
const writeRound = (tier: Tier, durability: Durability, { changes, marks }: Round): Effect.Effect<void, StoreError> => {
  const partitions = changes.map(({ partition }) => partition as LmdbPartition<any>)
  const hand = () => {
    let last: Batch | undefined
    changes.forEach((change, at) => last = partitions[at]!.apply(change) ?? last)
    return tier.recordMarks(marks) ?? last
  }
  return Effect.suspend(() => {
    const handOver = tier.writes.attempt("write", hand)
    return Effect.flatMap(
      tier.writes.hasRoom && partitions.every(({ turn }) => turn.isFree)
        ? handOver
        : Turn.take(partitions.map(({ turn }) => turn), Effect.andThen(tier.writes.room, handOver)),
      (batch) => tier.writes.settle(batch, durability, "write")
    )
  })
}

/**
 * The queue of the writes of a partition. A write that must wait, for a codec or for the batch, takes a turn. While a
 * write has a turn, every later write of the partition takes one, so that none overtakes another.
 */
class Turn {
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

class LmdbPartition<V> implements Partition<V> {
  readonly hot = undefined
  readonly turn = new Turn()
  readonly #tier: Tier
  readonly #family: Family
  readonly #durability: Durability
  readonly #codec: Codec<V>
  readonly #render: (key: string) => string

  constructor(tier: Tier, family: Family, durability: Durability, codec: Codec<V>, render: (key: string) => string) {
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

  #drop(entryKey: string, reason: typeof recordsDropped, context: Context.Context<never>): Exit.Exit<undefined> {
    reason.updateUnsafe(1, context)
    // Without room the record stays, and is found again.
    if (this.#tier.writes.hasRoom && this.#tier.writes.fault("get") === undefined) this.#tier.writes.remove([entryKey])
    return absent
  }

  readonly set = (key: string, entry: Entry<V>): Effect.Effect<void, StoreError> =>
    this.#write("set", () => this.#encode(key, entry), (form) => {
      this.#put(key, entry, form)
    })

  readonly setMany = (
    entries: ReadonlyArray<readonly [key: string, entry: Entry<V>]>
  ): Effect.Effect<void, StoreError> =>
    this.#write("set", () => this.#encodeAll(entries), (forms) => {
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

  #put(key: string, entry: Entry<V>, { hashedKey, value }: Form): Batch {
    const record = encodeRecord(entry, value, hashedKey)
    return this.#tier.put(entryKey(this.#family.prefix, key), record, entry.stamp)
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
      const settle = (batch: Batch | undefined) => tier.writes.settle(batch, this.#durability, operation)
      const prepared = prepare()
      const ready = this.turn.isFree && tier.writes.hasRoom ? answered(prepared) : undefined
      if (ready !== undefined) return Effect.flatMap(Effect.flatMapEager(ready, handOver), settle)
      const inTurn = Effect.flatMap(prepared, (prepared) => Effect.andThen(tier.writes.room, handOver(prepared)))
      return Effect.flatMap(Turn.take([this.turn], inTurn), settle)
    })
  }

  #encode(key: string, { revision, tags, value }: Content<V>): Effect.Effect<Form, StoreError> {
    const hashedKey = isShort(key) ? undefined : key
    if (hashedKey !== undefined && isTooLong(key)) {
      const bytes = Buffer.byteLength(key)
      return Exit.fail(new StoreError({ reason: new KeyTooLong({ tier: tierName, bytes, bytesMax: keyBytesMax }) }))
    }
    if (tags.length > tagsMax) return this.#refuse(key, new Error(`an entry has at most ${tagsMax} tags`))
    const form = this.#formOf(key, value, (value): Exit.Exit<Form, StoreError> => {
      const bytes = recordBytes({ revision, tags }, value, hashedKey)
      return bytes <= this.#recordBytesMax ? Exit.succeed({ value, hashedKey, bytes }) : this.#tooLarge(key, bytes)
    })
    return Exit.isExit(form) ? form : Effect.timeoutOrElse(form, {
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
      if (exit !== undefined) return Exit.isSuccess(exit) ? form(exit.value) : this.#notEncoded(key, exit.cause)
      return Effect.matchCauseEffect(encoded, {
        onSuccess: form,
        onFailure: (cause) => this.#notEncoded(key, cause)
      })
    } catch (cause) {
      return this.#refuse(key, cause)
    }
  }

  #notEncoded(key: string, cause: Cause.Cause<unknown>): Exit.Exit<never, StoreError> {
    return Cause.hasInterruptsOnly(cause) ? Exit.interrupt() : this.#refuse(key, Cause.squash(cause))
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

  #refuse(key: string, cause: unknown): Exit.Exit<never, StoreError> {
    return Exit.fail(
      new StoreError({ reason: new EncodeFailed({ tier: tierName, key: this.#render(key), cause }) })
    )
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
        this.#tier.put(entryKey, encodeRecord(entry, record!.value, record!.hashedKey), entry.stamp)
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
