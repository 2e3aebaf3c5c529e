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
import { FunctionFailed, StoreError } from "../store/StoreError.ts"

const Verb = Schema.Literals(["read", "write", "lease", "delegate", "appoint"])

/**
 * What an operation meant to do to a key.
 *
 * @category models
 * @since 0.1.0
 */
export type Verb = typeof Verb.Type

/**
 * The caller has no right to do this to the key. Types refuse it; a cast, or a program built from data, meets it here.
 * `holds` says what the caller has instead.
 *
 * **Details**
 *
 * - `a lookup`: what a lookup runs may read what its family derives from, and write nothing.
 * - `another engine`: the right is of an engine of the same manifest that was built apart, and of which the rest of the
 *   program knows nothing. Build the layers of a manifest once, over one `layer`.
 * - `another class`: the right was given by another class of the same name.
 *
 * @category errors
 * @since 0.1.0
 */
export class NotOwner extends Schema.TaggedError<NotOwner>()("NotOwner", {
  code: Schema.tag("E0205"),
  verb: Verb,
  pattern: Schema.String,
  family: Schema.String,
  holds: Schema.Literals(["nothing", "a borrow", "a lookup", "another engine", "another class"])
}) {
  override get message() {
    return `cannot ${this.verb} \`${this.pattern}\`: it is owned by \`${this.family}\`, and ${held[this.holds]}`
  }
}

const held: { readonly [_ in NotOwner["holds"]]: string } = {
  "nothing": "the caller has no right to it",
  "a borrow": "the caller only borrows it",
  "a lookup": "the caller is a lookup, which only answers with its own value",
  "another engine": "the right that the caller has is of another engine of this manifest",
  "another class": "the right that the caller has is of another manifest class of the same name"
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
    return `\`${this.pattern}\` of family \`${this.family}\` already has an owner (grant ${this.token}); help: a ` +
      "function that makes its layer makes an owner at each call: keep the layer in a constant"
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
  /** Where it was read. */
  from: Schema.Literals(["another family", "its own family", "another engine"]),
  /** The family whose lookup it was, and the key that was being loaded, the first of several. */
  family: Schema.String,
  key: Schema.String,
  /** The pattern of what was read, and its key. */
  source: Schema.String,
  read: Schema.String
}) {
  override get message() {
    const { family, from, key, read, source } = this
    if (this.code === "E0232") return Diagnostic.lookupReadsKey(family, key, read, source).sentence
    if (from === "another engine") return Diagnostic.lookupReadsElsewhere(family, source).sentence
    return (from === "its own family" ? Diagnostic.lookupReadsOwn : Diagnostic.lookupReads)(family, source).sentence
  }
}

/**
 * The parameters make no key of the family; `why` says which and why.
 *
 * @category errors
 * @since 0.1.0
 */
