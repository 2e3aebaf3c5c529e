/**
 * Recognizes errors in the compiler's own words for what is used as something else: a write as data that is run, a
 * Stream in the place of an Effect, a manifest in the place of its counts, a text whose type is only `string`.
 */
import type { Finding, Place } from "./findings.ts"
import { offsetOf } from "./source.ts"

type Misuse = Pick<Finding, "code" | "sentence" | "help">

// A write that `yield*` or a function of Effect takes for an Effect.
const writeRun = /(?:Type|of type) 'Write<\w+<"([^"]+)", \w+>>' (?:must have a|is (?:missing|not)[^\n]*'Effect<)/
const ranWrite = (pattern: string): Misuse => ({
  code: "E0115",
  sentence: `this says what to write to '${pattern}', and is not an Effect`,
  help: "give it to 'batch' in a list, or use 'set' or 'delete', which write"
})

// Arguments of `batch` after the first one, which is a write.
const spread = / TS2554: Expected 1 arguments?, but got \d+/
const inBatch =
  /\.\s*batch\s*\(\s*(?:[\w$]+\s*\.\s*)+(?:setting|deleting)\s*\((?:[^()]|\((?:[^()]|\([^()]*\))*\))*\)\s*,\s*$/
// How many characters before an argument are read.
const batchLengthMax = 2_000
const spreadWrites: Misuse = {
  code: "E0115",
  sentence: "a batch takes a list of writes",
  help: "put the writes in brackets"
}

// `yield* AppCache.events`, and `Stream.runCollect(user.keys)`.
const streamRun = / TS2488: Type 'Stream<[^\n]*(?:\bCacheEvent\b|\bCacheError\b)/
const streamNamed = /^[\w$.\s]*?([\w$]+)\s*\.\s*(events\b|(?:keys|entries)\s*\()/
const ranStream = (name: string): Misuse => ({
  code: "E0408",
  sentence: `'${name}' is a Stream, and not an Effect`,
  help: "consume it, as in Stream.runForEach(..., (each) => ...)"
})
const streamMade = /: Argument of type '\([^']*\) => Stream<[^\n]* is not assignable to parameter of type 'Stream</
const streamMember = /^(?:[\w$]+\s*\.\s*)+(keys|entries)\b/
const uncalled = (name: string): Misuse => ({
  code: "E0408",
  sentence: `'${name}' is a function that makes the Stream`,
  help: `call it, ${name}()`
})

// `CacheMetrics.publish(AppCache, ...)`.
const published =
  /: Argument of type 'typeof (\w+)' is not assignable to [^\n]*'Effect<\{ readonly \[family: string\]: FamilyStats; \}/
const manifestPublished = (manifest: string): Misuse => ({
  code: "E0408",
  sentence: `this is the manifest '${manifest}', and 'publish' takes an Effect of counts`,
  help: `give ${manifest}.stats`
})

// An option of a family, or of an operation, in an object that was written apart: its text has become `string`.
const ours = /\b(?:Offered|(?:Write|Invalidate|Lease|SharedLease|ExclusiveLease)Options|EvictionPolicy)\b/
const widened = /Types of property '(\w+)' are incompatible\.\n\s+Type 'string' is not assignable to type '[^\n]*"/
// The same option by itself, in an object that is written in place: `{ timeToLive }`.
const widenedAlone = / TS2322: Type 'string' is not assignable to type '[^\n]*(?:\bDurationInput\b|"markStale")/
const optionGiven = /^(\w+)\s*[:,}]/
const unknownText = (option: string): Misuse => ({
  code: "E0408",
  sentence: `the text of the option '${option}' is not known: its type is string`,
  help: "write it in place, or put 'as const' after the object that holds it"
})

/** Recognizes what is used as something else. */
export const findMisused = (text: string, place: Place, source: string): Finding | undefined => {
  const found = misuseOf(text, source, offsetOf(source, place))
  return found && { ...place, ...found }
}

const misuseOf = (text: string, source: string, at: number): Misuse | undefined => {
  const [, written] = writeRun.exec(text) ?? []
  if (written !== undefined) return ranWrite(written)
  if (spread.test(text)) {
    return inBatch.test(source.slice(Math.max(0, at - batchLengthMax), at)) ? spreadWrites : undefined
  }
  const rest = source.slice(at, at + batchLengthMax)
  if (streamRun.test(text)) {
    const [, , named] = streamNamed.exec(rest) ?? []
    return named === undefined ? undefined : ranStream(/\w+/.exec(named)![0])
  }
  const [, made] = streamMade.test(text) ? streamMember.exec(rest) ?? [] : []
  if (made !== undefined) return uncalled(made)
  const [, manifest] = published.exec(text) ?? []
  if (manifest !== undefined) return manifestPublished(manifest)
  const [, option] = ours.test(text)
    ? widened.exec(text) ?? []
    : widenedAlone.test(text)
    ? optionGiven.exec(rest) ?? []
    : []
  return option === undefined ? undefined : unknownText(option)
}
