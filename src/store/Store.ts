/**
 * The contract of a tier: where entries live, by family and key.
 *
 * - `open` resolves a family once and returns a `Partition`. A partition is asked by the key *within* the family (its
 *   parameters joined by `:`), so no operation parses or matches a pattern.
 * - A read that starts after a write of the same partition returned sees that write or a later one, in this process.
 * - Writes of one partition take effect in the order in which they were called.
 * - When `remove`, `recordMarks` or `write` returns, it is durable (if the tier is durable at all), and so is every
 *   write that was called before it. A `set` alone may become durable later, but never overtakes an earlier `remove`.
 * - A `write` happens as a whole or not at all: in this process, in the tier, and after a crash at any moment, for any
 *   number and size of changes. `prepare` finds every mistake of a caller before anything changes.
 * - An entry is not returned from its `expiresAt` on.
 * - A tier may evict any entry at any time. It removes a mark only when the engine says so, and never returns a removed
 *   entry.
 * - A key that a partition holds from the first page of a scan to the last one is in at least one of the pages.
 *
 * Not here: loading, dependencies between keys, deciding whether an entry is still valid. The engine does that.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type * as Stream from "effect/Stream"
import type { Codec, Later } from "./Codec.ts"
import type { Entry, Found } from "./Entry.ts"
import type { Operation, StoreError } from "./StoreError.ts"

/**
 * The facts about a family that a store needs to keep its entries.
 *
 * @stability experimental
 * @category models
 * @since 0.1.0
 */
export interface StoreFamily<V> {
  /** The name of the family, unique in the store. */
  readonly name: string
  /** Returns the full key (`user:42:posts`) of a key within the family (`42`), as errors show it. */
  readonly render: (key: string) => string
  /** Returns the key within the family of a full key, or `undefined` if the key does not belong to the family. */
  readonly parse: (rendered: string) => string | undefined
  /**
   * What the keys of the family mean, and what its values are made from, as a text. A tier that other processes change
   * serves only what was stored under the same form.
   */
  readonly form?: string | undefined
  /**
   * Turns values into bytes: a tier that keeps bytes passes it to `Codec.of`. Without it the family stays in tiers that
   * keep live objects: such a tier returns the value itself. `open` of a tier that keeps bytes fails with
   * `InvalidStoreOptions` then, and a `TieredStore` leaves the family to its other tiers. Another failure, or a defect,
   * fails the layer of the cache.
   */
  readonly codec: Codec<V> | Later<V> | undefined
  /** Returns the weight of an entry in a tier bounded by weight. `FamilyPolicy.weigher` says how its result is used. */
  readonly weigher: ((key: string, value: V) => number) | undefined
  /**
   * Bounds of the family itself in a tier that keeps live objects: the most entries, or the greatest sum of weights.
   * With one of them, the family takes no part in the bound of the tier. A tier of bytes does not read them.
   */
  readonly capacity?: number | undefined
  readonly weightMax?: number | undefined
  /** Called when a tier evicts an entry for lack of room, or because its time is over; never for a `remove`. */
  readonly onEvict: ((key: string, entry: Entry<V>, cause: "Evicted" | "Expired") => void) | undefined
  /** Called by a store of several tiers when the hottest one evicts an entry that lower tiers share. */
  readonly onPushedDown?: ((key: string, entry: Entry<unknown>) => void) | undefined
  /**
   * Marks that must not come below after anything else. A store of several tiers writes them with each entry that one
   * tier pushes down to another; the engine itself gives them with each round.
   */
  readonly owed?: (() => ReadonlyArray<Mark>) | undefined
  /** What is read of a tier with news was complete so many milliseconds ago, at the most; no bound unless given. */
  readonly behindMillisMax?: number | undefined
  /** Called by a store of several tiers when one of them failed, whether or not the whole operation fails. */
  readonly onTierFailure?: ((operation: Operation, error: StoreError) => void) | undefined
  /**
   * Called by a tier when it has lost its place for good: what it held was removed, or belongs to another process,
   * which may change it from now on. The error is that of all later operations.
   */
  readonly onPlaceLost?: ((error: StoreError) => void) | undefined
}

/**
 * The part of an entry that `prepare` checks, and that a tier cannot leave out.
 *
 * @stability experimental
 * @category models
 * @since 0.1.0
 */
export type Content<V> = Pick<Entry<V>, "value" | "tags" | "revision">

