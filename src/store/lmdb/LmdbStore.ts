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
 * - A write that could not be committed leaves its key absent, never an older value in its place. If the process ends
 *   before a removal or a mark could be committed, the next one empties the namespace, and logs a warning.
 * - A write for which the disk has no room fails alone, with `TierFull`. Removals and marks may use the last pages, and
 *   entries are evicted for them.
 * - Layers of one folder and namespace in one thread share one store and one counter of invalidations, and see each
 *   other's writes at once; layers of two copies of this module do so, too.
 * - A folder belongs to one process at a time, with all its namespaces, and a namespace to one of its threads. A second
 *   process that opens any namespace, or a second thread that opens the same one, is refused with `FolderHeld`, which
 *   names the holder. A killed holder does not hold any more; a stopped one does. A later process reads everything that
 *   an earlier one wrote.
 * - After a container (pid namespace) was killed, its process holds the folder for 30 seconds more.
 * - A file that was removed, replaced or taken over while it was open is lost: writes fail with `FolderGone`, and so do
 *   reads a second later at the latest. Memory above it serves none of its entries any more.
 * - A copy of a folder has no holder. All paths to a folder lead to the same store: links and mounts are resolved, and
 *   a data file with a hard link, or mounted without its folder, is refused.
 *
 * Network file systems do not work. When the folder is opened, damage to the file outside of records is found only in
 * the first two pages and in the length of the file.
 *
 * @since 0.1.0
 */
import * as Config from "effect/Config"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import type * as Metric from "effect/Metric"
import * as Scope from "effect/Scope"
import { forkOutside } from "../../capability/shared/outside.ts"
import type * as KnownOptions from "../../diagnostic/types/knownOptions.ts"
import { type DurationInput, millisOf } from "../../ownership/DurationInput.ts"
import { codecOf } from "../internal/familyCodec.ts"
import { noOptions, refused } from "../internal/given.ts"
import { owned, versioned } from "../internal/ownedCodec.ts"
import { telling } from "../internal/told.ts"
import * as BackgroundTimer from "../shared/backgroundTimer.ts"
import { exempt } from "../shared/checkedStore.ts"
import { type Partition, type Round, Store, type StoreFamily } from "../Store.ts"
import type { StoreError } from "../StoreError.ts"
import type { Batch, Departed } from "./internal/lmdbBatch.ts"
import { acquire, tierName } from "./internal/lmdbEnvironment.ts"
import { failure, fileGone } from "./internal/lmdbFailure.ts"
import { dropped, LmdbPartition, Turn } from "./internal/lmdbPartition.ts"
import { LmdbNamespace } from "./internal/lmdbTier.ts"
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
   * Separates stores of one process in one folder: stores with different names share nothing. `"default"` unless given.
   * At most 24 namespaces of one folder may be open at once; one more is refused with `InvalidStoreOptions`.
   */
  readonly namespace?: string | undefined
  /**
   * The largest number of entries. The entry that is due soonest is evicted first, then the oldest. No bound unless
   * given.
   */
  readonly entriesMax?: number | undefined
  /**
   * The largest number of bytes of the file that hold entries, at least 1 MiB. Of a burst that is larger, only the
   * entries that would be evicted last are kept. The file itself is larger by half of it, between 4 and 64 MiB, and
   * does not shrink; other namespaces of the folder add theirs. No bound unless given.
   */
  readonly bytesMax?: number | undefined
  /**
   * The release of all entries in this namespace. An entry written under another version, or without one, is absent; it
   * stays until its time is over, its key is written, or room is needed.
   */
  readonly version?: string | number | undefined
  /** How often expired entries are freed; they are absent before that. A second unless given. */
  readonly sweepInterval?: DurationInput | undefined
  /**
   * The largest number of threads that read at once, in all namespaces. 512 unless given; the first store that opens
   * the folder decides.
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
export const recordsDropped: Metric.Counter<number> = dropped

const whyEmptied = {
  damaged: "was damaged",
  distrusted: "still had what an earlier process could not remove from it, such as on a full disk"
}

const bytesMaxMin = 1_048_576

const readersMaxDefault = 512

/**
 * Makes a store in a folder. It lives until the Scope ends, and then first writes everything that it accepted.
 *
 * **When to use**
 *
 * In tests and tools that use a store without a cache. A program provides `layer`.
 *
 * Fails with `InvalidStoreOptions` when an option or the folder is invalid, and with `TierFailed` when the file is
 * damaged.
 *
 * **Example** (A store in a folder of its own)
 *
 * ```ts
 * import { Effect } from "effect"
 * import * as LmdbStore from "effect-stateless/store/LmdbStore"
 * import { mkdtempSync, rmSync } from "node:fs"
 * import { tmpdir } from "node:os"
 * import { join } from "node:path"
 *
 * const folder = mkdtempSync(join(tmpdir(), "prices-"))
 * const program = Effect.gen(function*() {
 *   const store = yield* LmdbStore.make({ path: folder, durability: "process" })
 *   return store.name
 * }).pipe(Effect.scoped, Effect.ensuring(Effect.sync(() => rmSync(folder, { recursive: true }))))
 * await Effect.runPromise(program) // => "lmdb"
 * ```
 *
 * @stability stable
 * @category constructors
 * @since 0.1.0
 */
