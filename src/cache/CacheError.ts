/**
 * The errors of cache operations. A lookup may also fail with an error of its own, which its family declares.
 *
 * There is one error, `CacheError`. Its `reason` says what happened, and callers recover from it with
 * `Effect.catchReason("CacheError", ...)`. A program without casts never meets `NotOwner`, because the types refuse it.
 * A message may show a key, and never shows a value.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"
import { LeaseError } from "../capability/Lease.ts"
import * as Diagnostic from "../diagnostic/Diagnostic.ts"
import * as LookupFindings from "../diagnostic/types/lookupFindings.ts"
import { ManifestError } from "../ownership/ManifestError.ts"
import { FunctionFailed, StoreError } from "../store/StoreError.ts"

const Verb = Schema.Literals(["read", "list", "write", "lease", "delegate", "appoint"])

/**
 * The kind of operation that was refused: to read, to list or count keys, to write, to lease, to delegate the right, or
 * to appoint an owner.
 *
 * @stability stable
 * @category models
 * @since 0.1.0
 */
export type Verb = typeof Verb.Type

/**
 * The caller has no right to do this to the key. The types refuse such a call; only a cast, or a program built from
 * data, fails with this error. `holds` says which right the caller has instead.
 *
 * **Details**
 *
 * - `a lookup`: code that runs in a lookup may read the families that its own family derives from, and may not write.
 * - `its own lookup`: a lookup read its own family, which cannot derive from itself.
 * - `another engine`: the right belongs to a second engine of the same manifest. The rest of the program does not use
 *   that engine. Build the layers of a manifest once, over one `layer`.
 * - `another class`: another class of the same name gave the right.
 *
 * @stability stable
 * @category errors
 * @since 0.1.0
 */
export class NotOwner extends Schema.TaggedError<NotOwner>()("NotOwner", {
  code: Schema.tag("E0205"),
  verb: Verb,
  pattern: Schema.String,
  family: Schema.String,
  holds: Schema.Literals(["nothing", "a borrow", "a lookup", "its own lookup", "another engine", "another class"])
}) {
  override get message() {
    const { code, family, holds, pattern, verb } = this
    const who = holds !== "a lookup"
      ? held[holds]
      : verb === "read"
      ? `the caller is a lookup whose family does not derive from it; help: add \`${pattern}\` to \`derives\` there`
      : verb === "list"
      ? "the caller is a lookup, whose value would outlive a change of the set of keys; help: read single keys"
      : held[holds]
    return `${code}: cannot ${verb} \`${pattern}\`: it is owned by \`${family}\`, and ${who}${this.help}`
  }

  private get help(): string {
    if (this.holds === "its own lookup") {
      return `; help: read what \`${this.pattern}\` is made from; the previous value is in the lookup's second argument`
    }
    if (this.holds !== "nothing") return ""
    return this.verb === "appoint"
      ? `; help: give its owner to \`modules\` under the name \`${this.family}\``
      : "; help: provide the layers of the manifest, which `modules` makes, around the program; a module that keeps " +
        "its right to itself passes it on with Layer.provideMerge"
  }
}

const held: { readonly [_ in NotOwner["holds"]]: string } = {
  "nothing": "the caller has no right to it",
  "a borrow": "the caller only borrows it",
  "a lookup": "the caller is a lookup, which may only return its own value",
  "its own lookup": "the caller is a lookup of this family, which cannot derive from itself",
  "another engine": "the caller's right belongs to another engine of this manifest",
  "another class": "the caller's right belongs to another manifest class of the same name: its module was evaluated " +
    "twice, as in watch mode, or two copies of `effect-stateless` are installed"
}

/**
 * A program acquired a second owner of a pattern while the first owner was still alive. The first owner stays.
 *
 * @stability stable
 * @category errors
 * @since 0.1.0
 */
