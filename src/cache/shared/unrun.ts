/**
 * Recognizes what no family may hold as a value: a Promise, and an Effect. Only the value that it brings is a value.
 *
 * An Exit counts as an Effect, because `Effect.succeed(1)` is one. A family whose Schema is one of Exits takes them.
 *
 * A value that throws when it is looked at, such as a Proxy that was revoked, is neither, and is not a value.
 */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Predicate from "effect/Predicate"
import { ignoreRejection } from "../../store/shared/ignoreRejection.ts"

/** What an error says of a function that returns a Promise. */
export const returnedPromise = "returned a Promise: make it an Effect, by Effect.promise or Effect.tryPromise"

/**
 * Whether it is a Promise, or another object with a `then`. The rejection of a Promise is handled here, because an
 * unhandled one would end the process. No other `then` is called: the one of a query builder would run the query.
 */
export const isPromise = (value: unknown): boolean => {
  try {
    return promises(value)
  } catch {
    return false
  }
}

const promises = (value: unknown): boolean => {
  if (typeof value !== "object" || !Predicate.isPromiseLike(value)) return false
  ignoreRejection(value)
  return true
}

/** Whether it is an Effect. */
export const isEffect = (value: unknown): value is Effect.Effect<unknown, unknown> => {
  try {
    return Effect.isEffect(value)
  } catch {
    return false
  }
}

/** Why something may not be held as a value; `undefined` if it may. `takesExits` is for a family of Exits. */
export const unrun = (value: unknown, takesExits: boolean): string | undefined => {
  if (typeof value !== "object" || value === null) return undefined
  try {
    // Every write and every load asks this. No Effect has one of these prototypes, and to look for all properties by
    // which Effects and Promises are known, in objects of many shapes, costs a `set` a sixth of its time.
    const prototype: unknown = Object.getPrototypeOf(value)
    if (prototype === Array.prototype) return undefined
    if (prototype === Object.prototype && (value as { readonly then?: unknown }).then === undefined) return undefined
    if (promises(value)) return "is a Promise: run it first, by Effect.promise or Effect.tryPromise, and give its value"
    if (!Effect.isEffect(value) || (takesExits && Exit.isExit(value))) return undefined
    return "is an Effect: run it first, with `yield*`, and give its value; a family of Exits declares a `Schema.Exit`"
  } catch {
    return "throws when it is read, as a Proxy does that was revoked: give a copy"
  }
}

/** Why a function may not return this if its result is not run as an Effect; `undefined` if it may. */
export const unrunResult = (result: unknown): string | undefined => {
  if (result === null || (typeof result !== "object" && typeof result !== "function")) return undefined
  if (isPromise(result)) return returnedPromise
  return isEffect(result) ? "returned an Effect: read the value first, and run the Effect then" : undefined
}
