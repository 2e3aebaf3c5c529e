/**
 * Says how a family is made, as a text that two versions of a manifest can compare.
 *
 * A key within a family is the texts of its parameters in their order, so another order, another name, another codec or
 * another literal may give an old key another meaning. Names are compared as they are: a parameter with a new
 * name looks like another parameter.
 */
import * as Schema from "effect/Schema"
import type { Origin } from "../../cache/shared/origin.ts"
import type { DependencyGraph } from "../../ownership/DependencyGraph.ts"
import type { ValidFamily, ValidManifest } from "../../ownership/shared/validation.ts"
import { shapeText } from "../../store/shared/schemaShape.ts"

/** How a family is made. */
export const originOf = (manifest: ValidManifest, family: ValidFamily, graph: DependencyGraph): Origin => {
  const { params = {} } = family.spec
  const codecs = family.pattern.holes.map((name) => {
    const codec = Object.hasOwn(params, name) ? params[name] : undefined
    return Schema.isSchema(codec) ? shapeText(codec) : ""
  })
  const inner = family.inner.map((name) => manifest.families.get(name)!.pattern.source)
  const derives = family.derives.map(({ source }) => source)
  const derived = family.derives.length === 0 || family.spec.fanout === true
    ? undefined
    : graph.declared.flatMap(({ from, kind, to }) => kind === "Derives" && from === family.name ? [to] : [])
  return {
    form: JSON.stringify([codecs, inner.toSorted(), derives.toSorted()]),
    direct: derived,
    sources: function*() {
      for (const index of family.upstream) yield graph.nodes[index]!.name
    }
  }
}