export class OwnershipConflict extends Schema.TaggedError<OwnershipConflict>()("OwnershipConflict", {
  code: Schema.tag("E0216"),
  pattern: Schema.String,
  family: Schema.String,
  /** The number of the owner's grant in its engine. */
  token: Schema.Number
}) {
  override get message() {
    return `${this.code}: \`${this.pattern}\` of family \`${this.family}\` already has an owner; help: ` +
      "keep the owner's layer in a constant, because a function that makes the layer makes a new owner at each call"
  }
}

/**
 * The caller's grant has ended, because the Scope of the owner or borrower that gave it is closed.
 *
 * @stability stable
 * @category errors
 * @since 0.1.0
 */
export class Revoked extends Schema.TaggedError<Revoked>()("Revoked", {
  code: Schema.tag("E0217"),
  verb: Verb,
  pattern: Schema.String,
  /** The number of the grant in its engine. Unlike the token of a lease, it begins again with each engine. */
  token: Schema.Number
}) {
  override get message() {
    return `${this.code}: cannot ${this.verb} \`${this.pattern}\`: the right to it has ended with the Scope that ` +
      "gave it; help: use a right, a reader and a writer only while that Scope is open; to keep it for longer, " +
      "provide the layer of the owner further out"
  }
}

/**
 * The family has no owner at the moment, so the cache cannot tell whether its entries are still right. `hasLeft` says
 * whether it had one. Provide the owner's layer for as long as the program reads.
 *
 * @stability stable
 * @category errors
 * @since 0.1.0
 */
export class Unowned extends Schema.TaggedError<Unowned>()("Unowned", {
  code: Schema.tag("E0218"),
  pattern: Schema.String,
  family: Schema.String,
  /** Whether an owner of the family has left this engine, or none was ever built in it. */
  hasLeft: Schema.Boolean
}) {
  override get message() {
    const why = this.hasLeft
      ? `the owner of \`${this.family}\` has left; help: keep its layer for as long as the program uses the family`
      : `no owner of \`${this.family}\` has been built; help: provide the layer of its owner`
    return `${this.code}: cannot read or write \`${this.pattern}\`: ${why}`
  }
}

/**
 * A lookup read a key that its family does not derive from, so a change of that key would leave the new value stale.
 * Either the family derives from nothing in the key's family (E0211), or it derives from other keys of it (E0232). The
 * value is not stored.
 *
 * @stability stable
 * @category errors
 * @since 0.1.0
 */
export class UndeclaredRead extends Schema.TaggedError<UndeclaredRead>()("UndeclaredRead", {
  code: Schema.Literals(["E0211", "E0232"]),
  /** The owner of the entry that the lookup read. */
  from: Schema.Literals(["another family", "its own family", "another engine"]),
  /** What read it: the lookup of the family, or the load of a `getOr`. */
  by: Schema.Literals(["lookup", "getOr"]),
  /** The family of the lookup, and the key that it loaded; the first key, if it loaded several. */
  family: Schema.String,
  key: Schema.String,
  /** The pattern and the key of the entry that the lookup read. */
  source: Schema.String,
  read: Schema.String
}) {
  override get message() {
    return `${this.code}: ${Diagnostic.format(this.finding)}`
  }

  private get finding(): Diagnostic.Diagnostic {
    const { by, family, from, key, read, source } = this
    if (this.code === "E0232") return LookupFindings.lookupReadsKey(family, key, read, source)
    if (from === "another engine") return LookupFindings.lookupReadsElsewhere(family, source)
    if (from === "another family") return LookupFindings.lookupReads(family, source)
    return by === "getOr" ? LookupFindings.loadReadsOwn(source) : LookupFindings.lookupReadsOwn(family, source)
  }
}

/**
 * The parameters do not make a key of the family, or the raw key or pattern is malformed. `why` names the parameter and
 * the reason.
 *
 * @stability stable
 * @category errors
 * @since 0.1.0
 */
