/**
 * Converts parameters to keys within a family and to full keys, and back. It is compiled once for each family.
 *
 * - A key within a family is the texts of its parameters, joined by `:`. A family without parameters has one key: the
 *   empty text.
 * - `textOf` does not check the text, so that a hit costs one property read. An invalid text is not in any table.
 * - `check` says what is wrong with a text. Each operation calls it before it loads or stores anything under the text.
 * - A value that is not a text is encoded. If its codec refuses it, it becomes the empty text, which is not a segment.
 *   A number that is not finite becomes it as well, with a codec or without one.
 * - A codec may read several texts as one value, such as `Ann` and `ann`. The text of a key is the one that it writes
 *   for what it has read (`canonical`), so one value has one key.
 */
import * as Equal from "effect/Equal"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import type * as SchemaAST from "effect/SchemaAST"
import type { Slice } from "../../cache/Explanation.ts"
import { end, more } from "../../cache/shared/slices.ts"
import type * as Diagnostic from "../../diagnostic/Diagnostic.ts"
import * as KeyFindings from "../../diagnostic/types/keyFindings.ts"
import * as Misfit from "../../diagnostic/types/misfit.ts"
import { isBag, type ValidFamily, type ValidManifest } from "../../ownership/shared/validation.ts"
import { isSegment, isTooLong, keyBytesMax } from "../../pattern/Key.ts"
import { type KeyPattern, normalizePattern, type PatternSegment } from "../../pattern/KeyPattern.ts"
import * as SensitiveKey from "../../pattern/SensitiveKey.ts"

export type Params = { readonly [name: string]: unknown }

export interface Keys {
  /** The key within the family, unchecked. */
  readonly textOf: (params: Params) => string
  /** The names of the pattern's parameters. The rest is among them, as `*`. */
  readonly names: ReadonlyArray<string>
  /** Returns what is wrong with a key within the family, without any text of the key. */
  readonly check: (key: string) => Diagnostic.Diagnostic | undefined
  /**
   * Returns which parameter by itself is not a segment, if one is not: with a colon in a later parameter, the key alone
   * does not say which.
   */
  readonly findUnfit: (params: Params) => Diagnostic.Diagnostic | undefined
  /** Spells the full key of a key within the family. */
  readonly render: (key: string) => string
  /** Spells the full key for errors, events and logs: for a sensitive family, with hashes in place of parameters. */
  readonly show: (key: string) => string
  /** Spells a segment of a key, or a tag, for errors, events and logs: for a sensitive family, as its hash. */
  readonly hide: (text: string) => string
  /** Returns the key within the family of a full key that belongs to the family. */
  readonly within: (rendered: string) => string
  /** Returns the key within the family of a full key, or `undefined` if the full key belongs to another family. */
  readonly parse: (rendered: string) => string | undefined
  /** Returns the parameters of a key as the owner's lookup gets them: decoded where the manifest gives a codec. */
  readonly decode: (key: string) => Option.Option<Params>
  /** Returns why `decode` failed: it names the first parameter whose codec refuses its text. */
  readonly unread: (key: string) => Diagnostic.Diagnostic
  /** Returns the slice of all keys with the given parameters, or what is wrong with one of these. */
  readonly sliceOf: (params: Params) => Result.Result<Slice, Diagnostic.Diagnostic>
  /**
   * Returns a pattern with each text of a parameter as its codec writes it, or what is wrong with one of these. What
   * spells one key is checked as a key.
   */
  readonly spell: (pattern: KeyPattern) => Result.Result<KeyPattern, Diagnostic.Diagnostic>
  /** Returns the slice of the family's keys that a pattern denotes, once the family has spelt it. */
  readonly sliceOfPattern: (spelt: KeyPattern) => Slice
}

interface Hole {
  readonly name: string
  /** Whether the manifest gives the parameter a codec, or a type. */
  readonly hasCodec: boolean
  /** Whether a string is used as the text of the parameter without its codec. */
  readonly isText: boolean
  readonly encode: (value: unknown) => string
  readonly decode: (text: string) => Option.Option<unknown>
  /** Whether a string that is used as it is passes the checks of the codec; `undefined` if the codec has none. */
  readonly accepts: ((text: string) => boolean) | undefined
}

// `NaN` comes from a text that is not a number, and `Infinity` from one that is too long. With one key for all these
// texts, a caller would get the value of another text.
const isLostNumber = (value: unknown): boolean => typeof value === "number" && !Number.isFinite(value)

