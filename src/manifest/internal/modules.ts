/**
 * The application: each module is built with the rights that its line of the manifest gives it, and with no more.
 *
 * A module finds the manifest's word for itself in its Context, in place of the composition root's. So what it builds
 * can appoint no other owner, and no engine is built beneath it, whatever it was cast to.
 */
import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Diagnostic from "../../diagnostic/Diagnostic.ts"
import * as Wiring from "../../diagnostic/Wiring.ts"
import type { ValidManifest } from "../../ownership/Validation.ts"
import { buildInto, engineOf, Word, wordOf } from "./grants.ts"
import { errorOf, type Found, problemOf, refused } from "./names.ts"
import type { Owners } from "./owners.ts"

type AnyLayer = Layer.Layer<any, any, any>

interface Module {
  readonly name: string
  readonly layer: AnyLayer
  readonly owns: ReadonlyArray<string>
  readonly reads: ReadonlyArray<string>
}

export const make = (manifest: ValidManifest, engine: AnyLayer, owners: Owners) => {
  const lent = (module: Module): AnyLayer =>
    Layer.provide(
      module.layer,
      [
        Layer.effect(
          wordOf(manifest),
          Effect.map(
            engineOf(manifest.key),
            (runtime) => new Word(runtime, module.name, module.owns, module.reads)
          )
        ),
        ...module.reads.map(owners.lend)
      ] as unknown as [AnyLayer]
    )
  return (given: unknown): AnyLayer => {
    const { found, modules } = read(manifest, given)
    if (found.length > 0) return refused(manifest.id, found)
    return root(manifest, Layer.provideMerge(Layer.mergeAll(...modules.map(lent) as [AnyLayer]), engine))
  }
}

/** A layer with an engine of the manifest in it, which is not built within a module. */
export const root = (manifest: ValidManifest, layer: AnyLayer): AnyLayer =>
  Layer.fromBuild((memoMap, scope) =>
    Effect.withFiber((fiber): Effect.Effect<Context.Context<any>, any, any> => {
      const module = Word.in(fiber.context, manifest)?.module
      return module === undefined ? buildInto(layer, memoMap, scope) : Effect.fail(
        errorOf(manifest.id, [{ ...Wiring.moduleBuilds(module), path: ["modules", module] }])
      )
    })
  )

// --- what is given ---------------------------------------------------------------------------------------------------

// The compiler has looked at it; what was cast, or built from data, comes here first.
const read = (
  manifest: ValidManifest,
  given: unknown
): { readonly modules: ReadonlyArray<Module>; readonly found: ReadonlyArray<Found> } => {
  if (typeof given !== "object" || given === null || Array.isArray(given) || Layer.isLayer(given)) {
    return { modules: [], found: [{ ...Wiring.modulesWrong(), path: ["modules"] }] }
  }
  const found: Array<Found> = []
  const modules = Object.entries(given).flatMap(([name, value]) => {
    const module = readModule(
      manifest,
      name,
      value,
      (path, problem) => found.push({ ...problem, path: ["modules", name, ...path] })
    )
    return module === undefined ? [] : [module]
  })
  const holders = new Map<string, string>()
  for (const { name, owns } of modules) {
    for (const family of owns) {
      const other = holders.get(family)
      if (other !== undefined) found.push({ ...Wiring.moduleTwice(family, name, other), path: ["modules", name] })
      else holders.set(family, name)
    }
  }
  return { modules, found }
}

const readModule = (
  manifest: ValidManifest,
  name: string,
  value: unknown,
  report: (path: ReadonlyArray<string>, problem: Diagnostic.Diagnostic) => void
): Module | undefined => {
  if (isGroup(value)) {
    const owns = value.owns.map(String).filter((family) => {
      const problem = problemOf(manifest, family, "own")
      if (problem !== undefined) report(["owns"], problem)
      return problem === undefined
    })
    for (const option of Object.keys(value)) {
      if (option !== "owns" && option !== "layer") {
        report([option], Diagnostic.optionUnknown(option, `module \`${name}\``))
      }
    }
    if (!Layer.isLayer(value.layer)) return void report(["layer"], Wiring.moduleWrong(name))
    const reads = owns.flatMap((family) => manifest.families.get(family)!.moduleReads)
    return { name, layer: value.layer as AnyLayer, owns: [...new Set(owns)], reads: [...new Set(reads)] }
  }
  const reader = manifest.readers.get(name)
  const isFamily = manifest.families.has(name)
  if (!isFamily && reader === undefined) {
    const known = [...manifest.families.keys(), ...manifest.readers.keys()]
    return void report([], Diagnostic.moduleUnknown(manifest.id, name, known))
  }
  const problem = isFamily ? problemOf(manifest, name, "own") : undefined
  if (problem !== undefined) return void report([], problem)
  if (!Layer.isLayer(value)) return void report([], Wiring.moduleWrong(name))
  const { moduleReads } = isFamily ? manifest.families.get(name)! : reader!
  return { name, layer: value as AnyLayer, owns: isFamily ? [name] : [], reads: moduleReads }
}

const isGroup = (value: unknown): value is { readonly owns: ReadonlyArray<unknown>; readonly layer?: unknown } =>
  typeof value === "object" && value !== null && "owns" in value && Array.isArray(value.owns)
