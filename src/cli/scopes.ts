/**
 * Finds the names that a file declares, each with the part of the file in which it is visible.
 *
 * - It finds every declaration: imports, `const`, `let` and `var`, functions, classes, namespaces, and the parameters
 *   of functions and of `catch`, destructured ones included.
 * - Where the text does not show how far a declaration is visible, it counts as visible too far. Where the text does
 *   not show what is declared, too many names count as declared. So a local name may hide a manifest by mistake, but a
 *   local name is never taken for a manifest.
 *
 * Not here: names of types, and what a value is.
 */
import { endsValue, isCondition, type Token } from "./tokens.ts"

/** The origin of a declared name, if it can be followed. */
export type Origin =
  | { readonly kind: "import"; readonly specifier: string; readonly name: string }
  /** A `const`: `at` is the first token of its value, and `path` leads to the part of the value that has the name. */
  | { readonly kind: "value"; readonly at: number; readonly path: ReadonlyArray<string> }
  | { readonly kind: "class"; readonly at: number }
  /** The first parameter of a function. `at` is the parenthesis of the parameters. */
  | { readonly kind: "parameter"; readonly at: number }

export interface Binding {
  /** The tokens in which the name is visible: from `start` up to `end`, which is excluded. */
  readonly start: number
  readonly end: number
  readonly isExported: boolean
  readonly origin: Origin | undefined
}

export interface Scopes {
  /** The bindings of each name: the latest `start` first, and of equal ones the earliest `end` first. */
  readonly bindings: ReadonlyMap<string, ReadonlyArray<Binding>>
  /** The exports under another name, or from another file. The name `*` means all exports. */
  readonly exports: ReadonlyArray<Export>
}

export interface Export {
  readonly as: string
  readonly name: string
  /** The file from which it is exported; `undefined` for this file. */
  readonly specifier: string | undefined
}

/** Returns the declaration that a name at a token means; nothing if one block declares the name twice. */
export const bindingOf = ({ bindings }: Scopes, name: string, at: number): Binding | undefined => {
  const all = bindings.get(name) ?? []
  // Finds the first binding that begins at the token or before it. From there, the first that has not ended is the
  // innermost one.
  let low = 0
  for (let high = all.length; low < high;) {
    const middle = (low + high) >> 1
    if (all[middle]!.start > at) low = middle + 1
    else high = middle
  }
  while (low < all.length && at >= all[low]!.end) low++
  const [found, other] = [all[low], all[low + 1]]
  return found?.start === other?.start && found?.end === other?.end ? undefined : found
}

/** Returns whether a statement begins at a token because a line break ends the statement before it. */
export const beginsLine = (tokens: ReadonlyArray<Token>, at: number): boolean => {
  const token = tokens[at]
  if (!token?.isAfterBreak) return false
  if (!endsValue(tokens, at - 1) && !closesAngles(tokens, at - 1) && !isVoidType(tokens, at - 1)) return false
  if (token.kind === "name") return !operators.has(token.text)
  // After a line break, these operators belong to the value that follows.
  if (token.text === "++" || token.text === "--") return true
  return token.kind === "number" || (token.kind === "text" && token.text !== "`" && token.text !== "<")
}

// Returns whether a `void` is the result of a function type, and not the operator.
const isVoidType = (tokens: ReadonlyArray<Token>, at: number): boolean =>
  tokens[at]?.text === "void" && [":", "=>", "|"].includes(tokens[at - 1]?.text ?? "")

// Returns whether a `>` closes the `<` of a type. Before a line break, TypeScript takes it for that wherever it can.
const closesAngles = (tokens: ReadonlyArray<Token>, close: number): boolean => {
  if (tokens[close]?.text !== ">") return false
  let angles = 0
  for (let at = close; at >= 0 && close - at < typeLengthMax; at--) {
    const { kind, pair, text } = tokens[at]!
    if (text === ">") angles++
    else if (text === "<") {
      if (--angles === 0) return endsValue(tokens, at - 1)
    } else if (kind === "open" || kind === "close" && pair < 0 || kind === "sign" && !isOfType(tokens, at)) return false
    if (kind === "close") at = pair
  }
  return false
}

