/**
 * Spells the versions of a manifest and of its families, by which a tier tells the entries of one release from those of
 * another.
 */
import type { Definition, FamilySpec } from "../Definition.ts"

interface Declared {
  readonly definition: Pick<Definition, "version">
  readonly families: ReadonlyMap<string, { readonly name: string; readonly spec: Pick<FamilySpec, "version"> }>
}

/** The versions as one text; undefined if the family, its sources and the manifest have no versions. */
export const versionOf = (
  versions: ReadonlyArray<Version>,
  isMeant: (index: number) => boolean
): string | undefined => {
  const given = versions.filter(({ index }) => index === undefined || isMeant(index))
  return given.length === 0 ? undefined : `[${given.map(({ text }) => text).join(",")}]`
}

export interface Version {
  /** The family of the version; undefined for the manifest's own version. */
  readonly index: number | undefined
  readonly text: string
}

/** All versions of a manifest. Every list of some of them keeps this order. */
export const versionsOf = ({ definition, families }: Declared): ReadonlyArray<Version> => {
  const all = [
    { index: undefined, name: "manifest", version: definition.version },
    ...Array.from(
      families.values(),
      ({ name, spec }, index) => ({ index, name: `family ${name}`, version: spec.version })
    )
  ]
  return all.filter(({ version }) => version !== undefined).toSorted((a, b) => a.name < b.name ? -1 : 1).map(
    ({ index, name, version }) => ({ index, text: JSON.stringify([name, String(version)]) })
  )
}
