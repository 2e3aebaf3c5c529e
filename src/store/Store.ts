/**
 * The contract of a tier: where entries live, by family and key.
 *
 * - `open` resolves a family once; what it returns, a `Partition`, is asked by the key *within* the family (its
 *   parameters joined by `:`), so no operation parses or matches a pattern.
 * - A read that starts after a write of the same partition returned sees that write or a later one, in this process.
 * - Writes of one partition take effect in the order in which they were called.
 * - `remove`, `recordMarks` and `write` are durable, as far as the tier is durable at all, when they return, and so is
 *   every write that was called before them; a `set` on its own may be later, but never overtakes an earlier `remove`.
 * - A `write` is whole or it did not happen: in this process, in the tier, and after a crash at any moment, whatever
 *   the number and the size of its changes. All that a caller can do wrong is found by `prepare`, before anything
 *   changes.
 * - An entry is not returned from its `expiresAt` on.
 * - A tier may forget any entry at any time. It forgets a mark only when told to, and never returns what was removed.
 *
 * Not here: loading, dependencies between keys, deciding whether an entry is still valid. The engine does that.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type * as Stream from "effect/Stream"
import type { Codec } from "./Codec.ts"
import type { Entry, Found } from "./Entry.ts"
import type { Operation, StoreError } from "./StoreError.ts"

/**
 * What a store must know of a family to keep its entries.
 *
 * @category models
 * @since 0.1.0
 */
export interface StoreFamily<V> {
  /** Unique in the store. */
  readonly name: string
  /** The full key (`user:42:posts`) of a key within the family (`42`), as errors show it. */
  readonly render: (key: string) => string
  /** The key within the family of a full key, or `undefined` when it is none of the family's. */
  readonly parse: (rendered: string) => string | undefined
  /** How values become bytes. Without it the family stays in tiers that keep live objects. */
  readonly codec: Codec<V> | undefined
  /** Weight of an entry in a tier bounded by weight. Its answer is used as `FamilyPolicy.weigher` says. */
  readonly weigher: ((key: string, value: V) => number) | undefined
  /** Called when a tier pushes an entry out for lack of room, or because its time is over; never for a `remove`. */
  readonly onEvict: ((key: string, entry: Entry<V>, cause: "Evicted" | "Expired") => void) | undefined
  /**
   * Called by a store of several tiers when the hottest one pushes out an entry that it has in common with those below.
   */
  readonly onPushedDown?: ((key: string, entry: Entry<unknown>) => void) | undefined
  /** Called by a store of several tiers when one of them failed, whether or not the operation as a whole does. */
  readonly onTierFailure?: ((operation: Operation, error: StoreError) => void) | undefined
}

/**
 * What a tier keeps of a value and cannot leave out: the part of an entry that `prepare` judges.
 *
 * @category models
 * @since 0.1.0
 */
export type Content<V> = Pick<Entry<V>, "value" | "tags" | "revision">

/**
 * The content of a key, judged and made ready by one partition: encoded where the tier keeps bytes. Only the partition
 * that prepared it knows what else is in it, and it fits any entry of this key with this content.
 *
 * @category models
 * @since 0.1.0
 */
export interface Prepared<out V> {
  readonly "~effect-stateless/store/Prepared"?: V
  /** Bytes that it takes until it is stored: 0 where the tier keeps the live value. */
  readonly bytes: number
}

/**
 * What a round changes in one family: first all is dropped, if `cleared` says so, then the keys in `removed`, and then
 * what is in `set` is stored. No key is named twice.
 *
 * @category models
 * @since 0.1.0
 */
export interface Change<V> {
  /** One that this store opened, or its `below`. */
  readonly partition: Partition<V>
  readonly cleared: boolean
  readonly removed: ReadonlyArray<string>
  readonly set: ReadonlyArray<PreparedEntry<V>>
}

/**
 * An entry, and what the partition of the change prepared of its content.
 *
 * @category models
 * @since 0.1.0
 */
export interface PreparedEntry<V> {
  readonly key: string
  readonly entry: Entry<V>
  readonly prepared: Prepared<V>
}

