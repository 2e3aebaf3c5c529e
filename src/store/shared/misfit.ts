/**
 * Says where a value does not fit a schema, and what is expected there, in words that contain nothing of the value.
 *
 * The words are those of the schema. A message that a check or a transformation makes for one value is not used,
 * because it may quote the value.
 */
import * as Exit from "effect/Exit"
import * as Schema from "effect/Schema"
import * as SchemaIssue from "effect/SchemaIssue"

/** Where a value does not fit, from the outside to the inside, and what is expected there. */
export interface Mismatch {
  readonly path: ReadonlyArray<string | number>
  readonly expected: string
}

/**
 * The first mismatch of an issue. Where the schema admits anything, and the value is given, it is the first part that
 * is not JSON.
 */
export const mismatchOf = (issue: SchemaIssue.Issue, value?: unknown): Mismatch => {
  const [first] = format(issue).issues
  const keys = (first?.path ?? []).map((part) => typeof part === "object" ? part.key : part)
  const path = keys.map(nameOf)
  const expected = first?.message ?? anyValue
  const asksForJson = value !== undefined && (expected === anyJson || expected === anyValue)
  const inner = asksForJson ? notJsonIn(value, keys) : undefined
  return inner === undefined ? { path, expected } : { path: [...path, ...inner.path], expected: inner.expected }
}

const nameOf = (key: PropertyKey): string | number => typeof key === "symbol" ? String(key) : key

/** A mismatch as a part of a sentence. */
export const wordsOf = ({ expected, path }: Mismatch): string =>
  path.length === 0 ? `expected ${expected}` : `expected ${expected} at ${JSON.stringify(path)}`

/** The words for an issue of a value; `undefined` if they would say nothing. */
export const wordsOfIssue = (issue: SchemaIssue.Issue, value: unknown): string | undefined => {
  const mismatch = mismatchOf(issue, value)
  return mismatch.path.length === 0 && mismatch.expected === anyValue ? undefined : wordsOf(mismatch)
}

/** Says where a value does not fit a schema; `undefined` where it fits, or where the schema cannot say. */
export const misfitOf = (schema: Schema.Schema<any>) => (value: unknown): string | undefined => {
  try {
    const exit = Schema.decodeUnknownExit(Schema.toType(schema) as Schema.Codec<unknown>)(value)
    const failed = Exit.isFailure(exit) ? exit.cause.reasons.find((reason) => reason._tag === "Fail") : undefined
    return failed && wordsOfIssue(failed.error.issue, value)
  } catch {
    // A check or a getter threw.
    return undefined
  }
}

/** The issue of a value whose bytes would not hold all of it: `after` is what they would give back. */
export const unmentioned = (before: unknown, after: unknown): SchemaIssue.Issue => {
  const issue = new SchemaIssue.InvalidValue({ [lossy]: true, message: `expected ${nothingMore}` })
  const path = lostFrom(before, after)
  return path.length === 0 ? issue : new SchemaIssue.Pointer(path, issue)
}

const lossy: unique symbol = Symbol("effect-stateless/store/lossy")

const anyValue = "a value that the schema accepts"
const anyJson = "JSON value"
const nothingMore = "no content that the schema does not mention"

/** How many parts of a value are looked at, and how deep, before no place in it is named. */
const partsMax = 10_000
const levelsMax = 512

/** The place in a part of a value at which it is not JSON. */
const notJsonIn = (value: unknown, keys: ReadonlyArray<PropertyKey>): Mismatch | undefined => {
  const path: Array<string | number> = []
  const above = new Set<unknown>()
  let parts = 0
  const look = (part: unknown): string | undefined => {
    if (++parts > partsMax || path.length > levelsMax) return anyValue
    if (part === null || typeof part === "string" || typeof part === "boolean") return undefined
    if (typeof part === "number") return Number.isFinite(part) ? undefined : "a finite number"
    if (typeof part !== "object" || !isPlainObject(part)) return "a JSON value"
    if (above.has(part)) return "a value that does not contain itself"
    above.add(part)
    const isList = Array.isArray(part)
    for (const key of isList ? part.keys() : Object.keys(part)) {
      path.push(key)
      const found = look((part as Record<PropertyKey, unknown>)[key])
      if (found !== undefined) return found
      path.pop()
    }
    above.delete(part)
    return undefined
  }
  try {
    const expected = look(keys.reduce<any>((part, key) => part[key], value))
    return expected === undefined || expected === anyValue ? undefined : { path, expected }
  } catch {
    // A getter threw.
    return undefined
  }
}

const isPlainObject = (part: object): boolean => {
  const prototype: unknown = Object.getPrototypeOf(part)
  return prototype === Object.prototype || prototype === Array.prototype || prototype === null
}

/** The first place of a value that has a property which another value lacks; empty if none is found. */
const lostFrom = (before: unknown, after: unknown): ReadonlyArray<string | number> => {
  const path: Array<string | number> = []
  let parts = 0
  const look = (was: unknown, is: unknown): boolean => {
    if (++parts > partsMax || path.length > levelsMax || !isObject(was) || !isObject(is)) return false
    for (const key of Object.keys(was)) {
      path.push(Array.isArray(was) ? Number(key) : key)
      if (!Object.hasOwn(is, key) || look(was[key], is[key])) return true
      path.pop()
    }
    return false
  }
  try {
    return look(before, after) ? path : []
  } catch {
    return []
  }
}

const isObject = (part: unknown): part is Record<string, unknown> => typeof part === "object" && part !== null

const format = SchemaIssue.makeFormatterStandardSchemaV1({
  leafHook: (issue) => {
    switch (issue._tag) {
      case "InvalidType":
        return SchemaIssue.defaultLeafHook(new SchemaIssue.InvalidType(issue.ast)).replace(/^Expected /, "")
      case "MissingKey":
        return "a value here"
      case "UnexpectedKey":
        return "no property of this name"
      case "OneOf":
        return "exactly one form of the union"
      case "InvalidValue":
        return issue.annotations !== undefined && lossy in issue.annotations ? nothingMore : anyValue
      case "Forbidden":
        return anyValue
    }
  },
  checkHook: ({ filter }) => {
    const expected = filter.annotations?.["expected"]
    return typeof expected === "string" ? expected : "a value that passes the check of the schema"
  }
})
