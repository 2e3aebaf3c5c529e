/**
 * How the entries of a family live: lifetimes, staleness, loading. Pure data, all optional.
 *
 * @since 0.1.0
 */
import type * as Duration from "effect/Duration"

/**
 * The options of a family that say nothing about ownership.
 *
 * @category models
 * @since 0.1.0
 */
export interface FamilyPolicy {
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
  /** How long a lookup may run before it is interrupted. */
  readonly hardTimeout?: Duration.Input | undefined
  /** The most lookups of the family that run at a time. */
  readonly loadConcurrency?: number | undefined
  /** The most lookups that wait for their turn; more fail at once. */
  readonly loadQueueMax?: number | undefined
  /** How long after a failed refresh the next one is tried. */
  readonly retryAfterFailure?: Duration.Input | undefined

  /** What becomes of a lookup when everyone who waited for it has gone: it is interrupted, or runs to its end. */
  readonly onAbandoned?: "interrupt" | "finish" | undefined
  /** Values are made immutable, with all that they reach, when they are stored: for development. */
  readonly freeze?: boolean | undefined
  /**
   * What an entry weighs in a store that is bounded by weight, at least 1. A value of the family is given; its type is
   * not known here, so name it.
   */
  readonly weigher?: ((key: string, value: any) => number) | undefined
}
