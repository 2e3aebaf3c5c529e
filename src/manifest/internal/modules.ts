/**
 * The application: each module is built with the rights that its line of the manifest gives it, and with no more.
 *
 * A module finds the manifest's word for itself in its Context, in place of the composition root's. So what it builds
 * can appoint no other owner, and no engine is built beneath it, whatever it was cast to.
 *
 * The word lends the module what it may read. Few rights lie in the Context by name, too: so where Contexts of two
 * modules are merged, each keeps what it had. All by name would be 500,000 for a chain of 1,000 modules.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Diagnostic from "../../diagnostic/Diagnostic.ts"
import * as ManifestFindings from "../../diagnostic/ManifestFindings.ts"
import * as OwnerFindings from "../../diagnostic/OwnerFindings.ts"
import * as Wiring from "../../diagnostic/Wiring.ts"
import { FamilySet } from "../../ownership/FamilySet.ts"
import type { ValidManifest } from "../../ownership/Validation.ts"
import { buildInto, engineOf, keyOf, Lending, type Runtime, Word, wordOf } from "./grants.ts"
import { errorOf, type Found, problemOf, refused } from "./names.ts"

type AnyLayer = Layer.Layer<any, any, any>

interface Module {
  readonly name: string
  readonly layer: AnyLayer
  readonly owns: ReadonlySet<string>
  readonly readable: FamilySet
  /** What it may read, as far as its lines name it. */
  readonly stated: ReadonlyArray<string>
}

// So many families that a module may read lie in its Context by name. Of more, only those that its lines name.
const namedReadsMax = 64

export const make = (manifest: ValidManifest, engine: AnyLayer) => {
  const names = [...manifest.families.keys()]
  const lent = (module: Module, runtime: Runtime, lending: Lending): AnyLayer => {
    const { layer, name, owns, readable, stated } = module
    const reads = (family: string) => readable.has(manifest.families.get(family)!.index)
    const context = new Map<string, unknown>([
      [wordOf(manifest).key, new Word(runtime, { module: name, owns, reads, lending })],
      [engineOf(manifest.key).key, runtime]
    ])
    const named = readable.size > namedReadsMax ? stated : Array.from(readable, (index) => names[index]!)
    for (const family of named) context.set(keyOf(manifest, "borrow", family).key.key, lending.of(family))
    return Layer.provide(layer, Layer.succeedContext(Context.makeUnsafe<any>(context)))
  }
  return (given: unknown): AnyLayer => {
    const { found, modules } = read(manifest, given)
    if (found.length > 0) return refused(manifest.id, found)
    const all = Effect.map(
      Effect.flatMap(engineOf(manifest.key), (runtime) =>
        Effect.acquireRelease(
          Effect.sync(() => [runtime, new Lending(runtime)] as const),
          ([, lending]) => Effect.sync(() => lending.end())
        )),
      ([runtime, lending]) => Layer.mergeAll(...modules.map((module) => lent(module, runtime, lending)) as [AnyLayer])
    )
    return root(manifest, Layer.provideMerge(Layer.unwrap(all), engine))
  }
}

/** A layer with an engine of the manifest in it, which is not built within a module. */
export const root = (manifest: ValidManifest, layer: AnyLayer): AnyLayer =>
  Layer.fromBuild((memoMap, scope) =>
    Effect.withFiber((fiber): Effect.Effect<Context.Context<any>, any, any> => {
      const module = Word.in(fiber.context, wordOf(manifest))?.module
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
    const listed = value.owns.map(String)
    const kind = manifest.readers.has(name) ? "reader" : "family"
    if (kind === "reader" || (manifest.families.has(name) && !listed.includes(name))) {
      report([], Wiring.moduleMisnamed(name, kind))
    }
    const owns = listed.filter((family, index) => {
      const problem = listed.indexOf(family) < index
        ? Wiring.moduleRepeats(name, family)
        : problemOf(manifest, family, "own")
      if (problem !== undefined) report(["owns"], problem)
      return problem === undefined
    })
    for (const option of Object.keys(value)) {
      if (option !== "owns" && option !== "layer") {
        report([option], ManifestFindings.optionUnknown(option, `module \`${name}\``))
      }
    }
    if (!Layer.isLayer(value.layer)) return void report(["layer"], Wiring.moduleWrong(name))
    const readable = new FamilySet(manifest.families.size)
    const stated = new Set<string>()
    for (const each of owns.map((family) => manifest.families.get(family)!)) {
      readable.addAll(each.readable)
      for (const family of each.statedReads) stated.add(family)
    }
    return { name, layer: value.layer as AnyLayer, owns: new Set(owns), readable, stated: [...stated] }
  }
  const reader = manifest.readers.get(name)
  const isFamily = manifest.families.has(name)
  if (!isFamily && reader === undefined) {
    const known = [...manifest.families.keys(), ...manifest.readers.keys()]
    return void report([], OwnerFindings.moduleUnknown(manifest.id, name, known))
  }
  const problem = isFamily ? problemOf(manifest, name, "own") : undefined
  if (problem !== undefined) return void report([], problem)
  if (!Layer.isLayer(value)) return void report([], Wiring.moduleWrong(name))
  const layer = value as AnyLayer
  if (isFamily) {
    const { readable, statedReads } = manifest.families.get(name)!
    return { name, layer, owns: new Set([name]), readable, stated: statedReads }
  }
  const readable = new FamilySet(manifest.families.size)
  for (const family of reader!.moduleReads) readable.add(manifest.families.get(family)!.index)
  return { name, layer, owns: new Set(), readable, stated: reader!.moduleReads }
}

const isGroup = (value: unknown): value is { readonly owns: ReadonlyArray<unknown>; readonly layer?: unknown } =>
  typeof value === "object" && value !== null && "owns" in value && Array.isArray(value.owns)