export class InvalidKey extends Schema.TaggedError<InvalidKey>()("InvalidKey", {
  /**
   * The code of the finding: E0109, E0110 or E0112 for a parameter, E0101 for a key that belongs to no family, E0103 or
   * E0106 for a malformed key or pattern.
   */
  code: Schema.String,
  pattern: Schema.String,
  why: Schema.String
}) {
  /** Makes the error from a finding about a key or a pattern. */
  static of(pattern: string, problem: Diagnostic.Diagnostic): InvalidKey {
    return new InvalidKey({ code: problem.code, pattern, why: Diagnostic.format(problem) })
  }

  override get message() {
    return `${this.code}: not a key of \`${this.pattern}\`: ${this.why}`
  }
}

/**
 * The cache has no value for the key. Either the owner of the family gave no lookup, or the lookup returned
 * `Lookup.absent`. `getOption` does not load, and returns `None` instead of this error.
 *
 * **Gotchas**
 *
 * `Effect.catchTag("Absent", ...)` does not catch it, and does not compile: a read fails with `CacheError`, and this is
 * the `reason` in it. Write `Effect.catchReason("CacheError", "Absent", ...)`.
 *
 * @stability stable
 * @category errors
 * @since 0.1.0
 */
export class Absent extends Schema.TaggedError<Absent>()("Absent", {
  code: Schema.tag("E0501"),
  key: Schema.String,
  family: Schema.String,
  why: Schema.Literals(["no lookup", "no value", "nothing to renew"])
}) {
  override get message() {
    const why = this.why === "no value"
      ? "its lookup returned `Lookup.absent`"
      : this.why === "nothing to renew"
      ? "its lookup returned `Lookup.notModified()`, and the cache has no value to renew; help: return it only if " +
        "the context of the lookup has `previous`"
      : `the owner of \`${this.family}\` gave no lookup; help: write the key first, give the owner a lookup, or read ` +
        "with `getOption`"
    return `${this.code}: \`${this.key}\` is absent: ${why}`
  }
}

/**
 * The lookup did not end within the family's `hardTimeout`. It was interrupted, and a late result is not stored.
 *
 * @stability stable
 * @category errors
 * @since 0.1.0
 */
export class LoadTimeout extends Schema.TaggedError<LoadTimeout>()("LoadTimeout", {
  code: Schema.tag("E0502"),
  key: Schema.String,
  timeoutMillis: Schema.Number
}) {
  override get message() {
    return `${this.code}: the lookup of \`${this.key}\` did not end within ${this.timeoutMillis} ms; help: make it ` +
      "faster, or raise `hardTimeout`"
  }
}

/**
 * Too many callers wait: lookups of the family for their turn (`loadQueueMax`), or readers or updates for one key. The
 * call is refused at once. Try again later, or allow more lookups at a time with `loadConcurrency`.
 *
 * @stability stable
 * @category errors
 * @since 0.1.0
 */
export class QueueFull extends Schema.TaggedError<QueueFull>()("QueueFull", {
  code: Schema.tag("E0503"),
  key: Schema.String,
  family: Schema.String,
  queueMax: Schema.Number
}) {
  override get message() {
    const { code, family, key, queueMax } = this
    return `${code}: a call for \`${key}\` was refused: ${queueMax} callers of \`${family}\` wait already; help: ` +
      "refuse requests before they reach the cache, or, where lookups wait, raise `loadConcurrency` or `loadQueueMax`"
  }
}

/**
 * Two operations would wait for each other without end: an update runs within the update of the same key, two updates
 * need each other's key, or a lookup reads its own key. `work` is the lookup or the update that asked, and `key` is the
 * key that it asked for. Nothing was changed.
 *
 * @stability stable
 * @category errors
 * @since 0.1.0
 */
export class CircularWait extends Schema.TaggedError<CircularWait>()("CircularWait", {
  code: Schema.tag("E0521"),
  key: Schema.String,
  work: Schema.String
}) {
  override get message() {
    const begin = `${this.code}: ${this.work} cannot wait for \`${this.key}\``
    if (this.work.endsWith(` of \`${this.key}\``)) {
      return `${begin}: it would wait for itself; help: return the value from the function that runs already`
    }
    return `${begin}: they would wait for each other; help: read and update other keys before it starts, and pass ` +
      "their values to it"
  }
}

