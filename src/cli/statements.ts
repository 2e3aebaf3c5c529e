/**
 * Returns where statements begin and end in the tokens of a program, and whether a statement uses the value of an
 * expression in it.
 *
 * Not here: what an expression means.
 */
import { beginsLine } from "./scopes.ts"
import { endsValue, isCondition, type Token } from "./tokens.ts"

export const words = (text: string): ReadonlySet<string> => new Set(text.split(" "))

/** Returns whether a bracket, or the top of a file, contains statements. */
export const holdsStatements = (tokens: ReadonlyArray<Token>, open: number): boolean =>
  open < 0 || (tokens[open]!.text === "{" && (tokens[open]!.isBlock || isCase(tokens, open - 1)))

/** Returns whether a statement begins at a token, or at an `await` or a `void` before it. */
export const isStatement = (tokens: ReadonlyArray<Token>, at: number): boolean => {
  const before = tokens[at - 1]
  if (!holdsStatements(tokens, tokens[at]!.inside)) return false
  if (before === undefined) return true
  const { text } = before
  if (text === "await" || text === "void" && !tokens[at]!.isAfterBreak) return isStatement(tokens, at - 1)
  if (text === ";" || text === "{" || text === "}") return true
  if ((text === "else" || text === "do") && tokens[at - 2]?.text !== ".") return true
  if (text === ")" && isCondition(tokens, before.pair)) return true
  if (text === ":") return isCase(tokens, at - 1) || isLabel(tokens, at - 2)
  return beginsLine(tokens, at)
}

// How many tokens of one statement are read.
const statementMax = 1_000

// Returns whether a colon ends `case 1:` or `default:`.
const isCase = (tokens: ReadonlyArray<Token>, colon: number): boolean => {
  if (tokens[colon]?.text !== ":") return false
  for (let at = colon - 1, steps = 0; at >= 0 && steps < statementMax; at--, steps++) {
    const { kind, pair, text } = tokens[at]!
    if (text === "case" || text === "default") return tokens[at - 1]?.text !== "." && !isObject(tokens, at)
    if (kind === "open" || text === ";" || text === "?" || text === "," || text === ":") return false
    if (kind === "close") at = pair
  }
  return false
}

// Returns whether a token is the label in `name: user.set(...)` in a block. `<T>{ name: ... }` is an object, although
// it looks like a block.
const isLabel = (tokens: ReadonlyArray<Token>, at: number): boolean => {
  const token = tokens[at]
  if (token?.kind !== "name" || tokens[token.inside - 1]?.text === ">") return false
  return ["{", ";", "}"].includes(tokens[at - 1]?.text ?? ";") || beginsLine(tokens, at)
}

const isObject = (tokens: ReadonlyArray<Token>, at: number): boolean => {
  const { inside } = tokens[at]!
  return inside < 0 || tokens[inside]!.text !== "{" || tokens[inside - 1]?.text !== ")"
}

// The tokens by which a statement gives a value to a name, to a caller or to a property.
const goesAnywhere = words(
  "=> = += -= *= /= ??= ||= &&= , return yield await throw void const let var using case default export"
)

/**
 * Returns whether a call is a branch of a statement such as `flag && call` or `flag ? call : call`, and nothing uses
 * its value.
 */
export const isBranch = (tokens: ReadonlyArray<Token>, at: number, end: number): boolean => {
  const operator = tokens[at - 1]?.text ?? ""
  if (!["&&", "||", "??", "?", ":"].includes(operator) || !holdsStatements(tokens, tokens[at]!.inside)) return false
  let choices = 0
  let from = at - 2
  for (let steps = 0; from >= 0; from--, steps++) {
    const { kind, pair, text } = tokens[from]!
    if (steps > statementMax || goesAnywhere.has(text)) return false
    if (text === "?") choices++
    if (text === ":" && --choices < -1) return false
    if (kind === "open" || text === ";") break
    if (kind === "close") {
      // Only the brace of a block before this token ends a statement; other brackets do not.
      if (text === "}" && beginsLine(tokens, from + 1)) break
      from = pair
    }
    if (beginsLine(tokens, from) && kind !== "close") {
      from--
      break
    }
  }
  const isEmpty = from + 1 >= at - 1
  if (isEmpty) return false
  // Each colon must belong to a `?`. `{ name: flag ? ... }` and `name: flag && ...` have one colon more.
  if (operator === ":") return choices === 1 && endsStatement(tokens, end)
  if (choices !== 0) return false
  return operator === "?" ? tokens[end]?.text === ":" : endsStatement(tokens, end)
}

