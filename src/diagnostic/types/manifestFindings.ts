/**
 * The sections and options of a manifest, and manifests side by side.
 *
 * @since 0.1.0
 */
import type { message } from "../Diagnostic.ts"
import { finding, say } from "../internal/finding.ts"
import * as Nearest from "./nearest.ts"

/**
 * E0406: an option that does not exist. `place` is a phrase such as "family `user`".
 *
 * @category manifests
 * @since 0.1.0
 */
export type optionUnknown<Option extends string, Place extends string, Known = never> = message<
  "E0406",
  `unknown option '${Option}' in ${Place}`,
  Nearest.optionHelp<meantBy<Option, Known>, Known, "remove it, or check its spelling">
>
export const optionUnknown = (option: string, place: string, known: Iterable<string> = []) =>
  finding(
    "E0406",
    "OptionUnknown",
    `${say`unknown option ${option}`} in ${place}`,
    Nearest.optionHelp(meantBy(option, new Set(known)), known, "remove it, or check its spelling")
  )

// What a word of daily speech means, where it means one thing: of what a family reads, its lookup derives or borrows.
type meantBy<Option extends string, Known> = Option extends "reads" ? "derives" extends Known ? Option : "borrows"
  : Option extends "writes" ? "owns"
  : Option
const meantBy = (option: string, known: ReadonlySet<string>): string =>
  option === "reads" && !known.has("derives")
    ? "borrows"
    : option === "writes"
    ? "owns"
    : option

/**
 * E0406: a family beside the sections of a manifest, and not among its families.
 *
 * @category manifests
 * @since 0.1.0
 */
export type familyMisplaced<Family extends string> = message<
  "E0406",
  `family '${Family}' is not among the families of the manifest`,
  `write families: { ${Family}: { pattern: ... } }`
>
export const familyMisplaced = (family: string) =>
  finding(
    "E0406",
    "FamilyMisplaced",
    say`family ${family} is not among the families of the manifest`,
    `write \`families: { ${family}: { pattern: ... } }\``
  )

/**
 * E0408 at run time: data without the shape of a manifest. The messages of the compiler are in `Misfit`.
 *
 * @category manifests
 * @since 0.1.0
 */
export const shapeWrong = (path: string, expected: string, type = "Definition") =>
  finding("E0408", "ShapeWrong", `${say`${path}`} must be ${expected}`, say`see the type ${type}`)

/**
 * E0409: a parameter codec for a name that the pattern does not have.
 *
 * @category manifests
 * @since 0.1.0
 */
export type parameterUnknown<Name extends string, Pattern extends string, Family extends string, Known = never> =
  message<
    "E0409",
    `params of family '${Family}' names '${Name}', which is not a parameter of '${Pattern}'`,
    Nearest.help<Name, Known, "remove it, or check its spelling">
  >
export const parameterUnknown = (name: string, pattern: string, family: string, known: Iterable<string> = []) =>
  finding(
    "E0409",
    "ParameterUnknown",
    say`params of family ${family} names ${name}, which is not a parameter of ${pattern}`,
    Nearest.help(name, known, "remove it, or check its spelling")
  )

/**
 * E0410: a manifest of more families than the bound allows. Found at run time only.
 *
 * @category manifests
 * @since 0.1.0
 */
export const familiesTooMany = (count: number, max: number) =>
  finding(
    "E0410",
    "FamiliesTooMany",
    say`the manifest declares ${count} families, and at most ${max} are supported`,
    "split it into several manifests"
  )

/**
 * E0407: a name of both a family and a reader, so a module of that name could mean either.
 *
 * @category manifests
 * @since 0.1.0
 */
export type readerIsFamily<Name extends string> = message<
  "E0407",
  `'${Name}' is a family and a reader`,
  `rename the reader, or list what it reads in borrows of family '${Name}'`
>
export const readerIsFamily = (name: string) =>
  finding(
    "E0407",
    "ReaderIsFamily",
    say`${name} is a family and a reader`,
    say`rename the reader, or list what it reads in borrows of family ${name}`
  )

/**
 * E0404: a deployment layer that the manifest does not declare.
 *
 * @category manifests
 * @since 0.1.0
 */
export type layerUnknown<Layer extends string, Known = never> = message<
  "E0404",
  `no deployment layer is called '${Layer}'`,
  Nearest.help<Layer, Known, "declare it in layers, or check its spelling">
