/**
 * Makes a value, and all that it reaches through its own properties, immutable. What is frozen already is not
 * entered, so cycles end and shared parts are visited once. Views of memory cannot be frozen and are left as they are.
 */
export const freezeDeep = <V>(value: V): V => {
  const open: Array<unknown> = [value]
  for (let next = open.pop(); open.length > 0 || next !== undefined; next = open.pop()) {
    if (typeof next !== "object" || next === null || Object.isFrozen(next) || ArrayBuffer.isView(next)) continue
    Object.freeze(next)
    for (const key of Reflect.ownKeys(next)) open.push(Reflect.get(next, key))
  }
  return value
}