// Any value but a text, a finite number or a bigint becomes `""`, which `isSegment` rejects.
const plain = (value: unknown): string =>
  typeof value === "string" ? value : Number.isFinite(value) || typeof value === "bigint" ? String(value) : ""

const text = (value: unknown): string => typeof value === "string" ? value : ""

/**
 * Returns whether two values of a codec may get the same text by accident: in a union of string and number, "1" and 1.
 * A codec that drops a part on purpose, such as the hour of a date, does not count: its texts are the user's choice.
 */
const mayShareText = (ast: SchemaAST.AST): boolean =>
  ast._tag === "Union" &&
  !ast.types.every((type) => type._tag === "Literal" && typeof type.literal === "string" && type.encoding === undefined)

// A codec is code of the user. If it throws, that counts as a refusal.
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
    // A type without a codec does not convert. A number would come back to the lookup as a text, so only texts are
    // taken.
    const hasCodec = codec !== undefined
    return {
      name,
      hasCodec,
      isText: true,
      encode: codec === undefined ? plain : text,
      decode: Option.some,
      accepts: undefined
    }
  }
  // Codecs of keys are synchronous and need no service. Schema derives a text form for each of them.
  const texts = Schema.toCodecStringTree(codec as Schema.Codec<unknown>)
  const encode = guarded(Schema.encodeUnknownResult(texts))
  const read = guarded(Schema.decodeUnknownResult(texts))
  const decode = (text: string): Option.Option<unknown> => {
    const value = read(text)
    return value._tag === "Some" && isLostNumber(value.value) ? Option.none() : value
  }
  // True for a schema that only names or checks strings, such as a brand. A schema that changes them must run each
  // time.
  const isText = codec.ast._tag === "String" && codec.ast.encoding === undefined
  const mustComeBack = mayShareText(codec.ast)
  const comesBack = (text: string, value: unknown): boolean => {
    const decoded = decode(text)
    return decoded._tag === "Some" && Equal.equals(decoded.value, value)
  }
  const written = (value: unknown): string => {
    if (isLostNumber(value)) return ""
    const text = encode(value)
    if (text._tag === "None" || typeof text.value !== "string") return ""
    return !mustComeBack || comesBack(text.value, value) ? text.value : ""
  }
  const spell = remembered(canonical(written, decode))
  return {
    name,
    hasCodec: true,
    isText,
    encode: isText ? (value) => typeof value === "string" ? value : spell(value) : spell,
    decode,
    accepts: isText && codec.ast.checks !== undefined ? (text) => Option.isSome(decode(text)) : undefined
  }
}

/** The text that a codec writes for what it reads. A codec that writes another one each time is refused. */
const canonical =
  (write: (value: unknown) => string, read: (text: string) => Option.Option<unknown>) => (value: unknown): string => {
    const again = (text: string): string => {
      const known = text === "" ? Option.none() : read(text)
      // A text that the codec does not read is refused when it is decoded.
      return Option.isNone(known) ? text : write(known.value)
    }
    const text = again(write(value))
    return again(text) === text ? text : ""
  }

const rememberedMax = 1_024

/** Remembers the texts of some values: a codec takes longer than a hit. */
const remembered = (spell: (value: unknown) => string): (value: unknown) => string => {
  const known = new Map<unknown, string>()
  return (value) => {
    // An object may change, and a map takes -0 for 0.
    if (value === 0 || typeof value !== "string" && typeof value !== "number") return spell(value)
    const before = known.get(value)
    if (before !== undefined) return before
    const text = spell(value)
    if (known.size >= rememberedMax) known.clear()
    known.set(value, text)
    return text
  }
}

// An assignment to `__proto__` would set the prototype and not a property.
const setOwn = (params: Record<string, unknown>, name: string, value: unknown): void => {
  if (name !== "__proto__") params[name] = value
  else Object.defineProperty(params, name, { value, enumerable: true, configurable: true, writable: true })
}

/** Makes the parameters of a key that is the text of one parameter: each load does, and a list of keys for each key. */
const decodeOne = ({ decode, name }: Hole): (key: string) => Option.Option<Params> => {
  // An object with a name that is known only now is made faster as a copy.
  const shape: Record<string, unknown> = { [name]: undefined }
  return (key) => {
    const value = decode(key)
    if (value._tag === "None") return Option.none()
    const params = { ...shape }
    params[name] = value.value
    return Option.some(params)
  }
}