/**
 * The content of a key, checked and made ready by one partition: encoded where the tier keeps bytes. Its other fields
 * are private to the partition that prepared it. It fits any entry of this key with this content.
 *
 * @stability experimental
 * @category models
 * @since 0.1.0
 */
export interface Prepared<out V> {
  readonly "~effect-stateless/store/Prepared"?: V
  /** The bytes that it occupies until it is stored: 0 where the tier keeps the live value. */
  readonly bytes: number
}

/**
 * The changes of a round in one family. If `cleared` is true, every entry is removed first; then the keys in `removed`
 * are removed, and then the entries in `set` are stored. Each key occurs at most once.
 *
 * @stability experimental
 * @category models
 * @since 0.1.0
 */
export interface Change<V> {
  /** A partition that this store opened, or the `below` of one. */
  readonly partition: Partition<V>
  readonly cleared: boolean
  readonly removed: ReadonlyArray<string>
  readonly set: ReadonlyArray<PreparedEntry<V>>
}

/**
 * An entry, with its content as the partition of the change prepared it.
 *
 * @stability experimental
 * @category models
 * @since 0.1.0
 */
export interface PreparedEntry<V> {
  readonly key: string
  readonly entry: Entry<V>
  readonly prepared: Prepared<V>
  /**
   * Whether it replaces what other processes may hold of the key: it does, unless this says `false`. A tier that one
   * process has for itself does not read it.
   */
  readonly replaces?: boolean | undefined
  /**
   * Whether it is kept whatever other processes have changed before, because a caller gave it, and the family has no
   * lookup that could bring it again. A tier that one process has for itself does not read it.
   */
  readonly prevails?: boolean | undefined
  /**
   * The latest stamp up to which no mark concerns the entry: at least its own. A tier that one process has for itself
   * does not read it.
   */
  readonly knownAt?: number | undefined
  /**
   * Is called before `write` returns if a tier that processes share has no room for the entry. The rest of the round is
   * done. The tier has nothing of the key then, but of an entry that prevails it keeps what it had.
   */
  readonly refused?: ((error: StoreError) => void) | undefined
  /**
   * Whether it still counts: it does not, if news of its key came since the round was made. A tier with `news` asks in
   * the step in which it takes the round.
   */
  readonly isCurrent?: (() => boolean) | undefined
}

/**
 * What a guard expects of a key: an entry of this version, or nothing, if `orAbsent`. `version` is then that of an
 * entry that the engine has found and does not serve.
 *
 * @stability experimental
 * @category models
 * @since 0.1.0
 */
export interface Condition {
  readonly partition: Partition<any>
  readonly key: string
  readonly version: number | undefined
  readonly orAbsent: boolean
  /** Whether no news of the key has come since the round was made. If some has, `version` is out of date. */
  readonly isCurrent?: (() => boolean) | undefined
}

/**
 * What a tier has of the key of a condition: its version, if it has an entry, and whether the condition holds.
 *
 * @stability experimental
 * @category models
 * @since 0.1.0
 */
export interface Met {
  readonly version: number | undefined
  readonly holds: boolean
}

/**
 * Changes that are made if all conditions hold in the tier, and else not at all. Only a tier with `news` gets them: the
 * engine itself judges the conditions of other tiers.
 *
 * @stability experimental
 * @category models
 * @since 0.1.0
 */
export interface Guard {
  readonly conditions: ReadonlyArray<Condition>
  readonly changes: ReadonlyArray<Change<any>>
  /** Is called before `write` returns if a condition does not hold, with what there is for each of them. */
  readonly refused: (met: ReadonlyArray<Met>) => void
  /** Is called before `write` returns if the tier could not judge the guard, or has no room for its values. */
  readonly failed: (error: StoreError) => void
}

/**
 * Changes of any number of families, and marks, that are written together: all or none.
 *
 * @stability experimental
 * @category models
 * @since 0.1.0
 */
export interface Round {
  /** At most one change for each partition. */
  readonly changes: ReadonlyArray<Change<any>>
  /** Conditional writes, judged one after the other before the changes are made. A refused one stops nothing else. */
  readonly guards?: ReadonlyArray<Guard> | undefined
  readonly marks: ReadonlyArray<Mark>
}

/**
 * The state that all engines over one place share: one counter of stamps, one of versions, and what the engines know of
 * each other. A store makes it, gives the same object to every engine that opens the same place in this process, and
 * does not change it.
 *
 * @stability experimental
 * @category models
 * @since 0.1.0
 */
