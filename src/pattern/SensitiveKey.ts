/**
 * Shows keys of a sensitive family with a hash in the place of each parameter: `user:#3f9c0a12b4de`.
 *
 * - A text has the same hash while the process lives, so shown keys can be compared: events with errors, and both with
 *   the {@link hash} of a text that the reader knows.
 * - The hash is keyed by random bits of the process, so an attacker cannot find a text elsewhere by trying all texts.
 *
 * Aumasson, Bernstein: SipHash, a fast short-input PRF (INDOCRYPT 2012).
 *
 * @since 0.1.0
 */

// The shown part of 64 bits: with a million keys, in one of 280 cases two keys look alike.
const shownDigits = 12

/**
 * Computes SipHash-2-4 of bytes. `key` has 128 bits, as four words, the lowest first; the result is two words, the
 * lower first.
 *
 * @stability experimental
 * @category hashing
 * @since 0.1.0
 */
export const sipHash = (key: Uint32Array, bytes: Uint8Array): readonly [low: number, high: number] => {
  // Four numbers of 64 bits, each as its lower and its higher word.
  const v = new Uint32Array([
    key[0]! ^ 0x70736575,
    key[1]! ^ 0x736f6d65,
    key[2]! ^ 0x6e646f6d,
    key[3]! ^ 0x646f7261,
    key[0]! ^ 0x6e657261,
    key[1]! ^ 0x6c796765,
    key[2]! ^ 0x79746573,
    key[3]! ^ 0x74656462
  ])
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  const whole = bytes.length - bytes.length % 8
  for (let at = 0; at < whole; at += 8) compress(v, view.getUint32(at, true), view.getUint32(at + 4, true))
  const last = new Uint8Array(8)
  last.set(bytes.subarray(whole))
  last[7] = bytes.length
  const tail = new DataView(last.buffer)
  compress(v, tail.getUint32(0, true), tail.getUint32(4, true))
  v[4] = v[4]! ^ 0xff
  for (let i = 0; i < 4; i++) round(v)
  return [(v[0]! ^ v[2]! ^ v[4]! ^ v[6]!) >>> 0, (v[1]! ^ v[3]! ^ v[5]! ^ v[7]!) >>> 0]
}

const compress = (v: Uint32Array, low: number, high: number): void => {
  v[6] = v[6]! ^ low
  v[7] = v[7]! ^ high
  round(v)
  round(v)
  v[0] = v[0]! ^ low
  v[1] = v[1]! ^ high
}

const round = (v: Uint32Array): void => {
  add(v, 0, 2)
  rotate(v, 2, 13)
  xor(v, 2, 0)
  rotate(v, 0, 32)
  add(v, 4, 6)
  rotate(v, 6, 16)
  xor(v, 6, 4)
  add(v, 0, 6)
  rotate(v, 6, 21)
  xor(v, 6, 0)
  add(v, 4, 2)
  rotate(v, 2, 17)
  xor(v, 2, 4)
  rotate(v, 4, 32)
}

const add = (v: Uint32Array, to: number, from: number): void => {
  const low = v[to]! + v[from]!
  v[to + 1] = v[to + 1]! + v[from + 1]! + (low > 0xffffffff ? 1 : 0)
  v[to] = low
}

const xor = (v: Uint32Array, to: number, from: number): void => {
  v[to] = v[to]! ^ v[from]!
  v[to + 1] = v[to + 1]! ^ v[from + 1]!
}

const rotate = (v: Uint32Array, at: number, by: number): void => {
  const low = v[at]!
  const high = v[at + 1]!
  if (by === 32) {
    v[at] = high
    v[at + 1] = low
    return
  }
  v[at] = low << by | high >>> (32 - by)
  v[at + 1] = high << by | low >>> (32 - by)
}

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
