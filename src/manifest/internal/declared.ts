/**
 * Functions, methods and programs that say what they do to the cache, at run time.
 *
 * Whether a body does no more than it declares is the compiler's matter. What remains is `invalidates`: where it goes
 * beyond what follows from the owned patterns anyway, it is done here, after the body has succeeded and not before.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import { CacheError, NotOwner } from "../../cache/CacheError.ts"
import { CacheFamily } from "../../cache/CacheFamily.ts"
import type { Scope } from "../../cache/Invalidation.ts"
import * as Transaction from "../../cache/Transaction.ts"
import type { Declared } from "../../ownership/Definition.ts"
import type * as DependencyGraph from "../../ownership/DependencyGraph.ts"
import type { ValidManifest } from "../../ownership/Validation.ts"
import { parsePattern, parsePatternUnsafe } from "../../pattern/KeyPattern.ts"
import { engineOf, type Face, find, keyOf } from "./grants.ts"
import { scopeOfPattern } from "./keys.ts"
import { errorOf } from "./names.ts"
import type { AnyBody, AnyMethod } from "./statics.ts"

export const make = (
  tag: Context.Service<any, Face>,
  manifest: ValidManifest,
  graph: DependencyGraph.DependencyGraph
) => {
  // The compiler has looked at them; a pattern that was cast, or comes from data, fails the function when it is called.
  const malformed = (name: string, declaration: Declared): Effect.Effect<never, CacheError> | undefined => {
    const found = (["owns", "borrows", "invalidates"] as const).flatMap((option) =>
      (declaration[option] ?? []).flatMap((source, at) => {
        const parsed = parsePattern(source)
        return Result.isFailure(parsed) ? [{ ...parsed.failure, path: [name, option, String(at)] }] : []
      })
    )
    return found.length === 0 ? undefined : Effect.fail(errorOf(manifest.id, found))
  }
  const invalidating = (declaration: Declared): Effect.Effect<void, CacheError> | undefined => {
    const targets = targetsOf(manifest, graph, declaration)
    return targets.length === 0 ? undefined : dropAll(tag, manifest, declaration, targets)
  }
  return {
    fn: (name: string, declaration: Declared) => (body: AnyBody) => {
      const wrong = malformed(name, declaration)
      if (wrong !== undefined) return () => wrong
      const run = Effect.fn(name)(body as never) as AnyMethod
      const after = invalidating(declaration)
      return after === undefined ? run : (...args: ReadonlyArray<any>) => Effect.tap(run(...args), () => after)
    },
    method: (declaration: Declared) => (method: AnyMethod): AnyMethod => {
      const wrong = malformed(method.name, declaration)
      if (wrong !== undefined) return () => wrong
      const after = invalidating(declaration)
      return after === undefined ? method : function(...args) {
        return Effect.tap(method.apply(this, [...args]), () => after)
      }
    },
    inLayer: () => <A>(effect: A): A => effect
  }
}

// What to drop: some keys of one family.
interface Target {
  readonly family: string
  readonly scope: Scope
}

const targetsOf = (
  manifest: ValidManifest,
  graph: DependencyGraph.DependencyGraph,
  declaration: Declared
): ReadonlyArray<Target> => {
  const touching = (sources: ReadonlyArray<string> | undefined) =>
    (sources ?? []).map(parsePatternUnsafe).flatMap((pattern) =>
      manifest.patterns.overlapping(pattern).map(({ value }) => ({ family: value, pattern }))
    )
  if ((declaration.invalidates ?? []).length === 0) return []
  // A write drops these key by key, as it is made.
  const followed = new Set(
    touching(declaration.owns).flatMap(({ family }) => graph.plans[family.index]!.map((step) => step.family))
  )
  return touching(declaration.invalidates)
    .filter(({ family }) => !followed.has(family.name))
    .map(({ family, pattern }) => ({ family: family.name, scope: scopeOfPattern(family.pattern, pattern) }))
}

const dropAll = (
  tag: Context.Service<any, Face>,
  manifest: ValidManifest,
  declaration: Declared,
  targets: ReadonlyArray<Target>
): Effect.Effect<void, CacheError> => {
  const declared = (mode: "own" | "borrow", sources: ReadonlyArray<string> | undefined) =>
    (sources ?? []).flatMap((source) => {
      const pattern = parsePatternUnsafe(source)
      const family = manifest.patterns.covering(pattern)[0]?.value
      return family === undefined ? [] : family.covering.map((name) => keyOf(manifest, mode, name))
    })
  const rights = [
    ...declared("own", declaration.owns),
    ...declared("own", declaration.borrows),
    ...declared("borrow", declaration.borrows)
  ]
  return Effect.withFiber((fiber): Effect.Effect<void, CacheError> => {
    if (CacheFamily.isLookup(fiber.context)) return Effect.fail(refusal(manifest, targets[0]!, "a lookup"))
    const engine = engineOf(manifest.key)
    const grant = find(fiber.context, engine, rights)
    const runtime = grant?.active === true || Context.getOrUndefined(fiber.context, tag) !== undefined
      ? Context.getOrUndefined(fiber.context, engine)
      : undefined
    if (runtime === undefined) return Effect.fail(refusal(manifest, targets[0]!, "nothing"))
    return Effect.forEach(
      targets,
      ({ family, scope }) =>
        Transaction.writesOf(runtime.cache.families.get(family)!, fiber.context).dropScope(scope, "hide"),
      { discard: true }
    )
  })
}

const refusal = (manifest: ValidManifest, target: Target, holds: NotOwner["holds"]): CacheError => {
  const family = manifest.families.get(target.family)!
  const reason = new NotOwner({
    verb: "write",
    pattern: family.pattern.source,
    family: family.owner,
    holds
  })
  return new CacheError({ reason })
}
