/**
 * Makes the functions, methods and programs that declare what they do to the cache.
 *
 * A function whose declaration or body is wrong, because it was cast or comes from data, fails when it is called. A
 * decorator of anything but a method throws where the class is defined, because it has no method that could fail.
 *
 * Not here: the check that a body does what it declares and nothing else, which the compiler makes; and invalidation,
 * which follows from the writes of the body.
 */
import * as Effect from "effect/Effect"
import type { CacheError } from "../../cache/CacheError.ts"
import * as ManifestFindings from "../../diagnostic/types/manifestFindings.ts"
import type { Declared } from "../../ownership/Definition.ts"
import * as Declaration from "../../ownership/shared/declaration.ts"
import { textOf } from "../../ownership/shared/texts.ts"
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
  // A program may compile its generator functions to others, so what a body returns decides.
  const checked = (name: string, body: unknown) =>
    function(this: unknown, ...args: ReadonlyArray<unknown>): any {
      const answer: any = typeof body === "function" ? body.apply(this, args) : undefined
      return Effect.isEffect(answer) || typeof answer?.next === "function" && Symbol.iterator in answer
        ? answer
        : refusal([misshapen(`the body of ${name}`, "a generator function, `function*() { ... }`")], name)
    }
  return {
    fn: (given: string, declaration: Declared) => {
      const name = textOf(given)
      const wrong = typeof given === "string" && given !== ""
        ? refused(name, declaration)
        : refusal([misshapen("the name of a function", "a string that is not empty")], "fn")
      return (body: AnyBody): AnyMethod => wrong === undefined ? Effect.fn(name)(checked(name, body)) : () => wrong
    },
    method: (declaration: Declared) => (method: AnyMethod, context?: DecoratorContext | string | symbol): AnyMethod => {
      const problem = notMethod(method, context)
      if (problem !== undefined) throw errorOf(manifest.id, [problem])
      const wrong = refused(method.name, declaration)
      return wrong === undefined ? method : () => wrong
    },
    inLayer: (layer: string) => {
      const problem = Declaration.findLayerUnknown(manifest, layer)
      const wrong = problem === undefined ? undefined : refusal([{ ...problem, path: [textOf(layer)] }], "inLayer")
      const other = refusal([misshapen("the program of a layer", "an Effect")], "inLayer")
      // The marked program is an Effect.
      return <A>(effect: A): A => (wrong ?? (Effect.isEffect(effect) ? effect : other)) as A
    }
  }
}

const misshapen = (what: string, expected: string): Found => ({
  ...ManifestFindings.shapeWrong(what, expected, "Declared"),
  path: []
})

const notMethod = (method: unknown, context: DecoratorContext | string | symbol | undefined): Found | undefined => {
  // The decorators of the compiler's option `experimentalDecorators` get the name of the member.
  if (typeof context === "string" || typeof context === "symbol") {
    return misshapen(
      `the decorator of ${String(context)}`,
      "a standard one: the option `experimentalDecorators` makes others, so turn it off, or use `fn`"
    )
  }
  const { kind = "method" } = context ?? {}
  return typeof method === "function" && kind === "method"
    ? undefined
    : misshapen(`the decorated ${kind} ${textOf(context?.name ?? "")}`.trimEnd(), "a method that returns an Effect")
}
