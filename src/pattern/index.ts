/**
 * Concrete keys, such as `user:42`, and the segments that they are made of.
 *
 * A template with a plain text in it, `` `user:${name}` ``, may spell any key below `user`, because the text may
 * contain a colon. A `Segment` cannot contain one, and its type shows it.
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
export * as KeyPattern from "./KeyPattern.ts"

/**
 * Shows keys of a sensitive family with a hash in the place of each parameter: `user:#3f9c0a12b4de`.
 *
 * - A text has the same hash while the process lives, so shown keys can be compared: events with errors, and both with
 *   the {@link hash} of a text that the reader knows.
 * - The hash is keyed by random bits of the process, so an attacker cannot find a text elsewhere by trying all texts.
 *
 * @since 0.1.0
 */
export * as SensitiveKey from "./SensitiveKey.ts"