/**
 * Changes of any number of families, and marks, that belong together.
 *
 * @category models
 * @since 0.1.0
 */
export interface Round {
  /** One for each partition at most. */
  readonly changes: ReadonlyArray<Change<any>>
  readonly marks: ReadonlyArray<Mark>
}

/**
 * What all engines that keep entries in the same place have in common: one counter of stamps and one of versions, and
 * what they know of each other. A store makes it, hands the same one to every engine that opens the same place in this
 * process, and does not change it.
 *
 * @category models
 * @since 0.1.0
 */
export interface Commons {
  /** The latest stamp that an engine has taken. */
  stamp: number
  /** The latest version that an engine has given. */
  version: number
  /** Belongs to the engines. */
  engines: unknown
}

/**
 * Counters that begin at zero, for a store that is made.
 *
 * @category constructors
 * @since 0.1.0
 */
export const makeCommons = (): Commons => ({ stamp: 0, version: 0, engines: undefined })

/**
 * Until when an entry may be fresh at most, in milliseconds since the epoch: `Infinity` leaves the entry as it is,
 * `-Infinity` removes it.
 *
 * @category models
 * @since 0.1.0
 */
export type FreshUntilMax = (key: string, stamp: number, tags: ReadonlyArray<string>) => number

/**
 * One family's entries in one tier.
 *
 * @category models
 * @since 0.1.0
 */
export interface Partition<V> {
  /**
   * Judges and encodes, without changing anything: fails with what is wrong with the key or the value. Answers with an
   * `Exit` where no codec makes it wait.
   */
  readonly prepare: (key: string, content: Content<V>) => Effect.Effect<Prepared<V>, StoreError>
  readonly get: (key: string) => Effect.Effect<Found<V> | undefined, StoreError>
  /** One answer for each key, in the order of the keys. */
  readonly getMany: (keys: ReadonlyArray<string>) => Effect.Effect<ReadonlyArray<Found<V> | undefined>, StoreError>
  readonly set: (key: string, entry: Entry<V>) => Effect.Effect<void, StoreError>
  readonly setMany: (entries: ReadonlyArray<readonly [key: string, entry: Entry<V>]>) => Effect.Effect<void, StoreError>
  readonly remove: (keys: ReadonlyArray<string>) => Effect.Effect<void, StoreError>
  readonly clear: Effect.Effect<void, StoreError>
  /** Weakly consistent: an entry written while the stream runs may or may not be among its elements. */
  readonly entries: Stream.Stream<readonly [key: string, entry: Entry<V>], StoreError>
  /**
   * Asks of every entry, also of one that no read would find (expired, or of another schema), until when it may be
   * fresh at most, and keeps to the answer. Done, and durable, when it returns. What is written while it runs need not
   * be looked at; a copy from one tier to another must be.
   */
  readonly sweep: (freshUntilMax: FreshUntilMax) => Effect.Effect<void, StoreError>
  readonly size: Effect.Effect<number, StoreError>
  /** The synchronous door of a tier that keeps live objects in this process. The engine's hits go through it. */
  readonly hot: HotPartition<V> | undefined
  /**
   * What lies below `hot`, past it: nothing that is read or written here touches it. Absent where nothing does. The
   * engine keeps what is in `hot` in step itself, since it must do so without waiting.
   */
  readonly below?: Partition<V> | undefined
}

/**
 * Hears of reads: of each that needed a second look (`reads` is 1), and of some of the others (`reads` is 0), which
 * stand for those in between. The answer is after how many of the others it wants to hear again, at least 1.
 *
 * @category models
 * @since 0.1.0
 */
export type ReadWatcher = (key: string, reads: 0 | 1) => number

/**
 * The synchronous door of a partition of live objects.
 *
 * @category models
 * @since 0.1.0
 */
