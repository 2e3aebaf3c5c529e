/**
 * Finds what a name in a program means, if it is a manifest, its accessors, or a reader or writer of one.
 *
 * - A meaning is proved: a class `extends Manifest.Service<X>()(`, in this file or in a file that imports lead to,
 *   through namespaces and through files that export names of other files.
 * - A name whose meaning is not proved has none: a variable that may change, a parameter, a class that is made in
 *   another way.
 *
 * Not here: types. A function that returns an accessor has no meaning.
 */
import { fieldOf } from "./fields.ts"
import { afterCast, bindingOf, type Export, type Origin, type Scopes, scopesOf } from "./scopes.ts"
import { words } from "./statements.ts"
import { type Token, tokensOf } from "./tokens.ts"

export type Meaning =
  /** `own` are static members of the class, which hide those of a manifest. */
  | { readonly kind: "manifest"; readonly of: Declared; readonly own: ReadonlySet<string> }
  | { readonly kind: "keys" | "accessor" | "handle"; readonly of: Declared }
  /** A function of an accessor or of a manifest. Its answer is an Effect, or a function of one if it `isTwice`. */
  | { readonly kind: "operation"; readonly of: Declared; readonly isTwice: boolean }
  | { readonly kind: "namespace"; readonly file: string }
  | { readonly kind: "library" | "libraryManifest" | "libraryService" }

/** The class of a manifest. */
export interface Declared {
  readonly file: string
  readonly name: string
}

export interface Source {
  readonly text: string
  readonly tokens: ReadonlyArray<Token>
  readonly scopes: Scopes
}

export interface Program {
  readonly read: (file: string) => string | undefined
  /** Returns the file of the project that an import in the file `from` names. */
  readonly resolve: (from: string, specifier: string) => string | undefined
}

export interface Path {
  readonly meaning: Meaning
  /** The index of the token after the path. */
  readonly next: number
}

// Bounds the number of names and files through which one name leads. Some of them lead in a circle.
const stepsMax = 32
// Bounds all steps for one name, because files that export everything of each other multiply the steps.
const looksMax = 2_000

export class Meanings {
  private readonly program: Program
  private readonly sources = new Map<string, Source | undefined>()
  private readonly known = new Map<string, Map<Origin, Meaning | undefined>>()
  private looks = 0
  /** Whether a bound ended the search for the current name. Then a meaning that was not found may still exist. */
  private isCutOff = false
  /** The exports that are being searched. Files that export everything of each other lead back to them. */
  private readonly sought = new Set<string>()

  constructor(program: Program) {
    this.program = program
  }

  sourceOf(file: string): Source | undefined {
    if (this.sources.has(file)) return this.sources.get(file)
    const text = this.program.read(file)
    const tokens = text === undefined ? [] : tokensOf(text, /\.(?:[jt]sx|[cm]?js)$/.test(file))
    const source = text === undefined ? undefined : { text, tokens, scopes: scopesOf(tokens) }
    this.sources.set(file, source)
    return source
  }

  /** Returns the longest path with a meaning that begins at a token. */
  pathAt(file: string, at: number): Path | undefined {
    this.looks = 0
    this.isCutOff = false
    return this.path(file, at, stepsMax)
  }

  private path(file: string, at: number, steps: number): Path | undefined {
    const { tokens } = this.sourceOf(file)!
    const root = tokens[at]
    if (root?.kind !== "name" || isMember(tokens, at)) return undefined
    let meaning = this.named(file, root.text, at, steps)
    let next = at + 1
    const own = root.text === "this" ? stepAt(tokens, next) : undefined
    if (own !== undefined) {
      const field = steps > 0 ? fieldOf(tokens, at, own.name) : undefined
      meaning = field === undefined ? undefined : this.value(file, field, [], steps - 1)
      next = own.next
    }
    while (meaning !== undefined) {
      const step = stepAt(tokens, next)
      const inner = step && this.member(meaning, step.name, steps)
      if (inner === undefined) break
      meaning = inner
      next = step!.next
    }
    return meaning === undefined ? undefined : { meaning, next }
  }