>
export const layerUnknown = (layer: string, known: Iterable<string> = []) =>
  finding(
    "E0404",
    "LayerUnknown",
    say`no deployment layer is called ${layer}`,
    Nearest.help(layer, known, "declare it in layers, or check its spelling")
  )

/**
 * E0405: a layer without a family or a reader, that reads no layer, and that no layer reads.
 *
 * @category manifests
 * @since 0.1.0
 */
export type layerUnreachable<Layer extends string> = message<
  "E0405",
  `deployment layer '${Layer}' has no use: it has no family and no reader, reads no layer, and none reads it`,
  "remove it, or say in its reads which layers its programs may read"
>
export const layerUnreachable = (layer: string) =>
  finding(
    "E0405",
    "LayerUnreachable",
    say`deployment layer ${layer} has no use: it has no family and no reader, reads no layer, and none reads it`,
    "remove it, or say in its reads which layers its programs may read"
  )

/**
 * E0412: two manifests over one store that share a key.
 *
 * @category manifests
 * @since 0.1.0
 */
export type manifestsOverlap<
  Id extends string,
  Pattern extends string,
  Other extends string,
  OtherPattern extends string,
  Key extends string
> = message<
  "E0412",
  `'${Id}' and '${Other}' both own '${Key}': by '${Pattern}' and by '${OtherPattern}'`,
  "declare it in one of the two manifests, or give them stores of their own"
>
export const manifestsOverlap = (id: string, pattern: string, other: string, otherPattern: string, key: string) =>
  finding(
    "E0412",
    "ManifestsOverlap",
    say`${id} and ${other} both own ${key}: by ${pattern} and by ${otherPattern}`,
    "declare it in one of the two manifests, or give them stores of their own"
  )

/**
 * E0413: two manifests with one name, so a program cannot tell them apart.
 *
 * @category manifests
 * @since 0.1.0
 */
export type manifestsAlike<Id extends string> = message<
  "E0413",
  `two manifests are called '${Id}', so one would be taken for the other`,
  "give each manifest a name of its own"
>
export const manifestsAlike = (id: string) =>
  finding(
    "E0413",
    "ManifestsAlike",
    say`two manifests are called ${id}, so one would be taken for the other`,
    "give each manifest a name of its own"
  )

/**
 * E0413 at run time, for the engines of two manifests of one name whose families differ.
 *
 * @category manifests
 * @since 0.1.0
 */
export const manifestsDiffer = (id: string) =>
  finding(
    "E0413",
    "ManifestsAlike",
    say`two manifests are called ${id} and have other families, so one would be taken for the other`,
    "give each a name of its own; in watch mode, dispose the old runtime before the new one is built"
  )

/**
 * E0413 at run time, for two engines of one manifest.
 *
 * @category manifests
 * @since 0.1.0
 */
export const enginesAlike = (id: string) =>
  finding(
    "E0413",
    "EnginesAlike",
    say`two engines of ${id} are over one store, and neither would see the changes of the other`,
    "build its layers once, and share the runtime; in watch mode, dispose the old runtime first"
  )

/**
 * E0415: a manifest with another class as its type argument, so that its rights would be those of that class.
 *
 * @category manifests
 * @since 0.1.0
 */
export type selfWrong<Id extends string> = message<
  "E0415",
  `the rights of '${Id}' are given to another class`,
  `write class ${Id} extends Manifest.Service<${Id}>()('${Id}', ...)`
>

/**
 * E0415: a manifest whose type argument is `any`, so that its rights would be those of every class.
 *
 * @category manifests
 * @since 0.1.0
 */
export type selfUnknown<Id extends string> = message<
  "E0415",
  `the rights of '${Id}' are given to 'any', so to every class`,
  `write class ${Id} extends Manifest.Service<${Id}>()('${Id}', ...)`
>

/**
 * E0415: a manifest that is declared with one call in the place of two.
 *
 * @category manifests
 * @since 0.1.0
 */
export type callForgotten = message<
  "E0415",
  "the first call of Manifest.Service takes no argument, and this one has some",
  "write class AppCache extends Manifest.Service<AppCache>()('AppCache', ...)"
>
export const callForgotten = () =>
  finding(
    "E0415",
    "CallForgotten",
    "the first call of Manifest.Service takes no argument, and this one has some",
    say`write class AppCache extends Manifest.Service<AppCache>()(${"AppCache"}, ...)`
  )
