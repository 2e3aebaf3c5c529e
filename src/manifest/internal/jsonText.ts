/**
 * Reads JSON that comes from outside, and writes JSON for it, within the same bounds.
 *
 * - The text is refused before it is parsed, if it is nested deeper than a value may be. `JSON.parse` reads millions of
 *   levels, and what it has read can then not be written any more.
 * - A number that a double cannot hold is refused, because it would be kept as another number: 9007199254740993 as
 *   9007199254740992, 1e400 as infinity.
 * - A property that is called `__proto__` is refused, because a program that merges the value by assignment would set a
 *   prototype.
 *
 * Not here: whether the value fits a schema.
 */

/** How deep arrays and objects may be nested in a value from outside. */
const depthMax = 128

// No double needs more. The time to convert digits grows with their square.
const digitsMax = 1_100

const depthRefused = `arrays and objects that are at most ${depthMax} levels deep`
const protoRefused = "no property that is called \"__proto__\""

/** The value of a text, or why it is refused, in words that contain nothing of it. */
export type Read = { readonly value: unknown } | { readonly expected: string }

/** Reads a JSON text. */
export const readJson = (text: string): Read => {
  const refused = findBeyond(text)
  if (refused !== undefined) return { expected: refused }
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return { expected: "a JSON text" }
  }
  // The name may be written with escapes.
  const mayHoldProto = text.includes("__proto__") || text.includes("\\u")
  return mayHoldProto && holdsProto(value) ? { expected: protoRefused } : { value }
}

/** Writes a value that schemas made into JSON, or returns why `readJson` would refuse the text. */
export const writeJson = (tree: unknown): Read => {
  const text = JSON.stringify(tree)
  // A value may be nested too deep, or have a property that is called `__proto__`.
  if (text.length > depthMax && nestsTooDeep(tree, depthMax)) return { expected: depthRefused }
  return text.includes("__proto__") && holdsProto(tree) ? { expected: protoRefused } : { value: text }
}

const nestsTooDeep = (tree: unknown, levels: number): boolean =>
  typeof tree === "object" && tree !== null &&
  (levels === 0 || Object.values(tree).some((part) => nestsTooDeep(part, levels - 1)))

const holdsProto = (value: unknown): boolean => {
  if (typeof value !== "object" || value === null) return false
  return Object.hasOwn(value, "__proto__") || Object.values(value).some(holdsProto)
}

const quote = 0x22
const backslash = 0x5c

/** Looks for what is beyond the bounds, in one pass. A text that is not JSON may pass: the parser refuses it. */
const findBeyond = (text: string): string | undefined => {
  let depth = 0
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at)
    if (unit === quote) at = endOfString(text, at)
    else if (unit === 0x5b || unit === 0x7b) {
      if (++depth > depthMax) return depthRefused
    } else if (unit === 0x5d || unit === 0x7d) depth--
    else if (isDigit(unit)) {
      const end = endOfNumber(text, at)
      if (end - at > digitsMax || !isKept(text.slice(at, end))) {
        return "numbers that a double holds; write a larger one as a string"
      }
      at = end - 1
    }
  }
  return undefined
}

/** The index of the quote that ends a string, or the end of the text. */
const endOfString = (text: string, from: number): number => {
  let at = from + 1
  while (at < text.length && text.charCodeAt(at) !== quote) at += text.charCodeAt(at) === backslash ? 2 : 1
  return at
}

const isDigit = (unit: number): boolean => unit >= 0x30 && unit <= 0x39

const endOfNumber = (text: string, from: number): number => {
  let at = from
  // Digits, `.`, `e`, `E` and the signs of an exponent.
  while (at < text.length && /[\d.eE+-]/.test(text[at]!)) at++
  return at
}

/** Whether a double holds a number: an integer as it is, or as the text that it writes; any other as a finite one. */
const isKept = (digits: string): boolean => {
  // Fifteen digits fit always, and most numbers are short.
  if (digits.length <= 15 && !/[eE]/.test(digits)) return true
  const number = Number(digits)
  if (!/^-?\d+$/.test(digits)) return Number.isFinite(number)
  return String(number) === digits || BigInt(number) === BigInt(digits)
}
