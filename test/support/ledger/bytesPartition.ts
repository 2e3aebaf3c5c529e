/** One family in a place that keeps bytes. */
import * as Codec from "effect-stateless/store/Codec"
import type { Prepared, StoreFamily } from "effect-stateless/store/Store"
import { EncodeFailed, StoreError } from "effect-stateless/store/StoreError"
import * as Effect from "effect/Effect"
import { owned } from "../../../src/store/internal/ownedCodec.ts"
import type { PlacePartition } from "./ledgerPlace.ts"

export interface BytesPartition<V> extends PlacePartition<V> {
  readonly codec: Codec.Codec<V>
}

/** A value as the partition prepared it. */
export interface Encoded<V> extends Prepared<V> {
  readonly value: Uint8Array
}

export const bytesPartition = <V>(tier: string, family: StoreFamily<V>): BytesPartition<V> => {
  const codec = owned(Codec.of(family.codec!))
  return {
    family,
    codec,
    prepare: (key, { value }) =>
      Effect.mapBothEager(codec.encode(value), {
        onFailure: (cause) => new StoreError({ reason: new EncodeFailed({ tier, key: family.render(key), cause }) }),
        onSuccess: (bytes): Encoded<V> => ({ bytes: bytes.length, value: bytes })
      })
  }
}
