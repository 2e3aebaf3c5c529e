/**
 * Concrete keys, such as `user:42`, and the segments that they are made of.
 *
 * A template with a plain text in it, `` `user:${name}` ``, may spell any key below `user`, because the text may
 * contain a colon. A `Segment` cannot contain one, and its type shows it.
 *
 * @since 0.1.0
 */
import * as Option from "effect/Option"

declare const TypeId: unique symbol

/**
 * A text that is one segment of a key: not empty, and without `:`, `{`, `}`, `*`.
 *
 * @stability experimental
 * @category models
 * @since 0.1.0
 */
export type Segment = string & { readonly [TypeId]: "Segment" }

/**
 * Whether a text is one segment.
 *
 * **When to use**
 *
 * To check a text from outside before it becomes a parameter, or a part of a raw key.
 *
 * **Example** (A name from a request)
 *
 * ```ts
 * import { Key } from "effect-stateless"
 *
 * Key.isSegment("ann") // => true
 * Key.isSegment("ann:posts") // => false
 * ```
 *
 * @see {@link segment} for an Option
 * @stability experimental
 * @category guards
 * @since 0.1.0
 */
export const isSegment = (text: string): text is Segment => typeof text === "string" && text !== "" && hasNoSign(text)

// Every write asks this. For keys of some ten characters a loop takes half the time of a regular expression.
const hasNoSign = (text: string): boolean => {
  if (text.length > loopMax) return !/[:{}*]/.test(text)
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code === colon || code === star || code === open || code === close) return false
  }
  return true
}

const loopMax = 64
const [colon, star, open, close] = [58, 42, 123, 125] as const

/**
 * Returns the text as a segment, for templates of raw keys; `Option.none()` if it is not a segment.
 *
 * **Example** (A key from a text)
 *
 * ```ts
 * import * as Option from "effect/Option"
 * import * as Key from "effect-stateless/pattern/Key"
 *
 * Option.map(Key.segment("ann"), (name) => `user:${name}`) // => Option.some("user:ann")
 * Key.segment("ann:posts") // => Option.none()
 * ```
 *
 * @see {@link isSegment} for a condition
 * @see {@link segmentUnsafe} for a text that you know
 * @stability experimental
 * @category constructors
 * @since 0.1.0
 */
export const segment = (text: string): Option.Option<Segment> => isSegment(text) ? Option.some(text) : Option.none()

/**
 * Returns the text as a segment; throws a `TypeError` if it is not one. The error does not contain the text.
 *
 * **When to use**
 *
 * For a text of which the program knows that it is one segment, such as a number or a fixed name.
 *
 * **Example** (A fixed name)
 *
 * ```ts
 * import { Key } from "effect-stateless"
 *
 * const key = `user:${Key.segmentUnsafe("ann")}` as const
 * key // => "user:ann"
 * ```
 *
 * @see {@link segment} for a text from outside
 * @stability experimental
 * @category constructors
 * @since 0.1.0
 */
export const segmentUnsafe = (text: string): Segment => {
  if (isSegment(text)) return text
  throw new TypeError("this text is not one segment of a key: it is empty, or has one of `:`, `{`, `}`, `*`")
}

/**
 * The largest number of bytes of UTF-8 in a key within its family, for every arrangement of tiers. A longer key would
 * itself be a value.
 *
 * @stability experimental
 * @category guards
 * @since 0.1.0
 */
export const keyBytesMax = 65_536

/**
 * Whether a key within its family has more than `keyBytesMax` bytes. The length alone shows that most keys are short.
 *
 * **When to use**
 *
 * Before a long text from outside becomes a parameter. Operations fail with `InvalidKey` for such a key.
 *
 * **Example** (A key of one megabyte)
 *
 * ```ts
 * import { Key } from "effect-stateless"
 *
 * Key.isTooLong("42") // => false
 * Key.isTooLong("x".repeat(1_000_000)) // => true
 * ```
 *
 * @see {@link keyBytesMax} for the bound
 * @stability experimental
 * @category guards
 * @since 0.1.0
 */
export const isTooLong = (key: string): boolean => key.length * 3 > keyBytesMax && bytesOf(key) > keyBytesMax

const bytesOf = (key: string): number => {
  let bytes = key.length
  for (let i = 0; i < key.length; i++) {
    const unit = key.charCodeAt(i)
    if (unit < 0x80) continue
    const isPair = unit >= 0xd800 && unit < 0xdc00 && (key.charCodeAt(i + 1) & 0xfc00) === 0xdc00
    bytes += unit < 0x800 ? 1 : 2
    // Two units that are four bytes together.
    if (isPair) i++
  }
  return bytes
}
