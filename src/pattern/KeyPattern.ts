/**
 * Shapes of keys, such as `user:{id}`: the pattern language, as types and at run time.
 *
 * ```
 * pattern = segment (":" segment)* [":" "*"]  |  "*"
 * segment = text | "{" name "}"
 * key     = text (":" text)*
 * ```
 *
 * - `{name}` is exactly one segment; a last `*` is one or more segments. No segment is empty.
 * - Text contains no `:`, `{`, `}`, `*`, so the value of a parameter can never change the structure of a key. It
 *   neither begins nor ends with white space, and a name contains none at all: `{ id }` would be another name than
 *   `{id}`.
 * - Two patterns that differ only in the names of their parameters denote the same keys.
 * - With these rules every question below has an exact answer, and types and functions of the same name agree on it.
 *
 * Not here: sets of patterns (`types/patternSet.ts`), and owners of patterns.
 *
 * Names of types are written so (rule `typeNames` of `.ci/architecture.ts`):
 *
 * - A name in lower case is a function on types, such as `normalizePattern<P>`. It returns a question, computes a text
 *   or finds a mistake. It often begins with a verb. If a function at run time has its name, both give the same answer.
 * - A name with a capital is a noun and denotes a type, also where it depends on others: `ParamNames<P>`.
 * - A type parameter has a name, except these letters: `P` and `Q` are patterns, `K` is a key, or the name of a family,
 *   `D` is a definition, `F` the declaration of a family, `V` the value of a family, `E` and `R` are the errors and the
 *   requirements of an Effect, `A`, `B` and `T` are any types.
 *
 * @since 0.1.0
 */
import * as Result from "effect/Result"
import * as Diagnostic from "../diagnostic/Diagnostic.ts"
import * as KeyFindings from "../diagnostic/types/keyFindings.ts"
import * as Malformed from "../diagnostic/types/malformed.ts"
import type * as Opaque from "../diagnostic/types/opaque.ts"
import type { Region } from "./types/region.ts"
import type { hasTextHole, showTemplate } from "./types/templates.ts"

// --- models ----------------------------------------------------------------------------------------------------------

/**
 * A parsed pattern. `holes` lists the names of its parameters, in order of their segments; a last `*` is named `*`.
 *
 * @stability experimental
 * @category models
 * @since 0.1.0
 */
export interface KeyPattern {
  readonly source: string
  /** The pattern with nameless parameters: equal for patterns of the same keys. */
  readonly normal: string
  /** All segments, without a last `*`. */
  readonly segments: ReadonlyArray<PatternSegment>
  /** Whether the pattern ends in `*`. */
  readonly rest: boolean
  readonly holes: ReadonlyArray<string>
}

/**
 * One segment of a pattern.
 *
 * @stability experimental
 * @category models
 * @since 0.1.0
 */
export type PatternSegment =
  | { readonly _tag: "Text"; readonly text: string }
  | { readonly _tag: "Hole"; readonly name: string }

/**
 * The largest number of segments of a pattern. The compiler's recursion allows 20.
 *
 * @stability experimental
 * @category models
 * @since 0.1.0
 */
export const segmentsMax = 16

/**
 * The value of a hole without a codec. Numbers and bigints are rendered in decimal, so `1`, `1n`, and `"1"` are one
 * key.
 *
 * @stability experimental
 * @category type level
 * @since 0.1.0
 */
export type ParamInput = string | number | bigint

/**
 * The names of a pattern's holes, as a union; a last `*` is called `*`.
 *
 * @stability experimental
 * @category type level
 * @since 0.1.0
 */
export type ParamNames<P extends string> = P extends `${infer First}:${infer Rest}` ?
  nameOfSegment<First> | ParamNames<Rest>
  : P extends "*" ? "*"
  : nameOfSegment<P>

type nameOfSegment<Text extends string> = Text extends `{${infer Name}}` ? Name : never

/**
 * The value of the hole `Name`. `Codecs` maps names to anything with a `Type`, such as a Schema.
 *
 * @stability experimental
 * @category type level
 * @since 0.1.0
 */
export type ParamOf<Name, Codecs> = Name extends keyof Codecs ?
  Codecs[Name] extends { readonly Type: infer A } ? A : ParamInput
  : Name extends "*" ? string | ReadonlyArray<ParamInput>
  : ParamInput

/**
 * The parameters that a key of the pattern parses to.
 *
 * @stability experimental
 * @category type level
 * @since 0.1.0
 */
