/**
 * Concrete keys, such as `user:42`, and the segments that they are made of.
 *
 * A template with a plain text in it, `` `user:${name}` ``, may spell any key below `user`, for the text may hold a
 * colon. A text that is known to be one segment cannot, and its type says so.
 *
 * @since 0.1.0
 */
export * as Key from "./Key.ts"

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
 * - Text holds no `:`, `{`, `}`, `*`, so a parameter's value can never turn into structure. It neither begins nor ends
 *   with white space, and a name has none at all: `{ id }` would be another name than `{id}`.
 * - Two patterns that differ only in the names of their parameters denote the same keys.
 * - With these rules every question below has an exact answer, and types and functions of the same name agree on it.
 *
 * Not here: sets of patterns ({@link PatternSet}), who owns what.
 *
 * @since 0.1.0
 */
export * as KeyPattern from "./KeyPattern.ts"

/**
 * Sets of patterns: which one decides about a key, which ones share keys with a pattern.
 *
 * Patterns are kept in a trie over segments, with one branch per text, one for holes, and one for a last `*`. A key
 * is routed by walking all branches that can still match, most specific first, as one step of an automaton whose
 * states are built when they are first met. So a key costs one table look-up per segment, however many patterns there
 * are.
 *
 * - The most specific pattern wins: compared from the left, text before hole before `*`.
 * - Two patterns of the same keys are one: the later value replaces the earlier.
 * - A set is fixed once it is built.
 *
 * At type level the trie is built by key remapping: merging the keys of a mapped type groups patterns by their first
 * segment, so the whole index costs one step per segment, and its nodes are lazy, so a query resolves only what it
 * walks.
 *
 * @since 0.1.0
 */
export * as PatternSet from "./PatternSet.ts"

/**
 * How keys of a sensitive family are shown: a hash in the place of each parameter, `user:#3f9c0a12b4de`.
 *
 * - One text has one hash for as long as the process lives, so what is shown can be compared: events with errors, and
 *   both with {@link hash} of one's own text.
 * - The hash is keyed by random bits of the process, so texts cannot be guessed from it by trying them all elsewhere.
 *
 * Aumasson, Bernstein: SipHash, a fast short-input PRF (INDOCRYPT 2012).
 *
 * @since 0.1.0
 */
export * as SensitiveKey from "./SensitiveKey.ts"
