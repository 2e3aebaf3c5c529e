/**
 * Makes values immutable, for the option `freeze`.
 *
 * - Everything that a value reaches through its own properties is frozen, and everything that a `Map`, a `Set` or one
 *   of Effect's collections holds. The parts of an object that is already frozen are frozen as well.
 * - A `Map`, a `Set` and a `Date` get methods of their own, which throw, in place of the methods that change them.
 * - First the whole value is checked, and then it is frozen: so it becomes immutable as a whole, or stays as it was.
 *   Only a `Proxy` can still refuse after other parts of the value were frozen.
 * - An object that this module has made immutable is not visited again.
 *
 * Refused, because they cannot be made immutable: bytes and views of bytes, a `Map`, a `Set` or a `Date` that other
 * code has frozen, weak collections, `URL`, `URLSearchParams`, `Headers`, `FormData`. Left as they are: functions, the
 * results of getters, private fields, and whatever a class keeps outside its properties.
 */
import * as BigDecimal from "effect/BigDecimal"
import * as Chunk from "effect/Chunk"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as HashMap from "effect/HashMap"
import * as HashSet from "effect/HashSet"

/** Why a value cannot be made immutable. It names a type, never a value. */
export class Unfreezable extends Error {
  override readonly name = "Unfreezable"
  /** The end of a sentence that begins with `freeze`. */
  readonly why: string
  constructor(what: string, reason: string) {
    const why = `cannot make ${what} immutable: ${reason}`
    super(`\`freeze\` ${why}`)
    this.why = why
  }
}

/** The objects that are immutable with all their parts. Such an object costs nothing the next time. */
const immutable = new WeakSet<object>()

/** The objects whose changing methods throw. */
const guarded = new WeakSet<object>()

/**
 * Makes the value and everything that it reaches immutable, and returns it. Throws {@link Unfreezable}, or the error of
 * a `Proxy`.
 */
export const freezeDeep = <V>(value: V): V => {
  const parts = reach(value)
  for (const part of parts) {
    if (!isLazy(part)) Object.freeze(guard(part))
  }
  for (const part of parts) immutable.add(part)
  return value
}

/** The objects that the value reaches, without those that are known to be immutable. */
const reach = (value: unknown): ReadonlySet<object> => {
  const parts = new Set<object>()
  const add = (part: unknown) => {
    if (typeof part === "object" && part !== null && !immutable.has(part)) parts.add(part)
  }
  add(value)
  // The loop over a set also visits the objects that are added meanwhile. So no recursion is needed, however deep the
  // value is.
  for (const part of parts) {
    refuse(part)
    for (const held of heldBy(part)) add(held)
    if (isLazy(part)) continue
    for (const key of Reflect.ownKeys(part)) {
      const property = Reflect.getOwnPropertyDescriptor(part, key)
      // A getter is not called: it may throw, and its result is not a part of the value.
      if (property !== undefined && "value" in property) add(property.value)
    }
  }
  return parts
}

/** The items of a collection, which are not properties. */
const heldBy = (part: object): Iterable<unknown> =>
  isMap(part) || HashMap.isHashMap(part)
    ? Array.from(part).flat(1)
    : isSet(part) || Chunk.isChunk(part) || HashSet.isHashSet(part)
    ? part
    : []

// These have no method that changes them. Inside, they store what they compute later, so they must not be frozen.
const isLazy = (part: object): boolean =>
  DateTime.isDateTime(part) || BigDecimal.isBigDecimal(part) || Duration.isDuration(part) || Chunk.isChunk(part) ||
  HashMap.isHashMap(part) || HashSet.isHashSet(part)

const kindOf = (part: object): string => Object.prototype.toString.call(part).slice(8, -1)

// A value of another JavaScript realm (an iframe, a context of `node:vm`) is not an instance of a class of this realm.
// A method of the class recognizes it, but throws for any other value, so the name is compared first.
const isOne =
  <T extends object>(type: new() => T, kind: string, method: (this: T) => unknown) => (part: object): part is T => {
    if (part instanceof type) return true
    if (kindOf(part) !== kind) return false
    try {
      method.call(part as T)
      return true
    } catch {
      return false
    }
  }

const isMap = isOne<Map<unknown, unknown>>(Map, "Map", Map.prototype.keys)
const isSet = isOne<Set<unknown>>(Set, "Set", Set.prototype.keys)
const isDate = isOne<Date>(Date, "Date", Date.prototype.getTime)

/** The kinds of objects that can always be changed. */
const mutableKinds: ReadonlySet<string> = new Set([
  "ArrayBuffer",
  "SharedArrayBuffer",
  "WeakMap",
  "WeakSet",
  "URL",
  "URLSearchParams",
  "Headers",
  "FormData",
  "Module"
])

const refuse = (part: object): void => {
  const kind = kindOf(part)
  if (ArrayBuffer.isView(part) || mutableKinds.has(kind)) {
    throw new Unfreezable(`a ${kind}`, "its content can always be changed")
  }
  if (mutatorsOf(part) !== undefined && !guarded.has(part) && !Object.isExtensible(part)) {
    throw new Unfreezable(`a ${kind}`, "it was frozen before, and still has the methods that change it")
  }
}

const methodsOf = (prototype: object, isMutator: (name: string) => boolean): ReadonlyArray<string> =>
  Object.getOwnPropertyNames(prototype).filter(isMutator)

// By name, so that this includes methods which a later version of JavaScript adds.
const mapMutators = methodsOf(Map.prototype, (name) => /^(set|delete|clear|getOrInsert)/.test(name))
const setMutators = methodsOf(Set.prototype, (name) => /^(add|delete|clear)/.test(name))
const dateMutators = methodsOf(Date.prototype, (name) => name.startsWith("set"))

const mutatorsOf = (part: object): ReadonlyArray<string> | undefined =>
  isMap(part)
    ? mapMutators
    : isSet(part)
    ? setMutators
    : isDate(part)
    ? dateMutators
    : undefined

const guard = (part: object): object => {
  const mutators = guarded.has(part) ? undefined : mutatorsOf(part)
  if (mutators === undefined) return part
  for (const name of mutators) {
    // Not enumerable, so that the value has the same visible properties as before.
    Object.defineProperty(part, name, {
      value: () => {
        throw new TypeError(
          `Cannot call \`${name}\`: the ${kindOf(part)} is a cached value, which \`freeze\` made immutable`
        )
      }
    })
  }
  guarded.add(part)
  return part
}

/** Freezes what a tier below has found. If it was written before the family had the option, it may be as it was. */
export const freezeFound = (value: unknown): void => {
  try {
    freezeDeep(value)
  } catch {
    // A write of such a value is refused, which says why.
  }
}
