/**
 * Splits the text of a program into tokens: names, literals, brackets with their partners, and signs.
 *
 * - Comments, texts, regular expressions and the text of JSX contain no names. The holes of a template or of JSX do: a
 *   hole is a bracket, `${`.
 * - Each text is read in one pass, whatever it contains. A text that no compiler accepts gives some tokens, and not an
 *   error.
 * - A slash begins a regular expression where no value ends. In a file that may contain JSX, a `<` begins an element
 *   where no value ends.
 *
 * Not here: a parser. A `<` of types is a sign, and so is the `<` of a comparison.
 */

export type Kind = "name" | "number" | "text" | "open" | "close" | "sign"

export interface Token {
  readonly kind: Kind
  /** The text of the token. A template, and an element of JSX, begins and ends with a token of kind "text". */
  readonly text: string
  readonly start: number
  /** Whether a line break precedes it. */
  readonly isAfterBreak: boolean
  /** The index of the opening bracket around it, or -1 at the top. */
  readonly inside: number
  /** The index of a bracket's partner, or -1. */
  pair: number
  /** Whether a brace contains statements or members of a class, by the token before it. */
  readonly isBlock: boolean
}

/** What continues after the brace of a hole: a template, or an element with so many open tags. */
type Hole = { readonly kind: "template" } | {
  readonly kind: "element"
  readonly depth: number
  readonly isTag: boolean
}

interface Open {
  readonly at: number
  readonly hole: Hole | undefined
}

