/**
 * Finds the field of a class that `this.name` means in a method.
 *
 * - A function, and a method of an object, has its own `this`, so `this.name` in one of them is not a field of the
 *   class.
 * - A field that is assigned anywhere in the file has no known value.
 */
import { beginsLine } from "./scopes.ts"
import { isCondition, type Token } from "./tokens.ts"

/** Returns the first token of the value of the field `this.name`, where `this` is the token `at`. */
export const fieldOf = (tokens: ReadonlyArray<Token>, at: number, name: string): number | undefined => {
  const member = memberAround(tokens, at)
  if (member === undefined) return undefined
  const { body } = member
  const isStatic = isStaticMember(tokens, member.open)
  const found: Array<number> = []
  const isAssigned = tokens.some((token, index) =>
    token.text === name && [".", "?."].includes(tokens[index - 1]?.text ?? "") &&
    /^(?:[?|&*+-]*=)$/.test(tokens[index + 1]?.text ?? "")
  )
  for (let next = body + 1; next < tokens[body]!.pair; next++) {
    const { inside, text } = tokens[next]!
    const isField = inside === body && text === name && tokens[next + 1]?.text === "="
    if (isField && isStaticMember(tokens, next) === isStatic) found.push(next + 2)
  }
  return found.length === 1 && !isAssigned ? found[0] : undefined
}

interface Member {
  /** The opening brace of the member's block, or of the object that is its value. */
  readonly open: number
  /** The opening brace of the class. */
  readonly body: number
}

const memberAround = (tokens: ReadonlyArray<Token>, at: number): Member | undefined => {
  for (let open = tokens[at]!.inside; open >= 0; open = tokens[open]!.inside) {
    if (tokens[open]!.text !== "{") continue
    const body = tokens[open]!.inside
    if (body >= 0 && isClass(tokens, body)) return { open, body }
    if (!keepsThis(tokens, open)) return undefined
  }
  return undefined
}

const blocks = new Set(["=>", "else", "do", "try", "finally", ";", "{", "}"])

// Returns whether `this` means the same inside a brace as around it.
const keepsThis = (tokens: ReadonlyArray<Token>, open: number): boolean => {
  const before = tokens[open - 1]
  if (before === undefined || blocks.has(before.text) || !tokens[open]!.isBlock) return true
  const word = tokens[before.pair - 1]?.text ?? ""
  return before.text === ")" && (isCondition(tokens, before.pair) || word === "switch" || word === "catch")
}

// How many tokens may stand between `class` and its brace.
const headingMax = 100
const isClass = (tokens: ReadonlyArray<Token>, body: number): boolean => isBodyOf(tokens, body, "class")

/** Returns whether a brace contains the members of a class or of an interface. */
export const holdsMembers = (tokens: ReadonlyArray<Token>, body: number): boolean =>
  body >= 0 && (isClass(tokens, body) || isBodyOf(tokens, body, "interface"))

const isBodyOf = (tokens: ReadonlyArray<Token>, body: number, word: "class" | "interface"): boolean => {
  const { inside, text } = tokens[body]!
  if (text !== "{") return false
  for (let at = body - 1; at >= 0 && body - at < headingMax; at--) {
    const token = tokens[at]!
    if (token.kind === "close" && token.pair >= 0) at = token.pair
    else if (token.inside !== inside || token.text === ";" || token.text.includes("=")) return false
    else if (token.text === word) return tokens[at - 1]?.text !== "."
  }
  return false
}

const isStaticMember = (tokens: ReadonlyArray<Token>, at: number): boolean => {
  const { inside } = tokens[at]!
  for (let from = at; from > inside; from--) {
    const token = tokens[from]!
    if (token.text === "static") return true
    if (from < at && (token.text === ";" || token.text === "}")) return false
    if (beginsLine(tokens, from)) return tokens[from]!.text === "static"
    if (token.kind === "close" && token.pair >= 0) from = token.pair
  }
  return false
}
