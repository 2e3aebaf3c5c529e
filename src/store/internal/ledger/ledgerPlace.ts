/**
 * Describes what a driver does for a ledger: one atomic step for each question, and news of its logs.
 *
 * A question says who asks, and how far the asker knows the log. Each step begins alike, in the same atomic step as
 * what follows:
 *
 * - If state was lost, or the server is not the one that has executed all steps so far, or the asker knows more of this
 *   epoch than the log has, a new epoch begins: head 0, no entries, no marks, no leases.
 * - The answer begins with the heading of the log, and has the records after the asker's position: so many of them,
 *   from the first one on, as fit into an answer.
 *
 * Then the step does what was asked:
 *
 * - *Read* and *Begin* return entries of this epoch. `Begin` without an entry grants a lease, or tells whose turn it
 *   is.
 * - *Put* follows the rule of puts: refused if `at` is of another epoch, below the floor, or before a record that names
 *   the key; also if the entry in place came with a later lease. The header keeps `at`. It ends its lease, and appends
 *   a record if an engine waited for the lease or if it brings drops: that record names the key, too.
 * - *Commit* does nothing if it is late: it comes in the order of its asker, who does not know this epoch, or one of
 *   the records after the asker's position is of a commit of this asker, or they are too many to look (`laterMax`).
 *   Else it judges its guards one after the other, and does what each of them says, unless a condition does not hold.
 *   Then it removes the keys and their leases, judges its values by the rule of puts against the records before its
 *   own, raises the marks, and appends the record, which names the keys of its guards, too. A commit of which no guard
 *   holds has an empty record, so that it is known if it comes twice. A value that prevails is kept with the position
 *   of this record.
 *
 *   Where there is no room, the values of a commit are left out, and so are guards with values.
 * - Each step that keeps a value raises the greatest version of the log to that of the value.
 * - *Marks* returns all marks, which belong to the head of the answer's heading.
 *
 * Not here: what an engine does with an answer. See `ledgerNode.ts`.
 */
import type * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { Found } from "../../Entry.ts"
import type { PreparedEntry, StoreFamily } from "../../Store.ts"
import type { StoreError } from "../../StoreError.ts"
import type {
  Drops,
  Epoch,
  Fence,
  Guard,
  Header,
  Identity,
  KeyName,
  LogMark,
  PlacePartition,
  Position,
  PutOutcome,
  Refusal
} from "./ledger.ts"

/** A commit looks at so many records after its asker's position. Beyond, it counts as late, and is asked again. */
export const laterMax = 1_000

/** The state of a log. */
export interface Heading {
  readonly epoch: Epoch
  /** The stamp of the last record. */
  readonly head: number
  /** The stamp before the first record that the log keeps. */
  readonly floor: number
  /** The stamp of the last record with a mark. */
  readonly marksAt: number
  /** The link of the last record; 0 if there was none. */
  readonly link: number
  /** The greatest version of all values that the log was ever given. */
  readonly versionMax: number
}

/** One change, as a log keeps it. */
export interface LogRecord {
  readonly stamp: number
  /** Random bits of this record, and those of the record before it. */
  readonly link: number
  readonly tail: number
  readonly writer: number
  readonly drops: Drops
  /** Keys whose loads have ended. Their entries stay. */
  readonly moved: ReadonlyArray<KeyName>
  /** The record of another log that this one follows from. */
  readonly after: { readonly log: number; readonly position: Position } | undefined
  /** The greatest version of all values that the log had been given then, with those of this record. */
  readonly versionMax: number
}

export interface Asker {
  readonly writer: number
  /** `undefined` while the asker does not know the log. */
  readonly position: Position | undefined
}

/** An entry as a family's partition of the place keeps it. */
export interface PlacedPut {
  readonly partition: PlacePartition<any>
  readonly prepared: PreparedEntry<any>
  readonly identity: Identity
  readonly at: Position
}

