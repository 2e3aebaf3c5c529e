/**
 * Checks the shape of a definition, which may be any value: its sections, its names, its options, and what each option
 * takes.
 *
 * - Only a definition of the right shape is checked further, so no other check meets a value of another type.
 * - An option that does not exist is reported, and the other checks go on without it.
 * - An option that is `undefined` was not given.
 *
 * Not here: what a loader's options may be (`manifest/internal/ownerOptions.ts`), and whether a time to live is a
 * duration (`manifest/internal/options.ts`).
 */
import * as Schema from "effect/Schema"
import * as ManifestFindings from "../../diagnostic/types/manifestFindings.ts"
import type { Definition, FamilySpec } from "../Definition.ts"
import { policyOptions } from "../FamilyPolicy.ts"
import { TypeId } from "../types/typeOnly.ts"
import type { Report } from "./draft.ts"

/** The most families that a manifest may declare. */
const familiesMax = 10_000

type Bag = { readonly [name: string]: unknown }

/** Whether a value is an object with named properties, and not a list. */
export const isBag = (u: unknown): u is Bag => typeof u === "object" && u !== null && !Array.isArray(u)

/** Whether a value is a list of strings. */
export const isStrings = (u: unknown): boolean => Array.isArray(u) && u.every((item) => typeof item === "string")

// An object that is neither, such as the schema of another library, would be a family without a codec: its values would
// be lost at a restart.
const isTyped = (u: unknown): boolean => Schema.isSchema(u) || isBag(u) && Object.hasOwn(u, TypeId)

const aSchema = "a Schema such as `Schema.String`, or `Manifest.type<A>()`"
const aName = "a string that is not empty"
const isVersion = (u: unknown): boolean => typeof u === "string" || typeof u === "number" && Number.isFinite(u)

const shapes: { readonly [option: string]: readonly [test: (u: unknown) => boolean, expected: string] } = {
  pattern: [(u) => typeof u === "string", "a string"],
  layer: [(u) => typeof u === "string", "a string"],
  partOf: [(u) => typeof u === "string", "a string"],
  carvedFrom: [(u) => typeof u === "string", "a string"],
  derives: [isStrings, "a list of patterns"],
  borrows: [isStrings, "a list of patterns"],
  reads: [isStrings, "a list of layers"],
  fanout: [(u) => u === true, "true, or left out"],
  params: [isBag, "an object, { id: Schema.NumberFromString }"],
  value: [isTyped, aSchema],
  error: [isTyped, aSchema],
  sensitive: [(u) => typeof u === "boolean", "true or false"],
  version: [isVersion, "a string or a finite number"]
}

/** Whether the other checks can look at a definition. Reports everything that has the wrong shape. */
export const checkShape = (id: unknown, definition: unknown, report: Report): definition is Definition => {
  let ok = true
  const wrong = (path: ReadonlyArray<string>, expected: string) => {
    ok = false
    report(path, ManifestFindings.shapeWrong(path.join("."), expected))
  }
  if (typeof id !== "string" || id === "") report([], ManifestFindings.shapeWrong("the name of the manifest", aName))
  if (!isBag(definition)) {
    wrong(["definition"], "an object")
    return false
  }
  for (const option of Object.keys(definition)) {
    if (!sections.has(option) && option !== "version") {
      const isFamily = isBag(definition[option]) && definition[option]["pattern"] !== undefined
      report(
        [option],
        isFamily
          ? ManifestFindings.familyMisplaced(option)
          : ManifestFindings.optionUnknown(option, "the manifest", [...sections.keys(), "version"])
      )
    }
  }
  if (definition["version"] !== undefined && !isVersion(definition["version"])) {
    wrong(["version"], "a string or a finite number")
  }
  for (const [section, known] of sections) {
    const members = definition[section]
    if (!isBag(members)) {
      if (members !== undefined || section === "families") wrong([section], "an object")
      continue
    }
    for (const [name, spec] of Object.entries(members)) {
      if (name === "") report([section], ManifestFindings.shapeWrong(`each name in ${section}`, aName))
      if (isBag(spec)) checkOptions([section, name], spec, known, report, wrong)
      else wrong([section, name], "an object")
    }
  }
  const count = isBag(definition["families"]) ? Object.keys(definition["families"]).length : 0
  if (count > familiesMax) report(["families"], ManifestFindings.familiesTooMany(count, familiesMax))
  return ok && count <= familiesMax
}

// The compiler reports an option that is missing here.
const familyOptions: { readonly [Option in keyof FamilySpec]-?: true } = {
  pattern: true,
  layer: true,
  partOf: true,
  carvedFrom: true,
  derives: true,
  borrows: true,
  fanout: true,
  params: true,
  value: true,
  error: true,
  sensitive: true,
  ...policyOptions
}

const sections: ReadonlyMap<
  string,
  { readonly place: string; readonly known: ReadonlySet<string>; readonly needed: string | undefined }
> = new Map([
  ["layers", { place: "layer", known: new Set(["reads"]), needed: undefined }],
  ["families", { place: "family", known: new Set(Object.keys(familyOptions)), needed: "pattern" }],
  ["readers", { place: "reader", known: new Set(["layer", "borrows"]), needed: "borrows" }]
])

const checkOptions = (
  path: readonly [section: string, name: string],
  spec: Bag,
  section: { readonly place: string; readonly known: ReadonlySet<string>; readonly needed: string | undefined },
  report: Report,
  wrong: (path: ReadonlyArray<string>, expected: string) => void
): void => {
  for (const [option, value] of Object.entries(spec)) {
    const shape = shapes[option]
    if (!section.known.has(option)) {
      report(
        [...path, option],
        ManifestFindings.optionUnknown(option, `${section.place} \`${path[1]}\``, section.known)
      )
    } else if (value !== undefined && shape !== undefined && !shape[0](value)) {
      wrong([...path, option], shape[1])
    } else if (option === "params" && isBag(value)) {
      for (const [name, codec] of Object.entries(value)) {
        if (!isTyped(codec)) wrong([...path, option, name], aSchema)
      }
    }
  }
  if (section.needed !== undefined && spec[section.needed] === undefined) {
    wrong([...path, section.needed], shapes[section.needed]![1])
  }
}
