/**
 * Recognizes errors in the compiler's own words that are ours: a right that no layer provides, and calls of accessors
 * where none of our types can hold a message.
 */
import type * as Diagnostic from "../diagnostic/Diagnostic.ts"
import * as ManifestFindings from "../diagnostic/types/manifestFindings.ts"
import * as Misfit from "../diagnostic/types/misfit.ts"
import * as OwnerFindings from "../diagnostic/types/ownerFindings.ts"
import * as RightFindings from "../diagnostic/types/rightFindings.ts"
import * as Wiring from "../diagnostic/types/wiring.ts"
import { type Finding, labelOf, type Place, say } from "./findings.ts"
import { ofAccessor } from "./meaning.ts"
import { escape, offsetOf, tokens } from "./source.ts"
import { words } from "./statements.ts"

// The compiler prints one member of the requirements, or all of them: names, and rights with their two arguments.
const right = `(Owns|Borrows|Appoints|Admits)<"([^"]+)", (\\w+)>`
// Another right in the place of one is not left over: the program may have both of them.
const alone = new RegExp(
  `Type '${right}' is not assignable to type '(?!"E\\d|[^'\n]*\\b(?:Owns|Borrows|Appoints|Admits)<)`
)
const among = new RegExp(
  `Type '(?:(?:[\\w.]+|\\w+<"[^"]+", \\w+>) \\| )*?${right}(?: \\| .*)?' is not assignable to type 'never'`
)

// The store that no tier provides, alone or among other requirements, unless the program has a service of this name.
const storeless = /Type '(?:[^'\n]*\| )?Store(?: \|[^'\n]*)?' is not assignable to type 'never'/
const ownStore = /\bclass Store\b(?![^]*"effect-stateless\/store\/Store")/

// The requirements that nothing provides, as the compiler prints them.
const leftOver = /Type '([^'\n]*)' is not assignable to type 'never'/
// A manifest class stands in its own base, also in a declaration file. A service of Effect has a second type there.
const isManifest = (name: string, sources: ReadonlyArray<readonly [file: string, text: string]>): boolean => {
  const self = escape(name)
  const base = new RegExp(`(?<!Context\\s*\\.\\s*)\\b(?:Service\\s*<\\s*${self}\\s*>|ServiceOf<${self},)`)
  return /^\w+$/.test(name) && sources.some(([, source]) => base.test(source))
}

// The functions that run a program, of a runtime and of Effect.
const running = "run(?:Promise|Fork|Sync|Callback)(?:Exit)?"
const runner = new RegExp(`(?<![\\w$])${running}$`)
const runnerWith = new RegExp(`(?<![\\w$])${running}With\\s*\\((?:[^()]|\\([^()]*\\))*\\)$`)
const runnerGiven = new RegExp(`^[\\w$.?!\\s]*\\.\\s*${running}\\s*[,)]`)

