/**
 * Errors in the compiler's own words that are ours: a right that nobody provides, and calls of accessors where no type
 * of ours has a place for a message.
 */
import * as Diagnostic from "../diagnostic/Diagnostic.ts"
import { type Finding, labelOf, type Place, say } from "./findings.ts"

// The compiler names one member of the requirements, or all; the latter are names, and rights with their two arguments.
const right = `(Owns|Borrows)<"([^"]+)", (\\w+)>`
const alone = new RegExp(`Type '${right}' is not assignable to type '(?!"E\\d)`)
const among = new RegExp(
  `Type '(?:(?:[\\w.]+|\\w+<"[^"]+", \\w+>) \\| )*?${right}(?: \\| .*)?' is not assignable to type 'never'`
)

/** A program that runs without a right. `sources` are the files in which its family may be declared. */
export const findUnprovided = (
  text: string,
  place: Place,
  sources: ReadonlyArray<readonly [file: string, text: string]>
): Finding | undefined => {
  const union = among.exec(text)
  const [, mode, pattern, id] = alone.exec(text) ?? union ?? []
  if (mode === undefined) return undefined
  const verb = mode === "Owns" ? "write" : "read"
  const found = Diagnostic.capabilityUnprovided(id!, verb, pattern!, ownerOf(pattern!, sources) ?? "...")
  const all = union === null ? [] : [...union[0].matchAll(new RegExp(right, "g"))].map(([one]) => one)
  const required = all.length === 0 ? `${mode}<"${pattern}", ${id}>` : all.join(", ")
  return { ...place, ...say(found), label: `this requires ${required}` }
}

// The family of a pattern, or the one that it is a part of, as its manifest spells it.
const ownerOf = (
  pattern: string,
  sources: ReadonlyArray<readonly [file: string, text: string]>
): string | undefined => {
  const quoted = pattern.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")
  const shape = new RegExp(`(["']?)([\\w$-]+)\\1\\s*:\\s*\\{\\s*pattern\\s*:\\s*["'\`]${quoted}["'\`]([^}]*)`)
  for (const [, text] of sources) {
    const found = shape.exec(text)
    if (found !== null) return /\bpartOf\s*:\s*["'`]([^"'`]+)/.exec(found[3]!)?.[1] ?? found[2]
  }
  return undefined
}

const reads = "get|getPromise|getAnswerOption|getOption|getMany|getAnswer|getUnsafe|has|select|warm|explain|key"
const writes = "set|setMany|setting|deleting|update|patch|delete|deleteMany|invalidate|invalidateWhere|refresh|lease"
const operation = new RegExp(`([\\w$]+)\\s*\\.\\s*(${reads}|${writes})\\s*$`)
// What the compiler reports for an argument: a type that does not fit, a property that is missing or too many, a count.
const argument = /error TS(?:2322|2345|2353|2379|2375|2554|2555|2561|2739|2740|2741|2769): /

// The parameters that a lookup is given.
const destructured = /TS(?:2339|2551): Property '([^']+)' does not exist on type 'ParsedParams<"([^"]+)"/

// A raw key of a generic function, and an accessor of no family.
const generic = /is not assignable to parameter of type 'CheckedKey</
const accessor = /TS(?:2339|2551): Property '([^']+)' does not exist on type '\{ readonly [\w"'-]+: Family<(\w+), /

/** A key or a family that the compiler does not know. */
export const findUnknown = (text: string, place: Place): Finding | undefined => {
  if (generic.test(text)) {
    return {
      ...place,
      code: "E0107",
      sentence: "this key is a type parameter, so its owner is unknown",
      help: "use the accessors of 'keys', or name the key where it is a literal"
    }
  }
  const [, family, id] = accessor.exec(text) ?? []
  return family === undefined ? undefined : { ...place, ...say(Diagnostic.familyUnknown(id!, family)) }
}

/** A parameter or a value that does not fit, where the compiler prints no union: the call around names the family. */
export const findMisfit = (text: string, place: Place, source: string): Finding | undefined => {
  const [, surplus, pattern] = destructured.exec(text) ?? []
  if (pattern !== undefined) return { ...place, ...parameters(pattern), label: `there is no '${surplus}'` }
  if (!argument.test(text)) return undefined
  const call = callAround(source, offsetOf(source, place))
  const [, family, verb] = call === undefined ? [] : operation.exec(call.callee) ?? []
  if (family === undefined || verb === undefined || !isAccessor(family, call!.callee, source)) return undefined
  const label = labelOf(text)
  return {
    ...place,
    ...(call!.argument > 0 || verb === "setMany" ? value(family) : parameters(family)),
    ...(label === undefined ? {} : { label })
  }
}

const value = (family: string) => ({
  code: "E0114",
  sentence: `this is no value of '${family}'`,
  help: "give the type that its family declares as value, or declare another"
})
const parameters = (familyOrPattern: string) => ({
  code: "E0112",
  sentence: `these are not the parameters of '${familyOrPattern}'`,
  help: "give a value for each name in the braces of its pattern, and nothing else"
})

// `AppCache.keys.user`, or `user` where `const { user } = AppCache.keys`: anything else of that name is no accessor.
const isAccessor = (family: string, callee: string, source: string): boolean =>
  new RegExp(`\\.\\s*keys\\s*\\.\\s*${family}\\s*\\.\\s*\\w+\\s*$`).test(callee) ||
  new RegExp(`\\{[^{}]*(?<![\\w$])${family}(?![\\w$])[^{}]*\\}\\s*=\\s*[\\w$.]+\\.keys\\b`).test(source)

const offsetOf = (source: string, { column, line }: Place): number => {
  let start = 0
  for (let at = 1; at < line; at++) start = source.indexOf("\n", start) + 1
  return start + column - 1
}

interface Call {
  /** The text before the parenthesis. */
  readonly callee: string
  /** Which argument, from 0. */
  readonly argument: number
}

interface Open {
  readonly sign: string
  readonly at: number
  commas: number
}

// The innermost call whose arguments, or whose name, hold a place; none beyond the block of a function.
const callAround = (source: string, offset: number): Call | undefined => {
  const open: Array<Open> = []
  const skipped = /\/\/[^\n]*|\/\*[^]*?\*\/|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|`(?:[^`\\]|\\.)*`|[([{)\]},]/g
  for (const { 0: token, index } of source.matchAll(skipped)) {
    if (index >= offset) break
    if (token === "(" || token === "[" || token === "{") open.push({ sign: token, at: index, commas: 0 })
    else if (token === ")" || token === "]" || token === "}") open.pop()
    else if (token === "," && open.length > 0) open.at(-1)!.commas++
  }
  // Too few arguments are reported at the name that is called.
  const name = /^[\w$]+\s*\(/.exec(source.slice(offset))
  if (name !== null) {
    const callee = source.slice(0, offset + name[0].length - 1)
    if (operation.test(callee)) {
      return { callee, argument: /^\s*\)/.test(source.slice(offset + name[0].length)) ? 0 : 1 }
    }
  }
  for (const { at, commas, sign } of open.toReversed()) {
    const before = source.slice(0, at).trimEnd()
    if (sign === "{" && /(?:\)|=>)$/.test(before)) return undefined
    if (sign === "(" && /[\w$>]$/.test(before) && !before.endsWith("=>")) return { callee: before, argument: commas }
  }
  return undefined
}
