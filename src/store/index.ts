/**
 * Pauses that do not keep a process alive: for what runs behind a program, such as upkeep, and never ends by itself.
 *
 * A program that never disposes of its runtime ends when nothing else is left to do. Work that has begun is waited for,
 * and so is a write on its way to a tier: only the pauses in between are not.
 *
 * @since 0.1.0
 */
export * as BackgroundTimer from "./BackgroundTimer.ts"

/**
 * The engine's time, read once per burst.
 *
 * Reading the system's clock costs three times as much as finding an entry. So one synchronous burst of JavaScript
 * (until the next microtask) sees one time, renewed every `readsPerBurstMax` reads. A clock that is not the live one
 * (a test's) is asked each time, and shows every adjustment at once.
 *
 * The time is that of the wall, but it never goes back: where the wall clock is set back, the time goes on as the
 * monotonic clock does, and is `ahead` of the wall from then on. Else every entry would live longer by the step. All
 * who read one `Clock` see one time. A step forward is followed, since a process may have slept.
 *
 * @since 0.1.0
 */
export * as CoarseClock from "./CoarseClock.ts"

/**
 * How a family's values become bytes, for the tiers that keep bytes.
 *
 * - The first byte says the format. Another format is refused, never guessed at.
 * - Decoding gives back the value that was encoded, or fails. It never gives another value, as long as the bytes are
 *   those that were written; a tier that may hand out damaged bytes keeps a checksum of its own.
 * - A value that its bytes would not give back is refused before it is kept: it fails to encode.
 * - Bytes that another schema wrote are refused, but for optional fields that came or went.
 * - A decoded value shares no memory with the bytes, and bytes share none with the value that they were made of.
 *
 * Not here: the entry around the value, compression, encryption.
 *
 * @since 0.1.0
 */
export * as Codec from "./Codec.ts"

/**
 * What a tier keeps for one key: a value and what the engine must know to judge it.
 *
 * - All times are milliseconds since the epoch by the engine's Clock; `Infinity` means never.
 * - `stamp` orders an entry against invalidations and never against a clock.
 *
 * Not here: the key (a partition is asked by key) and the tier (a partition says where it found an entry).
 *
 * @since 0.1.0
 */
export * as Entry from "./Entry.ts"

/**
 * In-memory tier: a hash table per family, over shards that share one bound.
 *
 * - `capacity` bounds the entries of all families together, `weightMax` their weights instead; each shard keeps its
 *   own share, so a store whose keys fall unevenly evicts before it is full. The bound holds after every operation.
 * - An expired entry is invisible at once, leaves before a live one is evicted, and is freed within about a second.
 * - Values are kept as they are: a reader gets the very object that was stored.
 * - `hit`, the synchronous door, allocates nothing.
 *
 * Not here: loading, dependencies between keys, anything that outlives the process.
 *
 * @since 0.1.0
 */
export * as MemoryStore from "./memory/MemoryStore.ts"

/**
 * A scheduler for what runs behind its caller: upkeep of a tier, loads, changes on their way below.
 *
 * What is built by `runSync` is handed a scheduler whose yields are microtasks: long work would let nothing else run
 * between two steps, timers included.
 *
 * @since 0.1.0
 */
export * as PatientScheduler from "./PatientScheduler.ts"

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
export * as Store from "./Store.ts"

/**
 * What can go wrong in a tier.
 *
 * One error, `StoreError`, with a `reason`, so that callers recover with `Effect.catchReason("StoreError", ...)`.
 * A message says the first line of what the driver said. A value never appears in it: what a schema says of one is in
 * `cause` alone, and of a sensitive family no cause is shown.
 *
 * @since 0.1.0
 */
export * as StoreError from "./StoreError.ts"

/**
 * Several tiers that act as one store, hottest first.
 *
 * - A read walks down until a tier has the key, and what it finds is copied up. A write of the key that comes between
 *   wins: a copy never undoes a `set`, a `remove` or a `clear` that was called after the read began.
 * - A write goes from the lowest tier to the hottest, so that whatever ends it midway leaves nothing below that is gone
 *   above. Writes of one key take turns.
 * - A tier that fails to read is passed over. A tier that fails to remove makes the removal fail, once every tier was
 *   tried, and so does one that neither takes what is set nor removes what was there; what it should have forgotten is
 *   not read from it again until it has.
 * - A round is whole in each tier, and goes to the lowest first. A tier that refuses it holds nothing of its keys.
 * - Marks are kept by every tier; a mark is known as long as one tier knows it.
 *
 * Not here: breakers and time limits. A tier ends its own operations; each of its failures is told to `onTierFailure`.
 *
 * @since 0.1.0
 */
export * as TieredStore from "./TieredStore.ts"
