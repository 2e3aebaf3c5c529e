/**
 * What the programs made from documentation call for each `// => value`.
 */
import * as Equal from "effect/Equal"
import { isDeepStrictEqual } from "node:util"

const reached = new Map<string, Set<number>>()

/** Compares as Effect does, then as Node does; gives the actual value back, so that it may stand in any expression. */
export const docsCheck = <A>(program: string, actual: A, expected: () => unknown, line: number): A => {
  reached.set(program, (reached.get(program) ?? new Set()).add(line))
  const value = expected()
  if (Equal.equals(actual, value) || isDeepStrictEqual(actual, value)) return actual
  throw Object.assign(new Error(`line ${line} of the block: the value is not what the comment says`), {
    actual,
    expected: value
  })
}

/** The lines whose assertions a program has reached. */
export const reachedBy = (program: string): ReadonlySet<number> => reached.get(program) ?? new Set()