export interface HotPartition<V> {
  /** Entries with a lesser stamp need a second look. `Infinity` sends every read to the second look. */
  mark: number
  /** Entries with a lesser stamp are dead, and are freed by upkeep. */
  floor: number
  /** How often `hit` found a value. */
  readonly hits: number
  /** How many keys there are, the expired ones that are not freed yet among them. */
  readonly count: number
  /**
   * The value of a key, if it may be served without a second look; else `undefined`.
   *
   * A stale entry, one that is due for a refresh, and one older than `mark` need that look, and so does a value that is
   * itself `undefined`: see `peek`. A sentinel would be compared with every value that is found, and for that the value
   * has to be fetched from memory.
   */
  readonly hit: (key: string) => V | undefined
  /** The whole entry, fresh or stale, unless it has expired. Not a use: eviction does not learn of it. */
  readonly peek: (key: string) => Entry<V> | undefined
  /** When the entry needs a second look; `undefined` when it is absent. */
  readonly dueAt: (key: string) => number | undefined
  /** Tells eviction that the entry was used, where `peek` served it. */
  readonly touch: (key: string) => void
  /** Notes that the entry was found valid up to `stamp`, so that it needs no second look for older marks. */
  readonly confirm: (key: string, stamp: number) => void
  /** Moves the time at which the entry ends, because it was read. It needs a second look then, and not before. */
  readonly postpone: (key: string, expiresAt: number) => void
  /**
   * What an entry of this value would weigh: a whole number of at least 1, or `Infinity`. Runs the family's weigher, so
   * it may throw, a `FunctionFailed` always, and may come back to the store.
   */
  readonly weigh: (key: string, value: V) => number
  /** Stores an entry that needs no second look before `dueAt` and has the weight that `weigh` said. Cannot fail. */
  readonly put: (key: string, entry: Entry<V>, dueAt: number, weight: number) => void
  /** Removes a key; whether it was there. */
  readonly drop: (key: string) => boolean
  /** Removes every key. */
  readonly dropAll: () => void
  /** The keys that were read most, with their share of the reads: a sketch of every 256th hit. */
  readonly hottest: (max: number) => ReadonlyArray<{ readonly key: string; readonly share: number }>
  /** Tells one watcher of reads; `undefined` ends that. */
  readonly watch: (watcher: ReadWatcher | undefined) => void
  /** The keys, in no stated order, the expired ones that are not freed yet among them. */
  readonly keys: () => IterableIterator<string>
  /** Throws when the structure is broken. For tests: its cost grows with the number of entries. */
  readonly checkInvariants: () => void
}

/**
 * "Whatever `scope` names and is older than `stamp` is invalid": an invalidation of many keys, in one number.
 *
 * @category models
 * @since 0.1.0
 */
export interface Mark {
  /**
   * Names a family, a part of a family, or a tag. The engine gives it its meaning; a store compares it for equality.
   */
  readonly scope: string
  readonly stamp: number
}

/**
 * What a store remembers of invalidations across restarts.
 *
 * @category models
 * @since 0.1.0
 */
export interface MarkLog {
  readonly marks: ReadonlyArray<Mark>
  /** No entry and no mark in the store has a stamp above this one. */
  readonly stampMax: number
}

/**
 * A tier, or several that act as one.
 *
 * @category services
 * @since 0.1.0
 */
export class Store extends Context.Service<Store, {
  /** Shown in answers, events and errors: `memory`, `lmdb`, `redis`. */
  readonly name: string
  /** Lives as long as the Scope. A name that is open already is opened again, onto the same entries. */
  readonly open: <V>(family: StoreFamily<V>) => Effect.Effect<Partition<V>, StoreError, Scope.Scope>
  readonly commons: Commons
  /** Makes all changes of a round, or none. */
  readonly write: (round: Round) => Effect.Effect<void, StoreError>
  readonly loadMarks: Effect.Effect<MarkLog, StoreError>
  /** Keeps the greater stamp of each scope. */
  readonly recordMarks: (marks: ReadonlyArray<Mark>) => Effect.Effect<void, StoreError>
  /** Forgets marks whose stamp is still the given one: no entry that they concern is left. */
  readonly dropMarks: (marks: ReadonlyArray<Mark>) => Effect.Effect<void, StoreError>
}>()("effect-stateless/store/Store") {}
