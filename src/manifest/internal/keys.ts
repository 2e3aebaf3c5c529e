/**
 * Between parameters, keys within a family, and full keys, compiled once per family.
 *
 * A key within a family is the texts of its parameters, joined by `:`; a family without parameters has one, the empty
 * text. `textOf` checks no text, so that a hit costs a property read: a text that is no key is in no table. `check`
 * says what is wrong with it, and is asked before anything is loaded or stored under it. A value that is no text is
 * encoded, and one that its codec refuses becomes the empty text, which is no segment.
 */
import * as Equal from "effect/Equal"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import type * as SchemaAST from "effect/SchemaAST"
import type { Scope } from "../../cache/Invalidation.ts"
import type * as Diagnostic from "../../diagnostic/Diagnostic.ts"
import * as KeyFindings from "../../diagnostic/KeyFindings.ts"
import * as Misfit from "../../diagnostic/Misfit.ts"
import { isBag, type ValidFamily, type ValidManifest } from "../../ownership/Validation.ts"
import { isSegment, isTooLong, keyBytesMax } from "../../pattern/Key.ts"
import type { KeyPattern } from "../../pattern/KeyPattern.ts"
import * as SensitiveKey from "../../pattern/SensitiveKey.ts"

export type Params = { readonly [name: string]: unknown }

export interface Keys {
  /** The key within the family, unchecked. */
  readonly textOf: (params: Params) => string
  /** The parameters of the pattern, the rest among them, as \`*\`. */
  readonly names: ReadonlyArray<string>
  /** What is wrong with a key within the family. No text of the key is in it. */
  readonly check: (key: string) => Diagnostic.Diagnostic | undefined
  readonly render: (key: string) => string
  /** The full key as errors, events and logs show it: of a sensitive family, with hashes as parameters. */
  readonly show: (key: string) => string
  /** The same for a segment of a key, or for a tag. */
  readonly hide: (text: string) => string
  readonly parse: (rendered: string) => string | undefined
  /** Parameters as the owner's lookup sees them: decoded where the manifest gives a codec. */
  readonly decode: (key: string) => Option.Option<Params>
  /** Why a key is not decoded: the first parameter whose codec refuses its text. */
  readonly unread: (key: string) => Diagnostic.Diagnostic
  /** What keys with the given parameters have in common, or what is wrong with one of them. */
  readonly scopeOf: (params: Params) => Result.Result<Scope, Diagnostic.Diagnostic>
  /** What the family's keys that a pattern denotes have in common. */
  readonly scopeOfPattern: (pattern: KeyPattern) => Scope
}

interface Hole {
  readonly name: string
  /** A string that is given is its own text. */
  readonly isText: boolean
  readonly encode: (value: unknown) => string
  readonly decode: (text: string) => Option.Option<unknown>
  /** Whether a text that is its own text passes the checks of its codec; undefined where there are none. */
  readonly accepts: ((text: string) => boolean) | undefined
}

// What is no text, finite number or codec's value becomes the empty text, which is no segment. `NaN` is what a program
// makes of a text that is no number: one key for all of those would give one caller what another one asked for.
const plain = (value: unknown): string =>
  typeof value === "string" ? value : Number.isFinite(value) || typeof value === "bigint" ? String(value) : ""

const text = (value: unknown): string => typeof value === "string" ? value : ""

/**
 * Whether two values may have one text, though the codec tells each apart: of a string or a number, "1" and 1. A codec
 * that forgets on purpose, such as a date without its hour, is not meant: its texts are the user's choice.
 */
const mayShareText = (ast: SchemaAST.AST): boolean =>
  ast._tag === "Union" &&
  !ast.types.every((type) => type._tag === "Literal" && typeof type.literal === "string" && type.encoding === undefined)

// A codec is the user's code: where it throws, it refuses.
const guarded =
  (codec: (value: unknown) => Result.Result<unknown, unknown>) => (value: unknown): Option.Option<unknown> => {
    try {
      return Result.getSuccess(codec(value))
    } catch {
      return Option.none()
    }
  }