export interface Commons {
  /** The latest stamp that an engine has taken. */
  stamp: number
  /**
   * The latest version that an engine has given to a value or to a lease. The engines only raise it. Where the place
   * outlives its process, it begins above those of the processes before: see `MarkLog.versionMax`.
   */
  version: number
  /**
   * By how many milliseconds the clock of the place is ahead of the wall clock of this process. Only a place with a
   * clock of its own has it, as of a server: then the times in versions are those of that clock.
   */
  readonly aheadMillis?: number | undefined
  /** State of the engines, which a store does not read. */
  engines: unknown
}

/**
 * Makes counters that begin at zero, for a new store.
 *
 * **When to use**
 *
 * In a tier of your own: once for each place, so that all engines over the place share the counters.
 *
 * **Example** (Counters of a new place)
 *
 * ```ts
 * import { Store } from "effect-stateless"
 *
 * Store.makeCommons().stamp // => 0
 * ```
 *
 * @see {@link Store}, which has them as `commons`
 * @stability experimental
 * @category constructors
 * @since 0.1.0
 */
export const makeCommons = (): Commons => ({ stamp: 0, version: 0, engines: undefined })

/**
 * A part of what a partition holds, and the bookmark of the next part.
 *
 * @stability experimental
 * @category models
 * @since 0.1.0
 */
export interface PartitionPage<V> {
  readonly entries: ReadonlyArray<readonly [key: string, entry: Entry<V>]>
  /**
   * Further keys of the page, for the caller to look up one by one: what memory holds, and what has changed its tier
   * during the scan. Only a store of several tiers has them.
   */
  readonly keys?: ReadonlyArray<string> | undefined
  /** Leads to the next page; `undefined` after the last one. A page without entries need not be the last. */
  readonly next: string | undefined
}

/**
 * Returns the latest time until which an entry may be fresh, in milliseconds since the epoch: `Infinity` leaves the
 * entry as it is, `-Infinity` removes it.
 *
 * @stability experimental
 * @category models
 * @since 0.1.0
 */
export type FreshUntilMax = (key: string, stamp: number, tags: ReadonlyArray<string>) => number

/**
 * One family's entries in one tier.
 *
 * @stability experimental
 * @category models
 * @since 0.1.0
 */
export interface Partition<V> {
  /**
   * Checks and encodes a value, without changing anything. Fails with the mistake in the key or the value. Returns an
   * `Exit` unless the codec waits.
   */
  readonly prepare: (key: string, content: Content<V>) => Effect.Effect<Prepared<V>, StoreError>
  /**
   * Returns the error if the tier has no room for this many entries, together with those on their way; `undefined` if
   * it has. `bytes` is the sum of their `Prepared`. Such a write changes nothing, and the writes beside it go on.
   * Optional: a tier without it has room for each value that it prepares.
   */
  readonly full?: ((entries: number, bytes: number) => StoreError | undefined) | undefined
  /** Returns the entry of a key, with the tier that holds it; `undefined` if there is none, or if it has expired. */
  readonly get: (key: string) => Effect.Effect<Found<V> | undefined, StoreError>
  /** Returns one answer for each key, in the order of the keys. */
  readonly getMany: (keys: ReadonlyArray<string>) => Effect.Effect<ReadonlyArray<Found<V> | undefined>, StoreError>
  /**
   * Waits for the turn to load a key, where several processes share the tier. Optional: without it, each process loads.
   *
   * - It returns an entry of the key of another version than `version`: another process has loaded it, or does not need
   *   to. Else it returns `undefined`, and the caller loads.
   * - The turn ends with the next change of the key in a round, or with `endLoad`, or by itself after some time.
   * - A turn spares loads. Two processes may load at once nevertheless.
   */
  readonly beginLoad?:
    | ((key: string, version: number | undefined) => Effect.Effect<Found<V> | undefined, StoreError>)
    | undefined
  /** Ends the turn to load a key, if this process has it. It does not wait. */
  readonly endLoad?: ((key: string) => void) | undefined
  readonly set: (key: string, entry: Entry<V>) => Effect.Effect<void, StoreError>
  readonly setMany: (entries: ReadonlyArray<readonly [key: string, entry: Entry<V>]>) => Effect.Effect<void, StoreError>
  readonly remove: (keys: ReadonlyArray<string>) => Effect.Effect<void, StoreError>
  readonly clear: Effect.Effect<void, StoreError>
  /** All entries, weakly consistent: an entry written while the stream runs may or may not be among them. */
  readonly entries: Stream.Stream<readonly [key: string, entry: Entry<V>], StoreError>
  /**
   * A part of the entries, from the `next` of another page on, or from the beginning. Optional, since not every storage
   * can list its keys: a family over a tier without it cannot be iterated.
   *
   * - A page has at most `max` entries and keys together. It inspects a bounded number of places, so it may have fewer.
   * - A key that the partition holds during the whole scan is in at least one page, whatever else comes and goes. It
   *   may be in several.
   * - Between two pages the tier keeps nothing for the scan, such as a transaction that is open.
   * - It fails with `BookmarkLost` for a bookmark that no page gave, or that has lost its meaning.
   * - A partition with `below` also takes a `max` of 0 for the first page. It then returns only the bookmark of the
   *   beginning: what leaves a tier from now on is in one of the pages.
   */
  readonly page?: ((after: string | undefined, max: number) => Effect.Effect<PartitionPage<V>, StoreError>) | undefined
  /**
   * Calls `freshUntilMax` for every entry, and applies its result. It also calls it for entries that no read would find
   * (expired, or of another schema). Done, and durable, when it returns. Entries written while it runs may be left out;
   * copies from one tier to another may not.
   */
  readonly sweep: (freshUntilMax: FreshUntilMax) => Effect.Effect<void, StoreError>
  readonly size: Effect.Effect<number, StoreError>
  /** The synchronous operations of a tier that keeps live objects in this process. The engine's hits use them. */
  readonly hot: HotPartition<V> | undefined
  /**
   * The tiers below `hot`: reads and writes here do not touch `hot`. Absent where there is no lower tier. The engine
   * itself keeps `hot` in step, since that must not wait.
   */
  readonly below?: Partition<V> | undefined
}

