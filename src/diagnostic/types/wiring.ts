/**
 * Mistakes in wiring: modules with rights that the manifest does not give them, owners that are missing or given twice,
 * and engines in the wrong place.
 *
 * @since 0.1.0
 */
import type { message } from "../Diagnostic.ts"
import { finding, say } from "../internal/finding.ts"
import type { Before } from "./rightFindings.ts"

/**
 * E0214: a module that needs more rights than the manifest gives it.
 *
 * @category ownership
 * @since 0.1.0
 */
export type moduleExceeds<
  Module extends string,
  Does extends string,
  Granted extends string,
  Borrower extends string = `'${Module}'`
> = message<
  "E0214",
  `module '${Module}' ${Does}, but the manifest only lets it borrow ${Granted}`,
  `add what it reads to borrows of ${Borrower}, and move its writes to the module that owns it`
>

/**
 * E0214: a module that is not a layer.
 *
 * @category ownership
 * @since 0.1.0
 */
export type moduleWrong<Module extends string> = message<
  "E0214",
  `module '${Module}' is not a Layer`,
  "give a Layer, or { owns: [...], layer }"
>
export const moduleWrong = (module: string) =>
  finding("E0214", "ModuleWrong", say`module ${module} is not a Layer`, "give a Layer, or { owns: [...], layer }")

/**
 * E0214: the options of an owner in the place of the owner.
 *
 * @category ownership
 * @since 0.1.0
 */
export type moduleOptions<Module extends string> = message<
  "E0214",
  `module '${Module}' is not a Layer: these are the options of an owner`,
  `give the owner's layer, owner('${Module}', { ... })`
>
export const moduleOptions = (module: string) =>
  finding(
    "E0214",
    "ModuleWrong",
    say`module ${module} is not a Layer: these are the options of an owner`,
    say`give the owner's layer, owner(${module}, { ... })`
  )

/**
 * E0214 at run time: a value that is not an object with a module for each name.
 *
 * @category ownership
 * @since 0.1.0
 */
export const modulesWrong = () =>
  finding(
    "E0214",
    "ModulesWrong",
    "this is not an object with a module for each family or reader",
    "give an object, { user: owner('user', ...), ... }"
  )

/**
 * E0234: a module that reads what no module of the same call owns. At run time it is found where the lookup of a family
 * may read what has no owner; any other read fails itself, with E0218.
 *
 * @category ownership
 * @since 0.1.0
 */
export type moduleUnserved<Module extends string, Pattern extends string, Family extends string> = message<
  "E0234",
  `module '${Module}' reads '${Pattern}', and no module here has the owner of '${Family}'`,
  `add ${Family}: owner('${Family}', ...), or provide it in the module that owns '${Family}'`
>
export const moduleUnserved = (module: string, pattern: string, family: string) =>
  finding(
    "E0234",
    "ModuleUnserved",
    say`module ${module} reads ${pattern}, and no module here has the owner of ${family}`,
    `add ${family}: owner('${family}', ...), or provide it in the module that owns '${family}'`
  )

/**
 * E0236: a module with an engine of its own.
 *
 * @category ownership
 * @since 0.1.0
 */
export type moduleBuilds<Module extends string> = message<
  "E0236",
  `module '${Module}' requires a store, so it builds an engine of its own`,
  "leave the engine to modules, and give another manifest's layer beside them"
>
export const moduleBuilds = (module: string) =>
  finding(
    "E0236",
    "ModuleBuilds",
    say`module ${module} builds an engine of its own`,
    "leave the engine to modules, and give another manifest's layer beside them"
  )

/**
 * E0235: two modules of one call that own one family.
 *
 * @category ownership
 * @since 0.1.0
 */
export type moduleTwice<Family extends string, Module extends string, Other extends string> = message<
  "E0235",
  `modules '${Module}' and '${Other}' both own '${Family}'`,
  `name '${Family}' in one of them`
>
export const moduleTwice = (family: string, module: string, other: string) =>
  finding(
    "E0235",
    "ModuleTwice",
    say`modules ${module} and ${other} both own ${family}`,
    say`name ${family} in one of them`
  )

/**
 * E0235: one list that names a family twice.
 *
 * @category ownership
 * @since 0.1.0
 */
export type moduleRepeats<Module extends string, Family extends string> = message<
  "E0235",
  `module '${Module}' names '${Family}' twice in owns`,
  `name '${Family}' once`
>
export const moduleRepeats = (module: string, family: string) =>
  finding("E0235", "ModuleTwice", say`module ${module} names ${family} twice in \`owns\``, say`name ${family} once`)

/**
 * E0228: a module with the name of a family that it does not own, or with the name of a reader.
 *
 * @category ownership
 * @since 0.1.0
 */
export type moduleMisnamed<Module extends string, Kind extends "family" | "reader"> = message<
  "E0228",
  Kind extends "family" ? `module '${Module}' does not own the family '${Module}'`
    : `module '${Module}' owns families, and '${Module}' is a reader`,
  "give it a name that no family and no reader has"
