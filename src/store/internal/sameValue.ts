/**
 * Decides whether a decoded value equals the value that was encoded.
 *
 * Numbers are compared by `Object.is`, objects by prototype and own properties, and objects with other content (dates,
 * maps, bytes, Effect's data types) by that content. An opaque value (a `Blob`, a `WeakMap`) never equals another
 * value, since nothing shows that it does.
 *
 * A decoded value is finite and has no cycles, so comparing it ends.
 */
import * as BigDecimal from "effect/BigDecimal"
import * as Cause from "effect/Cause"
import * as Chunk from "effect/Chunk"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Equal from "effect/Equal"
import * as Exit from "effect/Exit"
import * as HashMap from "effect/HashMap"
import * as HashSet from "effect/HashSet"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import { isBareBytes } from "../shared/bareBytes.ts"

/** Whether two values are the same. May throw what a getter of the first one throws. */
export const sameValue = (before: unknown, after: unknown): boolean => {
  if (Object.is(before, after)) return true
  if (typeof before !== "object" || typeof after !== "object" || before === null || after === null) return false
  const kind = kindOf(before)
  if (kind !== kindOf(after)) return false
  if (ArrayBuffer.isView(before)) return ArrayBuffer.isView(after) && sameView(before, after)
  if (Object.getPrototypeOf(before) !== Object.getPrototypeOf(after)) return false
  return (byKind[kind] ?? byContent)(before, after)
}

/** The name that `Object.prototype.toString` gives the value. */
export const kindOf = (value: unknown): string => Object.prototype.toString.call(value)

type Same = (before: any, after: any) => boolean

const sameView = (before: ArrayBufferView, after: ArrayBufferView): boolean =>
  (Object.getPrototypeOf(before) === Object.getPrototypeOf(after) || isBytes(before) && isBytes(after)) &&
  sameBytes(before, after) && (isBareBytes(before) && isBareBytes(after) || sameProperties(before, after))

/** Whether a value is a `Uint8Array` or a `Buffer`, which count as one class, and no other subclass. */
export const isBytes = (value: unknown): value is Uint8Array => {
  if (!(value instanceof Uint8Array)) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Uint8Array.prototype || prototype === buffers?.prototype
}

// Looked for, and not imported: a browser has no `Buffer`.
const buffers = Reflect.get(globalThis, "Buffer") as { readonly prototype: unknown } | undefined

const sameBytes = (before: ArrayBufferView, after: ArrayBufferView): boolean => {
  if (before.byteLength !== after.byteLength) return false
  const [one, other] = [before, after].map((view) => new Uint8Array(view.buffer, view.byteOffset, view.byteLength))
  return one!.every((byte, i) => byte === other![i])
}

const sameItems = (before: Iterable<unknown>, after: Iterable<unknown>): boolean => {
  const others = after[Symbol.iterator]()
  for (const item of before) {
    const other = others.next()
    if (other.done === true || !sameValue(item, other.value)) return false
  }
  return others.next().done === true
}

/**
 * Compares the kinds that `Object.prototype.toString` names, with their own properties, which an array may have as
 * well.
 */
const byKind: { readonly [kind: string]: Same } = Object.assign(
  Object.create(null),
  {
    "[object Object]": (before, after) => byContent(before, after),
    "[object Array]": (before, after) => before.length === after.length && sameProperties(before, after),
    "[object Date]": (before, after) => Object.is(before.getTime(), after.getTime()) && sameProperties(before, after),
    "[object RegExp]": (before, after) =>
      before.source === after.source && before.flags === after.flags && before.lastIndex === after.lastIndex &&
      sameProperties(before, after),
    "[object Error]": (before, after) =>
      before.name === after.name && before.message === after.message &&
      sameValue(before.cause, after.cause) && sameProperties(before, after),
    "[object Map]": (before, after) => sameItems(before, after) && sameProperties(before, after),
    "[object Set]": (before, after) => sameItems(before, after) && sameProperties(before, after),
    "[object ArrayBuffer]": (before, after) =>
      sameBytes(new Uint8Array(before), new Uint8Array(after)) && sameProperties(before, after),
    "[object URL]": (before, after) => before.href === after.href && sameProperties(before, after),
    "[object URLSearchParams]": (before, after) => String(before) === String(after) && sameProperties(before, after)
  } satisfies { readonly [kind: string]: Same }
)

