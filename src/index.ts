/**
 * Stateless: a cache in which every key has one owner, and every write invalidates what depends on it.
 *
 * @since 0.1.0
 */

/**
 * A finding: a mistake that Stateless can name, with its code, its sentence and its help.
 *
 * A finding is written twice, side by side, as a type and as a function of the same name. The compiler prints the text
 * of the type where the mistake is. The run time calls the function, for manifests that are built from data and for
 * programs with casts. Both say the same sentence. The type starts with the code and puts names in single quotes, since
 * compilers print a message inside double quotes. The function keeps the code in a field and puts names in backticks.
 *
 * - A code never changes its meaning and is never used again.
 * - A message has at most 300 characters if the names in it are of ordinary length, since compilers cut it at 320.
 * - Codes: `E01xx` patterns and keys, `E02xx` ownership and capabilities, `E03xx` stores, `E04xx` manifests, `E05xx`
 *   the engine. The findings of stores and of the engine, and `E0218`, are defined beside their errors.
 *
 * @since 0.1.0
 */
export * as Diagnostic from "./diagnostic/Diagnostic.ts"

/**
 * What each code means, at length: the mistake, the smallest program that makes it, why it is one, and the repair.
 *
 * - Both programs of an explanation are complete modules; the failing one has exactly this finding.
 * - Codes that the outside world causes (stores, time, load) have no program: none fails by itself.
 *
 * @since 0.1.0
 */
export * as Explanations from "./diagnostic/Explanations.ts"

/**
 * Concrete keys, such as `user:42`, and the segments that they are made of.
 *
 * A template with a plain text in it, `` `user:${name}` ``, may spell any key below `user`, because the text may
 * contain a colon. A `Segment` cannot contain one, and its type shows it.
 *
 * @since 0.1.0
 */
export * as Key from "./pattern/Key.ts"

/**
 * Shapes of keys, such as `user:{id}`: the pattern language, as types and at run time.
 *
 * ```
 * pattern = segment (":" segment)* [":" "*"]  |  "*"
 * segment = text | "{" name "}"
 * key     = text (":" text)*
 * ```
 *
 * - `{name}` is exactly one segment; a last `*` is one or more segments. No segment is empty.
 * - Text contains no `:`, `{`, `}`, `*`, so the value of a parameter can never change the structure of a key. It
 *   neither begins nor ends with white space, and a name contains none at all: `{ id }` would be another name than
 *   `{id}`.
 * - Two patterns that differ only in the names of their parameters denote the same keys.
 * - With these rules every question below has an exact answer, and types and functions of the same name agree on it.
 *
 * Not here: sets of patterns (`types/patternSet.ts`), and owners of patterns.
 *
 * Names of types are written so (rule `typeNames` of `.ci/architecture.ts`):
 *
 * - A name in lower case is a function on types, such as `normalizePattern<P>`. It answers a question, computes a text
 *   or finds a mistake. It often begins with a verb. If a function at run time has its name, both give the same answer.
 * - A name with a capital is a noun and denotes a type, also where it depends on others: `ParamNames<P>`.
 * - A type parameter has a name, except these letters: `P` and `Q` are patterns, `K` is a key, or the name of a family,
 *   `D` is a definition, `F` the declaration of a family, `V` the value of a family, `E` and `R` are the errors and the
 *   requirements of an Effect, `A`, `B` and `T` are any types.
 *
 * @since 0.1.0
 */
export * as KeyPattern from "./pattern/KeyPattern.ts"

/**
 * Shows keys of a sensitive family with a hash in the place of each parameter: `user:#3f9c0a12b4de`.
 *
 * - A text has the same hash while the process lives, so shown keys can be compared: events with errors, and both with
 *   the {@link hash} of a text that the reader knows.
 * - The hash is keyed by random bits of the process, so an attacker cannot find a text elsewhere by trying all texts.
 *
 * @since 0.1.0
 */
export * as SensitiveKey from "./pattern/SensitiveKey.ts"

/**
 * What a manifest declares, as it is written: families, readers, layers, and what a piece of code declares.
 *
 * The types check a definition where it is written. For manifests that were cast or built from data, the run time finds
 * the same mistakes, with the same words.
 *
 * @since 0.1.0
 */
export * as Definition from "./ownership/Definition.ts"

/**
 * The graph of a manifest: which family owns, borrows and derives from which other family, and what a write of each
 * family invalidates. A manifest class has it as `graph`.
 *
 * Not here: how it is made and compiled (`shared/graph.ts`), and its drawings (`GraphDrawing.ts`).
 *
 * @since 0.1.0
 */
export * as DependencyGraph from "./ownership/DependencyGraph.ts"

/**
 * How a program writes a duration, in every option that takes one: as Effect does, or as a short text such as `"30m"`.
 *
 * - One parser reads all of them. Options of a family, of one value, of a lease and of a store take the same forms.
 * - A text that is none of the forms is refused where the option is checked, with the name of the option.
 *
 * Not here: points in time, and the words of a lifetime that are not durations (`"never"`, `"doNotStore"`).
 *
 * @since 0.1.0
 */