/** Makes the parameters of any other key. */
const decodeAll =
  (holes: ReadonlyArray<Hole>, rest: boolean, split: (key: string) => ReadonlyArray<string>) =>
  (key: string): Option.Option<Params> => {
    const texts = split(key)
    const params: Record<string, unknown> = {}
    for (let i = 0; i < holes.length; i++) {
      const value = holes[i]!.decode(texts[i]!)
      if (value._tag === "None") return Option.none()
      setOwn(params, holes[i]!.name, value.value)
    }
    if (rest) params["*"] = texts.slice(holes.length).join(":")
    return Option.some(params)
  }

const restText = (value: unknown): string => Array.isArray(value) ? value.map(plain).join(":") : plain(value)

// A getter or a Proxy of the caller may throw. The text is then not a valid key, and `refusalBy` says why.
const guardedText =
  (spell: (params: Params | undefined | null) => string) => (params: Params | undefined | null): string => {
    try {
      return spell(params)
    } catch {
      return ""
    }
  }

// A program without types may leave the parameters out. Then each of them is missing, and the text is not a valid key.
const textOfAll = (holes: ReadonlyArray<Hole>, rest: boolean): (params: Params | undefined | null) => string => {
  const [first] = holes
  if (first === undefined) return rest ? guardedText((params) => restText(params?.["*"])) : () => ""
  if (holes.length === 1 && !rest) {
    const { encode, isText, name } = first
    if (!isText) return guardedText((params) => encode(params?.[name]))
    // Not by `guardedText`: this is the way of most hits, which a function around it would make a third slower.
    return (params) => {
      try {
        const value = params?.[name]
        return typeof value === "string" ? value : encode(value)
      } catch {
        return ""
      }
    }
  }
  return guardedText((params) => {
    let text = first.encode(params?.[first.name])
    for (let i = 1; i < holes.length; i++) text = text + ":" + holes[i]!.encode(params?.[holes[i]!.name])
    if (!rest) return text
    // With a rest, a colon in an earlier parameter would spell another key. A text with `::` is not a key, so it is
    // refused.
    const colons = text.split(":").length === holes.length ? ":" : "::"
    return text + colons + restText(params?.["*"])
  })
}

const renderOf = (
  pattern: KeyPattern,
  isText: boolean,
  split: (key: string) => ReadonlyArray<string>
): (key: string) => string => {
  const spell = (texts: ReadonlyArray<string>): string => {
    let at = 0
    const segments = pattern.segments.map((segment) => segment._tag === "Text" ? segment.text : texts[at++]!)
    return pattern.rest ? [...segments, ...texts.slice(at)].join(":") : segments.join(":")
  }
  if (!isText) return (key) => spell(split(key))
  // Each load spells its key. What stands around the only parameter is always the same.
  const at = pattern.segments.findIndex(({ _tag }) => _tag !== "Text")
  const before = at === 0 ? "" : `${spell([""]).split(":").slice(0, at).join(":")}:`
  const after = spell([""]).slice(before.length)
  return (key) => before + key + after
}

/** Makes `check`, which says what is wrong with a key. Every write and every miss runs it. */
const checkOf = (
  manifest: ValidManifest,
  { inner, name, pattern }: ValidFamily,
  holes: ReadonlyArray<Hole>,
  render: (key: string) => string,
  split: (key: string) => ReadonlyArray<string>
): Keys["check"] => {
  const isText = holes.length === 1 && !pattern.rest
  const hasChecks = holes.some(({ accepts }) => accepts !== undefined)
  const isPlainText = isText && !hasChecks && inner.length === 0
  const findProblem = (key: string): Diagnostic.Diagnostic | undefined => {
    if (isTooLong(key)) return KeyFindings.keyTooLong(pattern.source, keyBytesMax)
    // A key of one parameter is not split: with a colon it is not a segment.
    const texts = isText ? [key] : split(key)
    const wrong = texts.findIndex((text) => !isSegment(text))
    const isMiscounted = pattern.rest ? texts.length <= holes.length : texts.length !== holes.length
    if (wrong >= 0 || isMiscounted) {
      const hole = holes[Math.max(0, wrong)]
      return KeyFindings.parameterNotSegment(pattern.source, hole?.name ?? "*", hole?.hasCodec)
    }
    const refused = hasChecks ? holes.find(({ accepts }, i) => accepts?.(texts[i]!) === false) : undefined
    if (refused !== undefined) return KeyFindings.parameterRefused(pattern.source, refused.name)
    if (inner.length === 0) return undefined
    const decides = manifest.patterns.route(render(key))
    if (decides === undefined || decides.name === name) return undefined
    return KeyFindings.keyOfOtherFamily(pattern.source, decides.pattern.source, decides.name)
  }
  return (key) => isPlainText && isSegment(key) && !isTooLong(key) ? undefined : findProblem(key)
}

