/**
 * The contract of a ledger: a place that several engines share, in one process, on one machine or on many. It keeps
 * entries, and a log of all changes. An engine knows a beginning of that log, and the end of it is its position.
 *
 * 1. *Order.* A commit is a record with the next stamp of its log. It takes effect on the entries in the same atomic
 *    step in which it gets its stamp.
 * 2. *Prefix.* An engine hears the records of a log in order, each once. The last one is its position in the log.
 * 3. *Put.* A value enters the ledger with a position, `at`: all changes up to there were known to the engine that made
 *    the value. The ledger refuses it if `at` is of another epoch or below the floor, or if a later record names the
 *    key. The header of an entry keeps `at`. Marks are not compared here: each reader who knows a mark compares it with
 *    the header. A value that prevails enters with the position of its own commit's record, and no record refuses it.
 * 4. *Loss is known.* A ledger that has lost state begins a new epoch. Stamps of two epochs are never compared.
 * 5. *News.* An engine hears each record, or hears `Unknown` for what it may have missed. It is never just silent.
 * 6. *Time* ends a lease or an entry. It makes nothing valid.
 * 7. *Guards.* The conditions of a guard are judged in the step of the commit. If one does not hold, nothing of this
 *    guard is done, and the rest of the commit is done without it.
 * 8. *Room.* A ledger without room takes every change but a value. A value of a commit leaves its key dropped then, and
 *    of a guard with values nothing is done.
 *
 * A ledger has one log, or several: then the first segment of a key says which one, and a record names what it follows
 * from in another log. Locks and leases are not needed for any of this. A lease spares work.
 *
 * Not here: memory, what an engine does with what it hears, and which changes a change causes. The rules were found and
 * are checked by the model in `test/support/ledgerModel`.
 */
import type * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { Found } from "../../Entry.ts"
import type { Content, Met, Prepared, PreparedEntry, StoreFamily } from "../../Store.ts"
import type { StoreError } from "../../StoreError.ts"

/**
 * The time of a log from one loss of its state to the next. `number` may repeat after a clock was set back; `nonce`
 * tells the two apart.
 */
export interface Epoch {
  readonly number: number
  readonly nonce: number
}

/** How far a log goes, or how far an engine knows it. */
export interface Position {
  readonly epoch: Epoch
  readonly stamp: number
}

/** Of one value of one key. Each engine draws its own `writer` when it starts, and gives a version once. */
export interface Identity {
  readonly version: number
  readonly writer: number
}

/** What can be read of an entry without its value. */
export interface Header {
  readonly identity: Identity
  readonly at: Position
}

/** A key within a family. */
export type KeyName = readonly [family: string, key: string]

/** What is no longer valid: keys, and the scopes of marks. */
export interface Drops {
  readonly keys: ReadonlyArray<KeyName>
  readonly scopes: ReadonlyArray<string>
}

/** The stamp of the latest record that marks a scope. */
export interface LogMark {
  readonly scope: string
  readonly stamp: number
}

/** What an engine hears about a log, in the order of the log. */
export type News =
  /**
   * The engine knows the log up to a position, and these are all marks up to there. The first news of each log, and the
   * news after `Unknown`. What the engine holds from before is suspect: also what it has loaded while the log was
   * unknown, because it heard of no change.
   */
  | {
    readonly _tag: "Known"
    readonly log: number
    readonly position: Position
    readonly marks: ReadonlyArray<LogMark>
  }
  /** Records may be missing. What the engine holds is suspect, and what it loads until `Known` as well. */
  | { readonly _tag: "Unknown"; readonly log: number }
  /** The next record. `isOwn` if this engine has committed it. */
  | {
    readonly _tag: "Dropped"
    readonly log: number
    readonly position: Position
    readonly drops: Drops
    readonly isOwn: boolean
  }
  /** A load has ended: its waiters look again. It takes a stamp, like each record. */
  | { readonly _tag: "Moved"; readonly log: number; readonly position: Position; readonly keys: ReadonlyArray<KeyName> }

/** A value on its way into the ledger. */
export interface Put<V> extends PreparedEntry<V> {
  readonly partition: SharedPartition<V>
  readonly identity: Identity
  /** What was known when the value was made, or before its source was written. */
  readonly at: Position
}

/**
 * A value of a commit. Without a position it prevails, because its caller gave it and no source has it: no earlier
 * record refuses it, and its position is that of the record of the commit.
 */
export interface CommittedPut<V> extends Omit<Put<V>, "at"> {
  readonly at: Position | undefined
}

/**
 * What must be there of a key: an entry of this version that no record after `at` names, or nothing, if `orAbsent`.
 * Where it may be absent, an entry with an earlier position than `since` counts as absent, too.
 */
export interface Condition {
  readonly key: KeyName
  readonly version: number | undefined
  readonly at: Position | undefined
  readonly orAbsent: boolean
  readonly since: number
}

/** A part of a commit that is done as a whole, if all its conditions hold and there is room, and else not at all. */
export interface Guard {
  readonly conditions: ReadonlyArray<Condition>
  readonly keys: ReadonlyArray<KeyName>
  /** The keys of these are dropped, too. */
  readonly puts: ReadonlyArray<CommittedPut<any>>
}

