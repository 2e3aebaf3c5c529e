/**
 * The failures of a tier.
 *
 * There is one error, `StoreError`, with a `reason`; callers recover with `Effect.catchReason("StoreError", ...)`. A
 * message contains the first line of the driver's error. A value never appears in a message: only `cause` contains what
 * a schema says about a value, and the cause of a sensitive family is not shown.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"

/** Bounds the first line of a driver's error in a message, so that it fits a line of a log. */
const causeCharactersMax = 500

const causeOf = (cause: unknown): string => {
  let text = ""
  try {
    text = cause instanceof Error ? cause.message || cause.name : typeof cause === "string" ? cause : ""
  } catch {
    // A getter of the cause threw.
  }
  const line = String(text).trim().split(/[\r\n\u2028\u2029]/, 1)[0]!
  const cut = line.length > causeCharactersMax ? `${line.slice(0, causeCharactersMax)}...` : line
  return cut === "" ? "" : `: ${cut}`
}

// The number is of another program, so it may be no time at all.
const sinceOf = (millis: number): string => {
  const since = new Date(millis)
  return Number.isNaN(since.getTime()) ? "" : ` since ${since.toISOString()}`
}

const Operation = Schema.Literals([
  "open",
  "get",
  "prepare",
  "write",
  "set",
  "remove",
  "clear",
  "entries",
  "page",
  "sweep",
  "size",
  "loadMarks",
  "recordMarks",
  "removeMarks"
])

/**
 * An operation of a tier, as errors and events name it.
 *
 * @stability stable
 * @category models
 * @since 0.1.0
 */
export type Operation = typeof Operation.Type

/**
 * The tier did not answer in time. A write may have happened or not.
 *
 * @stability stable
 * @category errors
 * @since 0.1.0
 */
export class TierTimeout extends Schema.TaggedError<TierTimeout>()("TierTimeout", {
  code: Schema.tag("E0301"),
  tier: Schema.String,
  operation: Operation,
  timeoutMillis: Schema.Number
}) {
  override get message() {
    return `${this.code}: ${this.tier} tier did not answer \`${this.operation}\` within ${this.timeoutMillis} ms`
  }
}

/**
 * The tier's driver failed; `cause` is its error.
 *
 * @stability stable
 * @category errors
 * @since 0.1.0
 */
export class TierFailed extends Schema.TaggedError<TierFailed>()("TierFailed", {
  code: Schema.tag("E0302"),
  tier: Schema.String,
  operation: Operation,
  cause: Schema.Defect()
}) {
  override get message() {
    return `${this.code}: ${this.tier} tier failed in \`${this.operation}\`${causeOf(this.cause)}`
  }
}

/**
 * The value does not fit the family's schema, so no tier keeps it. `where` says what is expected at which place, if the
 * schema can say it.
 *
 * @stability stable
 * @category errors
 * @since 0.1.0
 */
export class EncodeFailed extends Schema.TaggedError<EncodeFailed>()("EncodeFailed", {
  code: Schema.tag("E0303"),
  tier: Schema.String,
  key: Schema.String,
  where: Schema.optional(Schema.String),
  cause: Schema.Defect()
}) {
  override get message() {
    const where = this.where === undefined ? "" : `: ${this.where}`
    return `${this.code}: cannot write \`${this.key}\` to the ${this.tier} tier: its value does not fit the family's ` +
      `schema${where}; help: store a value of the type that the family declares`
  }
}

/**
 * The key is longer than the tier can keep. `bytes` is the length of the encoded key.
 *
 * @stability stable
 * @category errors
 * @since 0.1.0
 */
export class KeyTooLong extends Schema.TaggedError<KeyTooLong>()("KeyTooLong", {
  code: Schema.tag("E0304"),
  tier: Schema.String,
  bytes: Schema.Number,
  bytesMax: Schema.Number
}) {
  override get message() {
    return `${this.code}: the ${this.tier} tier cannot keep a key of ${this.bytes} bytes: its keys have at most ` +
      `${this.bytesMax}`
  }
}

/**
 * The tier has no room, and no entry that it may evict.
 *
 * @stability stable
 * @category errors
 * @since 0.1.0
 */
export class TierFull extends Schema.TaggedError<TierFull>()("TierFull", {
  code: Schema.tag("E0305"),
  tier: Schema.String,
  operation: Operation,
  cause: Schema.Defect()
}) {
  override get message() {
    return `${this.code}: ${this.tier} tier has no room left for \`${this.operation}\`${causeOf(this.cause)}`
  }
}

/**
 * The store cannot be opened as configured; `why` says what is wrong.
 *
 * @stability stable
 * @category errors
 * @since 0.1.0
 */
export class InvalidStoreOptions extends Schema.TaggedError<InvalidStoreOptions>()("InvalidStoreOptions", {
  code: Schema.tag("E0306"),
  tier: Schema.String,
  option: Schema.String,
  why: Schema.String
}) {
  override get message() {
    return `${this.code}: cannot open the ${this.tier} tier: \`${this.option}\` ${this.why}`
  }
}

/**
 * A function of a family (its weigher, a getter of a value that is frozen) threw or returned an unusable result. It ran
 * before the write changed anything, so every tier is unchanged.
 *
 * @stability stable
 * @category errors
 * @since 0.1.0
 */
export class FunctionFailed extends Schema.TaggedError<FunctionFailed>()("FunctionFailed", {
  code: Schema.tag("E0307"),
  family: Schema.String,
  /** The option of the family that the function belongs to. */
  option: Schema.Literals(["weigher", "freeze"]),
  key: Schema.String,
  why: Schema.String,
  /** The exception that the function threw. */
  cause: Schema.Defect()
}) {
  override get message() {
    return `${this.code}: cannot store \`${this.key}\`: \`${this.option}\` of family \`${this.family}\` ${this.why}`
  }
}