/**
 * An update waited too long for the update before it, which did not end within the family's `hardTimeout` (five minutes
 * in a family without one). Nothing was changed.
 *
 * @stability stable
 * @category errors
 * @since 0.1.0
 */
export class UpdateTimeout extends Schema.TaggedError<UpdateTimeout>()("UpdateTimeout", {
  code: Schema.tag("E0522"),
  key: Schema.String,
  timeoutMillis: Schema.Number
}) {
  override get message() {
    return `${this.code}: the update of \`${this.key}\` did not get its turn: the update before it did not end ` +
      `within ${this.timeoutMillis} ms; help: make the function of the update faster, or raise \`hardTimeout\``
  }
}

/**
 * The lookup was interrupted, and not by the cache: it interrupted itself, or it waited for a fiber that was
 * interrupted. Its readers fail with this error, and are not interrupted themselves.
 *
 * @stability stable
 * @category errors
 * @since 0.1.0
 */
export class LookupInterrupted extends Schema.TaggedError<LookupInterrupted>()("LookupInterrupted", {
  code: Schema.tag("E0523"),
  key: Schema.String
}) {
  override get message() {
    return `${this.code}: the lookup of \`${this.key}\` interrupted itself, or joined an interrupted fiber; help: ` +
      "let it fail with an error of its family"
  }
}

/**
 * A conditional write found another version than the one that it named. `undefined` stands for the absence of a value.
 * An update fails with this error, too, if its key was changed while its function ran and the family has no lookup that
 * could load the new value. Read the value again, and repeat the write.
 *
 * **Example** (Repeating a conditional write)
 *
 * ```ts
 * import { Effect, Layer } from "effect"
 * import { Manifest, MemoryStore } from "effect-stateless"
 *
 * class Shop extends Manifest.Service<Shop>()("Shop", {
 *   families: { price: { pattern: "price:{item}", value: Manifest.type<number>() } }
 * }) {}
 * const { price } = Shop.keys
 * const PriceLive = Shop.owner("price", { lookup: () => Effect.succeed(1) })
 * const ShopLive = Shop.modules({ price: PriceLive }).pipe(Layer.provide(MemoryStore.layer({ capacity: 100 })))
 *
 * const program = Effect.gen(function*() {
 *   const raise = Effect.gen(function*() {
 *     const { value, version } = yield* price.getAnswer({ item: "pen" })
 *     yield* price.set({ item: "pen" }, value + 1, { ifVersion: version })
 *   })
 *   const again = Effect.retry(raise, { times: 5, while: ({ reason }) => reason._tag === "VersionConflict" })
 *   yield* Effect.all([again, again], { concurrency: 2 })
 *   return yield* price.get({ item: "pen" })
 * })
 * await Effect.runPromise(Effect.provide(program, ShopLive)) // => 3
 * ```
 *
 * @stability stable
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
    if (this.actual === this.expected) {
      const what = this.actual === undefined
        ? "was changed meanwhile"
        : `has another value of version ${this.actual} than the one that was expected`
      return `${this.code}: \`${this.key}\` ${what}`
    }
    return `${this.code}: \`${this.key}\` has ${shown(this.actual)} where ${shown(this.expected)} was expected`
  }
}

/**
 * An update was refused before its function ran, because the cache does not keep the value that it would start from.
 * The lookup of the key read a stale value, or it found nothing where a tier that failed may hold a value. The update
 * works again when the source of that value is fresh, or the tier answers. To write a value that you know, use `set`.
 *
 * @stability stable
 * @category errors
 * @since 0.1.0
 */
