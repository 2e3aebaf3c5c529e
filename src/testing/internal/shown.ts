/**
 * Prints what a test of a tier has found, so that a difference can be read: `JSON.stringify` shows every Map and Set as
 * `{}`, leaves out `undefined`, and shows infinity as `null`.
 */

// Bounds the depth of what is printed: an entry is three levels deep.
const depthMax = 8

export const show = (value: unknown, depth = 0): string => {
  if (typeof value === "string") return JSON.stringify(value)
  if (typeof value === "bigint") return `${value}n`
  if (typeof value !== "object" || value === null) return Object.is(value, -0) ? "-0" : String(value)
  if (depth >= depthMax) return "..."
  const all = (values: Iterable<unknown>) => Array.from(values, (one) => show(one, depth + 1)).join(", ")
  if (Array.isArray(value)) return `[${all(value)}]`
  if (ArrayBuffer.isView(value)) {
    return `bytes [${all(new Uint8Array(value.buffer, value.byteOffset, value.byteLength))}]`
  }
  if (value instanceof Set) return `Set {${all(value)}}`
  if (value instanceof Date) return value.toISOString()
  if (value instanceof Error) return String(value)
  const pairs = (entries: Iterable<readonly [string, unknown]>, sign: string) =>
    Array.from(entries, ([key, one]) => `${key}${sign}${show(one, depth + 1)}`).join(", ")
  if (value instanceof Map) {
    return `Map {${pairs(Array.from(value, ([key, one]) => [show(key, depth + 1), one]), " => ")}}`
  }
  return `{${pairs(Object.entries(value).map(([key, one]) => [JSON.stringify(key), one]), ": ")}}`
}