  private named(file: string, name: string, at: number, steps: number): Meaning | undefined {
    const { scopes } = this.sourceOf(file)!
    const origin = bindingOf(scopes, name, at)?.origin
    return origin === undefined ? undefined : this.meaningOf(file, origin, steps)
  }

  private meaningOf(file: string, origin: Origin, steps: number): Meaning | undefined {
    let known = this.known.get(file)
    if (known === undefined) this.known.set(file, known = new Map())
    if (known.has(origin)) return known.get(origin)
    if (this.isOver(steps)) return undefined
    const meaning = origin.kind === "import"
      ? this.imported(file, origin, steps - 1)
      : origin.kind === "class"
      ? this.manifest(file, origin.at, steps - 1)
      : origin.kind === "parameter"
      ? this.given(file, origin.at, steps - 1)
      : this.value(file, origin.at, origin.path, steps - 1)
    // A name of the program itself is searched for once, whether it is found or not.
    if (meaning !== undefined || !this.isCutOff || steps === stepsMax) known.set(origin, meaning)
    return meaning
  }

  private isOver(steps: number): boolean {
    const isOver = steps === 0 || this.looks++ > looksMax
    if (isOver) this.isCutOff = true
    return isOver
  }

  private member(meaning: Meaning, name: string, steps: number): Meaning | undefined {
    switch (meaning.kind) {
      case "manifest":
        if (meaning.own.has(name)) return undefined
        if (name === "keys") return { kind: "keys", of: meaning.of }
        return ofManifest.has(name) ? { kind: "operation", of: meaning.of, isTwice: name === "transaction" } : undefined
      case "keys":
        return { kind: "accessor", of: meaning.of }
      case "accessor":
        if (name === "reader" || name === "writer") return { kind: "handle", of: meaning.of }
        return ofAccessor.has(name) ? { kind: "operation", of: meaning.of, isTwice: false } : undefined
      case "namespace":
        return this.exported(meaning.file, name, steps)
      case "library":
        return name === "Manifest" ? { kind: "libraryManifest" } : undefined
      case "libraryManifest":
        return name === "Service" ? { kind: "libraryService" } : undefined
      default:
        return undefined
    }
  }

  private imported(file: string, origin: Origin & { kind: "import" }, steps: number): Meaning | undefined {
    const { name, specifier } = origin
    const [, inside] = /^effect-stateless(?:\/(.*))?$/.exec(specifier) ?? []
    if (/^effect-stateless(?:\/|$)/.test(specifier)) {
      const isModule = inside === "manifest/Manifest"
      const whole: Meaning = { kind: isModule ? "libraryManifest" : "library" }
      if (name === "*") return whole
      return isModule && name === "Manifest" ? whole : this.member(whole, name, steps)
    }
    const target = this.program.resolve(file, specifier)
    if (target === undefined) return undefined
    return name === "*" ? { kind: "namespace", file: target } : this.exported(target, name, steps)
  }

  private exported(file: string, name: string, steps: number): Meaning | undefined {
    const key = `${name} ${file}`
    if (this.sought.has(key) || this.isOver(steps)) return undefined
    this.sought.add(key)
    const found = this.exportOf(file, name, steps)
    this.sought.delete(key)
    return found
  }

  private exportOf(file: string, name: string, steps: number): Meaning | undefined {
    const source = this.sourceOf(file)
    if (source === undefined) return undefined
    const { bindings, exports } = source.scopes
    const own = (bindings.get(name) ?? []).filter(({ isExported, start }) => start < 0 && isExported)
    if (own.length === 1 && own[0]!.origin !== undefined) return this.meaningOf(file, own[0]!.origin, steps - 1)
    if (own.length > 0) return undefined
    const through = (one: Export, part: string) => {
      if (one.specifier === undefined) return this.named(file, part, -1, steps - 1)
      const target = this.program.resolve(file, one.specifier)
      if (target === undefined) return undefined
      return part === "*" ? { kind: "namespace" as const, file: target } : this.exported(target, part, steps - 1)
    }
    const listed = exports.find(({ as }) => as === name)
    if (listed !== undefined) return through(listed, listed.name)
    if (name === "default") return undefined
    for (const one of exports) {
      const found = one.as === "*" ? through(one, name) : undefined
      if (found !== undefined) return found
    }
    return undefined
  }

