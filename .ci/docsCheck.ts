/**
 * The check that programs from the documentation call for each `// => value`.
 */
import * as Equal from "effect/Equal"
import { isDeepStrictEqual } from "node:util"

const reached = new Map<string, Set<number>>()

/** Compares like Effect, then like Node. Returns the actual value, so that the call may stand in any expression. */
export const docsCheck = <A>(program: string, actual: A, expected: () => unknown, line: number): A => {
  reached.set(program, (reached.get(program) ?? new Set()).add(line))
  const value = expected()
  if (Equal.equals(actual, value) || isDeepStrictEqual(actual, value)) return actual
  throw Object.assign(new Error(`line ${line} of the block: the value differs from the comment`), {
    actual,
    expected: value
  })
}

/** The lines whose assertions a program has reached. */
export const reachedBy = (program: string): ReadonlySet<number> => reached.get(program) ?? new Set()