/** Returns whether a call is one of several in a statement, as in `a(), b()`. */
export const isInSequence = (tokens: ReadonlyArray<Token>, at: number, end: number): boolean => {
  if (tokens[at - 1]?.text !== "," || !holdsStatements(tokens, tokens[at]!.inside)) return false
  if (!endsStatement(tokens, end) && tokens[end]?.text !== ",") return false
  for (let from = at - 2, steps = 0; from >= 0 && steps < statementMax; from--, steps++) {
    const { kind, pair, text } = tokens[from]!
    if (kind === "close") {
      if (pair < 0 || text === "}") return false
      from = pair
    } else if (text !== "," && (goesAnywhere.has(text) || text === "?" || text === ":" || text === "type")) return false
    if (isStatement(tokens, from)) return true
    if (kind === "open") return false
  }
  return false
}

/** Returns whether a statement ends before a token. */
export const endsStatement = (tokens: ReadonlyArray<Token>, at: number): boolean => {
  const token = tokens[at]
  return token === undefined || token.text === ";" || token.text === "}" || beginsLine(tokens, at) ||
    (token.isAfterBreak && (token.text === "{" || token.text === "@"))
}

/** Returns whether a parenthesis only groups an expression, and holds no arguments or parameters. */
export const isGroup = (tokens: ReadonlyArray<Token>, open: number): boolean => {
  const before = tokens[open - 1]
  if (tokens[open]?.text !== "(" || isCondition(tokens, open)) return false
  return before?.text !== ">" && (!endsValue(tokens, open - 1) || beginsLine(tokens, open))
}

/** Returns the expression from `begin` to `end` with the parentheses around it. */
export const withGroups = (
  tokens: ReadonlyArray<Token>,
  begin: number,
  end: number
): readonly [begin: number, end: number] =>
  isGroup(tokens, begin - 1) && tokens[begin - 1]!.pair === end
    ? withGroups(tokens, begin - 1, end + 1)
    : [begin, end]

/** Returns whether an expression, with the parentheses around it, stands after `await`. */
export const isAwaited = (tokens: ReadonlyArray<Token>, from: number, to: number): boolean => {
  const [begin, end] = withGroups(tokens, from, to)
  const before = tokens[begin - 1]?.text
  return before === "await" && !member.has(tokens[end]?.text ?? "")
}

/** Returns whether `void` throws the value of an expression away, with the parentheses around it. */
export const isVoided = (tokens: ReadonlyArray<Token>, from: number, to: number): boolean => {
  const [begin, end] = withGroups(tokens, from, to)
  if (tokens[begin - 1]?.text !== "void" || tokens[begin - 2]?.text === "." || tokens[begin]!.isAfterBreak) return false
  return !member.has(tokens[end]?.text ?? "")
}

const member = words(". ?. ( [ ` !")
// The tokens before an expression that bind less than a condition.
const before = words("( [ , = => : ? && || ?? ; ${ return throw yield else do")

/**
 * Returns whether a program tests the value of an expression: as a condition, before `&&`, `||`, `??` or `?`, or after
 * `!`.
 */
export const isTested = (tokens: ReadonlyArray<Token>, from: number, to: number): boolean => {
  const [begin, end] = withGroups(tokens, from, to)
  const last = tokens[begin - 1]
  const next = tokens[end]?.text ?? ""
  if (last?.text === "!" && (last.isAfterBreak || !endsValue(tokens, begin - 2))) return !member.has(next)
  const isYielded = last?.text === "*" && tokens[begin - 2]?.text === "yield"
  if (!isYielded && !before.has(last?.text ?? "") && !isStatement(tokens, begin)) return false
  const open = tokens[begin]!.inside
  const isWhole = isCondition(tokens, open) && (tokens[open]!.pair === end || last?.text === ";" && next === ";")
  if (isWhole && isOfCondition(tokens, open, begin)) return true
  if (next === "?") return !isOptional(tokens, begin, end)
  if (next === "&&") return true
  // `flag && user.get(...) || other` chooses one of two operations.
  return (next === "||" || next === "??") && last?.text !== "&&"
}

// Returns whether a question mark makes a parameter or a member of a type optional: `held?: boolean`, `held?(): void`.
const isOptional = (tokens: ReadonlyArray<Token>, begin: number, mark: number): boolean => {
  const { inside } = tokens[begin]!
  const isInType = tokens[inside]?.text === "{" && !holdsStatements(tokens, inside)
  const isFirst = ["{", ",", ";"].includes(tokens[begin - 1]?.text ?? "")
  return afterOptional.has(tokens[mark + 1]?.text ?? "") || isInType && isFirst
}

const afterOptional = words(": ) , ] } = ;")

// Returns whether the last part of a condition is tested: `if (a && user.has(...))`, and not `if (x = user.get())`.
const isOfCondition = (tokens: ReadonlyArray<Token>, open: number, begin: number): boolean => {
  if (tokens[begin - 1]!.text === ";" || open === begin - 1) return true
  for (let at = begin - 1, steps = 0; at > open; at--, steps++) {
    const { kind, pair, text } = tokens[at]!
    if (steps > statementMax || goesAnywhere.has(text) || text === "?" || text === ":" || text === ";") return false
    if (kind === "close") at = pair
  }
  return true
}
