/**
 * What a cache operation can fail with, besides the error of the family's own lookup.
 *
 * One error, `CacheError`, with a `reason`, so that callers recover with `Effect.catchReason("CacheError", ...)`.
 * A program without casts never sees `NotOwner`: the types refuse it. A key appears in messages, a value never.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"
import { LeaseError } from "../capability/Lease.ts"
import * as Diagnostic from "../diagnostic/Diagnostic.ts"
import { ManifestError } from "../ownership/Validation.ts"
import { StoreError } from "../store/StoreError.ts"

const Verb = Schema.Literals(["read", "write", "lease", "delegate", "appoint"])

/**
 * What an operation meant to do to a key.
 *
 * @category models
 * @since 0.1.0
 */
export type Verb = typeof Verb.Type

/**
 * The caller has no grant for the key. Types refuse this; a cast, or a program built from data, meets it here.
 *
 * @category errors
 * @since 0.1.0
 */
export class NotOwner extends Schema.TaggedError<NotOwner>()("NotOwner", {
  code: Schema.tag("E0205"),
  verb: Verb,
  pattern: Schema.String,
  family: Schema.String,
  holds: Schema.Literals(["nothing", "a borrow", "a lookup"])
}) {
  override get message() {
    return `cannot ${this.verb} \`${this.pattern}\`: it is owned by \`${this.family}\`, and the caller ` +
      (this.holds === "nothing" ?
        "has no right to it"
        : this.holds === "a borrow" ?
        "only borrows it"
        : "is a lookup, which only answers with its own value")
  }
}

/**
 * A second owner of a pattern was acquired while the first one lives.
 *
 * @category errors
 * @since 0.1.0
 */
export class OwnershipConflict extends Schema.TaggedError<OwnershipConflict>()("OwnershipConflict", {
  code: Schema.tag("E0216"),
  pattern: Schema.String,
  family: Schema.String,
  token: Schema.Number
}) {
  override get message() {
    return `\`${this.pattern}\` of family \`${this.family}\` already has an owner (grant ${this.token})`
  }
}

/**
 * The grant has ended: the scope of the owner or borrower that gave it is closed.
 *
 * @category errors
 * @since 0.1.0
 */
export class Revoked extends Schema.TaggedError<Revoked>()("Revoked", {
  code: Schema.tag("E0217"),
  verb: Verb,
  pattern: Schema.String,
  token: Schema.Number
}) {
  override get message() {
    return `cannot ${this.verb} \`${this.pattern}\`: grant ${this.token} has ended with the scope that gave it`
  }
}

/**
 * Nobody owns the family at the moment, so nobody can say whether an entry of it is true.
 *
 * @category errors
 * @since 0.1.0
 */
export class Unowned extends Schema.TaggedError<Unowned>()("Unowned", {
  code: Schema.tag("E0218"),
  pattern: Schema.String,
  family: Schema.String
}) {
  override get message() {
    return `cannot read \`${this.pattern}\`: \`${this.family}\` has no owner at the moment`
  }
}

/**
 * A lookup read a key whose changes would not reach what it makes: its family does not derive from the key's family
 * (E0211), or from other keys of it (E0232). What it made is not stored.
 *
 * @category errors
 * @since 0.1.0
 */
export class UndeclaredRead extends Schema.TaggedError<UndeclaredRead>()("UndeclaredRead", {
  code: Schema.Literals(["E0211", "E0232"]),
  /** The family whose lookup it was, and the key that was being loaded, the first of several. */
  family: Schema.String,
  key: Schema.String,
  /** The pattern of what was read, and its key. */
  source: Schema.String,
  read: Schema.String
}) {
  override get message() {
    const finding = this.code === "E0211"
      ? Diagnostic.lookupReads(this.family, this.source)
      : Diagnostic.lookupReadsKey(this.family, this.key, this.read, this.source)
    return finding.sentence
  }
}

/**
 * The parameters make no key of the family; `why` says which and why.
 *
 * @category errors
 * @since 0.1.0
 */
export class InvalidKey extends Schema.TaggedError<InvalidKey>()("InvalidKey", {
  /** Of the finding: E0109, E0110 for parameters; E0101 for a raw key of no family; E0103, E0106 for malformed ones. */
  code: Schema.String,
  pattern: Schema.String,
  why: Schema.String
}) {
  /** The error for a finding about a key or a pattern. */
  static of(pattern: string, problem: Diagnostic.Diagnostic): InvalidKey {
    return new InvalidKey({ code: problem.code, pattern, why: Diagnostic.format(problem) })
  }

  override get message() {
    return `not a key of \`${this.pattern}\`: ${this.why}`
  }
}

