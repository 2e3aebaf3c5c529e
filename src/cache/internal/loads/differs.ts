/**
 * Decides whether a newly loaded value may differ from the value before it.
 *
 * The answer decides whether what derives from the value is dropped, so `true` is always safe, and may cost an
 * unnecessary load. `false` says that no difference was found, in at most `pairsMax` pairs of parts.
 *
 * - There is no recursion, and a shared part is compared once. So the work is bounded for every value.
 * - Values are compared by their own properties, in their order; numbers by `Object.is`. A Map, a Set, a Date, a RegExp
 *   and bytes are compared by their content as well. A getter is not called: a part that has a getter counts as
 *   different. A part without visible content counts as different, too.
 * - The equality of a class (`Equal.symbol`) is not asked: entities that are equal by their id may differ in all else,
 *   and the equality of an Exit or of a Data class is recursive.
 */
import * as Chunk from "effect/Chunk"
import * as HashMap from "effect/HashMap"
import * as HashSet from "effect/HashSet"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import { isBareBytes } from "../../../store/shared/bareBytes.ts"

/** The most pairs of parts that are compared, which takes about 1 ms. Larger values count as different. */
const pairsMax = 10_000

/** Bytes that count as one pair. */
const bytesPerPair = 64

/** Elements of a typed array that count as one pair, because their names are listed. */
const elementsPerPair = 4

/** `true` if the values differ, or if a full comparison would cost too much. */
export const mayDiffer = (before: unknown, after: unknown): boolean => {
  if (Object.is(before, after)) return false
  try {
    return new Comparison().finds(before, after)
  } catch {
    return true
  }
}

type Bag = { readonly [key: PropertyKey]: unknown }

class Comparison {
  // The pairs that are still to be compared: one list, in which the two parts of a pair follow each other.
  private readonly open: Array<unknown> = []
  // Each part, with the part that it was compared with last. This suffices for shared parts and for cycles.
  private readonly partners = new Map<object, object>()
  private left = pairsMax

  finds(before: unknown, after: unknown): boolean {
    this.open.push(before, after)
    while (this.open.length > 0) {
      const other = this.open.pop()
      const own = this.open.pop()
      if (Object.is(own, other)) continue
      if (typeof own !== "object" || typeof other !== "object" || own === null || other === null) return true
      if (this.partners.get(own) === other) continue
      this.partners.set(own, other)
      if (!this.spend(1) || !this.isAlike(own, other)) return true
    }
    return false
  }

  /** Counts the work; `false` once the bound is reached. */
  private spend(pairs: number): boolean {
    this.left -= pairs
    return this.left >= 0
  }

  /** Compares what two objects are, and notes which of their parts are to be compared. */
  private isAlike(own: object, other: object): boolean {
    const prototype: unknown = Object.getPrototypeOf(own)
    if (prototype !== Object.getPrototypeOf(other)) return false
    if (Array.isArray(own)) {
      return Array.isArray(other) && own.length === other.length && own.length <= this.left &&
        this.properties(own, other)
    }
    if (prototype === Object.prototype || prototype === null) return this.properties(own, other)
    if (ArrayBuffer.isView(own)) return ArrayBuffer.isView(other) && this.bytes(own, other) && this.besides(own, other)
    const content = this.content(own, other)
    return content === undefined ? this.instances(own, other) : content && this.properties(own, other)
  }

  /** Compares the content that an object of a known class has besides its properties; `undefined` for other classes. */
  private content(own: object, other: object): boolean | undefined {
    if (own instanceof Date) return other instanceof Date && Object.is(own.getTime(), other.getTime())
    if (own instanceof RegExp) return other instanceof RegExp && String(own) === String(other)
    if (own instanceof Map) return other instanceof Map && own.size === other.size && this.items(own, other)
    if (own instanceof Set) return other instanceof Set && own.size === other.size && this.items(own, other)
    return undefined
  }

  private instances(own: object, other: object): boolean {
    if (Option.isOption(own)) {
      return Option.isOption(other) &&
        this.pair(Option.getOrUndefined(own), own._tag, Option.getOrUndefined(other), other._tag)
    }
    if (Result.isResult(own)) {
      return Result.isResult(other) && this.pair(Result.merge(own), own._tag, Result.merge(other), other._tag)
    }
    if (Redacted.isRedacted(own)) {
      return Redacted.isRedacted(other) && this.pair(Redacted.value(own), own.label, Redacted.value(other), other.label)
    }
    if (Chunk.isChunk(own)) return Chunk.isChunk(other) && own.length === other.length && this.items(own, other)
    // Two collections with equal content may have different orders. Then they count as different.
    if (HashMap.isHashMap(own)) {
      return HashMap.isHashMap(other) && HashMap.size(own) === HashMap.size(other) && this.items(own, other)
    }
    if (HashSet.isHashSet(own)) {
      return HashSet.isHashSet(other) && HashSet.size(own) === HashSet.size(other) && this.items(own, other)
    }
    return Reflect.ownKeys(own).length > 0 && this.properties(own, other)
  }

  private pair(own: unknown, ownTag: unknown, other: unknown, otherTag: unknown): boolean {
    this.open.push(own, other)
    return ownTag === otherTag
  }

  /** Compares the own properties, without the first ones if these are elements that have been compared. */
  private properties(own: object, other: object, elements = 0): boolean {
    const keys = Reflect.ownKeys(own)
    const others = Reflect.ownKeys(other)
    if (keys.length !== others.length || !this.spend(keys.length - elements)) return false
    for (let i = elements; i < keys.length; i++) {
      const key = keys[i]!
      if (others[i] !== key) return false
      const property = Reflect.getOwnPropertyDescriptor(own, key)
      const partner = Reflect.getOwnPropertyDescriptor(other, key)
      if (property === undefined || partner === undefined || !("value" in property) || !("value" in partner)) {
        return false
      }
      this.open.push((property as Bag)["value"], (partner as Bag)["value"])
    }
    return true
  }

  private items(own: Iterable<unknown>, other: Iterable<unknown>): boolean {
    const others = other[Symbol.iterator]()
    for (const item of own) {
      if (!this.spend(1)) return false
      const partner = others.next()
      if (partner.done === true) return false
      this.open.push(item, partner.value)
    }
    return others.next().done === true
  }

  /** Compares the properties that bytes have besides. To name them, the elements have to be listed, too. */
  private besides(own: ArrayBufferView, other: ArrayBufferView): boolean {
    if (isBareBytes(own) && isBareBytes(other)) return true
    const elements = own instanceof DataView ? 0 : (own as Uint8Array).length
    return this.spend(elements / elementsPerPair) && this.properties(own, other, elements)
  }

  private bytes(own: ArrayBufferView, other: ArrayBufferView): boolean {
    const length = own.byteLength
    if (length !== other.byteLength || !this.spend(length / bytesPerPair)) return false
    const ownBytes = new Uint8Array(own.buffer, own.byteOffset, length)
    const otherBytes = new Uint8Array(other.buffer, other.byteOffset, length)
    return ownBytes.every((byte, i) => byte === otherBytes[i])
  }
}
