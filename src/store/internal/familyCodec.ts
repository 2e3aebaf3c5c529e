/** The codec of a family, for a tier that keeps bytes. */
import * as Effect from "effect/Effect"
import * as Codec from "../Codec.ts"
import type { StoreFamily } from "../Store.ts"
import type { StoreError } from "../StoreError.ts"
import { refused } from "./given.ts"

/** Makes the codec of a family. A family without one is refused, and so is one whose schema cannot make it. */
export const codecOf = <V>(tier: string, family: StoreFamily<V>): Effect.Effect<Codec.Codec<V>, StoreError> =>
  Effect.suspend(() => {
    const invalid = (why: string) => Effect.fail(refused(tier, "codec", why))
    if (family.codec === undefined) {
      const help = "give its value as a Schema, or put memory above this tier by `TieredStore`"
      return invalid(`is missing from family \`${family.name}\`; help: ${help}`)
    }
    try {
      return Effect.succeed(Codec.of(family.codec))
    } catch (error) {
      const what = error instanceof Error ? error.name : typeof error
      return invalid(`of family \`${family.name}\` cannot be made: a function of its schema threw ${what}`)
    }
  })
