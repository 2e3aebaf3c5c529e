/**
 * Text as bytes and back, for a driver that takes keys as bytes: UTF-8 extended to lone surrogates (WTF-8). In plain
 * UTF-8 each of them becomes U+FFFD, so two texts could become the same bytes.
 */

export const wtf8 = (text: string): Buffer =>
  text.isWellFormed() ? Buffer.from(text) : Buffer.concat(Array.from(text, (sign) => bytesOf(sign)))

// The iterator of a text gives whole signs, and a lone surrogate alone.
const bytesOf = (sign: string): Buffer => {
  if (sign.isWellFormed()) return Buffer.from(sign)
  const unit = sign.charCodeAt(0)
  return Buffer.from([0xe0 | unit >> 12, 0x80 | unit >> 6 & 0x3f, 0x80 | unit & 0x3f])
}

// The lead byte of a surrogate. Other signs from U+D000 on have it, too.
const surrogateLead = 0xed

/** Reads what `wtf8` wrote. */
export const fromWtf8 = (bytes: Buffer): string => {
  if (!bytes.includes(surrogateLead)) return bytes.toString()
  let text = ""
  let from = 0
  for (let at = 0; at + 2 < bytes.length; at++) {
    if (bytes[at] !== surrogateLead || bytes[at + 1]! < 0xa0) continue
    text += bytes.subarray(from, at).toString()
    text += String.fromCharCode(0xd000 | (bytes[at + 1]! & 0x3f) << 6 | bytes[at + 2]! & 0x3f)
    from = at + 3
    at += 2
  }
  return text + bytes.subarray(from).toString()
}
