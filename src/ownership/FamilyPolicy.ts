/**
 * The policy of a family: lifetimes, staleness, loading. It is plain data, and every option may be left out.
 *
 * @since 0.1.0
 */
import type { DurationInput } from "./DurationInput.ts"

/**
 * The names of the options of {@link FamilyPolicy}, and their docs.
 *
 * **Details**
 *
 * A manifest has a type of its own for each option. An editor shows the docs of this one beside it.
 *
 * @stability stable
 * @category models
 * @since 0.1.0
 */
export interface PolicyOptions {
  /**
   * The release of the lookup. Change it when the lookup makes other values than before. An entry that a tier keeps
   * under another version is absent then, and so are the entries that derive from it. A text or a number; `1` and `"1"`
   * are the same version.
   */
  readonly version?: unknown
  /**
   * How long an entry is fresh: a duration; `never`, if it does not expire; `doNotStore`, if it is not kept. Readers
   * who come while a load runs share it, also with `doNotStore`.
   */
  readonly timeToLive?: unknown
  /**
   * How long an entry stays without a read. It ends no later than its lifetime and the stale time after it: a longer
   * `idleTimeToLive` acts only on a value for which a write or a lookup chose a longer lifetime. An entry that has left
   * memory, or outlives the process, may end earlier by a sixteenth of this time.
   */
  readonly idleTimeToLive?: unknown
  /** How long after its lifetime an entry is served while it is renewed behind the reader (RFC 5861). */
  readonly staleWhileRevalidate?: unknown
  /** How long after its lifetime an entry is served when its lookup fails (RFC 5861). */
  readonly staleIfError?: unknown
  /**
   * The largest share of a lifetime, from 0 to 1, that is taken off at random. A lifetime of `never` stays as it is.
   */
  readonly jitter?: unknown
  /**
   * When a read renews a fresh entry behind its reader: after this share of its lifetime. With `xfetch` this is at
   * random near the end, and the earlier the longer the last load took (Vattani and others, 2015). An entry that does
   * not expire is not renewed.
   */
  readonly refreshAhead?: unknown
  /** How long a failed lookup, or the answer that a key has no value, is remembered. */
  readonly negativeTimeToLive?: unknown
  /**
   * How long a read waits for a lookup before it serves a stale value. It is refused unless `staleIfError` is longer
   * than `staleWhileRevalidate`, because no read would wait and get a stale value; and unless it is shorter than
   * `hardTimeout`, because the lookup would be interrupted first.
   */
  readonly softTimeout?: unknown
  /**
   * How long a lookup may run before it is interrupted, and how long an update waits for the update before it. Without
   * this option, a lookup with one waiting reader has no bound. The bound is five minutes for a lookup with several
   * waiting readers, for a lookup for whose turn another one waits, for a lookup that renews a value behind its
   * readers, and for the turn of an update. `Duration.infinity` removes the bound. The time in which a lookup waits for
   * its turn under `loadConcurrency` does not count.
   */
  readonly hardTimeout?: unknown
  /**
   * How far behind other processes a fresh value may be, over a tier that they change, too, such as Redis.
   *
   * With `{ bounded: "1 second" }`, which is what holds unless given, a read serves a value only if no change of it is
   * missing that was made a second ago, or earlier. A process that is cut off serves by the stale rules after that
   * time, or loads. With `eventual` it goes on serving what its memory holds. A family is at most as far behind as one
   * that derives from it, because that is made from it.
   *
   * Where one process has all tiers for itself, each read sees each write before it, whatever is given; and with
   * `strict` a tier that other processes change is refused.
   */
  readonly consistency?: unknown
  /** The most lookups of the family that run at the same time. */
  readonly loadConcurrency?: unknown
  /**
   * The most lookups that wait for their turn and that a reader waits for. Any further lookup fails at once with
   * `QueueFull`. Background loads wait behind these lookups, and take none of these places.
   */
  readonly loadQueueMax?: unknown
  /** How long the cache waits after a failed refresh before it tries the next one. */
  readonly retryAfterFailure?: unknown

