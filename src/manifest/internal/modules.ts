/**
 * Builds the layer of an application: each module gets the rights that its line of the manifest gives, and no others.
 *
 * - A module finds an appointment of its own in its Context, in place of the appointment of the composition root. So
 *   the layers in it cannot appoint other owners, and cannot build an engine, even after a cast.
 * - A module gives no appointment and no borrow to what is around it, even after a cast.
 * - The appointment lends the module the families that it may read. At most `namedReadsMax` of these rights lie in the
 *   Context by name, too, so that they stay if the Contexts of two modules are merged. All rights by name would be
 *   500,000 for a chain of 1,000 modules.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Diagnostic from "../../diagnostic/Diagnostic.ts"
import * as ManifestFindings from "../../diagnostic/types/manifestFindings.ts"
import * as OwnerFindings from "../../diagnostic/types/ownerFindings.ts"
import * as Wiring from "../../diagnostic/types/wiring.ts"
import { FamilySet } from "../../ownership/shared/familySet.ts"
import { isBag, type ValidManifest } from "../../ownership/shared/validation.ts"
import { Appointment, appointmentOf, buildInto, type Engine, engineKey, isLent, keyOf, Lending } from "./grants.ts"
import { errorOf, type Found, problemOf, refused } from "./names.ts"
import type { AnyLayer } from "./statics.ts"

interface Module {
  readonly name: string
  readonly layer: AnyLayer
  readonly owns: ReadonlySet<string>
  readonly readable: FamilySet
  /** The families that its lines of the manifest name as readable. */
  readonly stated: ReadonlyArray<string>
}

// If a module may read at most this many families, all of them lie in its Context by name; otherwise only the families
// that its lines of the manifest name.
const namedReadsMax = 64

export const make = (manifest: ValidManifest, engine: AnyLayer) => {
  const names = [...manifest.families.keys()]
  const lent = (module: Module, engine: Engine, lending: Lending): AnyLayer => {
    const { layer, name, owns, readable, stated } = module
    const reads = (family: string) => readable.has(manifest.families.get(family)!.index)
    const context = new Map<string, unknown>([
      [appointmentOf(manifest).key, new Appointment(engine, { module: name, owns, reads, lending })],
      [engineKey(manifest.key).key, engine]
    ])
    const named = readable.size > namedReadsMax ? stated : Array.from(readable, (index) => names[index]!)
    for (const family of named) context.set(keyOf(manifest, "borrow", family).key.key, lending.of(family))
    return keep(engine, Layer.provide(layer, Layer.succeedContext(Context.makeUnsafe<any>(context))))
  }
  return (given: unknown): AnyLayer => {
    const { found, modules } = read(manifest, given)
    if (found.length > 0) return refused(manifest.id, found)
    const all = Effect.map(
      Effect.flatMap(engineKey(manifest.key), (engine) =>
        Effect.acquireRelease(
          Effect.sync(() => [engine, new Lending(engine)] as const),
          ([, lending]) => Effect.sync(() => lending.end())
        )),
      ([engine, lending]) => {
        const built = Layer.mergeAll(...modules.map((module) => lent(module, engine, lending)) as [AnyLayer])
        return served(manifest, modules, engine, built)
      }
    )
    return root(manifest, Layer.provideMerge(Layer.unwrap(all), engine))
  }
}

// What a module was lent is not for the other modules, and not for the program: it is left out of what the layer gives.
const keep = (engine: Engine, layer: AnyLayer): AnyLayer =>
  Layer.fromBuild((memoMap, scope) =>
    Effect.map(buildInto(layer, memoMap, scope), (context): Context.Context<any> => {
      const given = [...context.mapUnsafe].filter(([, value]) => !isLent(value, engine))
      return given.length === context.mapUnsafe.size ? context : Context.makeUnsafe(new Map(given))
    })
  )

/**
 * Wraps the layer of all modules: it fails if the lookup of a family may read what has no owner. The compiler sees what
 * each layer reads; modules that were cast, or come from data, show nothing, and their first read would fail.
 */