/** `at` is undefined if the value prevails: it gets the position of the record. */
export interface CommittedPut extends Omit<PlacedPut, "at"> {
  readonly at: Position | undefined
}

export interface PlacedGuard extends Omit<Guard, "puts"> {
  readonly puts: ReadonlyArray<CommittedPut>
}

export type Question =
  | {
    readonly _tag: "Read"
    readonly keys: ReadonlyArray<KeyName>
    readonly partition: PlacePartition<any> | undefined
  }
  | {
    readonly _tag: "Begin"
    readonly key: KeyName
    readonly partition: PlacePartition<any>
    readonly leaseMillis: number | undefined
    /** An entry of this version counts as absent. */
    readonly except: number | undefined
  }
  | {
    readonly _tag: "Put"
    readonly put: PlacedPut
    readonly lease: Fence | undefined
    readonly drops: Drops | undefined
  }
  | { readonly _tag: "Abandon"; readonly key: KeyName; readonly lease: Fence }
  | {
    readonly _tag: "Commit"
    readonly drops: Drops
    readonly puts: ReadonlyArray<CommittedPut>
    readonly guards: ReadonlyArray<PlacedGuard>
    readonly isInOrder: boolean
    readonly after: LogRecord["after"]
  }
  | { readonly _tag: "Marks" }
  /** Only the heading and the records. Where it matters, the step also writes, so that its answer proves the head. */
  | { readonly _tag: "Look" }

/** What a place has of a key. `found` is left out where only headers were asked for. */
export interface Placed {
  readonly header: Header
  readonly found: Found<any> | undefined
}

/** What came of a question, by its tag. */
export interface Outcomes {
  readonly Read: ReadonlyArray<Placed | undefined>
  readonly Begin:
    | { readonly _tag: "Found"; readonly placed: Placed }
    | { readonly _tag: "Yours"; readonly lease: Fence | undefined }
    | { readonly _tag: "Theirs"; readonly millis: number }
  readonly Put: PutOutcome
  readonly Abandon: void
  /** `stamp` is that of the record; `undefined` if the commit is late. */
  readonly Commit: {
    readonly stamp: number | undefined
    readonly overtaken: ReadonlyArray<KeyName>
    readonly isFull: boolean
    readonly refused: ReadonlyArray<Refusal | undefined>
    /** Nothing was done, because a later commit of the asker may have been done before. */
    readonly isLate: boolean
  }
  readonly Marks: ReadonlyArray<LogMark>
  readonly Look: void
}

export type Tag = Question["_tag"]

export interface Answer<T extends Tag> {
  readonly heading: Heading
  /** The records after the asker's position. Some are left out if not all fit, or if the log has lost them. */
  readonly records: ReadonlyArray<LogRecord>
  /** Whether the place executed a write, or is the only one of its kind: then the head is a fact and not a claim. */
  readonly proves: boolean
  readonly outcome: Outcomes[T]
}

export interface LedgerPlace {
  /** By how many milliseconds the clock of the place is ahead of the wall clock here; `undefined` if it has none. */
  readonly aheadMillis?: number | undefined
  readonly name: string
  readonly logs: number
  readonly open: <V>(family: StoreFamily<V>) => Effect.Effect<PlacePartition<V>, StoreError, Scope.Scope>
  readonly ask: <Q extends Question>(
    log: number,
    asker: Asker,
    question: Q
  ) => Effect.Effect<Answer<Q["_tag"]>, StoreError>
  /** `ask` of a `Look`, for a place that can answer at once. */
  readonly lookNow?: ((log: number, asker: Asker) => Answer<"Look">) | undefined
  /**
   * Hears records as they come, until the Scope ends: some may be lost, doubled, or come in another order. Calls `look`
   * when the asker should look at the log, because news may have been lost, or for a while there was none.
   */
  readonly listen: (
    log: number,
    hear: (epoch: Epoch, records: ReadonlyArray<LogRecord>) => void,
    look: () => void
  ) => Effect.Effect<void, never, Scope.Scope>
}