/** Compares objects by the content that their class declares, and refuses what they have beside it. */
const byContent: Same = (before, after) => {
  const same = dataType(before, after)
  if (same !== undefined) return same && !hasMore(before, after)
  // A class that names itself may have content that no property shows.
  const isOpaque = kindOf(before) !== "[object Object]" && Reflect.ownKeys(before).length === 0
  return !isOpaque && sameProperties(before, after)
}

/** Compares two values of one of Effect's data types; `undefined` for any other object. */
const dataType = (before: any, after: any): boolean | undefined => {
  if (Redacted.isRedacted(before)) {
    return Redacted.isRedacted(after) && before.label === after.label &&
      sameValue(Redacted.value(before), Redacted.value(after))
  }
  if (DateTime.isDateTime(before) || Duration.isDuration(before) || BigDecimal.isBigDecimal(before)) {
    return Equal.equals(before, after)
  }
  if (HashMap.isHashMap(before)) {
    return HashMap.isHashMap(after) && HashMap.size(before) === HashMap.size(after) &&
      Array.from(before).every(([key, value]) => {
        const other = HashMap.get(after, key)
        return Option.isSome(other) && sameValue(value, other.value)
      })
  }
  if (HashSet.isHashSet(before)) {
    return HashSet.isHashSet(after) && HashSet.size(before) === HashSet.size(after) &&
      Array.from(before).every((value) => HashSet.has(after, value))
  }
  if (Chunk.isChunk(before)) return Chunk.isChunk(after) && sameItems(before, after)
  if (Exit.isExit(before)) {
    if (!Exit.isExit(after)) return false
    return Exit.isSuccess(before)
      ? Exit.isSuccess(after) && sameValue(before.value, after.value)
      : Exit.isFailure(after) && sameReasons(before.cause, after.cause)
  }
  if (Cause.isCause(before)) return Cause.isCause(after) && sameReasons(before, after)
  if (Option.isOption(before)) {
    return Option.isSome(before)
      ? Option.isSome(after) && sameValue(before.value, after.value)
      : Option.isNone(after)
  }
  return undefined
}

/** Properties in which Effect's data types remember what they have computed. */
const memories: ReadonlySet<PropertyKey> = new Set(["normalized", "adjustedEpochMilliseconds"])

/** Whether the first object has an own property that the second one lacks. */
export const hasMore = (before: object, after: object): boolean =>
  ownKeys(before).some((key) => !Object.hasOwn(after, key) && !memories.has(key))

// The origin of a reason (a trace, a span) is not part of the failure.
const sameReasons = (before: Cause.Cause<unknown>, after: Cause.Cause<unknown>): boolean =>
  sameItems(before.reasons.map(contentOf), after.reasons.map(contentOf))

const contentOf = (reason: Cause.Reason<unknown>): ReadonlyArray<unknown> =>
  Cause.isFailReason(reason)
    ? ["fail", reason.error]
    : Cause.isDieReason(reason)
    ? ["die", reason.defect]
    : ["interrupt", reason.fiberId]

/** Compares own enumerable properties, symbols among them. A hole of an array is an absent property. */
export const sameProperties: Same = (before, after) => {
  const keys = ownKeys(before)
  return keys.length === ownKeys(after).length &&
    keys.every((key) => Object.hasOwn(after, key) && sameValue(before[key], after[key]))
}

/** Own enumerable properties, symbols among them. */
export const ownKeys = (value: object): ReadonlyArray<PropertyKey> => {
  const symbols = Object.getOwnPropertySymbols(value)
  return symbols.length === 0
    ? Object.keys(value)
    : [...Object.keys(value), ...symbols.filter((key) => Object.prototype.propertyIsEnumerable.call(value, key))]
}