// Returns whether a sign may stand in a list of types. An arrow may, if its parameters are in parentheses.
const isOfType = (tokens: ReadonlyArray<Token>, at: number): boolean => {
  const { text } = tokens[at]!
  return ofType.has(text) || text === "," || text === "=>" && tokens[at - 1]?.text === ")"
}

// The signs and words that may stand in a type between names, texts and brackets.
const ofType = new Set([".", "|", "&", "<", ">", "as", "satisfies"])

/** Returns the token after `as T`, `satisfies T` and `!`; nothing if the text does not show where the type ends. */
export const afterCast = (tokens: ReadonlyArray<Token>, at: number): number | undefined => {
  let next = at
  while (tokens[next]?.text === "!" && !tokens[next]!.isAfterBreak) next++
  const word = tokens[next]
  if ((word?.text !== "as" && word?.text !== "satisfies") || word.isAfterBreak) return next
  for (const first = next++; next < tokens.length && next - first < typeLengthMax;) {
    const { kind, pair, text } = tokens[next]!
    if (kind === "close" || text === ";" || text === "," || beginsLine(tokens, next)) return next
    if (kind === "sign" && !ofType.has(text)) return undefined
    if (kind === "open" && pair < 0) return undefined
    next = kind === "open" ? pair + 1 : next + 1
  }
  return next >= tokens.length ? next : undefined
}

const operators = new Set(["in", "of", "instanceof", "as", "satisfies", "is", "extends", "implements"])
const declaring = new Set(["const", "let", "var", "using"])
const naming = new Set(["function", "class", "enum", "namespace", "module"])
const modifiers = new Set(["public", "private", "protected", "readonly", "override", "declare"])
// How many tokens of a type are read to find its end. After a longer type, a parameter counts as visible in the whole
// rest.
const typeLengthMax = 200
// How deeply patterns may be nested in patterns.
const nestingMax = 32

export const scopesOf = (tokens: ReadonlyArray<Token>): Scopes => new Reader(tokens).read()

class Reader {
  private readonly tokens: ReadonlyArray<Token>
  private readonly bindings = new Map<string, Array<Binding>>()
  private readonly exports: Array<Export> = []
  /** From each arrow `=>` to the token after its body. */
  private readonly ends = new Map<number, number>()

  constructor(tokens: ReadonlyArray<Token>) {
    this.tokens = tokens
  }

  read(): Scopes {
    const { tokens } = this
    // Goes from the end to the start, so that the ends of inner arrows are known before those of outer arrows.
    for (let at = tokens.length - 1; at >= 0; at--) {
      const { text } = tokens[at]!
      if (text === "=>") this.ends.set(at, this.endOfArrow(at))
      else if (text === "(") this.parameters(at)
      else if (tokens[at]!.kind === "name" && tokens[at - 1]?.text !== ".") this.word(at)
    }
    for (const all of this.bindings.values()) all.sort((a, b) => b.start - a.start || a.end - b.end)
    return { bindings: this.bindings, exports: this.exports.toReversed() }
  }

  private word(at: number): void {
    const { text } = this.tokens[at]!
    if (this.is(at + 1, "=>")) this.add(text, at, this.ends.get(at + 1)!, { kind: "parameter", at })
    if (declaring.has(text)) return this.variables(at)
    if (naming.has(text)) return this.named(at)
    if (this.tokens[at]!.inside >= 0) return
    if (text === "import") this.imported(at)
    else if (text === "export") this.exported(at)
  }

  private is(at: number, text: string): boolean {
    return this.tokens[at]?.text === text
  }

  /** Returns the token after a bracket's partner, or after any other token. */
  private after(at: number): number {
    const token = this.tokens[at]!
    if (token.kind !== "open") return at + 1
    return token.pair < 0 ? this.tokens.length : token.pair + 1
  }

  private add(name: string, start: number, end: number, origin?: Origin, isExported = false): void {
    const binding = { start, end, origin, isExported }
    const others = this.bindings.get(name)
    if (others === undefined) this.bindings.set(name, [binding])
    else others.push(binding)
  }

