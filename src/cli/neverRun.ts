/**
 * Finds operations that nothing runs, such as `user.set(...)` as a statement of its own or after `await`. An operation
 * is an Effect, and an Effect that is not yielded, returned or run does nothing. TypeScript accepts an expression whose
 * value is not used, so this reads the text.
 *
 * - It finds calls through an accessor, through a reader or writer that was yielded into a name, and calls of the
 *   manifest itself (`batch`, `invalidate`, `set` ...). The name must be proved to mean one of these (see
 *   `meaning.ts`).
 * - It ignores a call whose value is used: by a variable, an argument, `return`, `void`, or a `pipe` that may run it.
 *   It also ignores a call if the text does not show whether its value is used.
 *
 * Not here: other Effects. `@effect/language-service`, a plugin of editors, reports all Effects that nothing runs.
 */
import * as RightFindings from "../diagnostic/types/rightFindings.ts"
import { type Finding, say } from "./findings.ts"
import { type Meanings, stepAt } from "./meaning.ts"
import { afterCast, beginsLine } from "./scopes.ts"
import { placesIn } from "./source.ts"
import { endsValue, isCondition, type Token } from "./tokens.ts"

const words = (text: string): ReadonlySet<string> => new Set(text.split(" "))
const ofAccessor = words(
  "get getOption getMany getManyResults getAnswer getAnswerOption has select warm hottest explain lease " +
    "set setMany update patch delete deleteMany refresh invalidate invalidateWhere invalidateAll invalidateTag"
)
const ofManifest = words("get getOption set delete batch invalidate")
// The first call answers a function, and the second call answers the Effect.
const ofManifestTwice = words("transaction")

