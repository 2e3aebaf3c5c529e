/**
 * What a cache operation can fail with, besides the error of the family's own lookup.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"

/**
 * A failure of a cache operation.
 *
 * @category errors
 * @since 0.1.0
 */
export class CacheError extends Schema.TaggedError<CacheError>()("CacheError", { reason: Schema.String }) {}
