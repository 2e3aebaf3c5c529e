/**
 * Tells a function of the user what happens, in the middle of other work; what it returns is not used.
 *
 * Nothing that it does ends the work, or the process: what it throws is ignored, and so is the rejection of a Promise.
 * A log says so, once for each function, if it returns a Promise or an Effect.
 */
import * as Effect from "effect/Effect"
import { outside } from "../../capability/shared/outside.ts"
import { ignoreRejection } from "../shared/ignoreRejection.ts"
import type { Unused } from "../types/unused.ts"

/** Makes such a call of a function of the user. */
export const telling = <A>(name: string, tell: (told: A) => Unused): (told: A) => void => {
  let isTold = false
  return (told) => {
    try {
      const why = whyUnused(tell(told) as unknown)
      if (why === undefined || isTold) return
      isTold = true
      outside(() => Effect.runFork(Effect.logWarning(`\`${name}\` ${why}`)))
    } catch { /* The documentation of the option says so. */ }
  }
}

const whyUnused = (result: unknown): string | undefined => {
  if (Effect.isEffect(result)) return "returned an Effect, which is not run: run it by a runtime of your own"
  if (!(result instanceof Promise)) return undefined
  ignoreRejection(result)
  return "returned a Promise, which is not waited for; if it rejects, that is ignored"
}