export class UpdateRefused extends Schema.TaggedError<UpdateRefused>()("UpdateRefused", {
  code: Schema.tag("E0527"),
  key: Schema.String,
  why: Schema.Literals(["stale", "uncertain"])
}) {
  override get message() {
    const why = this.why === "stale"
      ? "its lookup read a stale value; help: invalidate or refresh what the lookup read, and update again"
      : "its lookup found nothing, but a tier that failed may have a value; help: try again when the tier answers"
    return `${this.code}: \`${this.key}\` was not updated: ${why}`
  }
}

/**
 * A `get` with `stale: "refuse"` found no fresh value: the lookup of the key has returned, but it read a stale value
 * itself, so what it made is stale as well. Invalidate or refresh its source, and read again.
 *
 * @stability stable
 * @category errors
 * @since 0.1.0
 */
export class StaleRefused extends Schema.TaggedError<StaleRefused>()("StaleRefused", {
  code: Schema.tag("E0530"),
  key: Schema.String
}) {
  override get message() {
    return `${this.code}: \`${this.key}\` has no fresh value: its lookup read a stale one; help: invalidate or ` +
      "refresh what it read, and read again"
  }
}

/**
 * A synchronous write, such as `setUnsafe`, could not be made at once, and changed nothing. The outbox of the lower
 * tiers is full (`outbox`), the codec of the family answers later (`codec`), or the condition of the write needs an
 * answer of a lower tier (`tier`). The Effect of the same name without `Unsafe` waits. With `listener`, the operation
 * was called by a listener, in the middle of the change that the listener receives.
 *
 * @stability stable
 * @category errors
 * @since 0.1.0
 */
export class WouldWait extends Schema.TaggedError<WouldWait>()("WouldWait", {
  code: Schema.tag("E0529"),
  key: Schema.String,
  why: Schema.Literals(["outbox", "codec", "tier", "listener"])
}) {
  override get message() {
    const help = this.why === "listener"
      ? "use the cache after the listener"
      : "use the operation that returns an Effect"
    return `${this.code}: \`${this.key}\` cannot be changed at once: ${waits[this.why]}; help: ${help}`
  }
}

const waits: { readonly [_ in WouldWait["why"]]: string } = {
  outbox: "too many changes are on their way to the lower tiers",
  codec: "the codec of the family does not answer at once",
  tier: "its condition needs an answer of a lower tier",
  listener: "a listener runs in the middle of a change"
}

/**
 * A tier failed in a write or an invalidation, so the change may not have reached it. After a failed write, its keys
 * are absent in this process, and the next read loads them from their source. A failed invalidation has taken effect in
 * this process.
 *
 * @stability stable
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
 * A lease was not granted, or it has ended. `error` says which.
 *
 * @stability stable
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
 * The manifest has mistakes, so its layers cannot be built. The compiler reports the same mistakes, except in a
 * manifest that is built from data.
 *
 * @stability stable
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
 * An option has an invalid value; `why` says what is expected. The options of a family are checked when the layer is
 * built. The options of a call are checked before the call changes anything.
 *
 * @stability stable
 * @category errors
 * @since 0.1.0
 */
export class InvalidOption extends Schema.TaggedError<InvalidOption>()("InvalidOption", {
  code: Schema.tag("E0507"),
  /** The family of the option or of the call; `undefined` for a call that concerns several families. */
  family: Schema.UndefinedOr(Schema.String),
  option: Schema.String,
  why: Schema.String
}) {
  override get message() {
    const of = this.family === undefined ? "" : ` of family \`${this.family}\``
    return `${this.code}: \`${this.option}\`${of} ${this.why}`
  }
}

/**
 * A `lookupMany` returned more or fewer answers than it was given keys. No value of that answer is stored.
 *
 * @stability stable
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
    return `${this.code}: the lookupMany of \`${this.family}\` was asked for ${this.asked} keys and returned ` +
      `${this.answered}; help: return one value for each key, in the order of the keys, and \`Lookup.absent\` for a ` +
      "key that has no value"
  }
}

/**
 * A batch contains a value that is not a write of its manifest, or it contains writes of two engines. No write of the
 * batch was made.
 *
 * @stability stable
 * @category errors
 * @since 0.1.0
 */