/**
 * Nothing is stored under the key, and its owner gave no lookup, or the lookup chose to give no value.
 *
 * @category errors
 * @since 0.1.0
 */
export class Absent extends Schema.TaggedError<Absent>()("Absent", {
  code: Schema.tag("E0501"),
  key: Schema.String,
  family: Schema.String,
  why: Schema.Literals(["no lookup", "skipped"])
}) {
  override get message() {
    const why = this.why === "skipped" ? "its lookup gave no value" : `the owner of \`${this.family}\` gave no lookup`
    return `\`${this.key}\` is absent: ${why}`
  }
}

/**
 * The lookup did not end within the family's hard timeout. It was interrupted, and a late result is not stored.
 *
 * @category errors
 * @since 0.1.0
 */
export class LoadTimeout extends Schema.TaggedError<LoadTimeout>()("LoadTimeout", {
  code: Schema.tag("E0502"),
  key: Schema.String,
  timeoutMillis: Schema.Number
}) {
  override get message() {
    return `the lookup of \`${this.key}\` did not end within ${this.timeoutMillis} ms`
  }
}

/**
 * Too many lookups of the family wait for their turn, or too many readers for one of them.
 *
 * @category errors
 * @since 0.1.0
 */
export class LoadQueueFull extends Schema.TaggedError<LoadQueueFull>()("LoadQueueFull", {
  code: Schema.tag("E0503"),
  key: Schema.String,
  family: Schema.String,
  queueMax: Schema.Number
}) {
  override get message() {
    return `the lookup of \`${this.key}\` was refused: ${this.queueMax} wait already in \`${this.family}\``
  }
}

/**
 * A conditional write found another version of the value than the one that it named; `undefined` is no value.
 *
 * @category errors
 * @since 0.1.0
 */
export class VersionConflict extends Schema.TaggedError<VersionConflict>()("VersionConflict", {
  code: Schema.tag("E0504"),
  key: Schema.String,
  expected: Schema.UndefinedOr(Schema.Number),
  actual: Schema.UndefinedOr(Schema.Number)
}) {
  override get message() {
    const shown = (version: number | undefined) => version === undefined ? "no value" : `version ${version}`
    return `\`${this.key}\` has ${shown(this.actual)} where ${shown(this.expected)} was expected`
  }
}

/**
 * A tier failed in a write or an invalidation, which must not be lost. In this process it took effect.
 *
 * @category errors
 * @since 0.1.0
 */
export class StoreFailed extends Schema.TaggedError<StoreFailed>()("StoreFailed", {
  code: Schema.tag("E0505"),
  error: StoreError
}) {
  override get message() {
    return this.error.message
  }
}

/**
 * A lease was not granted, or has ended.
 *
 * @category errors
 * @since 0.1.0
 */
export class LeaseRefused extends Schema.TaggedError<LeaseRefused>()("LeaseRefused", {
  code: Schema.tag("E0506"),
  error: LeaseError
}) {
  override get message() {
    return this.error.message
  }
}

/**
 * The manifest has mistakes, so no layer of it can be built. The compiler has reported them, unless it was built from
 * data.
 *
 * @category errors
 * @since 0.1.0
 */
export class InvalidManifest extends Schema.TaggedError<InvalidManifest>()("InvalidManifest", {
  code: Schema.tag("E0508"),
  error: ManifestError
}) {
  override get message() {
    return this.error.message
  }
}

/**
 * An option is out of its range; `why` says what the range is.
 *
 * @category errors
 * @since 0.1.0
 */
export class InvalidOption extends Schema.TaggedError<InvalidOption>()("InvalidOption", {
  code: Schema.tag("E0507"),
  option: Schema.String,
  why: Schema.String
}) {
  override get message() {
    return `\`${this.option}\` ${this.why}`
  }
}

/**
 * A failure of a cache operation.
 *
 * @category errors
 * @since 0.1.0
 */
export class CacheError extends Schema.TaggedError<CacheError>()("CacheError", {
  reason: Schema.Union([
    NotOwner,
    OwnershipConflict,
    Revoked,
    Unowned,
    UndeclaredRead,
    InvalidKey,
    Absent,
    LoadTimeout,
    LoadQueueFull,
    VersionConflict,
    StoreFailed,
    LeaseRefused,
    InvalidOption,
    InvalidManifest
  ])
}) {
  override get message() {
    return this.reason.message
  }
}
