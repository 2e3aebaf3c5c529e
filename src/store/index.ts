/**
 * Turns a family's values into bytes and back, for the tiers that keep bytes.
 *
 * - The first byte says the format. Another format is refused, never guessed.
 * - Decoding returns the value that was encoded, or fails. It never returns another value, as long as the bytes are
 *   unchanged; a tier that may return damaged bytes keeps its own checksum.
 * - A value that its bytes would not give back is refused before it is kept: it fails to encode.
 * - Bytes that another schema wrote are refused, unless the schemas differ only in optional fields.
 * - A decoded value shares no memory with its bytes, and bytes share no memory with the value that was encoded.
 *
 * Not here: the entry around the value, compression, encryption.
 *
 * @since 0.1.0
 */
export * as Codec from "./Codec.ts"

/**
 * The entry of one key in a tier: a value, and the facts by which the engine decides whether it is valid.
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
 * - `capacity` bounds the entries of all families together; `weightMax` bounds their weights instead. A family with a
 *   bound of its own has its own shards, and does not count among the others. Each shard has its own share, so a store
 *   whose keys fall unevenly evicts before it is full. The bounds hold after every operation.
 * - An expired entry is invisible at once, leaves before a live one is evicted, and is freed within about a second.
 * - Values are kept as they are: a reader gets the very object that was stored.
 * - `hit`, the synchronous read, allocates nothing.
 *
 * Not here: loading, dependencies between keys, anything that outlives the process.
 *
 * @since 0.1.0
 */
export * as MemoryStore from "./memory/MemoryStore.ts"

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
 * - A tier may evict any entry at any time. It removes a mark only when the engine says so, and never returns a
 *   removed entry.
 * - A key that a partition holds from the first page of a scan to the last one is in at least one of the pages.
 *
 * Not here: loading, dependencies between keys, deciding whether an entry is still valid. The engine does that.
 *
 * @since 0.1.0
 */
export * as Store from "./Store.ts"

/**
 * The failures of a tier.
 *
 * There is one error, `StoreError`, with a `reason`; callers recover with `Effect.catchReason("StoreError", ...)`. A
 * message contains the first line of the driver's error. A value never appears in a message: only `cause` contains what
 * a schema says about a value, and the cause of a sensitive family is not shown.
 *
 * @since 0.1.0
 */
export * as StoreError from "./StoreError.ts"

/**
 * Makes one store out of several tiers, for an application that keeps entries in memory and in a slower place. The
 * fastest tier comes first.
 *
 * - A read asks one tier after the other until a tier has the key. The entry is then copied to the faster tiers. A copy
 *   never undoes a `set`, a `remove` or a `clear` that was called after the read began.
 * - A write goes from the lowest tier to the fastest. If it ends midway, no lower tier holds a key that a faster tier
 *   has lost. Writes of one key take turns.
 * - If a tier fails to read, the next tier is asked. A `get` of a key that no other tier has fails then, because the
 *   tier may have it.
 * - If a tier fails to remove, every other tier is tried, and then the removal fails. The same holds for a tier that
 *   neither takes a new value nor removes the old one. Such a key is not read from this tier again until the tier has
 *   removed it.
 * - Each tier gets its part of a round as a whole, the lowest tier first. A tier that refuses a round holds nothing of
 *   its keys.
 * - Every tier keeps the marks. A mark is known as long as one tier knows it.
 *
 * Not here: circuit breakers and time limits. A tier ends its own operations, and `onTierFailure` gets each failure.
 *
 * @since 0.1.0
 */
export * as TieredStore from "./TieredStore.ts"