/**
 * Observes reads. It is called for each read that needed a second look (`reads` is 1), and for some of the other reads
 * (`reads` is 0), each of which stands for the reads since the last call. It returns after how many other reads to call
 * it again, at least 1.
 *
 * @stability experimental
 * @category models
 * @since 0.1.0
 */
export type ReadWatcher = (key: string, reads: 0 | 1) => number

/**
 * Until when an entry may be served, fresh or stale, in milliseconds since the epoch: `-Infinity` if it is hidden.
 *
 * @stability experimental
 * @category models
 * @since 0.1.0
 */
export type ServableUntil = (
  key: string,
  stamp: number,
  tags: ReadonlyArray<string>,
  freshUntil: number
) => number

/**
 * A share of the bound of a store that refuses. Several families may use it.
 *
 * @stability experimental
 * @category models
 * @since 0.1.0
 */
export interface Room {
  /** Whether a further weight fits now. */
  readonly fits: (more: number) => boolean
  /**
   * Frees entries that have ended, or that no read may serve, until a further weight fits or none of them is left. It
   * looks for the latter at `max` entries at most, and goes on there the next time. Returns whether it has freed any.
   */
  readonly makeRoom: (more: number, max: number) => boolean
  /** Whether `makeRoom` has not looked at all entries since the marks changed. */
  readonly mayMakeRoom: boolean
  /** How often it has looked at all entries. */
  readonly searches: number
  /** Keeps a weight free of other values. A negative weight gives it back. */
  readonly reserve: (weight: number) => void
}

/**
 * The synchronous operations of a partition of live objects.
 *
 * @stability experimental
 * @category models
 * @since 0.1.0
 */
