/**
 * Shared tier: entries in Redis, for the processes of many machines.
 *
 * - Every change is a record of one log in the server. All processes that use a namespace hear it, in order, and drop
 *   what it names from their memory, with what depends on it. So a write on one machine invalidates on all.
 * - A value is refused if a later record names its key, whichever process sends it, and however late it arrives. That
 *   needs no clock, no lock and no lease. A value that was given to a family without a lookup is kept, so the last one
 *   stays: the cache alone has it.
 * - The server judges the conditions of writes (`ifVersion`, `setIfAbsent`, `getAndDelete`) in the order of the writes,
 *   and those of `update` and `patch` in a family without a lookup.
 * - A process sees its own changes at once. Another one sees a change when it hears the record: within a round trip,
 *   while its connection lasts. While it is cut off it serves what its memory holds for as long as the `consistency` of
 *   the family allows: a second, unless given.
 * - A change whose outcome is not known fails with `StoreFailed`. Until the server has taken it, this process does not
 *   read its keys there, and sends its removals again.
 * - A server that has lost its state, or went back to an earlier one, or was replaced by a replica that lacks the last
 *   changes, begins a new epoch: nothing from before is served.
 * - The layer is built while the server is down, too. Reads load then, and memory is filled.
 * - Where the server has no memory left, a write of a value fails with `StoreFailed`, whose reason is `TierFull`. In a
 *   family without a lookup the value before it stays. Invalidations and deletions go through, and a value that was
 *   loaded stays in memory alone.
 * - Entries expire in the server by themselves. Where the server evicts some for lack of memory, they are absent. Use
 *   the policy `noeviction` or one that begins with `volatile-`: others may evict the log, which begins a new epoch.
 * - No operation walks over the keys of the server: a family over this tier cannot be iterated.
 *
 * It needs Redis 6.2 or later, one server or a primary with replicas that Sentinel watches, and the package `ioredis`.
 *
 * Not here: a cluster. Leases, and the keys that a transaction holds, are those of one process.
 *
 * @since 0.1.0
 */
import * as Config from "effect/Config"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import type * as Scope from "effect/Scope"
import { Redis, type RedisOptions } from "ioredis"
import type * as KnownOptions from "../../diagnostic/types/knownOptions.ts"
import type * as Misfit from "../../diagnostic/types/misfit.ts"
import { type DurationInput, millisOf } from "../../ownership/DurationInput.ts"
import { isBag } from "../../ownership/shared/validation.ts"
import { noOptions, refused } from "../internal/given.ts"
import * as LedgerNode from "../internal/ledger/ledgerNode.ts"
import * as LedgerStore from "../internal/ledger/ledgerStore.ts"
import { Store } from "../Store.ts"
import type { StoreError } from "../StoreError.ts"
import { clientMisfit, tierName } from "./internal/redisConnection.ts"
import * as RedisPlace from "./internal/redisPlace.ts"

/**
 * Where the server is: an address, options of the `ioredis` client, or both.
 *
 * @stability experimental
 * @category models
 * @since 0.1.0
 */
export type Server =
  | {
    /** The address, `redis://user:password@host:6379/0` or `rediss://host` for TLS. Left out if `client` says where. */
    readonly url: string | Redacted.Redacted<string>
    /**
     * Options of the `ioredis` client, such as certificates, or `sentinels` and `name`. What the store needs itself
     * (queues, repetitions, reconnection, the form of answers, the time of a command) is set by the store. Refused are
     * `monitor`, a `role` other than `master`, and, beside `url`, another address. A timer among them is at most
     * 2,147,483,647 ms, because a longer one fires at once.
     */
    readonly client?: RedisOptions | undefined
  }
  | { readonly url?: undefined; readonly client: RedisOptions }