export class InvalidKey extends Schema.TaggedError<InvalidKey>()("InvalidKey", {
  /** Of the finding: E0109, E0110, E0112 of parameters; E0101 of a key of no family; E0103, E0106 (malformed). */
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
 * Too many lookups of the family wait for their turn, or too many readers or updates for one key.
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
 * What the caller would have to wait for waits for the caller: an update within the update of the same key, two
 * updates that need each other's key, a lookup that reads its own key. `work` is the lookup or the update that asked,
 * `key` what it asked for. Nothing was changed.
 *
 * @category errors
 * @since 0.1.0
 */
export class CircularWait extends Schema.TaggedError<CircularWait>()("CircularWait", {
  code: Schema.tag("E0521"),
  key: Schema.String,
  work: Schema.String
}) {
  override get message() {
    return `${this.work} cannot wait for \`${this.key}\`, which waits for it, directly or through others; help: read ` +
      "and update other keys before it, and hand it what they hold"
  }
}

/**
 * An update waited for the update before it, whose turn did not end within the family's hard timeout (five minutes in a
 * family without one). Nothing was changed.
 *
 * @category errors
 * @since 0.1.0
 */
export class UpdateTimeout extends Schema.TaggedError<UpdateTimeout>()("UpdateTimeout", {
  code: Schema.tag("E0522"),
  key: Schema.String,
  timeoutMillis: Schema.Number
}) {
  override get message() {
    return `the update of \`${this.key}\` did not get its turn: the update before it did not end within ` +
      `${this.timeoutMillis} ms`
  }
}

/**
 * The lookup ended by an interruption that the cache did not ask for: it interrupted itself, or it waited for a fiber
 * that was interrupted. Its readers fail with this error; they are not interrupted.
 *
 * @category errors
 * @since 0.1.0
 */
export class LookupInterrupted extends Schema.TaggedError<LookupInterrupted>()("LookupInterrupted", {
  code: Schema.tag("E0523"),
  key: Schema.String
}) {
  override get message() {
    return `the lookup of \`${this.key}\` was interrupted from within`
  }
}

/**
 * A conditional write found another version of the value than the one that it named; `undefined` is no value. So did
 * an update whose key was changed while its function ran, where no lookup could tell the value anew: run it again.
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
 * A tier failed in a write or an invalidation, which must not be lost. Of a write, none of its values is served: its
 * keys are absent, and their source decides. An invalidation took effect in this process.
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
 * An option has a value that cannot be used; `why` says what is expected. A family's own options are checked when the
 * layer is built, those of a call before it changes anything.
 *
 * @category errors
 * @since 0.1.0
 */
export class InvalidOption extends Schema.TaggedError<InvalidOption>()("InvalidOption", {
  code: Schema.tag("E0507"),
  /** The family that the option is of, or that the call was for; undefined where the call concerns several. */
  family: Schema.UndefinedOr(Schema.String),
  option: Schema.String,
  why: Schema.String
}) {
  override get message() {
    const of = this.family === undefined ? "" : ` of family \`${this.family}\``
    return `\`${this.option}\`${of} ${this.why}`
  }
}

/**
 * A `lookupMany` did not answer one value for each key that it was asked for, in their order. No value of the answer is
 * stored.
 *
 * @category errors
 * @since 0.1.0
 */
export class BulkMiscounted extends Schema.TaggedError<BulkMiscounted>()("BulkMiscounted", {
  code: Schema.tag("E0510"),
  family: Schema.String,
  asked: Schema.Number,
  answered: Schema.Number
}) {
  override get message() {
    return `the lookupMany of \`${this.family}\` was asked for ${this.asked} keys and answered ${this.answered}; ` +
      "help: answer one for each key, in their order, and `Lookup.skip` for a key that has no value"
  }
}

/**
 * A batch holds something that is not a write of its manifest, or writes of two engines. Nothing of it happened.
 *
 * @category errors
 * @since 0.1.0
 */
export class InvalidBatch extends Schema.TaggedError<InvalidBatch>()("InvalidBatch", {
  code: Schema.tag("E0509"),
  manifest: Schema.String,
  why: Schema.String
}) {
  override get message() {
    return `cannot run a batch of \`${this.manifest}\`: ${this.why}`
  }
}

/**
 * A transaction cannot do what it was asked: an update or a patch within its body (E0524), more changes than it can
 * collect (E0525), or an outer transaction of the database that the cache does not know of (E0526). It fails the body,
 * so the database rolls back; `help` says what to do instead.
 *
 * @category errors
 * @since 0.1.0
 */
export class TransactionRefused extends Schema.TaggedError<TransactionRefused>()("TransactionRefused", {
  code: Schema.Literals(["E0524", "E0525", "E0526"]),
  manifest: Schema.String,
  why: Schema.String,
  help: Schema.String
}) {
  override get message() {
    return `a transaction of \`${this.manifest}\` is refused: ${this.why}; help: ${this.help}`
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
    CircularWait,
    UpdateTimeout,
    LookupInterrupted,
    VersionConflict,
    StoreFailed,
    FunctionFailed,
    LeaseRefused,
    InvalidOption,
    InvalidBatch,
    BulkMiscounted,
    TransactionRefused,
    InvalidManifest
  ])
}) {
  override get message() {
    return this.reason.message
  }
}