export type ParsedParams<P extends string, Codecs = {}> = {
  readonly [Name in ParamNames<P>]: Name extends keyof Codecs ?
    Codecs[Name] extends { readonly Type: infer A } ? A : string
    : string
}

// --- parsing ---------------------------------------------------------------------------------------------------------

/**
 * The message that says why `P` is not a pattern; `never` for a pattern.
 *
 * @stability experimental
 * @category type level
 * @since 0.1.0
 */
export type patternProblem<P extends string> = string extends P ? Opaque.pattern
  : P extends TooLong ? Malformed.patternTooLong<P>
  : segmentsProblem<P, P, never>

// One more colon than a pattern with `segmentsMax` segments.
type TooLong = `${FourColons}${FourColons}${FourColons}${FourColons}${string}`
type FourColons = `${string}:${string}:${string}:${string}:`

type segmentsProblem<Whole extends string, P extends string, Seen extends string> = P extends
  `${infer First}:${infer Rest}`
  ? First extends Structure ?
    First extends `{${infer Name}}` ? Name extends Unfit | Seen ? holeProblem<Whole, First, Name>
      : segmentsProblem<Whole, Rest, Seen | Name>
    : First extends "*" ? Malformed.patternRestInside<Whole>
    : textProblem<Whole, First>
  : First extends "" | Edged | Signed ? textProblem<Whole, First, segmentsProblem<Whole, Rest, Seen>>
  : segmentsProblem<Whole, Rest, Seen>
  : P extends Structure ? P extends `{${infer Name}}` ? Name extends Unfit | Seen ? holeProblem<Whole, P, Name> : never
    : P extends "*" ? never
    : textProblem<Whole, P>
  : P extends "" | Edged | Signed ? textProblem<Whole, P, never>
  : never

type holeProblem<Whole extends string, Text extends string, Name extends string> = Name extends
  "" | Structure | `...${string}` ? Malformed.patternParameterMalformed<Whole, Text>
  : Name extends Spaced ? Malformed.patternWhiteSpace<Whole, Text>
  : Name extends `${string}?` ? Malformed.patternParameterOptional<Whole, Text>
  : Malformed.patternParameterTwice<Whole, Name>
// `Next` is the problem of the segments behind the text.
type textProblem<Whole extends string, Text extends string, Next = Malformed.patternSegmentMixed<Whole, Text>> =
  Text extends "" ? Malformed.patternSegmentEmpty<Whole>
    : Text extends Edged ? Malformed.patternWhiteSpace<Whole, Text>
    : signProblem<Whole, respelt<Whole>, Next>

type signProblem<Whole extends string, Meant extends string, Next> = [Meant] extends [Whole] ? Next
  : [patternProblem<Meant>] extends [never] ? Malformed.patternSpeltOtherwise<Whole, `did you mean '${Meant}'?`>
  : [Next] extends [never] ? Meant extends Nameless ? never : Malformed.patternSpeltOtherwise<Whole>
  : Next
// The sign names nothing.
type Nameless = `${string}${"{}" | "::"}${string}` | `:${string}` | `${string}:`

// The pattern with each parameter in braces, and with colons in place of the separators of a path.
type respelt<P extends string> = P extends `${string}/${":" | "{"}${string}` ? inBraces<withColons<P, "/">>
  : P extends `${string}.${":" | "{"}${string}` ? inBraces<withColons<P, ".">>
  : inBraces<P>
type withColons<P extends string, Separator extends string> = P extends `${infer First}${Separator}${infer Rest}`
  ? joined<colonToBraces<First>, withColons<Rest, Separator>>
  : colonToBraces<P>
type colonToBraces<Text extends string> = Text extends `:${infer Name}` ? `{${Name}}` : Text
type joined<First extends string, Rest extends string> = First extends "" ? Rest
  : Rest extends "" ? First
  : `${First}:${Rest}`
// The first segment stays, because a name such as `$jobs` is one of its own.
type inBraces<P extends string> = P extends `${infer First}:${infer Rest}` ? `${First}:${restInBraces<Rest>}` : P
type restInBraces<P extends string> = P extends `${infer First}:${infer Rest}`
  ? `${signToBraces<First>}:${restInBraces<Rest>}`
  : signToBraces<P>
type signToBraces<Text extends string> = Text extends `$${infer Name}` ? Name extends `{${string}}` ? Name : `{${Name}}`
  : Text extends `<${infer Name}>` ? `{${Name}}`
  : Text extends `[${infer Name}]` ? `{${Name}}`
  : Text