export const make = (manifest: ValidManifest, family: ValidFamily): Keys => {
  const { pattern } = family
  const names = pattern.holes.filter((name) => name !== "*")
  const holes = names.map((name) => holeOf(name, family))
  const isText = holes.length === 1 && !pattern.rest
  const { isSensitive } = family
  const split = (key: string): ReadonlyArray<string> => holes.length === 0 && !pattern.rest ? [] : key.split(":")

  const render = renderOf(pattern, isText, split)
  const within = (rendered: string): string => {
    const segments = rendered.split(":")
    const texts = pattern.segments.flatMap((segment, i) => segment._tag === "Text" ? [] : [segments[i]!])
    return [...texts, ...segments.slice(pattern.segments.length)].join(":")
  }
  const check = checkOf(manifest, family, holes, render, split)
  return {
    names: pattern.holes,
    textOf: textOfAll(holes, pattern.rest),
    check,
    findUnfit: (params) => {
      const unfit = holes.find(({ encode, name }) => !isSegment(encode(params[name])))
      if (unfit !== undefined && params[unfit.name] === "*") {
        return KeyFindings.parameterStar(pattern.source, unfit.name)
      }
      return unfit && KeyFindings.parameterNotSegment(pattern.source, unfit.name, unfit.hasCodec)
    },
    render,
    show: isSensitive ? (key) => render(key === "" ? key : key.split(":").map(SensitiveKey.hash).join(":")) : render,
    hide: isSensitive ? SensitiveKey.hash : (text) => text,
    within,
    parse: (rendered) => manifest.patterns.route(rendered)?.name === family.name ? within(rendered) : undefined,
    decode: isText ? decodeOne(holes[0]!) : decodeAll(holes, pattern.rest, split),
    unread: (key) => {
      const texts = split(key)
      const refused = holes.find(({ decode }, i) => Option.isNone(decode(texts[i]!)))
      return KeyFindings.parameterRefused(pattern.source, refused?.name ?? "*")
    },
    spell: (wanted) =>
      Result.flatMap(speltBy(pattern, holes, wanted), (spelt) => {
        const problem = wanted.holes.length > 0 ? undefined : check(within(spelt.source))
        return problem === undefined ? Result.succeed(spelt) : Result.fail(problem)
      }),
    sliceOfPattern: (spelt) => sliceOfPattern(pattern, spelt),
    sliceOf: guardedSlice(pattern, (params) => {
      const slice = sliceOf(pattern, holes, params)
      if (Result.isFailure(slice) || !pattern.holes.every((name) => Object.hasOwn(params, name))) return slice
      // With every parameter given, the slice names one key, or those that begin with it.
      const key = slice.success.values.join(":")
      const problem = check(key)
      return problem === undefined || pattern.rest && !isTooLong(key) && isBegun(manifest, family, render(key))
        ? slice
        : Result.fail(problem)
    })
  }
}

/** Whether keys of a family may begin with a text that is a key of another family within it. */
const isBegun = ({ patterns }: ValidManifest, family: ValidFamily, rendered: string): boolean => {
  const decides = patterns.route(rendered)
  if (decides === undefined || decides.name === family.name) return false
  const beyond = patterns.route(`${rendered}:~`)
  return beyond !== undefined && (beyond.name === family.name || !beyond.pattern.rest)
}

const guardedSlice = ({ source }: KeyPattern, make: Keys["sliceOf"]): Keys["sliceOf"] => (params) => {
  try {
    return make(params)
  } catch {
    return Result.fail(Misfit.parametersThrow(source))
  }
}

