/**
 * Makes the functions, methods and programs that declare what they do to the cache.
 *
 * A function whose declaration is wrong, because it was cast or comes from data, fails when it is called.
 *
 * Not here: the check that a body does what it declares and nothing else, which the compiler makes; and invalidation,
 * which follows from the writes of the body.
 */
import * as Effect from "effect/Effect"
import type { CacheError } from "../../cache/CacheError.ts"
import type { Declared } from "../../ownership/Definition.ts"
import * as Declaration from "../../ownership/shared/declaration.ts"
import type { ValidManifest } from "../../ownership/shared/validation.ts"
import { errorOf, type Found } from "./names.ts"
import type { AnyBody, AnyMethod } from "./statics.ts"

export const make = (manifest: ValidManifest) => {
  const refusal = (found: ReadonlyArray<Found>, place: string): Effect.Effect<never, CacheError> | undefined =>
    found.length === 0
      ? undefined
      : Effect.fail(errorOf(manifest.id, found.map((one) => ({ ...one, path: [place, ...one.path] }))))
  const refused = (name: string, declaration: Declared) =>
    refusal(Declaration.findProblems(manifest, declaration), name)
  return {
    fn: (name: string, declaration: Declared) => {
      const wrong = refused(name, declaration)
      return (body: AnyBody): AnyMethod =>
        wrong === undefined ? Effect.fn(name)(body as never) as AnyMethod : () => wrong
    },
    method: (declaration: Declared) => (method: AnyMethod): AnyMethod => {
      const wrong = refused(method.name, declaration)
      return wrong === undefined ? method : () => wrong
    },
    inLayer: (layer: string) => {
      const problem = Declaration.findLayerUnknown(manifest, layer)
      const wrong = problem === undefined ? undefined : refusal([{ ...problem, path: [String(layer)] }], "inLayer")
      // The marked program is an Effect.
      return <A>(effect: A): A => wrong === undefined ? effect : wrong as A
    }
  }
}