  // `class X extends Manifest.Service<X>()(`.
  private manifest(file: string, at: number, steps: number): Meaning | undefined {
    const { tokens } = this.sourceOf(file)!
    const name = tokens[at + 1]!.text
    if (tokens[at + 2]?.text !== "extends") return undefined
    const base = this.path(file, at + 3, steps) ?? this.undeclared(file, at + 3)
    // `class Y extends X {`, of a manifest X.
    if (base?.meaning.kind === "manifest" && tokens[base.next]?.text === "{") {
      return { ...base.meaning, own: new Set([...base.meaning.own, ...this.ownOf(tokens, base.next)]) }
    }
    if (base?.meaning.kind !== "libraryService") return undefined
    const shape = tokens.slice(base.next, base.next + 6).map(({ text }) => text).join(" ")
    if (shape !== `< ${name} > ( ) (`) return undefined
    return { kind: "manifest", of: { file, name }, own: this.ownOf(tokens, tokens[base.next + 5]!.pair + 1) }
  }

  // Returns the static members of the class whose body begins at a token.
  private ownOf(tokens: ReadonlyArray<Token>, body: number): ReadonlySet<string> {
    const own = new Set<string>()
    for (let next = body + 1; next < (tokens[body]?.pair ?? 0); next++) {
      if (tokens[next]!.text !== "static") continue
      // Words between `static` and the name may be names, too.
      for (let word = next + 1; word < next + 5; word++) own.add(tokens[word]?.text ?? "")
    }
    return own
  }

  // A part of a program, such as an example, may leave out the import of `Manifest`.
  private undeclared(file: string, at: number): Path | undefined {
    const { scopes, tokens } = this.sourceOf(file)!
    if (scopes.bindings.has("Manifest") || tokens[at]?.text !== "Manifest") return undefined
    if (tokens[at + 1]?.text !== "." || tokens[at + 2]?.text !== "Service") return undefined
    return { meaning: { kind: "libraryService" }, next: at + 3 }
  }

  // The parameter of the function in `Effect.map(user.writer, (writer) => ...)`.
  private given(file: string, at: number, steps: number): Meaning | undefined {
    const { tokens } = this.sourceOf(file)!
    let first = at
    while (["function", "*", "async"].includes(tokens[first - 1]?.text ?? "")) first--
    const open = tokens[at]!.inside
    if (tokens[first - 1]?.text !== "," || tokens[open]?.text !== "(" || !this.isOfEffect(file, open - 1, binding)) {
      return undefined
    }
    const found = this.path(file, open + 1, steps)
    if (found?.meaning.kind !== "handle" || found.next !== first - 1) return undefined
    return { ...found.meaning, kind: "accessor" }
  }

  /** Returns the first token of the value of the `const` that a name at a token means. */
  valueAt(file: string, at: number): number | undefined {
    const { scopes, tokens } = this.sourceOf(file)!
    if (tokens[at]?.kind !== "name" || isMember(tokens, at)) return undefined
    const origin = bindingOf(scopes, tokens[at]!.text, at)?.origin
    return origin?.kind === "value" && origin.path.length === 0 ? origin.at : undefined
  }

  /** Returns whether a file declares a name that is visible at a token. */
  isDeclared(file: string, at: number): boolean {
    const { scopes, tokens } = this.sourceOf(file)!
    const all = scopes.bindings.get(tokens[at]!.text) ?? []
    return all.some(({ end, start }) => start <= at && at < end)
  }

  /** Returns whether a token is one of these names of Effect: `Effect.map`, or `pipe` by itself. */
  isOfEffect(file: string, at: number, names: ReadonlySet<string>): boolean {
    const { scopes, tokens } = this.sourceOf(file)!
    const name = tokens[at]?.text ?? ""
    const root = isMember(tokens, at) ? at - 2 : at
    if (!names.has(name) || isMember(tokens, root)) return false
    const origin = bindingOf(scopes, tokens[root]!.text, root)?.origin
    if (origin?.kind !== "import" || !/^effect(?:\/(?:Effect|Function|index))?$/.test(origin.specifier)) return false
    return root !== at ? origin.name === "*" || origin.name === "Effect" : origin.name === name
  }

