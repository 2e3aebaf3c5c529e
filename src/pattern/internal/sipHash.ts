/**
 * Hashes bytes under a key: SipHash-2-4.
 *
 * Aumasson, Bernstein: SipHash, a fast short-input PRF (INDOCRYPT 2012).
 */

/**
 * Computes SipHash-2-4 of bytes. `key` has 128 bits, as four words, the lowest first; the result is two words, the
 * lower first.
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