/** A change of one log. */
export interface Commit {
  /** These are judged in their order, before the rest is done. */
  readonly guards: ReadonlyArray<Guard>
  readonly drops: Drops
  /** The keys of these are dropped, too. A value that is refused leaves its key dropped. */
  readonly puts: ReadonlyArray<CommittedPut<any>>
  /**
   * The engine commits nothing else meanwhile. So a commit that comes after a later one, because it was late or came
   * twice, is known by the records of the engine, and does nothing. One that was made for another epoch does nothing,
   * either.
   */
  readonly isInOrder: boolean
  /** The commit in another log that this one follows from. */
  readonly after: { readonly log: number; readonly position: Position } | undefined
}

/** What came of a commit. */
export interface Receipt {
  /** The position of the record that the commit has made. */
  readonly position: Position
  /** The keys whose value a record refused. */
  readonly overtaken: ReadonlyArray<KeyName>
  /** Whether there is no room for values. */
  readonly isFull: boolean
  /** Of each guard, why it was refused. */
  readonly refused: ReadonlyArray<Refusal | undefined>
}

/** What there is in place of the conditions of a guard; or all hold, and there is no room for its values. */
export type Refusal = ReadonlyArray<Met> | "full"

/** Names a lease. */
export type Fence = string

/** What the ledger has of a key that is absent in memory. */
export type Begun<V> =
  | { readonly _tag: "Found"; readonly found: Found<V>; readonly header: Header }
  /** The caller runs the lookup, under a lease if it asked for one. */
  | { readonly _tag: "Yours"; readonly lease: Fence | undefined }
  /** Another engine runs it. Its lease lasts so long, at most. */
  | { readonly _tag: "Theirs"; readonly millis: number }

/** What a put brings beside its value: the end of its lease, and what depends on the value that it replaces. */
export interface Beside {
  readonly lease?: Fence | undefined
  readonly drops?: Drops | undefined
}

/** What came of a put: kept, refused by a record or a later lease, or refused because there is no room. */
export type PutOutcome = "kept" | "overtaken" | "full"

/** One family in the place of a ledger, which a driver opens. */
export interface PlacePartition<V> {
  readonly family: StoreFamily<V>
  readonly prepare: (key: string, content: Content<V>) => Effect.Effect<Prepared<V>, StoreError>
}

/** One family in a ledger. */
export interface SharedPartition<V> {
  readonly family: string
  /** The partition of the place behind it. */
  readonly place: PlacePartition<V>
  /** Checks and encodes a value, as the `prepare` of a partition of a `Store` does. */
  readonly prepare: (key: string, content: Content<V>) => Effect.Effect<Prepared<V>, StoreError>
  /**
   * An entry of another version than `except`, or the right to load the key. The answer is judged no earlier than all
   * its marks are known.
   */
  readonly begin: (
    key: string,
    leaseMillis: number | undefined,
    except?: number
  ) => Effect.Effect<Begun<V>, StoreError>
  /** Entries with their headers, in the order of the keys. */
  readonly getMany: (
    keys: ReadonlyArray<string>
  ) => Effect.Effect<ReadonlyArray<{ readonly found: Found<V>; readonly header: Header } | undefined>, StoreError>
  readonly put: (put: Omit<Put<V>, "partition">, beside?: Beside) => Effect.Effect<PutOutcome, StoreError>
  /** Ends a lease without a value. */
  readonly abandon: (key: string, lease: Fence) => Effect.Effect<void, StoreError>
  /** The headers of entries, to confirm suspects. */
  readonly headers: (keys: ReadonlyArray<string>) => Effect.Effect<ReadonlyArray<Header | undefined>, StoreError>
}

/** How much of a ledger an engine knows. Where it has several logs, the worst of them counts. */
export type Knowledge = "current" | "behind" | "unknown"

/** A ledger, as one engine sees it. */
export interface Ledger {
  readonly name: string
  readonly logs: number
  /** The log of a key: that of its first segment. The log of a key without parameters is that of its family. */
  readonly logOf: (family: string, key: string) => number
  /** What is applied; `undefined` while the log is unknown. */
  readonly position: (log: number) => Position | undefined
  /** Whether a position is applied. What lies in an epoch that has passed is: everything from before is suspect. */
  readonly covers: (log: number, position: Position) => boolean
  /** By how many milliseconds the clock of the place is ahead of the wall clock here; `undefined` if it has none. */
  readonly aheadMillis: number | undefined
  /** The greatest version of a value that this engine has heard of: at least those of all records that it has heard. */
  readonly versionMax: number
  /** Applies the news that is at hand, and says what is known then. */
  readonly look: () => Knowledge
  /** When it was last proved that the position was the end of the log, in milliseconds of the engine's Clock. */
  readonly provenAt: (log: number) => number
  /** Hears all news, the first of it before it returns if the ledger answers. It goes on until the Scope ends. */
  readonly follow: (hear: (news: News) => void) => Effect.Effect<void, never, Scope.Scope>
  /**
   * Waits until these positions are applied, or the end of each log as of now. A position of an epoch that has passed
   * counts as applied.
   */
  readonly catchUp: (to?: ReadonlyMap<number, Position>) => Effect.Effect<void, StoreError>
  /**
   * Appends a record. Its drops are on their way from here on, whatever happens to the caller. When it returns, the
   * record and all before it were heard. If it fails, the outcome is unknown, unless the error says otherwise.
   */
  readonly commit: (log: number, commit: Commit) => Effect.Effect<Receipt, StoreError>
  readonly open: <V>(family: StoreFamily<V>) => Effect.Effect<SharedPartition<V>, StoreError, Scope.Scope>
}
