/** One family in a place that keeps bytes. */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Codec from "../../Codec.ts"
import type { Prepared, StoreFamily } from "../../Store.ts"
import { EncodeFailed, StoreError, ValueTooLarge } from "../../StoreError.ts"
import { codecOf } from "../familyCodec.ts"
import { owned, versioned } from "../ownedCodec.ts"
import type { PlacePartition } from "./ledger.ts"

export interface BytesPartition<V> extends PlacePartition<V> {
  readonly codec: Codec.Codec<V>
}

/** A value as the partition prepared it. */
export interface Encoded<V> extends Prepared<V> {
  readonly value: Uint8Array
}

/** A value may have so many bytes. */
export const valueBytesMax = 67_108_864

/** Opens a family. `version` names what makes its values; what was stored under another one is absent. */
export const bytesPartition = <V>(
  tier: string,
  family: StoreFamily<V>,
  version?: string | number
): Effect.Effect<BytesPartition<V>, StoreError> =>
  Effect.map(codecOf(tier, family), (own) => {
    const codec = versioned(owned(own), JSON.stringify([version, family.form]))
    const { render } = family
    return {
      family,
      codec,
      prepare: (key, { value }) =>
        Effect.flatMapEager(
          Effect.mapErrorEager(
            codec.encode(value),
            (cause) => new StoreError({ reason: new EncodeFailed({ tier, key: render(key), cause }) })
          ),
          (bytes): Exit.Exit<Encoded<V>, StoreError> =>
            bytes.length > valueBytesMax
              ? Exit.fail(tooLarge(tier, render(key), bytes.length))
              : Exit.succeed({ bytes: bytes.length, value: bytes })
        )
    }
  })

const tooLarge = (tier: string, key: string, bytes: number): StoreError =>
  new StoreError({ reason: new ValueTooLarge({ tier, key, bytes, bytesMax: valueBytesMax }) })