// Returns whether the compiler reports an argument of a function that runs it, or such a function in a `pipe`.
const isRun = (source: string, offset: number): boolean => {
  const callee = /([^]*?)\s*\(\s*$/.exec(source.slice(Math.max(0, offset - runnerLengthMax), offset))?.[1] ?? ""
  if (runner.test(callee) || runnerWith.test(callee) || runnerGiven.test(source.slice(offset))) return true
  // `const run = Effect.runPromiseWith(context)`.
  const [name] = /(?<![\w$.])[\w$]+$/.exec(callee) ?? []
  const made = `\\s*=\\s*[\\w$.\\s]*\\.${running}(?:With\\s*\\(|\\s*(?:;|\\n|$))`
  return name !== undefined && new RegExp(`\\bconst\\s+${escape(name)}${made}`).test(source)
}
// How many characters before an argument are read for the name of its function.
const runnerLengthMax = 400

// What a program requires, compared with what its runtime provides. Inside of texts, these types have no quotes.
const compared = /^ +Type '([^'\n]*)' is not assignable to type '([^'\n]*)'/gm
const capability = new RegExp(`^${right}$`)

/**
 * Returns the error of a program whose runtime provides other rights as that of a program to which nothing provides
 * rights: the requirements that are left over, and `never`.
 */
const leaveOver = (text: string): string => {
  for (const [, required, provided] of text.matchAll(compared)) {
    // The compiler compares whole programs first, and their requirements next.
    if (/\bEffect</.test(required!)) continue
    // A long union is cut. The compiler names one member that is not given in a line of its own.
    const isCut = / more \.\.\./.test(required! + provided!)
    if (isCut && required!.includes(" | ")) continue
    const given = new Set(provided!.split(" | "))
    const left = isCut ? [required!] : required!.split(" | ").filter((one) => !given.has(one) && !isGiven(one, given))
    return left.length === 0 ? text : `Type '${left.join(" | ")}' is not assignable to type 'never'.`
  }
  return text
}

// Returns whether a wider right gives a right: to write is also to read, and `Appoints<string>` appoints all owners.
const isGiven = (one: string, given: ReadonlySet<string>): boolean => {
  const [, mode, pattern, id] = capability.exec(one) ?? []
  if (mode === "Borrows") return given.has(`Owns<"${pattern}", ${id}>`)
  if (mode === "Appoints" || mode === "Admits") return given.has(`${mode}<string, ${id}>`)
  return false
}

/**
 * Recognizes a program that runs without a right, without an engine, or without a store. `sources` are the files in
 * which its manifest may be declared.
 */
export const findUnprovided = (
  error: string,
  place: Place,
  sources: ReadonlyArray<readonly [file: string, text: string]>
): Finding | undefined => {
  const source = sources.find(([file]) => file === place.file)?.[1] ?? ""
  const text = isRun(source, offsetOf(source, place)) ? leaveOver(error) : error
  const union = among.exec(text)
  const [, mode, pattern, id] = alone.exec(text) ?? union ?? []
  if (mode === undefined) {
    const engine = (leftOver.exec(text)?.[1] ?? "").split(" | ").find((name) => isManifest(name, sources))
    if (engine !== undefined) {
      return { ...place, ...say(Wiring.engineMissing(engine)), label: `this requires ${engine}` }
    }
    const isMissing = storeless.test(text) && !sources.some(([, source]) => ownStore.test(source))
    return isMissing ? { ...place, ...say(Wiring.storeMissing()), label: "this requires Store" } : undefined
  }
  const found = nameUnprovided(mode, id!, pattern!, sources)
  const all = union === null ? [] : [...union[0].matchAll(new RegExp(right, "g"))].map(([one]) => one)
  const required = all.length === 0 ? `${mode}<"${pattern}", ${id}>` : all.join(", ")
  return { ...place, ...say(found), label: `this requires ${required}` }
}

const member =
  /TS(?:2339|2551): Property '([\w$]+)' does not exist on type '(?:typeof ([\w$]+)|(?:Manifest\.)?Engine<([\w$]+)>)'/

/** Recognizes a family that is looked for in its manifest, or in what `yield*` of that returns, and not in `keys`. */
export const findOutsideKeys = (
  text: string,
  place: Place,
  sources: ReadonlyArray<readonly [file: string, text: string]>
): Finding | undefined => {
  const [, name, manifest, engine] = member.exec(text) ?? []
  if (name === undefined) return undefined
  const id = manifest ?? engine!
  const declared = new RegExp(`\\bclass\\s+${escape(id)}\\s+extends\\b[^{]*\\bService\\b`)
  const family = new RegExp(`(?<![\\w$])${escape(name)}\\s*[:,]`)
  return sources.some(([, source]) => declared.test(source) && family.test(source.slice(source.search(declared))))
    ? {
      ...place,
      code: "E0210",
      sentence: `the families of '${id}' are in 'keys', and not beside them`,
      help: `write keys.${name}`
    }
    : undefined
}

const nameUnprovided = (
  mode: string,
  id: string,
  pattern: string,
  sources: ReadonlyArray<readonly [file: string, text: string]>
): Diagnostic.Diagnostic => {
  if (mode === "Appoints") return Wiring.appointmentMissing(id, "the owner", pattern)
  if (mode === "Admits") return Wiring.appointmentMissing(id, "a reader", pattern)
  const verb = mode === "Owns" ? "write" : "read"
  return RightFindings.capabilityUnprovided(id, verb, pattern, ownerOf(pattern, sources) ?? "...")
}

// Finds the owner of a pattern in the text of its manifest: its family, or the family of which it is a part.
const ownerOf = (
  pattern: string,
  sources: ReadonlyArray<readonly [file: string, text: string]>
): string | undefined => {
  const shape = new RegExp(`\\bpattern\\s*:\\s*["'\`]${escape(pattern)}["'\`]`, "g")
  for (const [, text] of sources) {
    for (const { index } of text.matchAll(shape)) {
      const begin = edgeOf(text, index, -1)
      const name = /(["']?)([\w$-]+)\1\s*:\s*$/.exec(text.slice(0, Math.max(0, begin)))?.[2]
      const whole = /\bpartOf\s*:\s*["'`]([^"'`]+)/.exec(text.slice(begin, edgeOf(text, index, 1)))?.[1]
      if (name !== undefined) return whole ?? name
    }
  }
  return undefined
}

// The brace that opens (`step` -1) or closes (`step` 1) the object around a place. Braces in texts come in pairs.
const edgeOf = (text: string, from: number, step: 1 | -1, [open, close]: string = "{}"): number => {
  const [outer, inner] = step < 0 ? [open, close] : [close, open]
  let depth = 0
  let at = from
  for (; at >= 0 && at < text.length; at += step) {
    if (text[at] === inner) depth++
    else if (text[at] === outer && --depth < 0) break
  }
  return at
}

// The operations whose first argument has the parameters of a key.
const withoutParams = words("hottest keys entries page sample count invalidateAll invalidateTag")
const withParams = [
  ...[...ofAccessor].filter((name) => !withoutParams.has(name)),
  ...words("getPromise getUnsafe setting deleting key")
]
const operation = new RegExp(`([\\w$]+)\\s*\\.\\s*(${withParams.join("|")})\\s*$`)
const valued = /^(?:set|setMany|setIfAbsent|setting|update|patch)$/
// The errors that the compiler reports for an argument: a wrong type, a missing or surplus property, a wrong count.
const argument = /error TS(?:2322|2345|2353|2379|2375|2554|2555|2561|2739|2740|2741|2769): /

// The names of our types for the arguments of operations. The compiler prints them with the pattern.
const keyParams = new RegExp(
  `(?:is missing in type|is not assignable to (?:parameter of )?type|does not exist in type) ` +
    `.*'(?:Key|Named)Params<"([^"]+)"`
)
const entryValue = new RegExp(
  `(?:is missing in type|is not assignable to (?:parameter of )?type|does not exist in type) ` +
    `[^\\n]*'(Value|NewValue)<"([^"]+)"`
)
const writeOptions = /'([^']+)' does not exist in type 'WriteOptions<"([^"]+)">'/
// The values of each option of a write.
const written: { readonly [option: string]: string } = {
  timeToLive: "a duration, such as '5 minutes', '1 hour' or 500 (milliseconds), or 'never', or 'doNotStore'",
  tags: "a list of strings, ['de', 'news']",
  revision: "the source's own name of this state of the value, a string",
  ifVersion: "the version that the key must have, a number, or null for a key without a value",
  lease: "an exclusive lease of this family"
}
// Some of the parameters, and pairs of parameters and values.
const someParams = /(?:'([^']+)' does not exist in|has no properties in common with) type 'SomeParams<"([^"]+)"/
const entries = /type '(?:Many<)?(?:NewEntry<|readonly \[params: KeyParams<)"([^"]+)"/
// The parameters that a lookup gets.
const destructured = /TS(?:2339|2551): Property '([^']+)' does not exist on type 'ParsedParams<"([^"]+)"/

