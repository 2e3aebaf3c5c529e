/**
 * How a family's values become bytes, for the tiers that keep bytes.
 *
 * @since 0.1.0
 */
import type * as Effect from "effect/Effect"
import type * as Schema from "effect/Schema"

/**
 * Turns values into bytes and back. A codec of synchronous schemas answers with an `Exit`.
 *
 * @category models
 * @since 0.1.0
 */
export interface Codec<V> {
  readonly encode: (value: V) => Effect.Effect<Uint8Array, Schema.SchemaError>
  /** Fails when the bytes are of another shape, or of a version that this codec does not read. */
  readonly decode: (bytes: Uint8Array) => Effect.Effect<V, Schema.SchemaError>
}