export const make: <const Given extends KnownOptions.Loose<Options>>(
  options: [Given] extends [infer Written] ? KnownOptions.Checked<Options, Written, "LmdbStore"> : Given
) => Effect.Effect<Store["Service"], StoreError, Scope.Scope> = Effect.fnUntraced(
  function*(given: object) {
    // What the check has let through.
    const options = given as Options
    const { bounds, namespace, path, readersMax, sweepMillis } = yield* validate(options)
    const { tier } = yield* Effect.acquireRelease(
      acquire({ path, namespace, readersMax }, (opened) =>
        Effect.gen(function*() {
          const tier = yield* Effect.try({
            try: () => new LmdbNamespace(opened, bounds),
            catch: (cause) => failure("open", cause)
          })
          if (tier.emptied !== undefined) {
            yield* Effect.logWarning(`the ${tierName} tier in ${path} ${whyEmptied[tier.emptied]}, and was emptied`)
          }
          const scope = yield* Scope.make()
          Fiber.runIn(yield* forkOutside(tier.writes.writer), scope)
          Fiber.runIn(yield* forkOutside(tier.watch), scope)
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
    return exempt(Store.of({
      name: tierName,
      open: (family) => open(tier, durability, family, options.version),
      commons: tier.commons,
      write: (round) => writeRound(tier, durability, round),
      loadMarks: tier.loadMarks,
      recordMarks: (marks) =>
        Effect.flatMap(
          tier.writes.attempt("recordMarks", () => tier.recordMarks(marks), () => tier.recordMarks(marks)),
          (batch) => tier.writes.awaitBatch(batch, durability, "recordMarks")
        ),
      removeMarks: (marks) =>
        Effect.flatMap(
          tier.writes.attempt("removeMarks", () => tier.removeMarks(marks)),
          (batch) => tier.writes.awaitBatch(batch, durability, "removeMarks")
        )
    }))
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
 * - One process at a time has a folder, with all its namespaces; a second process fails with `FolderHeld`.
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
export const layer = <const Given extends KnownOptions.Loose<Options>>(
  options: [Given] extends [infer Written] ? KnownOptions.Checked<Options, Written, "LmdbStore"> : Given
): Layer.Layer<Store, StoreError> => Layer.effect(Store, make(options as Options))

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
    Effect.suspend((): Effect.Effect<Store["Service"], StoreError | Config.ConfigError, Scope.Scope> => {
      const wrong = noOptions(tierName, options, known)
      return wrong === undefined ? Effect.flatMap(Config.unwrap(options), make) : Effect.fail(wrong)
    })
  )

const known: { readonly [Option in keyof Required<Options>]: true } = {
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
    return yield* invalid("version", "must be a string or a finite number")
  }
  if (typeof options.path !== "string") return yield* invalid("path", "must be a string")
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
  tier: LmdbNamespace,
  durability: Durability,
  family: StoreFamily<V>,
  version: Options["version"]
): Effect.Effect<Partition<V>, StoreError, Scope.Scope> =>
  Effect.gen(function*() {
    const codec = yield* codecOf(tierName, family)
    const own = yield* tier.writes.attempt("open", () => tier.family(family.name))
    const partition = new LmdbPartition(tier, own, durability, versioned(owned(codec), version), family.render)
    const { onEvict, onPlaceLost } = family
    if (onPlaceLost !== undefined) {
      const tell = telling("onPlaceLost", onPlaceLost)
      const told = () => tell(fileGone("get", tier.path))
      yield* Effect.acquireRelease(
        Effect.sync(() => tier.writes.onGone.add(told)),
        () => Effect.sync(() => tier.writes.onGone.delete(told))
      )
    }
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
const writeRound = (
  tier: LmdbNamespace,
  durability: Durability,
  { changes, marks }: Round
): Effect.Effect<void, StoreError> => {
  const partitions = changes.map(({ partition }) => partition as LmdbPartition<any>)
  const prepared = changes.flatMap(({ set }) => set.map(({ prepared }) => prepared.bytes))
  const forgo = () => {
    changes.forEach((change, at) => partitions[at]!.refuse(change))
    tier.recordMarks(marks)
  }
  const hand = () => {
    let last: Batch | undefined
    tier.writes.admit(prepared.length, prepared.reduce((sum, bytes) => sum + bytes, 0), forgo)
    changes.forEach((change, at) => last = partitions[at]!.apply(change) ?? last)
    return tier.recordMarks(marks) ?? last
  }
  return Effect.suspend(() => {
    const handOver = tier.writes.attempt("write", hand, forgo)
    const written = Effect.flatMap(
      tier.writes.hasRoom && partitions.every(({ turn }) => turn.isFree)
        ? handOver
        : Turn.take(partitions.map(({ turn }) => turn), Effect.andThen(tier.writes.room, handOver)),
      (batch) => tier.writes.awaitBatch(batch, durability, "write")
    )
    // Its caller gives up, and rounds that wait behind this one as well.
    return Effect.onInterrupt(written, () => Effect.sync(() => tier.writes.lose()))
  })
}