const holeOf = (name: string, family: ValidFamily): Hole => {
  const { params } = family.spec
  const codec = params !== undefined && Object.hasOwn(params, name) ? params[name] : undefined
  if (!Schema.isSchema(codec)) {
    // A type alone makes nothing else of a text. A number would come back as a text to a lookup that is told a number.
    return { name, isText: true, encode: codec === undefined ? plain : text, decode: Option.some, accepts: undefined }
  }
  // Codecs of keys are synchronous and need no service; a text form is what Schema derives for any of them.
  const texts = Schema.toCodecStringTree(codec as Schema.Codec<unknown>)
  const encode = guarded(Schema.encodeUnknownResult(texts))
  const decode = guarded(Schema.decodeUnknownResult(texts))
  // A schema of strings that only names or checks them, such as a brand; one that changes them must be asked each time.
  const isText = codec.ast._tag === "String" && codec.ast.encoding === undefined
  const mustComeBack = mayShareText(codec.ast)
  const comesBack = (text: string, value: unknown): boolean => {
    const decoded = decode(text)
    return decoded._tag === "Some" && Equal.equals(decoded.value, value)
  }
  return {
    name,
    isText,
    encode: (value) => {
      if (isText && typeof value === "string") return value
      const text = encode(value)
      if (text._tag === "None" || typeof text.value !== "string") return ""
      return !mustComeBack || comesBack(text.value, value) ? text.value : ""
    },
    decode,
    accepts: isText && codec.ast.checks !== undefined ? (text) => Option.isSome(decode(text)) : undefined
  }
}

// To assign to `__proto__` would set no property.
const setOwn = (params: Record<string, unknown>, name: string, value: unknown): void => {
  if (name !== "__proto__") params[name] = value
  else Object.defineProperty(params, name, { value, enumerable: true, configurable: true, writable: true })
}

const restText = (value: unknown): string => Array.isArray(value) ? value.map(plain).join(":") : plain(value)

// Parameters that are missing, as a program without types may leave them, spell no key, as a missing one of them does.
const textOfAll = (holes: ReadonlyArray<Hole>, rest: boolean): (params: Params | undefined | null) => string => {
  const [first] = holes
  if (first === undefined) return rest ? (params) => restText(params?.["*"]) : () => ""
  if (holes.length === 1 && !rest) {
    const { encode, isText, name } = first
    if (!isText) return (params) => encode(params?.[name])
    return (params) => {
      const value = params?.[name]
      return typeof value === "string" ? value : encode(value)
    }
  }
  return (params) => {
    let text = first.encode(params?.[first.name])
    for (let i = 1; i < holes.length; i++) text = text + ":" + holes[i]!.encode(params?.[holes[i]!.name])
    if (!rest) return text
    // With a rest, a colon in an earlier parameter would spell another key: refused here, as no text is a key with
    // `::`.
    const colons = text.split(":").length === holes.length ? ":" : "::"
    return text + colons + restText(params?.["*"])
  }
}

export const make = (manifest: ValidManifest, family: ValidFamily): Keys => {
  const { pattern } = family
  const names = pattern.holes.filter((name) => name !== "*")
  const holes = names.map((name) => holeOf(name, family))
  const isText = holes.length === 1 && !pattern.rest
  const hasChecks = holes.some(({ accepts }) => accepts !== undefined)
  const isSensitive = family.spec.sensitive === true
  const split = (key: string): ReadonlyArray<string> => holes.length === 0 && !pattern.rest ? [] : key.split(":")

  const render = (key: string): string => {
    const texts = split(key)
    let at = 0
    const segments = pattern.segments.map((segment) => segment._tag === "Text" ? segment.text : texts[at++]!)
    return pattern.rest ? [...segments, ...texts.slice(at)].join(":") : segments.join(":")
  }
  const check = (key: string): Diagnostic.Diagnostic | undefined => {
    if (isTooLong(key)) return KeyFindings.keyTooLong(pattern.source, keyBytesMax)
    // On the way of every write and miss. A key of one parameter need not be split: a colon makes it no segment.
    const texts = isText ? undefined : split(key)
    const wrong = texts === undefined ? (isSegment(key) ? -1 : 0) : texts.findIndex((text) => !isSegment(text))
    const isMiscounted = texts !== undefined &&
      (pattern.rest ? texts.length <= holes.length : texts.length !== holes.length)
    if (wrong >= 0 || isMiscounted) {
      return KeyFindings.parameterNotSegment(pattern.source, names[Math.max(0, wrong)] ?? "*")
    }
    if (hasChecks) {
      const refused = holes.find(({ accepts }, i) => accepts?.(texts === undefined ? key : texts[i]!) === false)
      if (refused !== undefined) return KeyFindings.parameterRefused(pattern.source, refused.name)
    }
    if (family.inner.length === 0) return undefined
    const decides = manifest.patterns.route(render(key))
    if (decides === undefined || decides.name === family.name) return undefined
    return KeyFindings.keyOfOtherFamily(pattern.source, decides.pattern.source, decides.name)
  }
  return {
    names: pattern.holes,
    textOf: textOfAll(holes, pattern.rest),
    check,
    render,
    show: isSensitive ? (key) => render(key === "" ? key : key.split(":").map(SensitiveKey.hash).join(":")) : render,
    hide: isSensitive ? SensitiveKey.hash : (text) => text,
    parse: (rendered) => {
      const segments = rendered.split(":")
      const fits = manifest.patterns.route(rendered)?.name === family.name
      if (!fits) return undefined
      const texts = pattern.segments.flatMap((segment, i) => segment._tag === "Text" ? [] : [segments[i]!])
      return [...texts, ...segments.slice(pattern.segments.length)].join(":")
    },
    decode: (key) => {
      const texts = split(key)
      const params: Record<string, unknown> = {}
      for (let i = 0; i < holes.length; i++) {
        const value = holes[i]!.decode(texts[i]!)
        if (value._tag === "None") return Option.none()
        setOwn(params, holes[i]!.name, value.value)
      }
      if (pattern.rest) params["*"] = texts.slice(holes.length).join(":")
      return Option.some(params)
    },
    unread: (key) => {
      const texts = split(key)
      const refused = holes.find(({ decode }, i) => Option.isNone(decode(texts[i]!)))
      return KeyFindings.parameterRefused(pattern.source, refused?.name ?? "*")
    },
    scopeOfPattern: (wanted) => scopeOfPattern(pattern, wanted),
    scopeOf: (params) => scopeOf(pattern, holes, params)
  }
}

