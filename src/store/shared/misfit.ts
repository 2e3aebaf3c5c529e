/**
 * Says where a value does not fit a schema, and what is expected there, in words that contain nothing of the value.
 *
 * The words are those of the schema. A message that a check or a transformation makes for one value is not used,
 * because it may quote the value.
 */
import * as Exit from "effect/Exit"
import * as Schema from "effect/Schema"
import type * as SchemaAST from "effect/SchemaAST"
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
    if (Exit.isSuccess(exit)) return undefined
    const [reason] = exit.cause.reasons
    if (reason?._tag === "Fail") return wordsOfIssue(reason.error.issue, value)
    return reason?._tag === "Die" ? wordsOfIssue(thrownFor(reason.defect), value) : undefined
  } catch (error) {
    // A check or a getter threw.
    return wordsOfIssue(thrownFor(error), value)
  }
}

/** The issue of a value whose bytes would not hold all of it: `after` is what they would give back. */
export const unmentioned = (before: unknown, after: unknown): SchemaIssue.Issue => {
  const lost = placeOf(before, after, (_, is, key) => !Object.hasOwn(is, key))
  if (lost.length > 0) return issueAt(lost, nothingMore)
  const changed = placeOf(before, after, (was, is, key) => isChanged(was[key], is[key]))
  return issueAt(changed, changed.length > 0 || isChanged(before, after) ? sameAgain : nothingMore)
}

/** The issue of a value for which a function of its schema threw. */
export const thrownFor = (error: unknown): SchemaIssue.Issue => {
  const name = nameOfThrown(error)
  return issueAt([], `${nothingThrown} ${name}`, `a function of the schema threw ${name}`)
}

/** The name of the error in an issue of {@link thrownFor} without a path. */
export const thrownIn = (issue: SchemaIssue.Issue): string | undefined => {
  const words = issue._tag === "InvalidValue" ? wordsIn(issue) : undefined
  return typeof words === "string" && words.startsWith(nothingThrown)
    ? words.slice(nothingThrown.length + 1)
    : undefined
}

/** What was thrown, in a word that has nothing of a value in it. */
export const nameOfThrown = (error: unknown): string => {
  const name = error instanceof Error ? error.name : typeof error
  return /^[A-Za-z_$][\w$]{0,63}$/.test(name) ? name : "Error"
}

// The words of an issue of this library, which have nothing of a value in them.
const own = "~effect-stateless/store/words"
const wordsIn = (issue: SchemaIssue.InvalidValue): string | undefined => {
  const words = issue.annotations?.[own]
  return typeof words === "string" ? words : undefined
}
const issueAt = (path: ReadonlyArray<PropertyKey>, words: string, message = `expected ${words}`): SchemaIssue.Issue => {
  const issue = new SchemaIssue.InvalidValue({ [own]: words, message })
  return path.length === 0 ? issue : new SchemaIssue.Pointer(path, issue)
}

const anyValue = "a value that the schema accepts"
const anyJson = "JSON value"
const nothingMore = "no content that the schema does not mention"
const sameAgain = "a value that is the same after it was encoded and decoded"
const nothingThrown = "a value for which no function of the schema throws"

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

/** The first place at which two values differ in this way; empty if none is found. */
const placeOf = (
  before: unknown,
  after: unknown,
  differs: (was: Parts, is: Parts, key: string) => boolean
): ReadonlyArray<string | number> => {
  const path: Array<string | number> = []
  let parts = 0
  const look = (was: unknown, is: unknown): boolean => {
    if (++parts > partsMax || path.length > levelsMax || !isObject(was) || !isObject(is)) return false
    for (const key of Object.keys(was)) {
      path.push(Array.isArray(was) ? Number(key) : key)
      if (differs(was, is, key) || look(was[key], is[key])) return true
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

// Returns whether two values certainly differ, without their parts: two texts, two dates, or a text and an object.
const isChanged = (was: unknown, is: unknown): boolean =>
  isObject(was) && isObject(is)
    ? was instanceof Date && is instanceof Date && !Object.is(was.getTime(), is.getTime())
    : !Object.is(was, is)

type Parts = Record<string, unknown>
const isObject = (part: unknown): part is Parts => typeof part === "object" && part !== null

// A plain object has each part of a class, so the name alone would not say what is missing.
const isClass = (ast: SchemaAST.AST): boolean =>
  ast._tag === "Declaration" && ast.annotations?.["~constructor"] !== undefined

const format = SchemaIssue.makeFormatterStandardSchemaV1({
  leafHook: (issue) => {
    switch (issue._tag) {
      case "InvalidType": {
        const words = SchemaIssue.defaultLeafHook(new SchemaIssue.InvalidType(issue.ast)).replace(/^Expected /, "")
        return isClass(issue.ast) ? `an instance of ${words} (made with new)` : words
      }
      case "MissingKey":
        return "a value here"
      case "UnexpectedKey":
        return "no property of this name"
      case "OneOf":
        return "exactly one form of the union"
      case "InvalidValue":
        return wordsIn(issue) ?? anyValue
      case "Forbidden":
        return anyValue
    }
  },
  checkHook: ({ filter }) => {
    const expected = filter.annotations?.["expected"]
    return typeof expected === "string" ? expected : "a value that passes the check of the schema"
  }
})
