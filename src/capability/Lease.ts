/**
 * Gives the right to a set of keys for a time: either many holders share it, or one holder has it alone. A user takes a
 * lease with `lease` of an accessor, and gives it to a write.
 *
 * - At any moment, of the leases held on patterns that share a key, either all are shared or there is only one.
 * - Tokens only grow: a later lease has a greater token, also after a restart (`Lease.token` says how). So a write with
 *   the token of an ended lease can be distinguished from a write of the present holder (a *fencing token*).
 * - Every wait ends: by a grant, by the request's own deadline, or because a holder's time is over.
 * - While a key has a lease, only a write that carries an exclusive lease of the key changes its value. Loads,
 *   refreshes, deletions and invalidations go through, because they say that the data source has changed. The holder
 *   may have read the key before, so the next write under the lease is refused then, unless the value that came is
 *   equal.
 *
 * Not here: the table that grants leases (`shared/leaseTable.ts`), and leases among processes.
 *
 * @since 0.1.0
 */
import type * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type { DurationInput } from "../ownership/DurationInput.ts"
import type { KeyPattern } from "../pattern/KeyPattern.ts"

declare const TypeId: unique symbol

/**
 * Whether many holders may share the lease on a key (`shared`), or one has it alone (`exclusive`).
 *
 * **When to use**
 *
 * `exclusive` to write the key; `shared` to keep writers away while several callers read.
 *
 * @stability stable
 * @category models
 * @since 0.1.0
 */
export type LeaseMode = "shared" | "exclusive"

/**
 * How long to wait for a lease, and how long to hold it.
 *
 * @stability stable
 * @category models
 * @since 0.1.0
 */
export interface LeaseOptions<out Mode extends LeaseMode = LeaseMode> {
  /** `exclusive` by default. */
  readonly mode?: Mode | undefined
  /** How long to wait for the present holders, and for what a slow tier knows of the key. Ten seconds by default. */
  readonly deadline?: DurationInput | undefined
  /**
   * After this time the lease ends even if its Scope is open, so that other requests need not wait longer. A minute by
   * default.
   */
  readonly timeToLive?: DurationInput | undefined
}

/**
 * Options that ask for a shared lease, whatever else they contain.
 *
 * **When to use**
 *
 * As the parameter of a helper of a borrower, who may take no exclusive lease.
 *
 * @stability stable
 * @category models
 * @since 0.1.0
 */
export interface SharedLeaseOptions extends LeaseOptions<"shared"> {
  readonly mode: "shared"
}

/**
 * A lease was not granted (`timeout`, `queue full`), or it does not allow this write: it has `ended`, is `shared`,
 * covers an `other key`, or comes from an `other engine`. A write that a transaction has collected is checked when its
 * body has ended, so its lease may have `ended before the commit`. Or the key was `overtaken`: it was removed or
 * invalidated, or a load brought another value or found none, since the lease was granted. A write without a lease is
 * refused while another caller has a lease on its key (`held`).
 *
 * **When to use**
 *
 * Where another caller may hold the lease: `why` says whether to wait, to read again, or to give up.
 *
 * @see `lease` of a family, which acquires one
 * @stability stable
 * @category errors
 * @since 0.1.0
 */
export class LeaseError extends Schema.TaggedError<LeaseError>()("LeaseError", {
  code: Schema.tag("E0219"),
  patterns: Schema.Array(Schema.String),
  why: Schema.Literals([
    "timeout",
    "ended",
    "ended before the commit",
    "queue full",
    "shared",
    "other key",
    "other engine",
    "held",
    "overtaken"
  ]),
  /** The keys of a write that its lease does not cover, for `other key`. */
  keys: Schema.optional(Schema.Array(Schema.String))
}) {
  override get message() {
    return `${this.code}: ${whys[this.why](list(this.patterns), list(this.keys ?? []))}`
  }
}

const list = (texts: ReadonlyArray<string>): string => texts.map((text) => `\`${text}\``).join(", ")

const whys: { readonly [_ in LeaseError["why"]]: (what: string, keys: string) => string } = {
  "timeout": (what) =>
    `no lease on ${what}: another holder has it, and the deadline has passed; help: try again later, or wait longer ` +
    "by `deadline`",
  "queue full": (what) => `no lease on ${what}: too many requests wait already; help: try again later`,
  "ended": (what) =>
    `the lease on ${what} has ended, with the Scope in which it was taken or with its time; help: write inside that ` +
    "Scope, take it with a longer `timeToLive`, or take the lease and read the key again",
  "ended before the commit": (what) =>
    `the lease on ${what} has ended before the commit, with the Scope in which it was taken or with its time; help: ` +
    "open its Scope around the transaction, because a write in the body is checked when the body has ended",
  "shared": (what) =>
    `the lease on ${what} is shared, and a write needs an exclusive one; help: take it without \`mode\``,
  "other key": (what, keys) =>
    `the lease on ${what} does not cover ${keys}, which this write changes; help: give each write the lease of ` +
    "its own key; a `batch` takes several",
  "other engine": (what) =>
    `the lease on ${what} was granted by another engine than the one of this write; help: build the layers of the ` +
    "manifest once, and take the lease from the engine that you write to",
  "held": (what) =>
    `cannot write ${what}: a lease on it is held, which ends by itself, and this write carries none; help: take an ` +
    "exclusive lease of the key and give it to a `set`, or write again later",
  "overtaken": (what) =>
    `cannot write ${what} under its lease: since the grant it was deleted or invalidated, or a load brought another ` +
    "value; help: take the lease again and read the key again, or give the write the `ifVersion` that was read"
}

/**
 * A granted lease on keys of the family `Pattern`. It ends with the Scope that acquired it, when its time is over, or
 * when it is revoked. A write needs an `exclusive` lease that covers its key.
 *
 * @stability stable
 * @category models
 * @since 0.1.0
 */
export interface Lease<out Pattern extends string = string, out Mode extends LeaseMode = LeaseMode> {
  readonly patterns: ReadonlyArray<KeyPattern>
  /** The patterns, as errors show them. */
  readonly shown: ReadonlyArray<string>
  readonly mode: Mode
  /** The pattern of the family by which it was acquired. It exists in types only, and only a table makes a lease. */
  readonly [TypeId]: Pattern
  /**
   * The fencing token: greater than the token of every earlier lease of this process over the same place, such as one
   * folder, by whatever engine. It begins at the wall clock, in microseconds since the epoch, so it is greater than the
   * tokens of earlier processes, too. A folder of `LmdbStore` remembers how far the tokens have come. Without one, a
   * process whose wall clock is behind that of an earlier one gives lesser tokens until its clock has passed them.
   */
  readonly token: number
  /** When the lease ends, in milliseconds since the epoch, by the wall clock at the time of the grant. */
  readonly expiresAt: number
  /** Whether the lease is held at this moment. */
  readonly isHeldUnsafe: () => boolean
  /** Fails when the lease has ended. */
  readonly check: Effect.Effect<void, LeaseError>
}
