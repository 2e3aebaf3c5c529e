/**
 * What a published suite fails with.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"

/**
 * A promise of a contract that was not kept.
 *
 * @category errors
 * @since 0.1.0
 */
export class PromiseBroken extends Schema.TaggedError<PromiseBroken>()("PromiseBroken", {
  what: Schema.String
}) {
  override get message() {
    return this.what
  }
}
