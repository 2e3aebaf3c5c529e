/**
 * How the entries of a family live: lifetimes, staleness, loading. Pure data, all optional.
 *
 * @since 0.1.0
 */
import * as Duration from "effect/Duration"
import * as Option from "effect/Option"

/**
 * The options of a family that say nothing about ownership.
 *
 * @category models
 * @since 0.1.0
 */
export interface FamilyPolicy {
  /**
   * The release of the lookup. Change it when the lookup means something else than before: what a tier kept under
   * another version is absent then, and so is what was derived from it. A text or a number; `1` and `"1"` are one
   * version.
   */
  readonly version?: string | number | undefined
  /** How long an entry is fresh; `never` ends, or `doNotStore` to load on each read. */
  readonly timeToLive?: Duration.Input | "never" | "doNotStore" | undefined
  /**
   * How long an entry stays without being read. An entry that has left memory, or outlives the process, may end
   * earlier by a sixteenth of it.
   */
  readonly idleTimeToLive?: Duration.Input | undefined
  /** How long after its lifetime an entry is served while it is renewed behind the reader (RFC 5861). */
  readonly staleWhileRevalidate?: Duration.Input | undefined
  /** How long after its lifetime an entry is served when its lookup fails (RFC 5861). */
  readonly staleIfError?: Duration.Input | undefined
  /** The share of a lifetime, from 0 to 1, by which it is shortened at random. */
  readonly jitter?: number | undefined
  /** The share of a lifetime after which a read renews the entry, or `xfetch` (Vattani and others, 2015). */
  readonly refreshAhead?: number | "xfetch" | undefined
  /** How long a failed lookup is remembered. */
  readonly negativeTimeToLive?: Duration.Input | undefined
  /** How long a read waits for a lookup before it serves a stale value, if it may. */
  readonly softTimeout?: Duration.Input | undefined
  /**
   * How long a lookup may run before it is interrupted, and how long an update waits for the update before it to end.
   * Without it, a lookup that only one reader waits for may take any time. One that others wait for, one that renews a
   * value behind its readers, and the turn of an update end after five minutes. `Duration.infinity` sets no bound.
   */
  readonly hardTimeout?: Duration.Input | undefined
  /** The most lookups of the family that run at a time. */
  readonly loadConcurrency?: number | undefined
  /** The most lookups that wait for their turn; more fail at once. */
  readonly loadQueueMax?: number | undefined
  /** How long after a failed refresh the next one is tried. */
  readonly retryAfterFailure?: Duration.Input | undefined

  /** What becomes of a lookup when everyone who waited for it has gone: it is interrupted, or runs to its end. */
  readonly onAbandoned?: "interrupt" | "finish" | undefined
  /**
   * Values are made immutable, with all that they reach, when they are stored: for development. A `Map`, a `Set` and a
   * `Date` throw where they would be changed. A value with bytes, a `URL` or another part that cannot be made immutable
   * is refused, and so is one whose `Map`, `Set` or `Date` was frozen before. Private fields and what a getter answers
   * stay as they are.
   */
  readonly freeze?: boolean | undefined
  /**
   * What an entry weighs in a store that has a `weightMax`: a number of at least 0, rounded up, and 1 at least. A store
   * that has a `capacity` does not ask.
   *
   * Memory does not keep an entry that is heavier than the store, such as one of `Infinity`. Where the weigher throws
   * or answers NaN, a negative number or something else, the write or the load fails with `FunctionFailed`, and nothing
   * changes. A value of the family is given; its type is not known here, so name it.
   */
  readonly weigher?: ((key: string, value: any) => number) | undefined
}

/**
 * The options by name, for what is not typed. The compiler sees to it that no option is missing here.
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
  loadConcurrency: true,
  loadQueueMax: true,
  retryAfterFailure: true,
  onAbandoned: true,
  freeze: true,
  weigher: true
}

const units = ["weeks", "days", "hours", "minutes", "seconds", "milliseconds", "microseconds", "nanoseconds"]

// `Duration` takes NaN for 0 and ignores a unit that it does not know.
const isMeasure = (input: object): boolean => {
  if (Array.isArray(input)) return !input.some(Number.isNaN)
  const given = units.map((unit) => (input as { readonly [unit: string]: unknown })[unit])
  return Object.keys(input).every((unit) => units.includes(unit)) && given.some((amount) => amount !== undefined) &&
    given.every((amount) => amount === undefined || (typeof amount === "number" && !Number.isNaN(amount)))
}

/**
 * The milliseconds of a duration that a caller gave, 0 or more; `NaN` for what is not a duration, is negative, or is
 * an object with an unknown unit.
 *
 * @category arithmetic
 * @since 0.1.0
 */
export const millisOf = (input: unknown): number => {
  // The commonest form, and `Duration` takes NaN for 0.
  if (typeof input === "number") return input >= 0 ? input : NaN
  if (typeof input === "object" && input !== null && !Duration.isDuration(input) && !isMeasure(input)) return NaN
  const millis = Option.match(Duration.fromInput(input as Duration.Input), {
    onNone: () => NaN,
    onSome: Duration.toMillis
  })
  return millis >= 0 ? millis : NaN
}