>
export const moduleMisnamed = (module: string, kind: "family" | "reader") =>
  finding(
    "E0228",
    "ModuleUnknown",
    kind === "family"
      ? say`module ${module} does not own the family ${module}`
      : say`module ${module} owns families, and ${module} is a reader`,
    "give it a name that no family and no reader has"
  )

/**
 * E0226: a module that provides the ownership of another family.
 *
 * @category ownership
 * @since 0.1.0
 */
export type moduleProvides<Module extends string, Pattern extends string> = message<
  "E0226",
  `module '${Module}' provides the ownership of '${Pattern}', which is not its own`,
  `provide it in the module of the family that owns '${Pattern}'`
>

/**
 * E0226: a module that provides the ownership of a family of another manifest.
 *
 * @category ownership
 * @since 0.1.0
 */
export type moduleForeign<Module extends string, Id extends string, Pattern extends string, Other extends string> =
  message<
    "E0226",
    `module '${Module}' provides the ownership of '${Pattern}', which is a family of '${Other}' and not of '${Id}'`,
    `give it to ${Other}.modules, and merge the layers of the two manifests`
  >

/**
 * E0226: a module that provides a right to read to other modules.
 *
 * @category ownership
 * @since 0.1.0
 */
export type moduleLends<Module extends string, Pattern extends string> = message<
  "E0226",
  `module '${Module}' provides a borrow of '${Pattern}' to all others`,
  `keep it within the module with Layer.provide; list what other modules read in their borrows`
>

/**
 * E0226: a module that passes its permission to build an owner or a borrower on to other modules.
 *
 * @category ownership
 * @since 0.1.0
 */
export type moduleAppoints<
  Module extends string,
  Role extends "the owner" | "a reader",
  Pattern extends string
> = message<
  "E0226",
  `module '${Module}' gives away its permission to make ${Role} of '${Pattern}'`,
  `build the owners and the borrowers of '${Module}' in its own layer`
>

/**
 * E0227: a module that uses a family of its own and does not bring the owner.
 *
 * @category ownership
 * @since 0.1.0
 */
export type moduleOwnerMissing<Module extends string, Does extends string, Family extends string> = message<
  "E0227",
  `module '${Module}' ${Does} without the owner of '${Family}', which belongs in this module`,
  `give its layer Layer.provide(owner('${Family}', ...)) of this manifest`
>

/**
 * E0233: a program that makes itself an owner or a reader, where nothing lets it.
 *
 * @category ownership
 * @since 0.1.0
 */
export type appointmentMissing<Id extends string, Role extends "the owner" | "a reader", Pattern extends string> =
  message<
    "E0233",
    `nothing lets this program make itself ${Role} of '${Pattern}'`,
    `leave it to modules of '${Id}', or wire it by hand over its layer, ${Before}`
  >
export const appointmentMissing = (id: string, role: "the owner" | "a reader", pattern: string) =>
  finding(
    "E0233",
    "AppointmentMissing",
    `nothing lets this program make itself ${role} of ${say`${pattern}`}`,
    say`leave it to modules of ${id}, or wire it by hand over its layer`
  )

/**
 * E0233: a program that asks the engine of a manifest, by `stats`, `events` or `yield* AppCache`, where nothing builds
 * it.
 *
 * @category ownership
 * @since 0.1.0
 */
export type engineMissing<Id extends string> = message<
  "E0233",
  `nothing provides the engine of '${Id}', which this program requires`,
  `provide modules of '${Id}', or its layer, ${Before}`
>
export const engineMissing = (id: string) =>
  finding(
    "E0233",
    "EngineMissing",
    say`nothing provides the engine of ${id}, which this program requires`,
    say`provide modules of ${id}, or its layer, or let its caller provide it`
  )

/**
 * E0233: a program whose manifest gets no store.
 *
 * @category ownership
 * @since 0.1.0
 */
export type storeMissing = message<
  "E0233",
  "nothing provides the store in which a manifest of this program keeps its entries",
  `give the manifest's layer Layer.provide(MemoryStore.layer({ capacity: 1_000 })), or that of another tier, ${Before}`
>
export const storeMissing = () =>
  finding(
    "E0233",
    "StoreMissing",
    "nothing provides the store in which a manifest of this program keeps its entries",
    "give the manifest's layer Layer.provide(MemoryStore.layer({ capacity: 1_000 })), or that of another tier"
  )

/**
 * E0237 for a compiler's output: another value in the place of a manifest's engine. The compiler prints the sentence as
 * the name of a property that only an engine has.
 *
 * @category ownership
 * @since 0.1.0
 */
export const engineForged = (id: string) =>
  finding(
    "E0237",
    "EngineForged",
    say`this is not an engine of ${id}`,
    "provide its layer or its modules"
  )