const sliceOf = (
  pattern: KeyPattern,
  holes: ReadonlyArray<Hole>,
  params: Params
): Result.Result<Slice, Diagnostic.Diagnostic> => {
  const problem = findSliceProblem(pattern, params)
  if (problem !== undefined) return Result.fail(problem)
  const given = holes.flatMap(({ accepts, encode, hasCodec, name }, position) => {
    // `hasOwn`, because a parameter may have the name of a member that every object inherits. A given `undefined` is
    // not left out: it was lost on its way, and to leave it out would invalidate every key.
    return Object.hasOwn(params, name) ? [{ name, position, value: encode(params[name]), accepts, hasCodec }] : []
  })
  const rest = Object.hasOwn(params, "*") ? restText(params["*"]).split(":") : []
  rest.forEach((value, i) =>
    given.push({ name: "*", position: holes.length + i, value, accepts: undefined, hasCodec: false })
  )
  const wrong = given.find(({ value }) => !isSegment(value))
  if (wrong !== undefined) {
    return Result.fail(KeyFindings.parameterNotSegment(pattern.source, wrong.name, wrong.hasCodec))
  }
  const refused = given.find(({ accepts, value }) => accepts?.(value) === false)
  return refused === undefined
    ? Result.succeed({ positions: given.map((each) => each.position), values: given.map((each) => each.value) })
    : Result.fail(KeyFindings.parameterRefused(pattern.source, refused.name))
}

/**
 * Returns what is wrong with parameters of which some may be missing. A missing parameter means every value. So a name
 * that the pattern does not have is refused, and so is an object that may have lost its names, such as a list or a
 * `Map`.
 */
const findSliceProblem = ({ holes, source }: KeyPattern, params: unknown): Diagnostic.Diagnostic | undefined => {
  if (!isBag(params)) return Misfit.parametersNone(source)
  const given = Object.keys(params)
  const unknown = given.find((name) => !holes.includes(name))
  if (unknown !== undefined) return Misfit.parameterUnknown(source, unknown, holes)
  return given.length > 0 || isPlainObject(params) ? undefined : Misfit.parametersNone(source)
}

// Returns `true` for a plain object of another realm (such as a `vm` context), too.
const isPlainObject = (of: object): boolean => {
  const proto = Object.getPrototypeOf(of)
  return proto === null || Object.getPrototypeOf(proto) === null
}

// A parameter of the pattern stays, and so does a text in the rest: it has no codec.
const speltBy = (
  family: KeyPattern,
  holes: ReadonlyArray<Hole>,
  wanted: KeyPattern
): Result.Result<KeyPattern, Diagnostic.Diagnostic> => {
  let position = 0
  const segments: Array<PatternSegment> = []
  for (const [at, segment] of wanted.segments.entries()) {
    const hole = family.segments[at]?._tag === "Hole" ? holes[position++] : undefined
    if (hole === undefined || segment._tag === "Hole") segments.push(segment)
    else {
      const value = hole.decode(segment.text)
      if (Option.isNone(value)) return Result.fail(KeyFindings.parameterRefused(family.source, hole.name))
      const text = hole.encode(value.value)
      if (!isSegment(text)) {
        return Result.fail(KeyFindings.parameterNotSegment(family.source, hole.name, hole.hasCodec))
      }
      segments.push({ _tag: "Text", text })
    }
  }
  return Result.succeed(withSegments(wanted, segments))
}

const withSegments = (wanted: KeyPattern, segments: ReadonlyArray<PatternSegment>): KeyPattern => {
  const texts = segments.map((segment) => segment._tag === "Text" ? segment.text : `{${segment.name}}`)
  const source = (wanted.rest ? [...texts, "*"] : texts).join(":")
  return { ...wanted, source, normal: normalizePattern(source), segments }
}

/**
 * Returns the slice of the keys that a pattern denotes: its text segments, where the family has parameters. In a family
 * that ends in `*`, it also says where these keys end, or that they go on.
 */
const sliceOfPattern = (family: KeyPattern, wanted: KeyPattern): Slice => {
  let position = 0
  const bound = wanted.segments.flatMap((segment, at) => {
    if (family.segments[at]?._tag === "Text") return []
    const own = position++
    return segment._tag === "Text" ? [{ position: own, value: segment.text }] : []
  })
  // A shorter pattern has a `*`, too, and every key of the family goes on after it.
  if (family.rest && wanted.segments.length > family.segments.length) {
    bound.push({ position, value: wanted.rest ? more : end })
  }
  return { positions: bound.map((each) => each.position), values: bound.map((each) => each.value) }
}