  // The value of a `const`, if it is a path and nothing else.
  private value(file: string, at: number, path: ReadonlyArray<string>, steps: number): Meaning | undefined {
    const { tokens } = this.sourceOf(file)!
    const open = runnerAt(tokens, at)
    const isYielded = open !== undefined || (tokens[at]?.text === "yield" && tokens[at + 1]?.text === "*")
    const found = this.path(file, open !== undefined ? open + 1 : isYielded ? at + 2 : at, steps)
    if (found === undefined) return undefined
    if (open !== undefined && ![",", ")"].includes(tokens[found.next]?.text ?? "")) return undefined
    const end = afterCast(tokens, open === undefined ? found.next : tokens[open]!.pair + 1)
    if (end === undefined) return undefined
    const after = tokens[end]
    const isWhole = after === undefined || after.isAfterBreak || [";", ",", "}"].includes(after.text)
    if (!isWhole || goesOn.has(after?.text ?? "")) return undefined
    const kind = found.meaning.kind
    // A yielded manifest has the members of its class. An accessor cannot be yielded.
    if (isYielded ? kind !== "handle" && kind !== "manifest" : kind === "handle") return undefined
    let meaning: Meaning | undefined = isYielded && found.meaning.kind === "handle"
      ? { ...found.meaning, kind: "accessor" }
      : found.meaning
    for (const name of path) meaning = meaning && this.member(meaning, name, steps)
    return meaning
  }
}

/** Returns the member that is read at a token: `.name`, `?.name`, `!.name`, `["name"]`. */
export const stepAt = (
  tokens: ReadonlyArray<Token>,
  at: number
): { readonly name: string; readonly next: number } | undefined => {
  let next = at
  while (tokens[next]?.text === "!" && !tokens[next]!.isAfterBreak) next++
  const isOptional = tokens[next]?.text === "?."
  if (isOptional && tokens[next + 1]?.text === "[") next++
  const member = tokens[next + 1]
  if (tokens[next]?.text === "[") {
    if (member?.kind !== "text" || tokens[next + 2]?.text !== "]") return undefined
    return { name: member.text.slice(1, -1), next: next + 3 }
  }
  const isNamed = (isOptional || tokens[next]?.text === ".") && member?.kind === "name"
  return isNamed ? { name: member.text, next: next + 2 } : undefined
}

// Returns the parenthesis of `await runtime.runPromise(` or of `runtime.runSync(` at a token. The value of such a call
// is the value of the Effect in it.
const runnerAt = (tokens: ReadonlyArray<Token>, at: number): number | undefined => {
  const isAwaited = tokens[at]?.text === "await"
  let name = isAwaited ? at + 1 : at
  for (let step = stepAt(tokens, name + 1); step !== undefined; step = stepAt(tokens, name + 1)) name = step.next - 1
  const open = name + 1
  const isRunner = tokens[name]?.text === (isAwaited ? "runPromise" : "runSync")
  return isRunner && tokens[open]?.text === "(" && tokens[open]!.pair > 0 ? open : undefined
}

const isMember = (tokens: ReadonlyArray<Token>, at: number): boolean =>
  tokens[at - 1]?.text === "." || tokens[at - 1]?.text === "?."

/** The operations of an accessor that return an Effect or a Stream, or a write for a batch, which does it. */
export const ofAccessor: ReadonlySet<string> = words(
  "get getOption getMany getManyResults getAnswer getAnswerOption has select warm hottest explain lease " +
    "keys entries page sample count getOr setIfAbsent getAndDelete reschedule " +
    "set setMany update patch delete deleteMany refresh invalidate invalidateWhere invalidateAll invalidateTag " +
    "setting deleting"
)
const ofManifest = words("get getOption set delete batch invalidate transaction reach")

const binding = new Set(["map", "flatMap", "tap", "andThen"])

// The tokens with which an expression continues on the next line.
const goesOn = new Set([
  ".",
  "?.",
  "(",
  "[",
  "`",
  "+",
  "-",
  "*",
  "/",
  "?",
  ":",
  "&",
  "|",
  "&&",
  "||",
  "??",
  "as",
  "satisfies",
  "in",
  "instanceof"
])