  /** Returns the block around a token. A declaration in a parenthesis is visible to the end of the block around it. */
  private around(at: number): readonly [start: number, end: number] {
    const open = this.tokens[at]!.inside
    if (open < 0) return [-1, this.tokens.length]
    const { inside, pair } = this.tokens[open]!
    if (!this.is(open, "(")) return [open, pair < 0 ? this.tokens.length : pair]
    return [open, inside < 0 ? this.tokens.length : this.endOf(inside)]
  }

  private endOf(open: number): number {
    const { pair } = this.tokens[open]!
    return pair < 0 ? this.tokens.length : pair
  }

  private isExported(at: number): boolean {
    const before = this.tokens[at - 1]?.text
    if (before === "abstract" || before === "declare" || before === "async") return this.isExported(at - 1)
    return before === "export"
  }

  private variables(at: number): void {
    const { tokens } = this
    const isConst = this.is(at, "const")
    // A `var` is visible outside of its block.
    const [start, end] = this.is(at, "var") ? [-1, tokens.length] : this.loop(at) ?? this.around(at)
    const { inside } = tokens[at]!
    for (let from = at + 1; from < tokens.length;) {
      const found: Array<readonly [string, ReadonlyArray<string>]> = []
      const named = this.target(from, [], found)
      let next = this.afterType(named)
      const value = isConst && this.is(next, "=") ? next + 1 : undefined
      for (const [name, path] of found) {
        const origin = value === undefined || path.includes("")
          ? undefined
          : { kind: "value" as const, at: value, path }
        this.add(name, start, end, origin, this.isExported(at))
      }
      // After a type without a value, a comma continues the declaration.
      if (named === from || next > named && !this.is(next, "=") && !this.is(next, ",")) return
      while (next < tokens.length && !this.is(next, ",")) {
        if (tokens[next]!.inside !== inside || this.is(next, ";") || beginsLine(tokens, next)) return
        next = this.afterAngles(next, false) ?? this.after(next)
      }
      from = next + 1
    }
  }

  // Returns the token after `<A, B>` for its `<`, if these are types. A comma in them ends no declaration. What follows
  // decides in a value, as in TypeScript: `a < b, c > d` is two comparisons.
  private afterAngles(open: number, isType: boolean): number | undefined {
    const { tokens } = this
    if (!this.is(open, "<") || !isType && tokens[open - 1]?.kind !== "name") return undefined
    let angles = 0
    for (let at = open; at < tokens.length && at - open < typeLengthMax; at = this.after(at)) {
      const { kind, text } = tokens[at]!
      if (text === "<") angles++
      else if (text === ">") {
        if (--angles === 0) return isType || this.mayFollowTypes(at + 1) ? at + 1 : undefined
      } else if (kind === "close" || !isType && kind === "sign" && !isOfType(tokens, at)) return undefined
    }
    return undefined
  }

  private mayFollowTypes(at: number): boolean {
    const token = this.tokens[at]
    if (token === undefined || token.isAfterBreak || token.kind === "close" || token.text === "(") return true
    return token.kind === "sign" && !["+", "-", "<", ">", "!", "++", "--", "~"].includes(token.text)
  }

  // Returns the comma that ends a parameter, or a part of a pattern, or else `end`.
  private comma(from: number, end: number, isTyped: boolean): number {
    let isType = false
    let at = from
    for (let isValue = !isTyped; at < end && !this.is(at, ",");) {
      if (this.is(at, "=")) isValue = true
      isType = !isValue && (isType || this.is(at, ":"))
      at = this.afterAngles(at, isType) ?? this.after(at)
    }
    return at
  }

  // Returns the token that ends the type of `const x: T = ...` for its colon, such as the equals sign; the token itself
  // if it is not a colon, or if the end of the type is not certain.
  private afterType(colon: number): number {
    const { tokens } = this
    if (!this.is(colon, ":")) return colon
    let angles = 0
    for (let at = colon + 1; at < tokens.length && at - colon < typeLengthMax; at = this.after(at)) {
      const { kind, text } = tokens[at]!
      if (text === "<") angles++
      else if (text === ">") angles--
      else if (text === "=") return angles === 0 ? at : colon
      else if (
        kind === "close" || text === ";" || text === "," && angles <= 0 || beginsLine(tokens, at) ||
        kind === "name" && tokens[at]!.isAfterBreak && angles === 0 && this.is(at - 1, ">")
      ) return angles === 0 ? at : colon
    }
    return colon
  }