export * as DurationInput from "./ownership/DurationInput.ts"

/**
 * The policy of a family: lifetimes, staleness, loading. It is plain data, and every option may be left out.
 *
 * @since 0.1.0
 */
export * as FamilyPolicy from "./ownership/FamilyPolicy.ts"

/**
 * Drawings of a dependency graph, for documents and reviews: in Mermaid, and in the DOT language of Graphviz.
 *
 * @since 0.1.0
 */
export * as GraphDrawing from "./ownership/GraphDrawing.ts"

/**
 * The mistakes of a manifest: one of them with its place, and the error that holds them all.
 *
 * Not here: how a mistake is found (`internal/check*.ts`), and the words for it (`diagnostic/types/`).
 *
 * @since 0.1.0
 */
export * as ManifestError from "./ownership/ManifestError.ts"

/**
 * Capabilities: the rights that a program needs to read or to write keys, as services in the requirements of its
 * Effect.
 *
 * Providing a service removes from `R` every requirement that is a subtype of it. A capability carries the region of
 * its pattern, covariant, so the ownership of `user:*` removes a requirement for `user:{id}`. A borrow is a subtype of
 * the same ownership, so an owner may read, and a borrow never removes an ownership.
 *
 * - Capabilities exist for declared patterns only, so the run time knows which grants cover a family.
 * - Keys that are carved out of a pattern have their own realm: the owner of the rest does not discharge them.
 * - The cache is part of a capability: the ownership of one cache gives no right in another.
 *
 * Not here: exclusion in time. Types cannot end; {@link Lease} and scopes do.
 *
 * @since 0.1.0
 */
export * as Capability from "./capability/Capability.ts"

/**
 * Gives the right to a set of keys for a time: either many holders share it, or one holder has it alone. A user takes a
 * lease with `lease` of an accessor, and gives it to a write.
 *
 * - At any moment, of the leases held on patterns that share a key, either all are shared or there is only one.
 * - Tokens only grow: a later lease has a greater token, also after a restart (`Lease.token` says how). So a write with
 *   the token of an ended lease can be distinguished from a write of the present holder (a *fencing token*).
 * - Every wait ends: by a grant, by the request's own deadline, or because a holder's time is over.
 * - While a key has a lease, only a write that carries an exclusive lease of the key changes its value. Loads,
 *   refreshes, deletions and invalidations go through, because they say that the source has changed. The holder may
 *   have read the key before, so the next write under the lease is refused then, unless the value that came is equal.
 *
 * Not here: the table that grants leases (`shared/leaseTable.ts`), and leases among processes.
 *
 * @since 0.1.0
 */
export * as Lease from "./capability/Lease.ts"

/**
 * Which entry leaves when a cache is full.
 *
 * A policy never sees keys or values. It knows the entries of one shard by their slots: small integers that the shard
 * hands out and reuses. The shard reports what happens to a slot, and asks for victims until `weight` is at most
 * `weightMax`:
 *
 * - A slot is in the policy from `insert` until `remove` takes it out or `evict` returns it. In between it may be hit
 *   and updated. A call that breaks this order is a defect.
 * - `weight` and `size` always count exactly the slots in the policy.
 * - Equal calls give equal victims: a policy that uses chance draws it from its own seed.
 * - An entry that is heavier than `weightMax` is the next victim, so that it does not push the others out first.
 *
 * Not here: expired entries. A timer wheel finds those, and they should be removed before a victim is asked for.
 *
 * @since 0.1.0
 */
export * as EvictionPolicy from "./eviction/EvictionPolicy.ts"

/**
 * How a family's values become bytes, for the tiers that keep bytes.
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
export * as Codec from "./store/Codec.ts"

/**
 * What a tier keeps for one key: a value, and the facts by which the engine decides whether it is valid.
 *
 * - All times are milliseconds since the epoch by the engine's Clock; `Infinity` means never.
 * - `stamp` orders an entry against invalidations and never against a clock.
 *
 * Not here: the key (a partition is asked by key) and the tier (a partition says where it found an entry).
 *
 * @since 0.1.0
 */
export * as Entry from "./store/Entry.ts"

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
export * as MemoryStore from "./store/memory/MemoryStore.ts"

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
export * as Store from "./store/Store.ts"

/**
 * The failures of a tier.
 *
 * There is one error, `StoreError`, with a `reason`; callers recover with `Effect.catchReason("StoreError", ...)`. A
 * message contains the first line of the driver's error. A value never appears in a message: only `cause` contains what
 * a schema says about a value, and the cause of a sensitive family is not shown.
 *
 * @since 0.1.0
 */
export * as StoreError from "./store/StoreError.ts"

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
export * as TieredStore from "./store/TieredStore.ts"

/**
 * A value with its facts: the tier that had it, its age, whether it is stale, its version and its tags.
 *
 * @since 0.1.0
 */
export * as Answer from "./cache/Answer.ts"

