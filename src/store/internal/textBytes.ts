/**
 * Writes keys as bytes and reads them back, so that two keys never become the same bytes.
 *
 * The form is UTF-8 extended to lone surrogates (WTF-8): in plain UTF-8 each of them becomes the same three bytes.
 */
import { Buffer } from "node:buffer"

/** Writes keys into the driver's own buffers, and reads them back. */
export const keyEncoder = {
  writeKey(key: string, target: Uint8Array, start: number): number {
    let at = start
    for (let i = 0; i < key.length; i++) {
      const unit = key.charCodeAt(i)
      if (unit < 0x80) target[at++] = unit
      else {
        const point = key.codePointAt(i)!
        if (point > 0xffff) i++
        at = writePoint(point, target, at)
      }
    }
    return at
  },
  readKey(source: Uint8Array, start: number, end: number): string {
    let text = ""
    for (let at = start; at < end;) {
      const byte = source[at]!
      const size = byte < 0x80 ? 1 : byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : 4
      text += String.fromCodePoint(size === 1 ? byte : readPoint(source, at, size))
      at += size
    }
    return text
  }
}

const writePoint = (point: number, target: Uint8Array, start: number): number => {
  let at = start
  if (point < 0x800) target[at++] = 0xc0 | point >> 6
  else {
    if (point < 0x10000) target[at++] = 0xe0 | point >> 12
    else {
      target[at++] = 0xf0 | point >> 18
      target[at++] = 0x80 | point >> 12 & 0x3f
    }
    target[at++] = 0x80 | point >> 6 & 0x3f
  }
  target[at++] = 0x80 | point & 0x3f
  return at
}

const readPoint = (source: Uint8Array, at: number, size: number): number => {
  let point = source[at]! & 0x7f >> size
  for (let i = 1; i < size; i++) point = point << 6 | source[at + i]! & 0x3f
  return point
}

/** The bytes of a text, as `keyEncoder` writes them. */
export const textBytes = (text: string): Buffer => {
  const bytes = Buffer.allocUnsafe(text.length * 3)
  return bytes.subarray(0, keyEncoder.writeKey(text, bytes, 0))
}