  // `for (const x of xs) { ... }`.
  private loop(at: number): readonly [number, number] | undefined {
    const open = this.tokens[at]!.inside
    if (open < 0 || !this.is(open, "(")) return undefined
    const body = this.after(open)
    return this.is(body, "{") ? [open, this.endOf(body)] : undefined
  }

  // Reads a declared name, or a pattern of names. The path of a part that cannot be followed contains an empty name.
  private target(
    at: number,
    path: ReadonlyArray<string>,
    found: Array<readonly [string, ReadonlyArray<string>]>
  ): number {
    const token = this.tokens[at]
    if (token === undefined) return at
    if (token.kind === "name") {
      found.push([token.text, path])
      return at + 1
    }
    if (token.text !== "{" && token.text !== "[") return at
    if (path.length >= nestingMax) return this.after(at)
    const end = this.endOf(at)
    for (let from = at + 1; from < end;) {
      if (this.is(from, "...")) this.target(from + 1, [...path, ""], found)
      else if (token.text === "[") this.target(from, [...path, ""], found)
      else {
        const key = this.tokens[from]!
        const name = key.kind === "name" ? key.text : key.kind === "text" ? key.text.slice(1, -1) : ""
        const colon = this.after(from)
        if (this.is(colon, ":")) this.target(colon + 1, [...path, name], found)
        else if (key.kind === "name") found.push([key.text, [...path, this.is(colon, "=") ? "" : name]])
      }
      from = this.comma(from, end, false) + 1
    }
    return this.after(at)
  }

  private named(at: number): void {
    const name = this.is(at + 1, "*") ? at + 2 : at + 1
    const token = this.tokens[name]
    if (token?.kind !== "name" || token.text === "extends" || token.text === "implements") return
    const [start, end] = this.around(at)
    this.add(token.text, start, end, this.is(at, "class") ? { kind: "class", at } : undefined, this.isExported(at))
  }

  private parameters(open: number): void {
    const { tokens } = this
    const close = this.endOf(open)
    if (close >= tokens.length || isCondition(tokens, open) || close === open + 1) return
    const end = this.endOfFunction(close + 1)
    if (end === undefined) return
    const found: Array<readonly [string, ReadonlyArray<string>]> = []
    for (let at = open + 1; at < close;) {
      const from = this.afterModifiers(at)
      this.target(from, [], found)
      at = this.comma(from, close, true) + 1
    }
    for (const [name, path] of found) {
      const isFirst = path.length === 0 && tokens[open + 1]!.text === name
      this.add(name, open, end, isFirst ? { kind: "parameter", at: open } : undefined)
    }
  }

  // Returns the name of a parameter: skips its decorators, and words such as `readonly`.
  private afterModifiers(at: number): number {
    if (this.is(at, "...")) return this.afterModifiers(at + 1)
    if (this.is(at, "@")) {
      let next = at + 2
      while (this.is(next, ".")) next += 2
      return this.afterModifiers(this.is(next, "(") ? this.after(next) : next)
    }
    const isModifier = modifiers.has(this.tokens[at]!.text) && ["name", "open"].includes(this.tokens[at + 1]!.kind)
    return isModifier ? this.afterModifiers(at + 1) : at
  }

  // Returns where a function ends whose parameters end before a token; nothing if this is not a function.
  private endOfFunction(at: number): number | undefined {
    if (this.is(at, "{")) return this.endOf(at)
    if (this.is(at, "=>")) return this.ends.get(at)
    return this.is(at, ":") ? this.endOfTyped(at) : undefined
  }

  private endOfTyped(colon: number): number | undefined {
    const { tokens } = this
    const { inside } = tokens[colon]!
    let angles = 0
    let at = colon + 1
    for (let steps = 0; at < tokens.length && tokens[at]!.inside === inside; steps++) {
      if (steps > typeLengthMax) return this.around(colon)[1]
      const { text } = tokens[at]!
      if (text === "<") angles++
      else if (text === ">") angles--
      else if (angles <= 0 && text === "=>") {
        const end = this.ends.get(at)!
        // In `(): () => { ... } => { ... }` the first arrow belongs to the type.
        const next = end + 1
        if (tokens[end]?.inside !== inside || !(this.is(next, "=>") || this.is(next, "{"))) return end
        at = next
        continue
      } else if (angles <= 0 && text === "{" && (endsValue(tokens, at - 1) || this.is(at - 1, ">"))) {
        return this.endOf(at)
      } else if (angles <= 0 && (text === "," || text === ";" || beginsLine(tokens, at))) return undefined
      at = this.after(at)
    }
    return undefined
  }