/**
 * The errors of cache operations. A lookup may also fail with an error of its own, which its family declares.
 *
 * There is one error, `CacheError`. Its `reason` says what happened, and callers recover from it with
 * `Effect.catchReason("CacheError", ...)`. A program without casts never meets `NotOwner`, because the types refuse it.
 * A message may show a key, and never shows a value.
 *
 * @since 0.1.0
 */
export * as CacheError from "./cache/CacheError.ts"

/**
 * Events of a cache, published as they happen. Without a listener, no event is created.
 *
 * @since 0.1.0
 */
export * as CacheEvent from "./cache/CacheEvent.ts"

/**
 * Publishes the counts of a cache as Effect metrics. Any exporter of Effect metrics can read them, such as Prometheus
 * or OTLP.
 *
 * - A hit costs nothing more: the cache counts anyway, and the increase is published once per interval.
 * - The attributes are `cache` and `family`; `cache.tier.hits` also has `tier`. A key is never an attribute.
 * - Names: `cache.hits`, `cache.hits.stale`, `cache.misses`, `cache.remembered`, `cache.loads`, `cache.loads.failed`,
 *   `cache.loads.coalesced`, `cache.loads.refused`, `cache.lookups`, `cache.lookups.seconds`, `cache.evictions`,
 *   `cache.expirations`, `cache.invalidations`, `cache.memory.left`, `cache.memory.left.unread`, `cache.tier.hits`
 *   (counters), `cache.entries` (a gauge). {@link prometheusName} gives the names that Prometheus asks for. Each metric
 *   has a description.
 *
 * @since 0.1.0
 */
export * as CacheMetrics from "./cache/CacheMetrics.ts"

/**
 * The explanation of a key: what a read would do now, and what happened to the key before.
 *
 * @since 0.1.0
 */
export * as Explanation from "./cache/Explanation.ts"

/**
 * Lookups: the functions by which the owner of a family loads its entries.
 *
 * A lookup is a function from the parameters of a key to an Effect of its value. It may answer with more than a value:
 * `loaded` adds a lifetime, tags or a revision, `notModified` renews the value that the cache has, and `absent` says
 * that the key has no value.
 *
 * @since 0.1.0
 */
export * as Lookup from "./cache/Lookup.ts"

/**
 * Reads and writes the keys of one family: the operations of `AppCache.keys.user`, of its readers and of its writers.
 *
 * - Operations require a right to the pattern of the family: `Owns` to write, `Borrows` to read.
 * - A reader or a writer has found its right once, so its operations require nothing.
 * - When a write returns, everything that derives from the written key is dropped, as the manifest says.
 *
 * Not here: operations on several families at once (`Manifest`), and how entries are made (`Owner`).
 *
 * @since 0.1.0
 */
export * as Family from "./manifest/Family.ts"

/**
 * Declares a cache for the people who write a program with it: one class that lists every family of keys, who owns it,
 * and what derives from what.
 *
 * ```ts
 * import * as Manifest from "effect-stateless/manifest/Manifest"
 *
 * class AppCache extends Manifest.Service<AppCache>()("AppCache", {
 *   families: {
 *     user: { pattern: "user:{id}", value: Manifest.type<{ readonly name: string }>() },
 *     profile: { pattern: "profile:{id}", value: Manifest.type<string>(), derives: ["user:{id}"] }
 *   }
 * }) {}
 * ```
 *
 * - The compiler checks the whole manifest, and reports each mistake on the property that makes it.
 * - Rights come from `owner`, `borrower`, `delegate` and `modules`, and from nowhere else.
 * - The class is the service of its engine: two manifests have two engines, even over one store.
 *
 * Not here: the operations of one family (`Family`), the options of an owner (`Owner`), and the run time, which is in
 * `internal/`.
 *
 * @since 0.1.0
 */
export * as Manifest from "./manifest/Manifest.ts"

/**
 * Types the options of an owner, for the person who writes a lookup: which family it owns, and what its lookup may
 * read.
 *
 * - A lookup makes the entries of a family. So everything that it reads of the same cache must be a declared source of
 *   the family: otherwise a change of the source would not reach the entry.
 * - The requirements of a lookup show what it reads. A lookup that reads anything else does not compile, and the
 *   message stands at the lookup.
 *
 * Not here: which *keys* of a source a lookup reads. Types cannot tell `user:1` from `user:2`. The engine tracks the
 * reads of a lookup, and compares them (E0232).
 *
 * @since 0.1.0
 */
export * as Owner from "./manifest/Owner.ts"

/**
 * A manifest for programs that have keys and no types: servers, command lines, dashboards, tests of a protocol. It
 * finds the family of a key, and says how the values of the family travel.
 *
 * - A key has one spelling. A text that the codec of a parameter would write in another way is refused, because a
 *   server that cuts keys out of a text would make two entries of one.
 * - Values travel as a text, as bytes, or as JSON. The form depends on the schema alone, so a client can rely on it.
 * - A value that does not fit is refused with its place, and the refusal never contains the value. For a sensitive
 *   family it does not contain the place either.
 *
 * Not here: entries and rights. A remote describes; to read and to write, a program uses the manifest's own operations.
 *
 * @since 0.1.0
 */
export * as Remote from "./manifest/Remote.ts"