// An argument whose type has a type parameter: the compiler puts our check off, and prints it with the whole manifest.
const generic = /^[^\n]*is not assignable to (?:parameter of )?type '[^\n]*?\bChecked(\w+)</
type Unknown = Pick<Finding, "code" | "sentence" | "help">
const unknownKey: Unknown = {
  code: "E0107",
  sentence: "this key is a type parameter, so its owner is unknown",
  help: "use the accessors of 'keys', or name the key where it is a literal"
}
const unknownLookup: Unknown = {
  code: "E0220",
  sentence: "this lookup has a type parameter in its type, so its reads are unknown",
  help: "annotate the lookup with everything that it requires, or call 'owner' where its type is known"
}
const unknownBody: Unknown = {
  code: "E0220",
  sentence: "this body has a type parameter in its type, so its reads and writes are unknown",
  help: "annotate the yielded Effects with everything that they require, or call 'fn' where their type is known"
}
const unknownModule: Unknown = {
  code: "E0214",
  sentence: "this module has a type parameter in its type, so its requirements are unknown",
  help: "annotate the module with the type of its Layer, or call 'modules' where its type is known"
}
const generics: { readonly [check: string]: Unknown } = {
  Key: unknownKey,
  OneKey: unknownKey,
  Pattern: {
    code: "E0107",
    sentence: "this pattern is a type parameter, so its keys are unknown",
    help: "use invalidateWhere of the family, or name the pattern where it is a literal"
  },
  NameOf: {
    code: "E0210",
    sentence: "this name is a type parameter, so its family is unknown",
    help: "name the family where its name is a literal"
  },
  Answer: unknownLookup,
  Lookup: unknownLookup,
  Body: unknownBody,
  Group: unknownModule,
  Module: unknownModule
}
// The compiler does not finish the type of a generic function's argument of `provided`.
const unknownProgram: Unknown = {
  code: "E0233",
  sentence: "this program has a type parameter in its requirements, so its rights are unknown",
  help: "annotate it with everything that it requires, or call 'provided' where its type is known"
}
const provided = /^(?:[\w$]+\s*\.\s*)*provided\s*\(/

// A body, or a step of a `pipe`, that a transaction with a function of fixed types does not take. No type of ours
// stands there, because a hover over each call of a transaction would show it.
const wrongBody = /TS(?:2345|2379): Argument of type '.*Effect<.*' is not assignable to parameter of type '.*Effect</
const called = /\)\s*\(\s*$/
const transactionBefore = /\.\s*transaction\s*$/
const transactionHere = /^(?:[\w$]+\s*\.\s*)+transaction\s*\(/
const fixedTransaction: Unknown = {
  code: "E0408",
  sentence: "this transaction takes bodies of other types: the function that it was given has fixed types",
  help: "give that function type parameters, <A, E, R>(body: Effect.Effect<A, E, R>) => sql.withTransaction(body)"
}

// A family that is not an object, or whose name is not a text.
const noFamily = /TS2322: Type '(.+)' is not assignable to type '(?:Manifest\.)?AnyFamily'/
const noPattern = /TS2741: Property 'pattern' is missing in type .* but required in type '(?:Manifest\.)?AnyFamily'/
const shapeWrong = (sentence: string): Unknown => ({
  code: "E0408",
  sentence,
  help: "give an object with its pattern for each name, { user: { pattern: 'user:{id}' } }"
})
// A manifest that is built from data is cast, and then its families have no names.
const castManifest: Unknown = {
  code: "E0414",
  sentence: "this manifest was cast, so its families are not known, and nothing can be checked about this one",
  help: "write the manifest as a literal, or cast its class, too: its layers are checked when they are built"
}
const accessor = /TS(?:2339|2551): Property '([^']+)' does not exist on type '(?:Manifest\.)?Families<(\w+)>'/
const engine = /TS2345: Argument of type .* is not assignable to parameter of type '(?:Manifest\.)?Engine<(\w+)>'/
const part = /TS(?:2353|2561): .*'([^']+)' does not exist in type '(LayerSpec|ReaderSpec)'/
const places: { readonly [spec: string]: readonly [place: string, options: ReadonlyArray<string>] } = {
  LayerSpec: ["a layer", ["reads"]],
  ReaderSpec: ["a reader", ["layer", "borrows"]]
}
// An answer of a lookup that is called, although it is a value.
const absentCalled = /Type '(?:Lookup\.)?AbsentAnswer' has no call signatures/
const calledAbsent: Unknown = {
  code: "E0114",
  sentence: "Lookup.absent is an answer, and not a function that makes one",
  help: "write Lookup.absent, without parentheses"
}
// A suggestion of the compiler, which may know more names than this file.
const meant = /Did you mean (?:to write )?'([^']+)'\?/

