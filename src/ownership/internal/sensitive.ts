/**
 * Finds the families that hide their keys: those that say so, what derives from them, and what lies inside them.
 *
 * What is made from an entry contains its values, and mostly its key. The key of a family inside another one contains
 * the parameters of the other.
 */
import type { FamilySet } from "../shared/familySet.ts"

interface Declared {
  readonly name: string
  readonly spec: { readonly sensitive?: boolean | undefined }
}

/**
 * The names of the sensitive families. `families` is in the order of the manifest; `encloserOf` finds the nearest
 * family around one, and `upstreams` has the families whose changes reach it, at any distance.
 */
export const sensitiveOf = <F extends Declared>(
  families: ReadonlyArray<F>,
  encloserOf: (family: F) => string | undefined,
  upstreams: ReadonlyMap<string, FamilySet>
): ReadonlySet<string> => {
  const found = new Map<string, number>()
  families.forEach(({ name, spec }, index) => {
    if (spec.sensitive === true) found.set(name, index)
  })
  const isReached = (family: F): boolean => {
    const encloser = encloserOf(family)
    if (encloser !== undefined && found.has(encloser)) return true
    const upstream = upstreams.get(family.name)!
    for (const index of found.values()) if (upstream.has(index)) return true
    return false
  }
  // Each round but the last finds a family, so it ends.
  for (let before = 0; before < found.size;) {
    before = found.size
    families.forEach((family, index) => {
      if (!found.has(family.name) && isReached(family)) found.set(family.name, index)
    })
  }
  return new Set(found.keys())
}
