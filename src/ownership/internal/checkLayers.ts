/**
 * Checks the layers of a definition: a layer that is named is declared, and a layer that is declared is used.
 *
 * Not here: which layer a reference reaches into (`checkReferences.ts`). The types of these checks are in
 * `types/definitionLayers.ts`.
 */
import * as ManifestFindings from "../../diagnostic/types/manifestFindings.ts"
import type { Definition, LayerSpec } from "../Definition.ts"
import type { Draft, Report } from "./draft.ts"

const readsOf = (definition: Definition, layer: string): ReadonlyArray<string> =>
  ownValue<LayerSpec>(definition.layers, layer)?.reads ?? []

const ownValue = <A>(given: { readonly [name: string]: A } | undefined, name: string): A | undefined =>
  given !== undefined && Object.hasOwn(given, name) ? given[name] : undefined

/** The layers that programs of these layers can read, with these layers themselves. */
export const layersReached = (definition: Definition, from: Iterable<string>): ReadonlySet<string> => {
  const seen = new Set(from)
  // The loop also visits the layers that are added while it runs.
  for (const layer of seen) for (const next of readsOf(definition, layer)) seen.add(next)
  return seen
}

/** Whether the definition declares a layer of this name. */
export const isLayer = ({ layers = {} }: Definition, name: string): boolean => Object.hasOwn(layers, name)

/** The layer of a family or a reader, which a part has from its whole if it names none. */
export const homeOf = ({ families, layers }: Definition, spec: Housed): string | undefined => {
  const seen = new Set<string>()
  for (let at: Housed | undefined = layers === undefined ? undefined : spec; at !== undefined;) {
    if (at.layer !== undefined) return at.layer
    if (at.partOf === undefined || seen.has(at.partOf)) return undefined
    seen.add(at.partOf)
    at = ownValue<Housed>(families, at.partOf)
  }
  return undefined
}

interface Housed {
  readonly layer?: string | undefined
  readonly partOf?: string | undefined
}

/** Reports layers that are named and not declared, and layers that are declared and that no program reaches. */
export const checkLayers = (draft: Draft, report: Report): void => {
  const { families, layers = {}, readers } = draft.definition
  const check = (path: ReadonlyArray<string>, layer: string | undefined) => {
    if (layer !== undefined && !Object.hasOwn(layers, layer)) {
      report(path, ManifestFindings.layerUnknown(layer, Object.keys(layers)))
    }
  }
  const programs = [
    ...Object.entries(families).map(([name, spec]) => ["families", name, spec.layer] as const),
    ...Object.entries(readers ?? {}).map(([name, spec]) => ["readers", name, spec.layer] as const)
  ]
  for (const [section, name, layer] of programs) check([section, name, "layer"], layer)
  const used = new Set(programs.map(([, , layer]) => layer))
  // A layer that reads is used by the programs of `inLayer`, which no definition names.
  for (const name of Object.keys(layers)) {
    readsOf(draft.definition, name).forEach((layer, index) => {
      check(["layers", name, "reads", String(index)], layer)
      used.add(name).add(layer)
    })
  }
  for (const name of Object.keys(layers)) {
    if (!used.has(name)) report(["layers", name], ManifestFindings.layerUnreachable(name))
  }
}
