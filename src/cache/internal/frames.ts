/**
 * Lets go of what errors hold by their frames.
 *
 * V8 writes the text of an error's `stack` when it is first read. Until then the error keeps the receivers of the calls
 * on the stack. One of them is the fiber in which the error was made, and the fiber keeps what its reader had in
 * `AsyncLocalStorage`: a whole request. So an error that is remembered has its stack read. That takes some 40
 * microseconds, and a failure is remembered once for each run of a lookup.
 */
import type * as Exit from "effect/Exit"

// The most errors of one failure whose stacks are read. An error holds few others.
const errorsMax = 32

/** Reads the stacks of all errors of a failure, and of those that they hold as their own properties. */
export const releaseFrames = (exit: Exit.Exit<never, unknown>): void => {
  if (exit._tag === "Success") return
  const open: Array<unknown> = []
  for (const reason of exit.cause.reasons) {
    if (reason._tag === "Fail") open.push(reason.error)
    else if (reason._tag === "Die") open.push(reason.defect)
  }
  for (let i = 0; i < open.length && i < errorsMax; i++) {
    try {
      const inner = innerOf(open[i])
      for (const one of inner) if (one instanceof Error && !open.includes(one)) open.push(one)
    } catch { /* A getter of a user's error may throw. What it hides is not read. */ }
  }
}

/** What an error holds, once its stack is read. */
const innerOf = (value: unknown): ReadonlyArray<unknown> => {
  if (typeof value !== "object" || value === null) return []
  if (value instanceof Error) void value.stack
  // A property such as `cause` is not enumerable.
  const held: ReadonlyArray<unknown> = Object.getOwnPropertyNames(value).map((name) => Reflect.get(value, name))
  return held.flatMap((one) => Array.isArray(one) ? one.slice(0, errorsMax) : [one])
}