interface Sharing {
  /**
   * Names what the processes share: such as `service.environment`. Stores with other namespaces share nothing. 1 to 64
   * letters, digits, dots, hyphens and underscores.
   */
  readonly namespace: string
  /** Names what made the values. What was made under another version is absent. */
  readonly version?: string | number | undefined
  /**
   * How long the server may take for one answer; 1 second unless given. After it, another second passes for an answer
   * that was under way while the process was frozen or busy. Then the tier counts as failed. A read that misses may ask
   * several times, one after the other.
   */
  readonly answerTimeout?: DurationInput | undefined
  /**
   * One process loads a key at a time, and the others wait for its value. This is how long they wait for a process that
   * does not end its load, before another one loads; 10 seconds unless given. With 0 each process loads by itself.
   */
  readonly loadLease?: DurationInput | undefined
  /**
   * The log keeps at least so many changes, and at most twice as many; 10,000 unless given. If they name many keys, it
   * keeps the last 64 MiB of them. A process that was cut off for longer drops everything that it holds.
   */
  readonly recordsMax?: number | undefined
}

/**
 * Where the server is, and what is shared in it.
 *
 * @stability experimental
 * @category models
 * @since 0.1.0
 */
export type Options = Server & Sharing

/**
 * Options of a store whose values come from the configuration, apart from those of the client.
 *
 * @stability experimental
 * @category models
 * @since 0.1.0
 */
export type ConfigOptions = Config.Wrap<Omit<Options, "client">> & Pick<Options, "client">

const answerMillisDefault = 1_000
const loadLeaseMillisMax = 3_600_000
const recordsMaxDefault = 10_000

/** The log keeps so many bytes of changes. */
const logBytesMax = 67_108_864

/** A process that is behind reads so many changes with each answer. */
const recordsPerAnswer = 64

/**
 * Makes a store in a server, until the Scope ends.
 *
 * **When to use**
 *
 * In tests and tools that use a store without a cache. A program provides `layer`.
 *
 * **Details**
 *
 * It fails with `InvalidStoreOptions` for options that cannot be right, and for a server that cannot be used: too old,
 * a cluster, a wrong password. It does not fail while the server is away.
 *
 * **Example** (The name of the tier)
 *
 * ```ts no-run
 * import { Effect } from "effect"
 * import * as RedisStore from "effect-stateless/store/RedisStore"
 *
 * const store = RedisStore.make({ url: "redis://127.0.0.1:6379", namespace: "shop.test" })
 * await Effect.runPromise(Effect.scoped(Effect.map(store, ({ name }) => name))) // => "redis"
 * ```
 *
 * @see {@link layer} for the same store as a layer
 * @stability experimental
 * @category constructors
 * @since 0.1.0
 */
export const make: <const Given extends KnownOptions.Loose<Options>>(
  options: [Given] extends [infer Written]
    ? KnownOptions.Checked<Options, Written, "RedisStore", Misfit.Shape<Misfit.storeServer, Options>>
    : Given
) => Effect.Effect<Store["Service"], StoreError, Scope.Scope> = Effect.fnUntraced(
  function*(given: object) {
    // What the check has let through.
    const options = given as Options
    const { answerMillis, client, loadLeaseMillis, namespace, recordsMax, url, version } = yield* validate(options)
    const place = yield* RedisPlace.make({
      connect: (own) => url === undefined ? new Redis({ ...client, ...own }) : new Redis(url, { ...client, ...own }),
      cache: namespace,
      logs: 1,
      recordsMax,
      bytesMax: logBytesMax,
      recordsPerAnswer,
      version,
      answerMillis
    })
    return yield* LedgerStore.make(yield* LedgerNode.make(place, { answerMillis }), { loadLeaseMillis })
  }
)

/**
 * A layer with a store in a server, which the processes of many machines share.
 *
 * **When to use**
 *
 * As the tier under memory, where several processes change the same families. Install the package `ioredis`.
 *
 * **Details**
 *
 * Only families whose value is a Schema are kept in it. It fails as `make` does. Only memory lies above it, and memory
 * gets each value (`set: "through"`).
 *
 * **Gotchas**
 *
 * - Processes of two releases share what both understand: a value of another schema, `version` or form is absent.
 * - Where a new release derives a family from other sources, use another namespace for it, and switch at once.
 *
 * **Example** (Memory over Redis)
 *
 * ```ts no-run
 * import { MemoryStore, TieredStore } from "effect-stateless"
 * import * as RedisStore from "effect-stateless/store/RedisStore"
 *
 * const Tiers = TieredStore.layer([
 *   MemoryStore.layer({ capacity: 100_000 }),
 *   RedisStore.layer({ url: "redis://127.0.0.1:6379", namespace: "shop.production" })
 * ])
 * ```
 *
 * @see {@link make} for its errors
 * @stability experimental
 * @category layers
 * @since 0.1.0
 */
