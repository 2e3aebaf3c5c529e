/**
 * Releases the objects that an error keeps alive through the frames of its stack.
 *
 * V8 writes the text of an error's `stack` when it is first read. Until then the error keeps the receivers of the calls
 * on the stack. One of them is the fiber in which the error was made, and the fiber keeps what its reader had in
 * `AsyncLocalStorage`: a whole request. So an error that is remembered has its stack read. That takes some 40
 * microseconds, and a failure is remembered once for each run of a lookup.
 *
 * The error of an absent key is as frequent as the keys that clients make up, and so is made without frames
 * (`withoutFrames`). They would only show the inside of the cache.
 */
import * as Exit from "effect/Exit"

// The most objects of one failure that are looked at. An error holds few others.
const objectsMax = 128

/** Reads the stacks of all errors of a failure, also of those inside other objects. No getter of the user is called. */
export const releaseFrames = (exit: Exit.Exit<never, unknown>): void => {
  if (exit._tag === "Success") return
  const found = new Set<object>()
  for (const reason of exit.cause.reasons) {
    add(found, reason._tag === "Fail" ? reason.error : reason._tag === "Die" ? reason.defect : undefined)
  }
  // The loop also visits the objects that are added while it runs.
  for (const one of found) {
    try {
      if (one instanceof Error) void one.stack
      addParts(found, one)
    } catch { /* A Proxy may throw. What it hides is not read. */ }
  }
}

const add = (found: Set<object>, value: unknown): void => {
  if (typeof value === "object" && value !== null && found.size < objectsMax) found.add(value)
}

const addParts = (found: Set<object>, of: object): void => {
  if (of instanceof Map || of instanceof Set) {
    for (const [key, value] of of.entries()) {
      if (found.size >= objectsMax) return
      add(found, key)
      add(found, value)
    }
  }
  if (ArrayBuffer.isView(of)) return
  // A property such as `cause` is not enumerable. A long list is not looked through.
  for (const name of Reflect.ownKeys(of).slice(0, objectsMax)) {
    add(found, Reflect.getOwnPropertyDescriptor(of, name)?.value)
  }
}

/** Makes an error that holds no frames. */
export const withoutFrames = <E extends Error>(make: () => E): E => {
  // Read by its name, because the types of a program without Node do not have it.
  const limit: unknown = Reflect.get(Error, "stackTraceLimit")
  // Not in a process with frozen intrinsics.
  const isChanged = Reflect.set(Error, "stackTraceLimit", 0)
  try {
    const error = make()
    if (!isChanged) releaseFrames(Exit.fail(error))
    return error
  } finally {
    if (isChanged) Reflect.set(Error, "stackTraceLimit", limit)
  }
}