type Structure = `${string}${"{" | "}" | "*"}${string}`
type Space = " " | "\t" | "\n" | "\r"
type Spaced = `${string}${Space}${string}`
type Edged = `${Space}${string}` | `${string}${Space}`
// Texts that may spell a parameter as other libraries do: `user:$id`, `user:<id>`, `user:[id]`, `user/:id`, `user.:id`.
type Signed = `${"$" | "<" | "["}${string}` | `${string}${"/" | "."}`
// Texts that cannot name a parameter.
type Unfit = "" | Structure | Spaced | `${string}?` | `...${string}`
const structure = /[{}*]/
const space = /[ \t\n\r]/
const edge = /^[ \t\n\r]|[ \t\n\r]$/
const signed = /^[$<[]|[/.]$/
const nameless = /\{\}|::|^:|:$/

/**
 * The region of a pattern, or the message that says why it is not a pattern.
 *
 * @stability experimental
 * @category type level
 * @since 0.1.0
 */
export type parsePattern<P extends string> = [patternProblem<P>] extends [never] ? Region<P> : patternProblem<P>

/**
 * Parses a pattern, or fails with the finding that says why it is not a pattern.
 *
 * **Example** (A pattern, and a text that is not one)
 *
 * ```ts
 * import { Result } from "effect"
 * import { KeyPattern } from "effect-stateless"
 *
 * Result.isSuccess(KeyPattern.parsePattern("user:{id}")) // => true
 * Result.isSuccess(KeyPattern.parsePattern("user::{id}")) // => false
 * ```
 *
 * @stability experimental
 * @category parsing
 * @since 0.1.0
 */
export const parsePattern = (source: string): Result.Result<KeyPattern, Diagnostic.Diagnostic> => parse(source, true)

/**
 * Parses a pattern that a program makes of keys, such as `user:$1` or `doc:[draft]:*`. A text in it may look like the
 * parameter of another library: the manifest has declared which patterns there are.
 *
 * @internal
 */
export const patternOfKeys = (source: string): Result.Result<KeyPattern, Diagnostic.Diagnostic> => parse(source, false)

/**
 * The pattern of one key. A segment of a key is any text, also one that no pattern may have, such as white space.
 *
 * @internal
 */
export const patternOfKey = (key: string): KeyPattern => ({
  source: key,
  normal: key,
  segments: key.split(":").map((text) => ({ _tag: "Text", text })),
  rest: false,
  holes: []
})

const parse = (source: string, isDeclared: boolean): Result.Result<KeyPattern, Diagnostic.Diagnostic> => {
  const parts = source.split(":")
  if (parts.length > segmentsMax) return Result.fail(Malformed.patternTooLong(source))
  const rest = parts.at(-1) === "*"
  if (rest) parts.pop()
  const segments: Array<PatternSegment> = []
  const holes: Array<string> = []
  for (const part of parts) {
    const problem = segmentProblem(source, part, holes, isDeclared)
    if (problem !== undefined) return Result.fail(problem)
    const isHole = part.startsWith("{")
    segments.push(isHole ? { _tag: "Hole", name: part.slice(1, -1) } : { _tag: "Text", text: part })
    if (isHole) holes.push(part.slice(1, -1))
  }
  if (rest) holes.push("*")
  if (isDeclared && segments.some((segment) => segment._tag === "Text" && signed.test(segment.text))) {
    const meant = respelt(source)
    if (meant !== source && !nameless.test(meant)) return Result.fail(Malformed.patternSpeltOtherwise(source))
  }
  return Result.succeed({ source, normal: normalizePattern(source), segments, rest, holes })
}

const signProblem = (whole: string): Diagnostic.Diagnostic | undefined => {
  const meant = respelt(whole)
  if (meant === whole || Result.isFailure(parsePattern(meant))) return undefined
  return Malformed.patternSpeltOtherwise(whole, `did you mean \`${meant}\`?`)
}

// The pattern with each parameter in braces, and with colons in place of the separators of a path.
const respelt = (source: string): string => {
  const separator = /\/[:{]/.test(source) ? "/" : /\.[:{]/.test(source) ? "." : undefined
  const text = separator === undefined ? source : withColons(source, separator)
  return text.split(":").map((part, index) => index === 0 ? part : signToBraces(part)).join(":")
}

const withColons = (source: string, separator: string): string =>
  source.split(separator).filter((part) => part !== "").map((part) =>
    part.startsWith(":") ? `{${part.slice(1)}}` : part
  ).join(":")

const signToBraces = (text: string): string => {
  const name = /^\$(.*)$|^<(.*)>$|^\[(.*)\]$/s.exec(text)
  if (name === null) return text
  const inner = name[1] ?? name[2] ?? name[3]!
  return text.startsWith("$") && /^\{.*\}$/s.test(inner) ? inner : `{${inner}}`
}

const segmentProblem = (
  whole: string,
  part: string,
  seen: ReadonlyArray<string>,
  isDeclared: boolean
): Diagnostic.Diagnostic | undefined => {
  if (part === "*") return Malformed.patternRestInside(whole)
  if (part === "") return Malformed.patternSegmentEmpty(whole)
  if (part.length > 1 && part.startsWith("{") && part.endsWith("}")) {
    const name = part.slice(1, -1)
    if (name === "" || structure.test(name) || name.startsWith("...")) {
      return Malformed.patternParameterMalformed(whole, part)
    }
    if (space.test(name)) return Malformed.patternWhiteSpace(whole, part)
    if (name.endsWith("?")) return Malformed.patternParameterOptional(whole, part)
    return seen.includes(name) ? Malformed.patternParameterTwice(whole, name) : undefined
  }
  if (edge.test(part)) return Malformed.patternWhiteSpace(whole, part)
  if (structure.test(part)) return signProblem(whole) ?? Malformed.patternSegmentMixed(whole, part)
  return isDeclared && signed.test(part) ? signProblem(whole) : undefined
}

/**
 * Parses a text that is known to be a pattern; throws the finding otherwise.
 *
 * **Example** (The parameters of a pattern)
 *
 * ```ts
 * import { KeyPattern } from "effect-stateless"
 *
 * KeyPattern.parsePatternUnsafe("user:{id}:*").holes // => ["id", "*"]
 * ```
 *
 * @stability experimental
 * @category parsing
 * @since 0.1.0
 */
export const parsePatternUnsafe = (source: string): KeyPattern =>
  Result.getOrThrowWith(
    parsePattern(source),
    (problem) => new TypeError(`${problem.code}: ${Diagnostic.format(problem)}`)
  )

/**
 * The pattern with nameless holes, `user:{}`. Two patterns with the same normal form denote the same keys.
 *
 * @stability experimental
 * @category type level
 * @since 0.1.0
 */
export type normalizePattern<P extends string> = P extends `${infer First}{${string}}${infer Rest}`
  ? `${First}{}${normalizePattern<Rest>}`
  : P

/**
 * The pattern with nameless holes, `user:{}`. Two patterns with the same normal form denote the same keys.
 *
 * **Example** (A pattern without its names)
 *
 * ```ts
 * import { KeyPattern } from "effect-stateless"
 *
 * KeyPattern.normalizePattern("user:{id}") // => "user:{}"
 * ```
 *
 * @stability experimental
 * @category parsing
 * @since 0.1.0
 */
export const normalizePattern = (source: string): string => source.replace(/\{[^{}]*\}/g, "{}")

// --- comparing -------------------------------------------------------------------------------------------------------

/**
 * Whether `P` has every key of `Q`.
 *
 * @stability experimental
 * @category type level
 * @since 0.1.0
 */
export type covers<P extends string, Q extends string> = Region<Q> extends Region<P> ? true : false

/**
 * Whether the first pattern has every key of the second.
 *
 * **Example** (One pattern has every key of the other)
 *
 * ```ts
 * import { KeyPattern } from "effect-stateless"
 *
 * const user = KeyPattern.parsePatternUnsafe("user:{id}")
 * const me = KeyPattern.parsePatternUnsafe("user:me")
 * KeyPattern.covers(user, me) // => true
 * KeyPattern.covers(me, user) // => false
 * ```
 *
 * @stability experimental
 * @category comparing
 * @since 0.1.0
 */
export const covers = (p: KeyPattern, q: KeyPattern): boolean => {
  if (q.rest && !p.rest) return false
  const [np, nq] = [p.segments.length, q.segments.length]
  if (p.rest ? nq + (q.rest ? 1 : 0) <= np : nq !== np) return false
  return p.segments.every((segment, index) => {
    if (segment._tag === "Hole") return true
    const other = q.segments[index]
    return other?._tag === "Text" && other.text === segment.text
  })
}

/**
 * Whether `P` and `Q` share a key.
 *
 * @stability experimental
 * @category type level
 * @since 0.1.0
 */
export type overlaps<P extends string, Q extends string> = P extends "*" ? true
  : Q extends "*" ? true
  : P extends `${infer FirstP}:${infer RestP}`
    ? Q extends `${infer FirstQ}:${infer RestQ}` ?
      segmentsMeet<FirstP, FirstQ> extends true ? overlaps<RestP, RestQ> : false
    : false
  : Q extends `${string}:${string}` ? false
  : segmentsMeet<P, Q>

type segmentsMeet<A extends string, B extends string> = A extends `{${string}}` ? true
  : B extends `{${string}}` ? true
  : A extends B ? true
  : false

/**
 * Whether two patterns share a key.
 *
 * **Example** (A key that both patterns have)
 *
 * ```ts
 * import { KeyPattern } from "effect-stateless"
 *
 * const user = KeyPattern.parsePatternUnsafe("user:{id}")
 * const me = KeyPattern.parsePatternUnsafe("user:me")
 * KeyPattern.overlaps(user, me) // => true
 * ```
 *
 * @stability experimental
 * @category comparing
 * @since 0.1.0
 */
export const overlaps = (p: KeyPattern, q: KeyPattern): boolean => {
  const [np, nq] = [p.segments.length, q.segments.length]
  if (!p.rest && (q.rest ? np <= nq : np !== nq)) return false
  if (p.rest && !q.rest && nq <= np) return false
  for (let index = 0; index < Math.min(np, nq); index++) {
    const [a, b] = [p.segments[index]!, q.segments[index]!]
    if (a._tag === "Text" && b._tag === "Text" && a.text !== b.text) return false
  }
  return true
}

/**
 * Whether `P` decides about the keys that it shares with `Q`. They are compared from the left: text before hole before
 * `*`.
 *
 * **Details**
 *
 * Only for overlapping patterns. Where one covers the other it agrees with `covers`.
 *
 * @stability experimental
 * @category type level
 * @since 0.1.0
 */
export type isMoreSpecific<P extends string, Q extends string> = Q extends "*" ? (P extends "*" ? false : true)
  : P extends "*" ? false
  : P extends `${infer FirstP}:${infer RestP}`
    ? Q extends `${infer FirstQ}:${infer RestQ}` ?
      isHole<FirstP> extends isHole<FirstQ> ? isMoreSpecific<RestP, RestQ> : isHole<FirstQ>
    : false
  : isHole<P> extends isHole<Q> ? false
  : isHole<Q>
type isHole<Text extends string> = Text extends `{${string}}` ? true : false

/**
 * Whether the first pattern decides about the keys that it shares with the second. They are compared from the left:
 * text before hole before `*`.
 *
 * **Details**
 *
 * Only for overlapping patterns. Where one covers the other it agrees with `covers`.
 *
 * **Example** (A text decides before a parameter)
 *
 * ```ts
 * import { KeyPattern } from "effect-stateless"
 *
 * const user = KeyPattern.parsePatternUnsafe("user:{id}")
 * const me = KeyPattern.parsePatternUnsafe("user:me")
 * KeyPattern.isMoreSpecific(me, user) // => true
 * ```
 *
 * @stability experimental
 * @category comparing
 * @since 0.1.0
 */
export const isMoreSpecific = (p: KeyPattern, q: KeyPattern): boolean => {
  for (let index = 0;; index++) {
    const [a, b] = [rankAt(p, index), rankAt(q, index)]
    if (a !== b) return a < b
    if (a >= 2) return false
  }
}

// Text 0, hole 1, rest 2, end 3.
const rankAt = (pattern: KeyPattern, index: number): number =>
  index < pattern.segments.length ? (pattern.segments[index]!._tag === "Text" ? 0 : 1) : pattern.rest ? 2 : 3

/**
 * A key that both patterns have, for messages: text wins, an open hole is `_`. Only for overlapping patterns.
 *
 * @stability experimental
 * @category type level
 * @since 0.1.0
 */
export type findWitness<P extends string, Q extends string> = P extends "*" ? showKey<Q>
  : Q extends "*" ? showKey<P>
  : P extends `${infer FirstP}:${infer RestP}`
    ? Q extends `${infer FirstQ}:${infer RestQ}` ? `${meetSegments<FirstP, FirstQ>}:${findWitness<RestP, RestQ>}`
    : never
  : meetSegments<P, Q>

type meetSegments<A extends string, B extends string> = A extends `{${string}}` ? B extends `{${string}}` ? "_" : B
  : A
type showKey<P extends string> = P extends `${infer First}:${infer Rest}` ?
  `${meetSegments<First, First>}:${showKey<Rest>}`
  : P extends "*" ? "_"
  : meetSegments<P, P>

/**
 * A key that both patterns have, for messages: text wins, an open hole is `_`. Only for overlapping patterns.
 *
 * **Example** (A key that both patterns have)
 *
 * ```ts
 * import { KeyPattern } from "effect-stateless"
 *
 * const user = KeyPattern.parsePatternUnsafe("user:{id}")
 * const me = KeyPattern.parsePatternUnsafe("user:me")
 * KeyPattern.findWitness(user, me) // => "user:me"
 * ```
 *
 * @stability experimental
 * @category comparing
 * @since 0.1.0
 */
export const findWitness = (p: KeyPattern, q: KeyPattern): string => {
  const least = (pattern: KeyPattern) => pattern.segments.length + (pattern.rest ? 1 : 0)
  const length = Math.max(least(p), least(q))
  const textAt = (pattern: KeyPattern, index: number) => {
    const segment = pattern.segments[index]
    return segment?._tag === "Text" ? segment.text : undefined
  }
  return Array.from({ length }, (_, index) => textAt(p, index) ?? textAt(q, index) ?? "_").join(":")
}

// --- keys ------------------------------------------------------------------------------------------------------------

/**
 * The message that says why `K` is not a key; `never` for a literal, and for a template whose holes cannot hold a
 * colon: numbers, and texts that are a `Key.Segment`.
 *
 * @stability experimental
 * @category type level
 * @since 0.1.0
 */
export type keyProblem<K extends string> = string extends K ? Opaque.key : keySegmentsProblem<K, K>

type keySegmentsProblem<Whole extends string, K extends string> = K extends `${infer First}:${infer Rest}`
  ? [keySegmentProblem<Whole, First>] extends [never] ? keySegmentsProblem<Whole, Rest>
  : keySegmentProblem<Whole, First>
  : keySegmentProblem<Whole, K>

type keySegmentProblem<Whole extends string, Text extends string> = Text extends "" ? KeyFindings.keySegmentEmpty<Whole>
  : hasTextHole<Text> extends true ? Opaque.keyTemplate<showTemplate<Whole>>
  : Text extends Structure ? KeyFindings.keyIsPattern<Whole>
  : never

/**
 * The finding that says why a text is not a key; `undefined` for a key.
 *
 * **Example** (A key, and a text that is not one)
 *
 * ```ts
 * import { KeyPattern } from "effect-stateless"
 *
 * KeyPattern.keyProblem("user:42") // => undefined
 * KeyPattern.keyProblem("user:")?.code // => "E0106"
 * ```
 *
 * @stability experimental
 * @category keys
 * @since 0.1.0
 */
export const keyProblem = (key: string): Diagnostic.Diagnostic | undefined => {
  for (const segment of key.split(":")) {
    if (segment === "") return KeyFindings.keySegmentEmpty(key)
    if (structure.test(segment)) return KeyFindings.keyIsPattern(key)
  }
  return undefined
}

/**
 * Whether the literal key `K` is a key of `P`; `false` if `K` is not a key.
 *
 * @stability experimental
 * @category type level
 * @since 0.1.0
 */
export type matches<K extends string, P extends string> = [keyProblem<K>] extends [never]
  ? Region<K> extends Region<P> ? true : false
  : false

/**
 * Whether a text is a key of the pattern; `false` if the text is not a key.
 *
 * **Example** (A key of a pattern, and one that is not)
 *
 * ```ts
 * import { KeyPattern } from "effect-stateless"
 *
 * const user = KeyPattern.parsePatternUnsafe("user:{id}")
 * KeyPattern.matches("user:42", user) // => true
 * KeyPattern.matches("user:42:name", user) // => false
 * ```
 *
 * @stability experimental
 * @category keys
 * @since 0.1.0
 */
export const matches = (key: string, pattern: KeyPattern): boolean =>
  keyProblem(key) === undefined && matchesSegments(key.split(":"), pattern)

const matchesSegments = (key: ReadonlyArray<string>, pattern: KeyPattern): boolean => {
  const count = pattern.segments.length
  if (pattern.rest ? key.length <= count : key.length !== count) return false
  return pattern.segments.every((segment, index) => segment._tag === "Hole" || segment.text === key[index])
}