/** Recognizes a key, a family or an option that does not exist, or whose type is unknown. */
export const findUnknown = (text: string, place: Place, source: string): Finding | undefined => {
  const unknown = generics[generic.exec(text)?.[1] ?? ""] ?? findShape(text, place, source)
  if (unknown !== undefined) return { ...place, ...unknown }
  const [, option, spec] = part.exec(text) ?? []
  const near = meant.exec(text)?.slice(1) ?? []
  if (option !== undefined) {
    const [where, options] = places[spec!]!
    return { ...place, ...say(ManifestFindings.optionUnknown(option, where, [...options, ...near])) }
  }
  const [, manifest] = engine.exec(text) ?? []
  if (manifest !== undefined) return { ...place, ...say(Wiring.engineForged(manifest)) }
  const [, family, id] = accessor.exec(text) ?? []
  if (id === "never") return { ...place, ...castManifest }
  return family === undefined ? undefined : { ...place, ...say(OwnerFindings.familyUnknown(id!, family, near)) }
}

// Returns whether the body of a transaction stands here: `AppCache.transaction(sql.withTransaction)(body)`.
const isBody = (source: string, at: number): boolean => {
  const { index } = called.exec(source.slice(0, at)) ?? {}
  return index !== undefined && transactionBefore.test(source.slice(0, edgeOf(source, index - 1, -1, "()")))
}

