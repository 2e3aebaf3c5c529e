/**
 * Says how a family is made, as a text that two versions of a manifest can compare.
 *
 * A key within a family is the texts of its parameters in their order, so another order, another name, another codec or
 * another literal may give an old key another meaning. Names are compared as they are: a parameter with a new name
 * looks like another parameter.
 */
import * as Schema from "effect/Schema"
import type { Origin } from "../../cache/shared/origin.ts"
import type { DependencyGraph } from "../../ownership/DependencyGraph.ts"
import type { ValidFamily, ValidManifest } from "../../ownership/shared/validation.ts"
import { shapeText } from "../../store/shared/schemaShape.ts"

/** The families from which each family derives directly, by name. */
export type Direct = ReadonlyMap<string, ReadonlyArray<string>>

export const directOf = (graph: DependencyGraph): Direct => {
  const direct = new Map<string, Array<string>>()
  for (const { from, kind, to } of graph.declared) {
    if (kind !== "Derives") continue
    const known = direct.get(from)
    if (known === undefined) direct.set(from, [to])
    else known.push(to)
  }
  return direct
}

/** How a family is made. */
export const originOf = (
  manifest: ValidManifest,
  family: ValidFamily,
  graph: DependencyGraph,
  direct: Direct
): Origin => {
  const { params = {} } = family.spec
  const codecs = family.pattern.holes.map((name) => {
    const codec = Object.hasOwn(params, name) ? params[name] : undefined
    return Schema.isSchema(codec) ? shapeText(codec) : ""
  })
  const inner = family.inner.map((name) => manifest.families.get(name)!.pattern.source)
  const derives = family.derives.map(({ source }) => source)
  return {
    form: JSON.stringify([codecs, inner.toSorted(), derives.toSorted()]),
    direct: family.spec.fanout === true ? undefined : direct.get(family.name),
    sources: function*() {
      for (const index of family.upstream) yield graph.nodes[index]!.name
    }
  }
}
