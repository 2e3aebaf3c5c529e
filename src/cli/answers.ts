/**
 * Finds the call to which a program gives an operation: as an argument, or as the answer of a function.
 *
 * Not here: whether the call runs the operation. `neverRun.ts` decides that by the name of the call.
 */
import { isGroup } from "./statements.ts"
import { endsValue, type Token } from "./tokens.ts"

/** An expression: its first token, and the parenthesis of its last call. */
export interface Call {
  readonly begin: number
  readonly open: number
}

/** The call to which a function is given. */
export interface Given extends Call {
  /** Whether the function is the first argument, and whether it is the last one. */
  readonly isFirst: boolean
  readonly isLast: boolean
}

/** Returns the call that gets the function whose answer is the expression from `at` to `end`. */
export const givenAnswer = (tokens: ReadonlyArray<Token>, at: number, end: number): Given | undefined => {
  return tokens[at - 1]?.text === "=>" ? givenFrom(tokens, firstOfArrow(tokens, at - 1), end) : undefined
}

/** Returns the first token of the function of an arrow `=>`. */
export const firstOfArrow = (tokens: ReadonlyArray<Token>, arrow: number): number => {
  const last = tokens[arrow - 1]
  const first = last?.text === ")" ? last.pair : arrow - 1
  return tokens[first - 1]?.text === "async" ? first - 1 : first
}

/** Returns the call that gets the expression from `first` to `end` as an argument. */
export const givenFrom = (tokens: ReadonlyArray<Token>, first: number, end: number): Given | undefined => {
  const open = tokens[first]?.inside ?? -1
  const isFirst = open === first - 1
  if (tokens[open]?.text !== "(" || !isFirst && tokens[first - 1]!.text !== ",") return undefined
  const { pair } = tokens[open]!
  const isLast = end === pair || tokens[end]?.text === "," && end + 1 === pair
  const begin = beginOf(tokens, open - 1)
  if (begin === undefined || !isLast && tokens[end]?.text !== ",") return undefined
  return { begin, open, isFirst, isLast }
}

/** Returns the first token of an expression of members and calls that ends with a token, such as `a.b(c)[0].d`. */
export const beginOf = (tokens: ReadonlyArray<Token>, last: number): number | undefined => {
  let at = last
  while (endsValue(tokens, at)) {
    const { kind, pair, text } = tokens[at]!
    if (kind === "close") {
      if (pair < 0 || text === "}") return undefined
      if (text === ")" ? isGroup(tokens, pair) : !endsValue(tokens, pair - 1)) return pair
      at = tokens[pair - 1]?.text === "?." ? pair - 2 : pair - 1
    } else if (tokens[at - 1]?.text === "." || tokens[at - 1]?.text === "?.") at -= 2
    else return kind === "name" ? at : undefined
  }
  return undefined
}