const findShape = (text: string, place: Place, source: string): Unknown | undefined => {
  const at = offsetOf(source, place)
  if (/ TS2589: /.test(text)) return provided.test(source.slice(at, at + 200)) ? unknownProgram : undefined
  const [, given] = noFamily.exec(text) ?? []
  if (given !== undefined) return shapeWrong(`a family is an object with a pattern, and this is '${given}'`)
  if (noPattern.test(text)) return shapeWrong("this family has no pattern")
  if (absentCalled.test(text)) return calledAbsent
  if (!wrongBody.test(text)) return undefined
  return transactionHere.test(source.slice(at, at + 200)) || isBody(source, at) ? fixedTransaction : undefined
}

/** Recognizes a wrong parameter or value. If the error does not name its family, the call around it does. */
export const findMisfit = (text: string, place: Place, source: string): Finding | undefined => {
  const [, called] = keyParams.exec(text) ?? []
  if (called !== undefined) return { ...place, ...parameters(called), ...labelled(text) }
  const [, kind, entry] = entryValue.exec(text) ?? []
  if (entry !== undefined) {
    return { ...place, ...(kind === "Value" ? value(entry) : change(entry)), ...labelled(text) }
  }
  const [, option, to] = writeOptions.exec(text) ?? []
  if (option !== undefined) {
    return {
      ...place,
      ...say(ManifestFindings.optionUnknown(option, `the options of a write to '${to}'`, Object.keys(written)))
    }
  }
  const [, name, ofPattern] = someParams.exec(text) ?? []
  if (ofPattern !== undefined) {
    return { ...place, ...(name === undefined ? say(Misfit.parametersNone(ofPattern)) : noParameter(name, ofPattern)) }
  }
  const [, paired] = entries.exec(text) ?? []
  if (paired !== undefined) return { ...place, ...pairs(paired), ...labelled(text) }
  const [, surplus, pattern] = destructured.exec(text) ?? []
  if (pattern !== undefined) return { ...place, ...parameters(pattern), label: `there is no '${surplus}'` }
  if (!argument.test(text)) return undefined
  const call = callAround(source, offsetOf(source, place))
  const [, accessor, verb] = call === undefined ? [] : operation.exec(call.callee) ?? []
  const family = accessor === undefined ? undefined : familyOf(accessor, call!.callee, source)
  // An argument after the parameters of a read, or of an invalidation, is not a value.
  if (family === undefined || (call!.argument > 0 && !valued.test(verb!))) return undefined
  if (call!.argument === (verb === "setMany" ? 1 : 2)) {
    const [, wrong] = /^([\w$]+)\s*[:,}]/.exec(source.slice(offsetOf(source, place))) ?? []
    return wrong !== undefined && Object.hasOwn(written, wrong)
      ? { ...place, ...optionOf(wrong, family), ...labelled(text) }
      : undefined
  }
  return {
    ...place,
    ...(call!.argument > 0 || verb === "setMany" ? value(family) : parameters(family)),
    ...labelled(text)
  }
}