const scopeOf = (
  pattern: KeyPattern,
  holes: ReadonlyArray<Hole>,
  params: Params
): Result.Result<Scope, Diagnostic.Diagnostic> => {
  const problem = findScopeProblem(pattern, params)
  if (problem !== undefined) return Result.fail(problem)
  const given = holes.flatMap(({ accepts, encode, name }, position) => {
    // A parameter may be called as what every object inherits.
    // One that is given and undefined was lost on its way: to leave it out would invalidate every key.
    return Object.hasOwn(params, name) ? [{ name, position, value: encode(params[name]), accepts }] : []
  })
  const rest = Object.hasOwn(params, "*") ? restText(params["*"]).split(":") : []
  rest.forEach((value, i) => given.push({ name: "*", position: holes.length + i, value, accepts: undefined }))
  const wrong = given.find(({ value }) => !isSegment(value))
  if (wrong !== undefined) return Result.fail(KeyFindings.parameterNotSegment(pattern.source, wrong.name))
  const refused = given.find(({ accepts, value }) => accepts?.(value) === false)
  return refused === undefined
    ? Result.succeed({ positions: given.map((each) => each.position), values: given.map((each) => each.value) })
    : Result.fail(KeyFindings.parameterRefused(pattern.source, refused.name))
}

/**
 * What is wrong with parameters of which some may be missing. To leave one out means every value of it. So a name that
 * the pattern does not have is refused, and so is what may have lost its names on the way: a list, a `Map`.
 */
const findScopeProblem = ({ holes, source }: KeyPattern, params: unknown): Diagnostic.Diagnostic | undefined => {
  if (!isBag(params)) return Misfit.parametersNone(source)
  const given = Object.keys(params)
  const unknown = given.find((name) => !holes.includes(name))
  if (unknown !== undefined) return Misfit.parameterUnknown(source, unknown, holes)
  return given.length > 0 || isPlain(params) ? undefined : Misfit.parametersNone(source)
}

// Also an object of another realm.
const isPlain = (of: object): boolean => {
  const proto = Object.getPrototypeOf(of)
  return proto === null || Object.getPrototypeOf(proto) === null
}

/** What the keys of a family that a pattern denotes have in common: its text, where the family has none. */
const scopeOfPattern = (family: KeyPattern, wanted: KeyPattern): Scope => {
  let position = 0
  const bound = wanted.segments.flatMap((segment, at) => {
    if (family.segments[at]?._tag === "Text") return []
    const own = position++
    return segment._tag === "Text" ? [{ position: own, value: segment.text }] : []
  })
  return { positions: bound.map((each) => each.position), values: bound.map((each) => each.value) }
}