  /** What happens to a lookup when its last waiting reader is interrupted: `interrupt` it, or let it `finish`. */
  readonly onAbandoned?: unknown
  /**
   * Freezes each value, and every object that it reaches, when it is stored. For development. A `Map`, a `Set` and a
   * `Date` then throw when a program changes them. The cache refuses a value with bytes, a `URL` or another part that
   * cannot be frozen, and a value with a `Map`, `Set` or `Date` that was frozen before. Private fields, and results of
   * getters, are not frozen.
   */
  readonly freeze?: unknown
  /**
   * The weight of an entry in a store, or in a family, with a `weightMax`: a number of at least 0. It is rounded up,
   * and counts as at least 1. A store with a `capacity` does not call this function.
   *
   * Memory does not keep an entry that is heavier than the store, such as one of `Infinity`. If the weigher throws, or
   * does not return a number of at least 0, the write or the load fails with `FunctionFailed`, and nothing changes. The
   * first parameter is the key without the name of its family: its parameters, joined by `:`. The second one is a value
   * of the family. Its type is not known here, so write it down.
   */
  readonly weigher?: unknown
  /**
   * The most entries of the family in memory: a bound of its own, beside that of the store, which is then for the other
   * families. The weigher is not called. Give this or `weightMax`.
   */
  readonly capacity?: unknown
  /**
   * The greatest sum of weights of the family in memory, each rounded up to at least 1, in place of `capacity`. It is
   * refused without a `weigher`, because it would count entries as `capacity` does.
   */
  readonly weightMax?: unknown
}

/**
 * How far behind other processes a fresh value may be.
 *
 * @see {@link PolicyOptions.consistency} for what each of them means
 * @stability experimental
 * @category models
 * @since 0.1.0
 */
export type Consistency = "strict" | "eventual" | { readonly bounded: DurationInput }

/**
 * The options of a family for lifetimes, staleness, loading and weight. None of them concerns ownership.
 *
 * @stability stable
 * @category models
 * @since 0.1.0
 */
export interface FamilyPolicy extends PolicyOptions {
  readonly version?: string | number | undefined
  readonly timeToLive?: DurationInput | "never" | "doNotStore" | undefined
  readonly idleTimeToLive?: DurationInput | undefined
  readonly staleWhileRevalidate?: DurationInput | undefined
  readonly staleIfError?: DurationInput | undefined
  readonly jitter?: number | undefined
  readonly refreshAhead?: number | "xfetch" | undefined
  readonly negativeTimeToLive?: DurationInput | undefined
  readonly softTimeout?: DurationInput | undefined
  readonly hardTimeout?: DurationInput | undefined
  readonly consistency?: Consistency | undefined
  readonly loadConcurrency?: number | undefined
  readonly loadQueueMax?: number | undefined
  readonly retryAfterFailure?: DurationInput | undefined
  readonly onAbandoned?: "interrupt" | "finish" | undefined
  readonly freeze?: boolean | undefined
  readonly weigher?: ((key: string, value: any) => number) | undefined
  readonly capacity?: number | undefined
  readonly weightMax?: number | undefined
}

/**
 * The names of the options, for programs without types. The compiler reports an option that is missing here.
 *
 * @internal
 */
export const policyOptions: { readonly [Option in keyof FamilyPolicy]-?: true } = {
  version: true,
  timeToLive: true,
  idleTimeToLive: true,
  staleWhileRevalidate: true,
  staleIfError: true,
  jitter: true,
  refreshAhead: true,
  negativeTimeToLive: true,
  softTimeout: true,
  hardTimeout: true,
  consistency: true,
  loadConcurrency: true,
  loadQueueMax: true,
  retryAfterFailure: true,
  onAbandoned: true,
  freeze: true,
  weigher: true,
  capacity: true,
  weightMax: true
}
