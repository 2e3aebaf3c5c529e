/** One family in a place that keeps bytes. */
import * as Effect from "effect/Effect"
import * as Codec from "../../Codec.ts"
import type { Prepared, StoreFamily } from "../../Store.ts"
import { EncodeFailed, StoreError } from "../../StoreError.ts"
import { owned } from "../ownedCodec.ts"
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