export const layer = <const Given extends KnownOptions.Loose<Options>>(
  options: [Given] extends [infer Written]
    ? KnownOptions.Checked<Options, Written, "RedisStore", Misfit.Shape<Misfit.storeServer, Options>>
    : Given
): Layer.Layer<Store, StoreError> => Layer.effect(Store, make(options as Options))

/**
 * A layer with a store in a server, with options from the configuration. It also fails with `ConfigError`.
 *
 * **When to use**
 *
 * Where the address or the password comes from the environment.
 *
 * **Example** (An address from the environment)
 *
 * ```ts no-run
 * import { Config } from "effect"
 * import * as RedisStore from "effect-stateless/store/RedisStore"
 *
 * export const Shared = RedisStore.layerConfig({
 *   url: Config.Redacted("REDIS_URL"),
 *   namespace: Config.succeed("shop.production")
 * })
 * ```
 *
 * @stability experimental
 * @category layers
 * @since 0.1.0
 */
export const layerConfig = (options: ConfigOptions): Layer.Layer<Store, StoreError | Config.ConfigError> =>
  Layer.effect(
    Store,
    // `make` refuses a value that is not an object, with a clear error.
    Effect.suspend(() => {
      const wrong = noOptions(tierName, options, known)
      if (wrong !== undefined) return Effect.fail(wrong)
      const { client, ...others } = options
      return Effect.flatMap(Config.unwrap(others), (found) => make({ ...found, client } as Options))
    })
  )

const known: { readonly [Option in keyof Required<Options>]: true } = {
  url: true,
  client: true,
  namespace: true,
  version: true,
  answerTimeout: true,
  loadLease: true,
  recordsMax: true
}

const invalid = (option: string, why: string) => Effect.fail(refused(tierName, option, why))

const validate = Effect.fnUntraced(function*(options: Options) {
  const wrong = noOptions(tierName, options, known, 2)
  if (wrong !== undefined) return yield* Effect.fail(wrong)
  const { answerTimeout = answerMillisDefault, client, namespace, version } = options
  const { loadLease = LedgerStore.loadLeaseMillisDefault, recordsMax = recordsMaxDefault } = options
  const url: unknown = Redacted.isRedacted(options.url) ? Redacted.value(options.url) : options.url
  if (url === undefined && client === undefined) {
    return yield* invalid("url", "or `client` must be given: where the server is")
  }
  if (url !== undefined && (typeof url !== "string" || !/^rediss?:\/\/[^/?#]+(?:\/\d*)?$/.test(url))) {
    return yield* invalid("url", "must be `redis://host` or `rediss://host`, with an optional database number")
  }
  if (client !== undefined && !isBag(client)) return yield* invalid("client", "must be an object of client options")
  const misfit = client && clientMisfit(client, url !== undefined)
  if (misfit !== undefined) return yield* invalid(`client.${misfit[0]}`, misfit[1])
  if (typeof namespace !== "string" || !/^[\w.-]{1,64}$/.test(namespace)) {
    return yield* invalid("namespace", "must be 1 to 64 letters, digits, dots, hyphens or underscores")
  }
  if (version !== undefined && typeof version !== "string" && !Number.isFinite(version)) {
    return yield* invalid("version", "must be a string or a finite number")
  }
  if (!Number.isInteger(recordsMax) || recordsMax < 1) return yield* invalid("recordsMax", "must be an integer above 0")
  const answerMillis = millisOf(answerTimeout)
  if (!(answerMillis > 0) || answerMillis === Infinity) {
    return yield* invalid("answerTimeout", "must be a duration above 0, with an end")
  }
  const loadLeaseMillis = Math.ceil(millisOf(loadLease))
  if (!(loadLeaseMillis >= 0 && loadLeaseMillis <= loadLeaseMillisMax)) {
    return yield* invalid("loadLease", "must be a duration of at most an hour")
  }
  return { answerMillis, client, loadLeaseMillis, namespace, recordsMax, url, version }
})
