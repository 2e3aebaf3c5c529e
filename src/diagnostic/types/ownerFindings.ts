/**
 * Owners of families: which family is meant, and whether it may have an owner here.
 *
 * @since 0.1.0
 */
import type { message } from "../Diagnostic.ts"
import { finding, say } from "../internal/finding.ts"
import * as Nearest from "./nearest.ts"

/**
 * E0207: a union of families, where a program must name one family.
 *
 * @category ownership
 * @since 0.1.0
 */
export type familyChoice = message<
  "E0207",
  "this names one of several families (a union type), and would promise the rights of each",
  "name one family"
>

/**
 * E0208: an owner for a family that another family owns.
 *
 * @category ownership
 * @since 0.1.0
 */
export type familyIsPart<Family extends string, Whole extends string> = message<
  "E0208",
  `family '${Family}' is part of '${Whole}', whose owner owns it, too`,
  `use delegate('${Family}'), or give its lookup in parts of owner('${Whole}')`
>
export const familyIsPart = (family: string, whole: string) =>
  finding(
    "E0208",
    "FamilyIsPart",
    say`family ${family} is part of ${whole}, whose owner owns it, too`,
    say`use delegate(${family}), or give its lookup in parts of owner(${whole})`
  )

/**
 * E0209: a delegation of a family that is not a part of another family.
 *
 * @category ownership
 * @since 0.1.0
 */
export type familyIsWhole<Family extends string> = message<
  "E0209",
  `family '${Family}' is not part of another family, so it cannot be delegated`,
  `use owner('${Family}')`
>
export const familyIsWhole = (family: string) =>
  finding(
    "E0209",
    "FamilyIsWhole",
    say`family ${family} is not part of another family, so it cannot be delegated`,
    say`use owner(${family})`
  )

/**
 * E0210: a name that the manifest does not declare.
 *
 * @category ownership
 * @since 0.1.0
 */
export type familyUnknown<
  Id extends string,
  Family extends string,
  Help extends string = "declare it, or check its spelling"
> = message<"E0210", `'${Id}' declares no family '${Family}'`, Help>
export const familyUnknown = (id: string, family: string, known: Iterable<string> = []) =>
  finding(
    "E0210",
    "FamilyUnknown",
    say`${id} declares no family ${family}`,
    Nearest.help(family, known, "declare it, or check its spelling")
  )

/**
 * E0228: a module whose name no family and no reader has.
 *
 * @category ownership
 * @since 0.1.0
 */
export type moduleUnknown<Id extends string, Module extends string, Known = never> = message<
  "E0228",
  `'${Id}' declares no family and no reader '${Module}'`,
  Nearest.help<Module, Known, "declare it, or check its spelling">
>
export const moduleUnknown = (id: string, module: string, known: Iterable<string> = []) =>
  finding(
    "E0228",
    "ModuleUnknown",
    say`${id} declares no family and no reader ${module}`,
    Nearest.help(module, known, "declare it, or check its spelling")
  )

/**
 * E0229: a lookup for a family that is not a part of the owned family.
 *
 * @category ownership
 * @since 0.1.0
 */
export type partUnknown<Family extends string, Part extends string, Known = never> = message<
  "E0229",
  `'${Part}' is not a part of family '${Family}', so the owner of '${Family}' cannot give its lookup`,
  Nearest.help<Part, Known, `give it in owner('${Part}'), or declare it with partOf: '${Family}'`>
>
export const partUnknown = (family: string, part: string, known: Iterable<string>) =>
  finding(
    "E0229",
    "PartUnknown",
    say`${part} is not a part of family ${family}, so the owner of ${family} cannot give its lookup`,
    Nearest.help(part, known, say`give it in owner(${part}), or declare it with partOf: ${family}`)
  )

/**
 * E0215: two owners of one key in one merge.
 *
 * @category ownership
 * @since 0.1.0
 */
export type ownersMerged<Pattern extends string, Other extends string, Key extends string> = message<
  "E0215",
  `two owners: '${Pattern}' and '${Other}' both own '${Key}'`,
  "keep one of the two layers, or delegate the part"
>

/**
 * E0216: a second owner of a pattern. Found at run time only.
 *
 * @category ownership
 * @since 0.1.0
 */
export const ownerTwice = (pattern: string, family: string) =>
  finding(
    "E0216",
    "OwnershipConflict",
    say`${pattern} of family ${family} already has an owner`,
    "build its owner layer once, and share that layer"
  )
