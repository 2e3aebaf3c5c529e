/**
 * Finds what each family derives from, as names, and an order in which sources come first.
 *
 * - A reference names every family that shares a key with it, so `user:*` may name several.
 * - The order leaves out the families of a circle and those above one; so it has all families of a manifest without
 *   circles.
 *
 * Not here: the edges with their parameters and the plan of a change (`DependencyGraph.ts`).
 */
import { FamilySet } from "../shared/familySet.ts"
import { type Draft, touching } from "./draft.ts"

/** Family -> for each of its references, the families that share a key with the reference. */
export type Sources = ReadonlyMap<string, ReadonlyArray<ReadonlyArray<string>>>

export const sourcesOf = (draft: Draft): Sources =>
  new Map(Array.from(
    draft.families.values(),
    ({ name, spec }) => [name, (spec.derives ?? []).map((source) => touching(draft, source))]
  ))

// Kahn's algorithm: each family after every family that it derives from. Families on a cycle, or above one, are left
// out.
export const inOrder = (sources: Sources): ReadonlyArray<string> => {
  const pending = new Map<string, number>()
  const dependents = new Map<string, Array<string>>()
  const order: Array<string> = []
  for (const [name, references] of sources) {
    const distinct = new Set(references.flat())
    pending.set(name, distinct.size)
    if (distinct.size === 0) order.push(name)
    for (const source of distinct) {
      const known = dependents.get(source)
      if (known === undefined) dependents.set(source, [name])
      else known.push(name)
    }
  }
  // The loop also visits the items that are added while it runs.
  for (const name of order) {
    for (const dependent of dependents.get(name) ?? []) {
      const left = pending.get(dependent)! - 1
      pending.set(dependent, left)
      if (left === 0) order.push(dependent)
    }
  }
  return order
}

// For each family, the families that its sources lead to, at any distance. The sets of its sources are computed first.
export const reachedBy = (sources: Sources, indexOf: ReadonlyMap<string, number>): ReadonlyMap<string, FamilySet> => {
  const found = new Map<string, FamilySet>()
  for (const name of inOrder(sources)) {
    const upstream = new FamilySet(sources.size)
    for (const source of new Set(sources.get(name)!.flat())) {
      upstream.add(indexOf.get(source)!)
      upstream.addAll(found.get(source)!)
    }
    found.set(name, upstream)
  }
  return found
}