export interface HotPartition<V> {
  /** Entries with a smaller stamp need a second look. `Infinity` sends every read to the second look. */
  validFrom: number
  /** Entries with a smaller stamp are dead; upkeep frees them. */
  floor: number
  /** How often `hit` found a value. */
  readonly hits: number
  /** How many entries have left, for any reason. A new value of a key does not make its entry leave. */
  readonly left: number
  /** How many of them were never read; `undefined` where the eviction policy does not know. */
  readonly leftUnread: number | undefined
  /** The number of keys, with expired keys that are not freed yet. */
  readonly count: number
  /**
   * The value of a key, if it may be served without a second look; else `undefined`.
   *
   * A stale entry, an entry that is due for a refresh, and an entry with a stamp below `validFrom` need a second look.
   * A value that is itself `undefined` needs one, too: see `peek`. A sentinel would be compared with every value found,
   * and to compare a value it must be fetched from memory.
   */
  readonly hit: (key: string) => V | undefined
  /** The value that `hit` would return. Does not count as a use. */
  readonly look: (key: string) => V | undefined
  /** The whole entry, fresh or stale, unless it has expired. Does not count as a use for eviction. */
  readonly peek: (key: string) => Entry<V> | undefined
  /** When the entry needs a second look, in milliseconds since the epoch; `undefined` when it is absent. */
  readonly dueAt: (key: string) => number | undefined
  /** Counts a use for eviction, after `peek` served the entry. */
  readonly touch: (key: string) => void
  /** Records that the entry was found valid up to `stamp`, so that it needs no second look for older marks. */
  readonly confirm: (key: string, stamp: number) => void
  /**
   * Moves the end of the entry, because it was read. From now on it needs a second look at `expiresAt`, not earlier.
   */
  readonly postpone: (key: string, expiresAt: number) => void
  /**
   * The weight that an entry of this value would have: a whole number of at least 1, or `Infinity`. It runs the
   * family's weigher, so it may throw (always a `FunctionFailed`) and may call the store again.
   */
  readonly weigh: (key: string, value: V) => number
  /** Whether the store refuses a value beyond its bound, in place of evicting another one. */
  readonly isRefusing: boolean
  /** The weight of the entry of a key, if the store refuses; 0 if it has none. The entry may have ended. */
  readonly weightIn: (key: string) => number
  /** The share of the bound that a key falls into, if the store refuses. */
  readonly roomOf: (key: string) => Room | undefined
  /** Says which entries no read may serve. A store that refuses frees them before it refuses a value. */
  servableUntil: ServableUntil | undefined
  /** What `servableUntil` says has changed, because a mark was set. */
  readonly marked: () => void
  /** Stores an entry that needs no second look before `dueAt`, with the weight that `weigh` returned. Cannot fail. */
  readonly put: (key: string, entry: Entry<V>, dueAt: number, weight: number) => void
  /**
   * Stores a value of weight 1 whose entry has no tags, cost and revision, and is fresh until it is due: as `put` does,
   * without an entry for it. Cannot fail.
   */
  readonly putValue: (
    key: string,
    value: V,
    stamp: number,
    version: number,
    dueAt: number,
    expiresAt: number
  ) => void
  /**
   * Replaces the entry of a key by one of the same weight, which needs no second look before `dueAt`. Returns whether
   * the key was there. Cannot fail, and does not count as a use for eviction.
   */
  readonly rewrite: (key: string, entry: Entry<V>, dueAt: number) => boolean
  /** Removes a key; returns whether it was there. */
  readonly drop: (key: string) => boolean
  /** Removes every key. */
  readonly dropAll: () => void
  /** The keys that were read most, with their share of the reads: an estimate from one hit in 256. */
  readonly hottest: (max: number) => ReadonlyArray<{ readonly key: string; readonly share: number }>
  /** Sets the one watcher of reads; `undefined` removes it. */
  readonly watch: (watcher: ReadWatcher | undefined) => void
  /** The keys, in no stated order, with expired keys that are not freed yet. */
  readonly keys: () => IterableIterator<string>
  /**
   * A key that chance selects, each with the same probability; `undefined` if the draw hits no key. `random` returns a
   * number from 0 to below 1.
   */
  readonly sample: (random: () => number) => string | undefined
  /** Calls a function with each key that leaves, for any reason, until the returned function is called. */
  readonly onLeave: (listener: (key: string) => void) => () => void
  /** Throws when the structure is broken. For tests: its cost grows with the number of entries. */
  readonly checkInvariants: () => void
}

/**
 * An invalidation of many keys, in one number: every entry that `scope` names, and that is older than `stamp`, is
 * invalid.
 *
 * @stability experimental
 * @category models
 * @since 0.1.0
 */
export interface Mark {
  /**
   * What the mark concerns, as a text: the name of a family, a vertical line, and all keys, some keys, or a tag. The
   * engine gives it its meaning; a store compares it for equality.
   */
  readonly scope: string
  readonly stamp: number
}

/**
 * The invalidations that a store remembers across restarts.
 *
 * @stability experimental
 * @category models
 * @since 0.1.0
 */
export interface MarkLog {
  readonly marks: ReadonlyArray<Mark>
  /** No entry and no mark in the store has a stamp above this one. */
  readonly stampMax: number
  /**
   * No entry that the store was ever given has a version above this one, not even one that was removed since. So
   * versions grow after a restart, too, where the clock is set back meanwhile. Only a store that does not outlive its
   * process may leave it out.
   */
  readonly versionMax?: number | undefined
  /** What each tier remembers, where the store has several. The engine sees by them whether one was away meanwhile. */
  readonly tiers?: ReadonlyArray<MarkLog> | undefined
  /** Whether the tier keeps entries of families whose names begin so. Absent if it does not know. */
  readonly keeps?: ((namePrefix: string) => boolean) | undefined
}