export class InvalidBatch extends Schema.TaggedError<InvalidBatch>()("InvalidBatch", {
  code: Schema.tag("E0509"),
  manifest: Schema.String,
  why: Schema.String
}) {
  override get message() {
    return `${this.code}: cannot run a batch of \`${this.manifest}\`: ${this.why}`
  }
}

/**
 * A transaction refuses a call: an update or a patch within its body (E0524), more changes than it can collect (E0525),
 * or, within a transaction of the database that the cache does not know, a body (E0526) or a write (E0528). The error
 * fails the body, so the database rolls back. A write of a fiber that is on its way when the body ends is refused, too
 * (E0528). Outside of it, a write is refused that the cache could not keep, because a transaction is about to commit
 * its key, or the answer to that commit was lost (E0533). `help` says what to do instead.
 *
 * @stability stable
 * @category errors
 * @since 0.1.0
 */
export class TransactionRefused extends Schema.TaggedError<TransactionRefused>()("TransactionRefused", {
  code: Schema.Literals(["E0524", "E0525", "E0526", "E0528", "E0533"]),
  manifest: Schema.String,
  why: Schema.String,
  help: Schema.String
}) {
  override get message() {
    const what = this.code === "E0528" || this.code === "E0533"
      ? "a write"
      : this.code === "E0524"
      ? "an update in a transaction"
      : "a transaction"
    return `${this.code}: ${what} of \`${this.manifest}\` is refused: ${this.why}; help: ${this.help}`
  }
}

/**
 * The keys of the family cannot be listed here. `why` says for which reason.
 *
 * **Details**
 *
 * - `sensitive`: the keys of a sensitive family are secrets. A right to read a key gives no right to know all keys.
 * - `transaction`: the body of a transaction has changes that no tier knows.
 * - `tier`: a tier of the store cannot list its keys.
 * - `no memory`: `sample` draws keys from memory, and the store has none.
 *
 * @stability stable
 * @category errors
 * @since 0.1.0
 */
export class NotIterable extends Schema.TaggedError<NotIterable>()("NotIterable", {
  code: Schema.tag("E0531"),
  family: Schema.String,
  why: Schema.Literals(["sensitive", "transaction", "tier", "no memory"])
}) {
  override get message() {
    const what = this.why === "no memory" ? "selected by chance" : "listed"
    return `${this.code}: the keys of \`${this.family}\` cannot be ${what}: ${whyNotIterable[this.why]}`
  }
}

const whyNotIterable: { readonly [_ in NotIterable["why"]]: string } = {
  "sensitive":
    "the family is sensitive, and a right to read one key gives none to know all keys; help: keep a list of " +
    "them in the data source",
  "transaction": "a transaction has changes that no tier knows; help: list them before the transaction",
  "tier":
    "a tier of its store does not list keys, as one that processes share; help: keep a list of them in the data " +
    "source, or in a store of your own implement `page` of `Store.Partition`",
  "no memory": "that needs memory, and its store has none; help: put a `MemoryStore` above the tier by " +
    "`TieredStore`, or list the keys by `keys` or `page`"
}

/**
 * A page cannot be read from the given cursor. Nothing was read. Begin the scan again, without a cursor.
 *
 * **Details**
 *
 * - `malformed`: no page gave this text.
 * - `another family`: it is a cursor of another family, or of another manifest.
 * - `restarted`: it is from before a restart, or of another engine, where bookmarks have another meaning.
 * - `overtaken`: since it was given, more entries have moved between the tiers than are remembered (131,072). So the
 *   next pages might miss a key.
 * - `other engines`: since it was given, an engine over the same place has started or stopped. Under
 *   `set: "onEviction"` each of them holds entries that no lower tier has, so the next pages might miss a key.
 *
 * @stability stable
 * @category errors
 * @since 0.1.0
 */
