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

/** The first mismatch of an issue. */
export const mismatchOf = (issue: SchemaIssue.Issue): Mismatch => {
  const [first] = format(issue).issues
  const path = (first?.path ?? []).map((part) => {
    const key = typeof part === "object" ? part.key : part
    return typeof key === "symbol" ? String(key) : key
  })
  return { path, expected: first?.message ?? anyValue }
}

/** A mismatch as a part of a sentence. */
export const wordsOf = ({ expected, path }: Mismatch): string =>
  path.length === 0 ? `expected ${expected}` : `expected ${expected} at ${JSON.stringify(path)}`

/** The words for an issue; `undefined` if they would say nothing. */
export const wordsOfIssue = (issue: SchemaIssue.Issue): string | undefined => {
  const mismatch = mismatchOf(issue)
  return mismatch.path.length === 0 && mismatch.expected === anyValue ? undefined : wordsOf(mismatch)
}

/** Says where a value does not fit a schema; `undefined` where it fits, or where the schema cannot say. */
export const misfitOf = (schema: Schema.Schema<any>) => (value: unknown): string | undefined => {
  try {
    const exit = Schema.decodeUnknownExit(Schema.toType(schema) as Schema.Codec<unknown>)(value)
    const failed = Exit.isFailure(exit) ? exit.cause.reasons.find((reason) => reason._tag === "Fail") : undefined
    return failed && wordsOfIssue(failed.error.issue)
  } catch {
    // A check or a getter threw.
    return undefined
  }
}

const anyValue = "a value that the schema accepts"

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
      case "Forbidden":
      case "InvalidValue":
        return anyValue
    }
  },
  checkHook: ({ filter }) => {
    const expected = filter.annotations?.["expected"]
    return typeof expected === "string" ? expected : "a value that passes the check of the schema"
  }
})
