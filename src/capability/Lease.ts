/**
 * Leases: rights to one key that end.
 *
 * @since 0.1.0
 */

/**
 * A right to one key, until its scope closes or its time is over. A late holder is fenced off: `token` only grows.
 *
 * @category models
 * @since 0.1.0
 */
export interface Lease {
  readonly key: string
  readonly mode: "shared" | "exclusive"
  readonly token: number
}

/**
 * How a lease is taken: by many readers, or by one writer.
 *
 * @category models
 * @since 0.1.0
 */
export interface LeaseOptions<out Mode extends "shared" | "exclusive" = "shared" | "exclusive"> {
  readonly mode: Mode
}
