/**
 * Copies a value as it is now, for an encoding that waits.
 *
 * It copies lists, plain objects, maps, sets, dates and bytes. An object of a class is not copied: only its class can
 * make another one.
 */
export const copyOf = <V>(value: V): V => copy(value, new Map()) as V

const copy = (value: unknown, known: Map<object, unknown>): unknown => {
  if (typeof value !== "object" || value === null) return value
  const before = known.get(value)
  if (before !== undefined) return before
  const made = emptyLike(value)
  known.set(value, made)
  if (made === value) return value
  if (value instanceof Map) {
    for (const [key, each] of value) (made as Map<unknown, unknown>).set(copy(key, known), copy(each, known))
  }
  if (value instanceof Set) { for (const each of value) (made as Set<unknown>).add(copy(each, known)) }
  if (ArrayBuffer.isView(value)) return made
  for (const key of Reflect.ownKeys(value)) {
    if (key === "length" && Array.isArray(value)) continue
    const property = Object.getOwnPropertyDescriptor(value, key)!
    Object.defineProperty(made, key, {
      value: copy(Reflect.get(value, key), known),
      enumerable: property.enumerable === true,
      configurable: true,
      writable: true
    })
  }
  return made
}

// The value itself where an empty one of its kind cannot be made.
const emptyLike = (value: object): object => {
  switch (Object.getPrototypeOf(value)) {
    case null:
      return Object.create(null) as object
    case Object.prototype:
      return {}
    case Array.prototype:
      return Object.assign([], { length: (value as ReadonlyArray<unknown>).length })
    case Map.prototype:
      return new Map()
    case Set.prototype:
      return new Set()
    case Date.prototype:
      return new Date((value as Date).getTime())
    default:
      return value instanceof Uint8Array ? Uint8Array.from(value) : value
  }
}