const labelled = (text: string): Pick<Finding, "label"> => {
  const label = labelOf(text)
  return label === undefined ? {} : { label }
}

const value = (family: string) => ({
  code: "E0114",
  sentence: `this is not a valid value for '${family}'`,
  help: "give the type that its family declares as value, or declare another"
})
const change = (pattern: string) => ({
  code: "E0114",
  sentence: `this function does not return a valid value for '${pattern}'`,
  help: "return the type that its family declares as value, or an Effect of it"
})
const optionOf = (option: string, family: string) => ({
  code: "E0408",
  sentence: `this is not a valid value for the option '${option}' of a write to '${family}'`,
  help: `give ${written[option]}`
})
const pairs = (pattern: string) => ({
  code: "E0114",
  sentence: `these are not entries of '${pattern}'`,
  help: "give a list of pairs, [[params, value], [params, value]]; options for all of them come after the list"
})
const noParameter = (name: string, pattern: string) => ({
  code: "E0112",
  sentence: `'${name}' is not a parameter of '${pattern}'`,
  help: `name some of its parameters: ${
    [...pattern.matchAll(/\{([^}]+)\}|\*/g)].map(([star, one]) => `'${one ?? star}'`).join(", ")
  }`
})
const parameters = (familyOrPattern: string) => ({
  code: "E0112",
  sentence: `these are not the parameters of '${familyOrPattern}'`,
  help: "give a value for each name in the braces of its pattern, and nothing else"
})

// `AppCache.keys.user`; or a name for it: `const { user } = AppCache.keys`, `const { user: name } = AppCache.keys`,
// `const name = AppCache.keys.user`. Any other variable of that name is not an accessor.
const familyOf = (name: string, callee: string, source: string): string | undefined => {
  if (new RegExp(`\\.\\s*keys\\s*\\.\\s*${name}\\s*\\.\\s*\\w+\\s*$`).test(callee)) return name
  const whole = `(?<![\\w$])${name}(?![\\w$])`
  const taken = new RegExp(`\\{[^{}]*?(?:([\\w$]+)\\s*:\\s*)?${whole}\\s*(?:,[^{}]*)?\\}\\s*=\\s*[\\w$.]+\\.keys\\b`)
  const named = new RegExp(`\\bconst\\s+${whole}\\s*=\\s*[\\w$.]+\\.keys\\.([\\w$]+)\\s*(?:;|\\n|$)`)
  const found = taken.exec(source)
  return found === null ? named.exec(source)?.[1] : found[1] ?? name
}

interface Call {
  /** The text before the parenthesis. */
  readonly callee: string
  /** The index of the argument, from 0. */
  readonly argument: number
}

interface Open {
  readonly sign: string
  readonly at: number
  commas: number
}

// Finds the innermost call whose arguments or whose name contain a place, within the block of one function.
const callAround = (source: string, offset: number): Call | undefined => {
  const open: Array<Open> = []
  for (const { 0: token, index } of source.matchAll(tokens)) {
    if (index >= offset) break
    if (token === "(" || token === "[" || token === "{") open.push({ sign: token, at: index, commas: 0 })
    else if (token === ")" || token === "]" || token === "}") open.pop()
    else if (token === "," && open.length > 0) open.at(-1)!.commas++
  }
  // The compiler reports too few arguments at the name of the called function.
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