export class CursorRefused extends Schema.TaggedError<CursorRefused>()("CursorRefused", {
  code: Schema.tag("E0532"),
  family: Schema.String,
  why: Schema.Literals(["malformed", "another family", "restarted", "overtaken", "other engines"])
}) {
  override get message() {
    return `${this.code}: \`${this.family}\` cannot go on from this cursor: ${whyRefused[this.why]}`
  }
}

const again = "help: begin the scan again, without a cursor"

const whyRefused: { readonly [_ in CursorRefused["why"]]: string } = {
  "malformed": "no page gave it; help: pass `next` of a page as it is",
  "another family": "it belongs to another family; help: pass it to the family whose page gave it",
  "restarted": `it is from before a restart, or of another engine; ${again}`,
  "overtaken": `too much has moved between the tiers since it was given, so a key might be missed; ${again}`,
  "other engines": "another engine that shares the tiers below has started or stopped since it was given, and holds " +
    `entries that only its memory has, so a key might be missed; ${again} once all engines run`
}

/**
 * No process over this place has given the watermark. The tier was asked once at most.
 *
 * **Details**
 *
 * A watermark belongs to one place: one namespace of one server. Without a tier that processes share, each watermark is
 * the empty text. One from before the server lost its state is taken.
 *
 * @stability experimental
 * @category errors
 * @since 0.1.0
 */
export class WatermarkRefused extends Schema.TaggedError<WatermarkRefused>()("WatermarkRefused", {
  code: Schema.tag("E0534"),
  isShared: Schema.Boolean
}) {
  override get message() {
    const why = this.isShared
      ? "it is not a watermark of a tier that processes share; help: pass what `watermark` of a service has returned"
      : "no tier of this cache is shared by processes, so the only watermark is the empty text; help: use one store, " +
        "such as `RedisStore`, in both services"
    return `${this.code}: this watermark cannot be reached: ${why}`
  }
}

/**
 * The error of every cache operation. `reason` says what happened; `message` is the message of the reason.
 *
 * **When to use**
 *
 * To recover from one reason: `Effect.catchReason("CacheError", "Absent", ...)`. Most programs recover from `Absent`,
 * `VersionConflict` and the reasons of a slow or full lookup, and let the others fail.
 *
 * **Gotchas**
 *
 * A read also fails with the family's own `error` where its lookup does. That error is not wrapped in a `CacheError`.
 *
 * **Example** (A default for an absent value)
 *
 * ```ts
 * import { Effect, Layer } from "effect"
 * import { Manifest, MemoryStore } from "effect-stateless"
 *
 * class Shop extends Manifest.Service<Shop>()("Shop", {
 *   families: { price: { pattern: "price:{item}", value: Manifest.type<number>() } }
 * }) {}
 * const { price } = Shop.keys
 * const PriceLive = Shop.owner("price")
 * const ShopLive = Shop.modules({ price: PriceLive }).pipe(Layer.provide(MemoryStore.layer({ capacity: 100 })))
 *
 * const program = Effect.gen(function*() {
 *   const orZero = Effect.catchReason(price.get({ item: "pen" }), "CacheError", "Absent", () => Effect.succeed(0))
 *   return yield* orZero
 * })
 * await Effect.runPromise(Effect.provide(program, ShopLive)) // => 0
 * ```
 *
 * @stability stable
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
    QueueFull,
    CircularWait,
    UpdateTimeout,
    LookupInterrupted,
    VersionConflict,
    UpdateRefused,
    StaleRefused,
    WouldWait,
    StoreFailed,
    FunctionFailed,
    LeaseRefused,
    InvalidOption,
    InvalidBatch,
    BulkMiscounted,
    NotIterable,
    CursorRefused,
    WatermarkRefused,
    TransactionRefused,
    InvalidManifest
  ])
}) {
  override get message() {
    return this.reason.message
  }
}