/**
 * What other processes have changed in a tier that they share.
 *
 * - `Changed`: these keys have another value or none, and these marks were set, in one step. Families and scopes have
 *   the names that the store knows. The marks have stamps of this process.
 * - `Cleared`: everything in these families that has a lesser stamp was removed.
 * - `Missed`: changes may have been missed, so everything that has a lesser stamp is out of date.
 *
 * @stability experimental
 * @category models
 * @since 0.1.0
 */
export type News =
  | {
    readonly _tag: "Changed"
    readonly keys: ReadonlyArray<readonly [family: string, key: string]>
    readonly marks: ReadonlyArray<Mark>
  }
  | { readonly _tag: "Cleared"; readonly families: ReadonlyArray<string>; readonly stamp: number }
  | { readonly _tag: "Missed"; readonly stamp: number }

/**
 * How complete the news of a tier are that other processes change.
 *
 * @stability experimental
 * @category models
 * @since 0.1.0
 */
export interface Knowing {
  /** All news up to this time of the engine's Clock has been heard, in milliseconds; `-Infinity` if that is unknown. */
  readonly provenAt: () => number
  /** Asks now, for all callers at once. Returns `undefined` while the tier cannot be asked. */
  readonly prove: () => Effect.Effect<void, StoreError> | undefined
  /**
   * A text that names how much of the news has been heard, at least that of each write that has returned. Asks the tier
   * only if that is not known.
   */
  readonly watermark: Effect.Effect<string, StoreError>
  /**
   * Waits until the news has been heard that a watermark names. Returns `undefined` for a text that is not a watermark,
   * and `false` for one that the tier has not given, because its news do not go so far.
   */
  readonly reach: (watermark: string) => Effect.Effect<boolean, StoreError> | undefined
}

/**
 * A tier, or several tiers that act as one.
 *
 * **When to use**
 *
 * A program provides it by a layer such as `MemoryStore.layer`, and never calls it: the engine does. A tier of your own
 * implements it, and `StoreSuite` tests it. An operation that throws, dies or returns nonsense counts as a tier that
 * failed (`TierFailed`).
 *
 * **Example** (The tier of a program)
 *
 * ```ts
 * import { Effect } from "effect"
 * import { MemoryStore, Store } from "effect-stateless"
 *
 * const program = Effect.map(Store.Store, ({ name }) => name)
 * await Effect.runPromise(Effect.provide(program, MemoryStore.layer({ capacity: 100 }))) // => "memory"
 * ```
 *
 * @see `StoreSuite.run` for the tests of the contract
 * @stability experimental
 * @category services
 * @since 0.1.0
 */
export class Store extends Context.Service<Store, {
  /** The name in answers, events and errors: such as `memory` or `lmdb`. */
  readonly name: string
  /** Opens a family until the Scope ends. A name that is already open is opened again, onto the same entries. */
  readonly open: <V>(family: StoreFamily<V>) => Effect.Effect<Partition<V>, StoreError, Scope.Scope>
  /** The counters of the place, which all engines over it share. */
  readonly commons: Commons
  /** Makes all changes of a round, or none. */
  readonly write: (round: Round) => Effect.Effect<void, StoreError>
  /** Returns the marks that the store has kept, and the greatest stamp and version that it was given. */
  readonly loadMarks: Effect.Effect<MarkLog, StoreError>
  /** Keeps the greatest stamp of each scope. */
  readonly recordMarks: (marks: ReadonlyArray<Mark>) => Effect.Effect<void, StoreError>
  /** Forgets each mark whose stamp is still the given one, because no entry that it concerns is left. */
  readonly removeMarks: (marks: ReadonlyArray<Mark>) => Effect.Effect<void, StoreError>
  /**
   * Tells, until the Scope ends, what other processes change, in the order of the changes. Only a tier that several
   * processes change has it. An engine over such a tier removes no marks from it, and calls no `sweep`.
   */
  readonly news?: ((hear: (news: News) => void) => Effect.Effect<void, never, Scope.Scope>) | undefined
  /** What a tier with news knows of how complete they are. */
  readonly knowing?: Knowing | undefined
}>()("effect-stateless/store/Store") {}
