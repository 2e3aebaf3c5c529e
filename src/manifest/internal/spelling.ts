/**
 * Finds the keys that a raw pattern denotes: a text that a program writes, such as `tenant:Ann:*`.
 *
 * Each family spells the texts of its parameters by their codecs, as a raw key is spelt: where `007` and `7` are one
 * number, both denote the keys of 7.
 */
import * as Result from "effect/Result"
import type * as Diagnostic from "../../diagnostic/Diagnostic.ts"
import type { ValidFamily, ValidManifest } from "../../ownership/shared/validation.ts"
import type { KeyPattern } from "../../pattern/KeyPattern.ts"
import type { Keys } from "./keys.ts"

/** A family, and a pattern of its keys as the family spells it. */
export interface Spelt {
  readonly family: ValidFamily
  readonly pattern: KeyPattern
}

/** The family whose codecs refuse a pattern, and what is wrong with it. */
export interface Refused {
  readonly family: ValidFamily
  readonly problem: Diagnostic.Diagnostic
}

/**
 * Returns every family that has a key of a pattern, the most specific first. A pattern that each of them refuses is
 * refused. If only some refuse it, it stays as it is for these: such a text is in none of their keys.
 */
export const speltIn = (
  manifest: ValidManifest,
  keysOf: (family: ValidFamily) => Keys,
  pattern: KeyPattern
): Result.Result<ReadonlyArray<Spelt>, Refused> => {
  const touched = (pattern: KeyPattern) => manifest.patterns.touched(pattern).map(({ value }) => value)
  const found = new Map<ValidFamily, KeyPattern>()
  const refused: Array<Refused> = []
  for (const family of touched(pattern)) {
    const spelt = keysOf(family).spell(pattern)
    if (Result.isFailure(spelt)) refused.push({ family, problem: spelt.failure })
    found.set(family, Result.getOrElse(spelt, () => pattern))
  }
  if (refused.length > 0 && refused.length === found.size) return Result.fail(refused[0]!)
  // A text that a codec has changed may be a fixed text of another family, as `VIP` is in `tenant:vip:{id}`.
  const others = new Map<ValidFamily, KeyPattern>()
  for (const spelt of found.values()) {
    if (spelt.source === pattern.source) continue
    for (const family of touched(spelt)) {
      if (!found.has(family)) others.set(family, Result.getOrElse(keysOf(family).spell(spelt), () => spelt))
    }
  }
  return Result.succeed(Array.from([...others, ...found], ([family, pattern]) => ({ family, pattern })))
}