  // Returns the token after the body of an arrow, which is a block or an expression.
  private endOfArrow(arrow: number): number {
    const { tokens } = this
    const { inside } = tokens[arrow]!
    if (this.is(arrow + 1, "{")) return this.endOf(arrow + 1)
    for (let at = arrow + 1; at < tokens.length;) {
      const { inside: around, text } = tokens[at]!
      if (around !== inside || text === "," || text === ";" || tokens[at]!.kind === "close") return at
      if (at > arrow + 1 && beginsLine(tokens, at)) return at
      const end = text === "=>" ? this.ends.get(at)! : 0
      at = Math.max(this.after(at), end)
      if (text === "=>" && this.is(at, "}") && tokens[at]!.inside === inside) at++
    }
    return tokens.length
  }

  private imported(at: number): void {
    const { tokens } = this
    if (this.is(at + 1, "(") || this.is(at + 1, ".")) return
    const isType = this.is(at + 1, "type") && !this.is(at + 2, ",") && !this.is(at + 2, "from")
    const found: Array<readonly [name: string, as: string]> = []
    let next = isType ? at + 2 : at + 1
    for (; next < tokens.length && !this.is(next, "from") && tokens[next]!.kind !== "text"; next = this.after(next)) {
      const token = tokens[next]!
      if (token.text === "=" || token.text === ";") {
        // `import name = ...`.
        found.splice(0, found.length, ["", tokens[at + 1]!.text])
        break
      }
      if (token.text === "*" && this.is(next + 1, "as")) {
        found.push(["*", tokens[next + 2]!.text])
        next += 2
      } else if (token.text === "{") found.push(...this.list(next))
      else if (token.kind === "name") found.push(["default", token.text])
    }
    const specifier = tokens[next + 1]?.kind === "text" ? tokens[next + 1]!.text.slice(1, -1) : undefined
    for (const [name, as] of found) {
      const isKnown = !isType && specifier !== undefined && name !== ""
      this.add(as, -1, tokens.length, isKnown ? { kind: "import", specifier, name } : undefined)
    }
  }

  // `{ a, b as c, type D }`.
  private list(open: number): ReadonlyArray<readonly [name: string, as: string]> {
    const found: Array<readonly [string, string]> = []
    const end = this.endOf(open)
    for (let at = open + 1; at < end; at++) {
      const from = at
      while (at < end && !this.is(at, ",")) at++
      const names = this.tokens.slice(from, at).map(({ text }) => text)
      if (names.length === 1) found.push([names[0]!, names[0]!])
      else if (names.length === 3 && names[1] === "as") found.push([names[0]!, names[2]!])
      // A type is not a value, but it hides a value of its name.
      else if (names[0] === "type") found.push(["", names.at(-1)!])
    }
    return found
  }

  private exported(at: number): void {
    const { tokens } = this
    const specifierAt = (from: number) =>
      this.is(from, "from") && tokens[from + 1]?.kind === "text" ? tokens[from + 1]!.text.slice(1, -1) : undefined
    if (this.is(at + 1, "default") && tokens[at + 2]?.kind === "name") {
      const name = this.is(at + 2, "class") || this.is(at + 2, "function") ? at + 3 : at + 2
      this.exports.push({ as: "default", name: tokens[name]?.text ?? "", specifier: undefined })
    } else if (this.is(at + 1, "{")) {
      const specifier = specifierAt(this.after(at + 1))
      for (const [name, as] of this.list(at + 1)) this.exports.push({ as, name, specifier })
    } else if (this.is(at + 1, "*")) {
      const isNamed = this.is(at + 2, "as")
      const specifier = specifierAt(isNamed ? at + 4 : at + 2)
      if (specifier !== undefined) this.exports.push({ as: isNamed ? tokens[at + 3]!.text : "*", name: "*", specifier })
    }
  }
}