const served = (
  manifest: ValidManifest,
  modules: ReadonlyArray<Module>,
  { cache: { families } }: Engine,
  layer: AnyLayer
): AnyLayer =>
  Layer.fromBuild((memoMap, scope) =>
    Effect.flatMap(buildInto(layer, memoMap, scope), (context) => {
      const found: Array<Found> = []
      for (const { lookupReads, name, owner } of manifest.families.values()) {
        if (families.get(name)?.isLoaded !== true) continue
        const module = modules.find(({ owns }) => owns.has(owner))?.name ?? owner
        for (const source of lookupReads) {
          if (families.get(source)?.isOwned !== false) continue
          const { owner: missing, pattern } = manifest.families.get(source)!
          found.push({ ...Wiring.moduleUnserved(module, pattern.source, missing), path: ["modules", module] })
        }
      }
      return found.length === 0 ? Effect.succeed(context) : Effect.fail(errorOf(manifest.id, found))
    })
  )

/** Wraps a layer that builds an engine: it fails inside a module. */
export const root = (manifest: ValidManifest, layer: AnyLayer): AnyLayer =>
  Layer.fromBuild((memoMap, scope) =>
    Effect.withFiber((fiber): Effect.Effect<Context.Context<any>, any, any> => {
      const module = Appointment.in(fiber.context, appointmentOf(manifest))?.module
      return module === undefined ? buildInto(layer, memoMap, scope) : Effect.fail(
        errorOf(manifest.id, [{ ...Wiring.moduleBuilds(module), path: ["modules", module] }])
      )
    })
  )

// --- what is given ---------------------------------------------------------------------------------------------------

// Checks what the compiler could not see: modules that were cast, or come from data.
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

type Report = (path: ReadonlyArray<string>, problem: Diagnostic.Diagnostic) => void

/** Reads one line of `modules`; `undefined` if a mistake in it was reported. */
const readModule = (manifest: ValidManifest, name: string, value: unknown, report: Report): Module | undefined =>
  isGroup(value) ? readGroup(manifest, name, value, report) : readSingle(manifest, name, value, report)

/** A module that owns several families, as `{ owns, layer }`. */
const readGroup = (manifest: ValidManifest, name: string, group: Group, report: Report): Module | undefined => {
  const listed = group.owns.map(String)
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
  for (const option of Object.keys(group)) {
    if (option !== "owns" && option !== "layer") {
      report([option], ManifestFindings.optionUnknown(option, `module \`${name}\``))
    }
  }
  if (!Layer.isLayer(group.layer)) return void report(["layer"], Wiring.moduleWrong(name))
  const readable = new FamilySet(manifest.families.size)
  const stated = new Set<string>()
  for (const each of owns.map((family) => manifest.families.get(family)!)) {
    readable.addAll(each.readable)
    for (const family of each.statedReads) stated.add(family)
  }
  return { name, layer: group.layer as AnyLayer, owns: new Set(owns), readable, stated: [...stated] }
}

/** A module that owns the family of its name, or reads as the reader of its name. */
const readSingle = (manifest: ValidManifest, name: string, value: unknown, report: Report): Module | undefined => {
  const reader = manifest.readers.get(name)
  const isFamily = manifest.families.has(name)
  if (!isFamily && reader === undefined) {
    const known = [...manifest.families.keys(), ...manifest.readers.keys()]
    return void report([], OwnerFindings.moduleUnknown(manifest.id, name, known))
  }
  const problem = isFamily ? problemOf(manifest, name, "own") : undefined
  if (problem !== undefined) return void report([], problem)
  if (!Layer.isLayer(value)) {
    return void report([], isOptions(value) ? Wiring.moduleOptions(name) : Wiring.moduleWrong(name))
  }
  const layer = value as AnyLayer
  if (isFamily) {
    const { readable, statedReads } = manifest.families.get(name)!
    return { name, layer, owns: new Set([name]), readable, stated: statedReads }
  }
  const readable = new FamilySet(manifest.families.size)
  for (const family of reader!.moduleReads) readable.add(manifest.families.get(family)!.index)
  return { name, layer, owns: new Set(), readable, stated: reader!.moduleReads }
}

interface Group {
  readonly owns: ReadonlyArray<unknown>
  readonly layer?: unknown
}

const isGroup = (value: unknown): value is Group =>
  typeof value === "object" && value !== null && "owns" in value && Array.isArray(value.owns)

const isOptions = (value: unknown): boolean =>
  isBag(value) && ["lookup", "lookupMany", "parts"].some((option) => Object.hasOwn(value, option))