/** Finds the operations in a file that nothing runs. */
export const neverRunIn = (meanings: Meanings, file: string): ReadonlyArray<Finding> => {
  const source = meanings.sourceOf(file)
  if (source === undefined) return []
  const { text, tokens } = source
  const placeOf = placesIn(text)
  const found: Array<Finding> = []
  for (let at = 0; at < tokens.length; at++) {
    const open = operationAt(meanings, file, tokens, at)
    if (open === undefined || !isLost(meanings, file, tokens, at, open)) continue
    const operation = text.slice(tokens[at]!.start, tokens[open]!.start).replaceAll(/\s+/g, "").replace(/\(.*$/, "")
    found.push({
      file,
      ...placeOf(tokens[at]!.start),
      ...say(RightFindings.neverRun(operation)),
      label: "nothing runs this"
    })
  }
  return found
}

// The tokens between a name and its member.
const begins = words(". ?. [ !")

// Answers the opening parenthesis of the call, if an operation of a manifest begins at a token.
const operationAt = (
  meanings: Meanings,
  file: string,
  tokens: ReadonlyArray<Token>,
  at: number
): number | undefined => {
  if (tokens[at]!.kind !== "name" || !begins.has(tokens[at + 1]?.text ?? "")) return undefined
  const path = meanings.pathAt(file, at)
  const step = path && stepAt(tokens, path.next)
  if (step === undefined) return undefined
  const { meaning } = path!
  const { name, next } = step
  const open = tokens[next]?.text === "?." ? next + 1 : next
  if (tokens[open]?.text !== "(") return undefined
  if (meaning.kind === "accessor") return ofAccessor.has(name) ? open : undefined
  if (meaning.kind !== "manifest" || meaning.own.has(name)) return undefined
  if (ofManifest.has(name)) return open
  const second = tokens[open]!.pair + 1
  return ofManifestTwice.has(name) && second > 0 && tokens[second]?.text === "(" ? second : undefined
}

const pipes = words("pipe")

// Answers whether nothing uses the value of the call that begins at a token.
const isLost = (
  meanings: Meanings,
  file: string,
  tokens: ReadonlyArray<Token>,
  at: number,
  open: number
): boolean => {
  const end = endOfCall(tokens, open)
  if (end === undefined) return false
  // `pipe(user.set(...), Effect.orDie)`.
  const around = at - 1
  const isPiped = tokens[around]?.text === "(" && tokens[end]?.text === "," &&
    meanings.isOfEffect(file, around - 1, pipes) && runsNothing(tokens, around, end)
  if (isPiped) return isLost(meanings, file, tokens, tokens[around - 2]?.text === "." ? around - 3 : around - 1, around)
  if (isStatement(tokens, at)) return endsStatement(tokens, end) || tokens[end]?.text === ","
  return isBranch(tokens, at, end) || isInSequence(tokens, at, end) || isLostAnswer(tokens, at, end)
}

// Answers the token after a call and after the `pipe` on it; nothing if this `pipe` may run the call.
const endOfCall = (tokens: ReadonlyArray<Token>, open: number): number | undefined => {
  const { pair } = tokens[open]!
  if (pair < 0) return undefined
  const isPiped = tokens[pair + 1]?.text === "." && tokens[pair + 2]?.text === "pipe" && tokens[pair + 3]?.text === "("
  if (!isPiped) return afterCast(tokens, pair + 1)
  return runsNothing(tokens, pair + 3, pair + 3) ? endOfCall(tokens, pair + 3) : undefined
}

// Answers whether each argument after a token is a member of a module, such as `Effect.orDie` or `Effect.retry(...)`,
// and none of them contains a name that begins with `run`.
const runsNothing = (tokens: ReadonlyArray<Token>, open: number, before: number): boolean => {
  const { pair } = tokens[open]!
  for (let at = before + 1; at < pair; at++) {
    const token = tokens[at]!
    if (token.kind === "name" && token.text.startsWith("run")) return false
    const isFirst = token.inside === open && (at === before + 1 || tokens[at - 1]!.text === ",")
    if (isFirst && !(/^[A-Z]/.test(token.text) && tokens[at + 1]?.text === ".")) return false
  }
  return pair > 0
}

// Answers whether a bracket, or the top of a file, contains statements.
const holdsStatements = (tokens: ReadonlyArray<Token>, open: number): boolean =>
  open < 0 || (tokens[open]!.text === "{" && (tokens[open]!.isBlock || isCase(tokens, open - 1)))

// Answers whether a statement begins at a token, or at an `await` before it.
const isStatement = (tokens: ReadonlyArray<Token>, at: number): boolean => {
  const before = tokens[at - 1]
  if (!holdsStatements(tokens, tokens[at]!.inside)) return false
  if (before === undefined) return true
  const { text } = before
  if (text === "await") return isStatement(tokens, at - 1)
  if (text === ";" || text === "{" || text === "}") return true
  if ((text === "else" || text === "do") && tokens[at - 2]?.text !== ".") return true
  if (text === ")" && isCondition(tokens, before.pair)) return true
  if (text === ":") return isCase(tokens, at - 1) || isLabel(tokens, at - 2)
  return beginsLine(tokens, at)
}

// How many tokens of one statement are read.
const statementMax = 1_000

// Answers whether a colon ends `case 1:` or `default:`.
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

// Answers whether a token is the label in `name: user.set(...)` in a block. `<T>{ name: ... }` is an object, although
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

// Answers whether a call is a branch of a statement such as `flag && call` or `flag ? call : call`, and nothing uses
// its value.
const isBranch = (tokens: ReadonlyArray<Token>, at: number, end: number): boolean => {
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

// Answers whether a call is one of several in a statement, as in `a(), b()`.
const isInSequence = (tokens: ReadonlyArray<Token>, at: number, end: number): boolean => {
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

const timers = words("setTimeout setInterval setImmediate queueMicrotask")
const globals = words("globalThis window self")

// Answers whether a call is the answer of a function that is given to a caller which ignores it: `forEach` of a list,
// or a timer. A name with a capital letter is a module, such as Effect, whose `forEach` runs the answers.
const isLostAnswer = (tokens: ReadonlyArray<Token>, at: number, end: number): boolean => {
  if (tokens[at - 1]?.text !== "=>") return false
  const last = tokens[at - 2]
  const first = last?.text === ")" ? last.pair : at - 2
  const open = tokens[first - 1]?.text === "async" ? first - 2 : first - 1
  if (tokens[open]?.text !== "(" || ![",", ")"].includes(tokens[end]?.text ?? "")) return false
  const name = tokens[open - 1]?.text ?? ""
  const isMember = tokens[open - 2]?.text === "." || tokens[open - 2]?.text === "?."
  const object = tokens[open - 3]
  if (timers.has(name)) return !isMember || globals.has(object?.text ?? "")
  if (name === "nextTick") return isMember && object?.text === "process"
  return name === "forEach" && isMember && endsValue(tokens, open - 3) && !/^[A-Z]/.test(object!.text)
}

// Answers whether a statement ends before a token.
const endsStatement = (tokens: ReadonlyArray<Token>, at: number): boolean => {
  const token = tokens[at]
  return token === undefined || token.text === ";" || token.text === "}" || beginsLine(tokens, at) ||
    (token.isAfterBreak && (token.text === "{" || token.text === "@"))
}
