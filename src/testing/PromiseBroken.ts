/**
 * The error of the published test suites.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"

/**
 * A tier did not keep a promise of its contract. The suites of this folder fail with this error.
 *
 * **When to use**
 *
 * Where `StoreSuite.tests` run without a test runner: its `message` says which promise the tier did not keep.
 *
 * @see `StoreSuite.tests`
 * @stability experimental
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