/**
 * The folder is held by another process, or the namespace by another thread of this process. One process at a time has
 * a folder, with all its namespaces, because the opening of a second one may take back what the first has committed.
 * One thread has a namespace, with its counter of invalidations. The folder is free when the holder has closed it or
 * has ended. A holder in another container (pid namespace) keeps it also while it is frozen. If such a holder ended
 * without closing it, the folder is free after 30 seconds of silence.
 *
 * @stability stable
 * @category errors
 * @since 0.1.0
 */
export class FolderHeld extends Schema.TaggedError<FolderHeld>()("FolderHeld", {
  code: Schema.tag("E0308"),
  tier: Schema.String,
  path: Schema.String,
  /** The namespace that the holder has. */
  namespace: Schema.String,
  /** The holder's process id, as the holder sees it, and its machine. */
  pid: Schema.Number,
  host: Schema.String,
  /** The thread of that process: 0 is the main one. */
  thread: Schema.Number,
  /** When the holder opened the folder, in milliseconds since the epoch. */
  sinceMillis: Schema.Number,
  /**
   * For a holder in another container: the folder that records the holding. Delete it if the holder is gone for good.
   */
  table: Schema.UndefinedOr(Schema.String)
}) {
  override get message() {
    const thread = this.thread === 0 ? "" : `, thread ${this.thread}`
    const { container, help } = this.table === undefined ?
      {
        container: "",
        help:
          "; help: open a folder in one process and a namespace in one thread, or use another `path`, which shares " +
          "no entry"
      } :
      {
        container: ", in another container,",
        help: `; help: end that process (after a kill, wait 30 seconds), or, if it is gone for good, delete ` +
          this.table
      }
    return `${this.code}: cannot open the ${this.tier} tier: ${this.path} is held by process ${this.pid}${thread}` +
      `${container} on ${this.host}${sinceOf(this.sinceMillis)}, with namespace \`${this.namespace}\`${help}`
  }
}

/**
 * The tier has lost its file. The folder, or the file in it, was removed or replaced while the tier was open, or
 * another process took it over while this one was stopped. Whatever is written now would be lost.
 *
 * @stability stable
 * @category errors
 * @since 0.1.0
 */
export class FolderGone extends Schema.TaggedError<FolderGone>()("FolderGone", {
  code: Schema.tag("E0309"),
  tier: Schema.String,
  operation: Operation,
  path: Schema.String
}) {
  override get message() {
    return `${this.code}: ${this.tier} tier lost its file in \`${this.operation}\`: ` +
      `${this.path} was removed, replaced or taken over while it was open`
  }
}

/**
 * The value is larger than the tier can keep.
 *
 * @stability stable
 * @category errors
 * @since 0.1.0
 */
export class ValueTooLarge extends Schema.TaggedError<ValueTooLarge>()("ValueTooLarge", {
  code: Schema.tag("E0310"),
  tier: Schema.String,
  key: Schema.String,
  bytes: Schema.Number,
  bytesMax: Schema.Number
}) {
  override get message() {
    return `${this.code}: the value of \`${this.key}\` has ${this.bytes} bytes, ` +
      `and the ${this.tier} tier keeps at most ${this.bytesMax}`
  }
}

/**
 * A tier cannot go on with a scan from a bookmark.
 *
 * **Details**
 *
 * - `malformed`: no page of this tier gave the bookmark.
 * - `restarted`: the tier was opened again since.
 * - `overtaken`: since the last page, more entries have changed their tier than are remembered.
 * - `other engines`: since the last page, another engine has begun or ceased to push entries down to the same place.
 *
 * @stability stable
 * @category errors
 * @since 0.1.0
 */
export class BookmarkLost extends Schema.TaggedError<BookmarkLost>()("BookmarkLost", {
  code: Schema.tag("E0321"),
  tier: Schema.String,
  why: Schema.Literals(["malformed", "restarted", "overtaken", "other engines"])
}) {
  override get message() {
    return `${this.code}: the ${this.tier} tier cannot go on from this bookmark: ${whyLost[this.why]}`
  }
}

const whyLost: { readonly [_ in BookmarkLost["why"]]: string } = {
  "malformed": "no page gave it",
  "restarted": "the tier was opened again since",
  "overtaken": "too much has moved between the tiers since",
  "other engines": "another engine over the place has started or stopped since"
}

/**
 * A failure of a tier.
 *
 * **When to use**
 *
 * Layers of stores fail with it. The operations of a family fail with `CacheError`, whose reason `StoreFailed` has it.
 *
 * **Example** (A store that cannot be built)
 *
 * ```ts
 * import { Effect, Layer } from "effect"
 * import { MemoryStore } from "effect-stateless"
 *
 * const program = Effect.scoped(Layer.build(MemoryStore.layer({ capacity: 0 })))
 * const why = program.pipe(
 *   Effect.as("built"),
 *   Effect.catchTag("StoreError", ({ reason }) => Effect.succeed<string>(reason._tag))
 * )
 * await Effect.runPromise(why) // => "InvalidStoreOptions"
 * ```
 *
 * @see `CacheError` for the errors of operations
 * @stability stable
 * @category errors
 * @since 0.1.0
 */
export class StoreError extends Schema.TaggedError<StoreError>()("StoreError", {
  reason: Schema.Union([
    TierTimeout,
    TierFailed,
    EncodeFailed,
    KeyTooLong,
    ValueTooLarge,
    TierFull,
    FolderHeld,
    FolderGone,
    FunctionFailed,
    BookmarkLost,
    InvalidStoreOptions
  ])
}) {
  override get message() {
    return this.reason.message
  }
}
