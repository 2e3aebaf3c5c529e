/**
 * How long a key may be: one bound for every arrangement of tiers, checked where a program meets the cache and again by
 * a tier that keeps bytes.
 */

/** The most bytes of UTF-8 in a key within its family. What is longer would be a value in its own right. */
export const keyBytesMax = 65_536

/** The bytes of a text in UTF-8, a lone surrogate as three. */
export const textLength = (text: string): number => {
  let bytes = text.length
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i)
    if (unit < 0x80) continue
    const isPair = unit >= 0xd800 && unit < 0xdc00 && (text.charCodeAt(i + 1) & 0xfc00) === 0xdc00
    bytes += unit < 0x800 ? 1 : 2
    // Two units that are four bytes together.
    if (isPair) i++
  }
  return bytes
}

/** Whether a key is too long. Most are known to be short by their number of characters. */
export const isTooLong = (key: string): boolean => key.length * 3 > keyBytesMax && textLength(key) > keyBytesMax
