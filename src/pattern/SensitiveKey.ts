/**
 * Shows keys of a sensitive family with a hash in the place of each parameter: `user:#3f9c0a12b4de`.
 *
 * - A text has the same hash while the process lives, so shown keys can be compared: events with errors, and both with
 *   the {@link hash} of a text that the reader knows.
 * - The hash is keyed by random bits of the process, so an attacker cannot find a text elsewhere by trying all texts.
 *
 * @since 0.1.0
 */
import { sipHash } from "./internal/sipHash.ts"

// The shown part of 64 bits: with a million keys, in one of 280 cases two keys look alike.
const shownDigits = 12

// Not from the `Random` service: with a seed, an attacker who knows the seed could try all texts.
const key: Uint32Array = globalThis.crypto.getRandomValues(new Uint32Array(4))
const encoder = new TextEncoder()

/**
 * The hash that replaces a text, such as a parameter of a key or a tag, wherever a sensitive family would show it. Each
 * process has its own hashes.
 *
 * **Example** (Finding the events of one's own key)
 *
 * ```ts
 * import * as SensitiveKey from "effect-stateless/pattern/SensitiveKey"
 *
 * const shown = `user:${SensitiveKey.hash("078-05-1120")}`
 * shown.length // => 18
 * ```
 *
 * @see `sensitive` of a family, which hides its keys, tags and values
 * @stability experimental
 * @category hashing
 * @since 0.1.0
 */
export const hash = (text: string): string => {
  const [low, high] = sipHash(key, encoder.encode(text))
  return `#${(high.toString(16).padStart(8, "0") + low.toString(16).padStart(8, "0")).slice(0, shownDigits)}`
}
