/**
 * How a family is made, as a text that two versions of a manifest can compare.
 */
import type { Origin } from "../../cache/FamilySpec.ts"
import type { DependencyGraph } from "../../ownership/DependencyGraph.ts"
import type { ValidFamily } from "../../ownership/Validation.ts"
import type { KeyPattern } from "../../pattern/KeyPattern.ts"

/** How a family is made. Names of parameters say only which of them are the same, so they are counted. */
export const originOf = (family: ValidFamily, graph: DependencyGraph): Origin => {
  const names = new Map<string, number>()
  const spell = ({ segments, rest }: KeyPattern): string => {
    const spelt = segments.map((segment) => {
      if (segment._tag === "Text") return segment.text
      if (!names.has(segment.name)) names.set(segment.name, names.size)
      return `{${names.get(segment.name)}}`
    })
    return [...spelt, ...(rest ? ["*"] : [])].join(":")
  }
  const own = spell(family.pattern)
  return {
    form: [own, ...family.derives.map(spell).toSorted()].join(" "),
    sources: function*() {
      for (const index of family.upstream) yield graph.nodes[index]!.name
    }
  }
}