// None of these expressions can fail after a part of it has matched, so the time of each is proportional to its match.
const blank = /(?:\s|\/\/[^\n]*|\/\*(?:[^]*?\*\/|[^]*))+/y
const name = /#?[\p{ID_Start}$_][\p{ID_Continue}$\u200c\u200d]*/uy
const number = /\.?\d[\w.]*/y
const quoted = /"(?:[^"\\\n]+|\\[^])*"?|'(?:[^'\\\n]+|\\[^])*'?/y
// Bounds how many characters are read for a slash without a partner.
const regularExpression = /\/(?![*/])(?:\[(?:[^\]\\\n]|\\.){0,200}\]|[^/\\\n[]|\\.){1,200}\/[a-z]*/y
// A `>` is always a sign of its own, because it may close the `<` of a type.
const sign = /=>|\.\.\.|\?\.(?!\d)|(?:\*\*|<<|&&|\|\||\?\?)=?|[=!]==?|[-+*/%&|^<>]=|\+\+|--|[^]/y
const templateText = /(?:[^`\\$]+|\\[^]|\$(?!\{))*/y
const elementText = /[^<{]*/y
const elementStart = /<(?:>|[\p{ID_Start}$_][\p{ID_Continue}$.:-]*(?=[\s/>]))/uy
// `<T,>(x: T) => x` and `<T extends U>(x: T) => x`.
const typeParameters = /<\s*(?:const\s+)?[\w$]+\s*(?:,|=|\s(?:extends|in|out)\b)/y
const tagText = /(?:[^"'{>/]+|"[^"]*"|'[^']*'|\/(?!>))*/y

// How many characters are searched for the end of an element whose first child is a parenthesis.
const callLengthMax = 2_000

// The words after which an expression or a declaration continues.
const goesOn = new Set(
  ("abstract async await case class const default delete else enum export extends implements import in instanceof " +
    "interface is as satisfies keyof let namespace new of return static throw typeof var void yield do function")
    .split(" ")
)
// The words before a parenthesis that a statement follows.
const conditions = new Set(["if", "while", "for", "with"])
const blockWords = new Set(["else", "do", "try", "finally", "static"])

const postfix = new Set(["++", "--", "!"])
// Words of `goesOn` that are names if a slash follows: a regular expression cannot follow them.
const divided = new Set(
  "abstract as async implements interface is keyof let namespace satisfies static type".split(" ")
)

/** Returns whether a value may end with a token, so that an operator follows. */
export const endsValue = (tokens: ReadonlyArray<Token>, at: number): boolean => {
  const token = tokens[at]
  if (token === undefined) return false
  const before = tokens[at - 1]?.text
  if (token.kind === "name") {
    return !goesOn.has(token.text) || before === "." || (before === "as" && token.text === "const")
  }
  // `n++` and `n!` end a value as `n` does. Before a value, these signs do not follow another value.
  if (postfix.has(token.text)) return !token.isAfterBreak && endsValue(tokens, at - 1)
  if (token.kind !== "close") return token.kind === "number" || token.kind === "text"
  return token.text !== "$}" && !isCondition(tokens, token.pair)
}

/** Returns whether a parenthesis is the condition of `if`, `while`, `for` or `with`. */
export const isCondition = (tokens: ReadonlyArray<Token>, open: number): boolean => {
  if (tokens[open]?.text !== "(") return false
  const before = tokens[open - 1]?.text === "await" ? open - 2 : open - 1
  return conditions.has(tokens[before]?.text ?? "") && tokens[before - 1]?.text !== "."
}

export const tokensOf = (text: string, mayHoldJsx: boolean): ReadonlyArray<Token> => new Lexer(text, mayHoldJsx).all()

class Lexer {
  private readonly tokens: Array<Token> = []
  private readonly opens: Array<Open> = []
  private readonly text: string
  private readonly mayHoldJsx: boolean
  private at = 0
  private isAfterBreak = false

  constructor(text: string, mayHoldJsx: boolean) {
    this.text = text
    this.mayHoldJsx = mayHoldJsx
  }

  all(): ReadonlyArray<Token> {
    while (true) {
      const space = this.match(blank)
      this.isAfterBreak = space.includes("\n")
      if (this.at >= this.text.length) return this.tokens
      this.next()
    }
  }

  private next(): void {
    const start = this.at
    const character = this.text[start]!
    if ("([{".includes(character)) return this.open(character, start + 1, undefined)
    if (")]}".includes(character)) return this.close(character)
    if (character === "`") {
      this.at++
      this.push("text", "`", start)
      return this.template()
    }
    if (character === `"` || character === "'") return void this.take("text", quoted)
    if (character === "<" && this.beginsElement()) {
      this.push("text", "<", start)
      return this.element(0, true)
    }
    if (character === "/" && !this.isDivision() && this.take("text", regularExpression)) return
    if (this.take("name", name) || this.take("number", number)) return
    this.take("sign", sign)
  }

  // Returns whether a slash is a division.
  private isDivision(): boolean {
    const last = this.tokens.at(-1)
    const isAfterBlock = last?.text === "}" && (this.tokens[last.pair]?.isBlock ?? false)
    const isNamed = last?.kind === "name" && divided.has(last.text)
    return isNamed || (endsValue(this.tokens, this.tokens.length - 1) && !isAfterBlock)
  }

  private open(text: string, end: number, hole: Hole | undefined): void {
    this.opens.push({ at: this.tokens.length, hole })
    this.push("open", text, this.at)
    this.at = end
  }

  private close(character: string): void {
    const open = this.opens.at(-1)
    const start = this.at++
    // A closing bracket without a partner is a sign.
    if (open === undefined || partners[this.tokens[open.at]!.text] !== character) {
      return this.push("sign", character, start)
    }
    this.opens.pop()
    this.tokens[open.at]!.pair = this.tokens.length
    this.push("close", open.hole === undefined ? character : "$}", start, open.at)
    if (open.hole?.kind === "template") this.template()
    else if (open.hole !== undefined) this.element(open.hole.depth, open.hole.isTag)
  }

  // Reads the text of a template up to its next hole or its end.
  private template(): void {
    this.match(templateText)
    if (this.text[this.at] === "$") return this.open("${", this.at + 2, { kind: "template" })
    this.at++
    this.push("text", "`", this.at - 1)
  }

  private beginsElement(): boolean {
    if (!this.mayHoldJsx || endsValue(this.tokens, this.tokens.length - 1)) return false
    elementStart.lastIndex = typeParameters.lastIndex = this.at
    const tag = elementStart.exec(this.text)?.[0]
    if (tag === undefined || typeParameters.test(this.text)) return false
    // `<T>(x: T) => x` in a type.
    const isCall = tag !== "<>" && this.text.startsWith(">(", this.at + tag.length)
    return !isCall || this.text.slice(this.at, this.at + callLengthMax).includes(`</${tag.slice(1)}>`)
  }

  // Reads an element with `depth` open tags up to its next hole or its end.
  private element(depth: number, isTag: boolean): void {
    do {
      this.match(isTag ? tagText : elementText)
      const [character, next] = this.text.slice(this.at, this.at + 2)
      if (character === "{") return this.open("${", this.at + 1, { kind: "element", depth, isTag })
      if (!isTag && next !== "/") isTag = true
      else if (isTag && character === ">") {
        depth++
        isTag = false
      } else if (isTag && character === "/") {
        this.at++
        isTag = false
      } else if (!isTag) {
        depth--
        const end = this.text.indexOf(">", this.at)
        this.at = end < 0 ? this.text.length : end
      }
      this.at++
    } while ((depth > 0 || isTag) && this.at < this.text.length)
    this.push("text", "<", this.at - 1)
  }

  private match(shape: RegExp): string {
    shape.lastIndex = this.at
    const found = shape.exec(this.text)?.[0] ?? ""
    this.at += found.length
    return found
  }

  private take(kind: Kind, shape: RegExp): boolean {
    const start = this.at
    const found = this.match(shape)
    if (found !== "") this.push(kind, found, start)
    return found !== ""
  }

  private push(kind: Kind, text: string, start: number, pair = -1): void {
    const { isAfterBreak, opens, tokens } = this
    // Both brackets of a pair are inside the bracket around them. `opens` contains an opening bracket already, and its
    // partner no more.
    const around = kind === "open" ? opens.at(-2) : opens.at(-1)
    tokens.push({
      kind,
      text,
      start,
      isAfterBreak,
      inside: around?.at ?? -1,
      pair,
      isBlock: text === "{" && kind === "open" && this.beginsBlock()
    })
    this.isAfterBreak = false
  }

  private beginsBlock(): boolean {
    const before = this.tokens.at(-1)
    if (before === undefined || ";{})]".includes(before.text)) return true
    if (before.text === "=>" || before.text === ">" || blockWords.has(before.text)) return true
    // The brace after a type, as in `(): "done" {`: a value does not precede a brace.
    if (before.kind === "text" || before.kind === "number" || before.text === "void") return true
    return before.kind === "name" && endsValue(this.tokens, this.tokens.length - 1)
  }
}

const partners: { readonly [open: string]: string } = { "(": ")", "[": "]", "{": "}", "${": "}" }
