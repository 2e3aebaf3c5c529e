/**
 * A manifest without mistakes, and the facts that each family has because of its place among the others: its encloser,
 * its owner, its carve-out, the families whose rights cover it, and the families that it may read.
 *
 * - The run time computes the same facts as the types; a test compares both on random manifests.
 * - What grows with the square of the families is a set of bits, or a text that is made at its first use.
 *
 * Not here: a mistake. Each one is found before, by `check*.ts` beside this file. The types of these facts are in
 * `types/definitionFacts.ts`.
 */
import * as KeyPattern from "../../pattern/KeyPattern.ts"
import * as PatternSet from "../../pattern/types/patternSet.ts"
import type { Definition, FamilySpec, ReaderSpec } from "../Definition.ts"
import { FamilySet } from "../shared/familySet.ts"
import { homeOf, layersReached } from "./checkLayers.ts"
import { type Draft, type DraftFamily, outerOf } from "./draft.ts"
import { sensitiveOf } from "./sensitive.ts"
import { reachedBy, type Sources } from "./sources.ts"
import { versionOf, versionsOf } from "./versions.ts"

/** A family of a valid manifest, with the facts that follow from its place among the other families. */
export interface ValidFamily {
  readonly name: string
  /** The position of the family in the manifest, from 0. */
  readonly index: number
  readonly spec: FamilySpec
  readonly pattern: KeyPattern.KeyPattern
  /**
   * Whether its keys, tags and values are hidden: its declaration says so, or it derives from such a family, at any
   * distance, or it lies inside one.
   */
  readonly isSensitive: boolean
  /** The nearest family around it. */
  readonly encloser: string | undefined
  /** The deployment layer, which a part has from its whole if it names none. */
  readonly layer: string | undefined
  /** The family whose owner owns this family: the family itself, unless it is a part. */
  readonly owner: string
  /** The name of the carved-out family that contains this family. Rights do not cross the border of a carve-out. */
  readonly carveOut: string | undefined
  /** The families whose rights cover this family, the most specific first. This family is one of them. */
  readonly covering: ReadonlyArray<string>
  /**
   * The versions of this family, and of all families that it derives from. They tell its entries from entries of other
   * versions. The text is made at its first use.
   */
  readonly version: string | undefined
  /** The families inside this family, at any depth. Their keys are not keys of this family. */
  readonly inner: ReadonlyArray<string>
  readonly derives: ReadonlyArray<KeyPattern.KeyPattern>
  /** The families whose changes reach this family, at any distance. */
  readonly upstream: FamilySet
  /** The families that its lookup may read: the families that `derives` names exactly. */
  readonly lookupReads: ReadonlyArray<string>
  /** The families that its declaration names: those of `lookupReads`, of `borrows`, and of its parts. */
  readonly statedReads: ReadonlyArray<string>
  /** The families that its module may read: those of `statedReads`, and the families that they lead to. */
  readonly readable: FamilySet
  /** The names of the families that its module may read. Made at the first use, because a long chain has many. */
  readonly moduleReads: ReadonlyArray<string>
}

/** A reader of a valid manifest, and the families that it may read. */
export interface ValidReader {
  readonly name: string
  readonly spec: ReaderSpec
  readonly moduleReads: ReadonlyArray<string>
}

/** A manifest without mistakes. */
export interface ValidManifest {
  readonly id: string
  /** The name of the manifest's class in a Context: `id`, unless another class has that name. */
  readonly key: string
  readonly definition: Definition
  readonly families: ReadonlyMap<string, ValidFamily>
  readonly readers: ReadonlyMap<string, ValidReader>
  /** Finds the family of a key or pattern. */
  readonly patterns: PatternSet.PatternSet<ValidFamily>
}

const readersOf = (
  { definition }: Draft,
  declared: (patterns: ReadonlyArray<string> | undefined) => ReadonlyArray<string>
) =>
  new Map(
    Object.entries(definition.readers ?? {}).map(([name, spec]) =>
      [name, { name, spec, moduleReads: [...new Set(declared(spec.borrows))] }] as const
    )
  )

// Family -> the families inside it, at any depth.
const innerOf = (draft: Draft, drafts: ReadonlyArray<DraftFamily>): ReadonlyMap<string, ReadonlyArray<string>> => {
  const inner = new Map(drafts.map((family) => [family.name, [] as Array<string>]))
  for (const family of drafts) {
    for (const member of draft.patterns.covering(family.pattern)) {
      if (member.value !== family) inner.get(member.value.name)!.push(family.name)
    }
  }
  return inner
}

// A family in a layer reads only the layers that this layer can reach, although a wider reference, and the sources of a
// source, contain others. Its parts are in the same layer.
const withinReach = (
  { definition }: Draft,
  homes: ReadonlyArray<string | undefined>,
  here: string | undefined,
  readables: ReadonlyArray<FamilySet>
): FamilySet => {
  const within = new FamilySet(homes.length)
  const reached = here === undefined ? undefined : layersReached(definition, [here])
  for (const readable of readables) {
    if (reached === undefined) within.addAll(readable)
    else {
      for (const index of readable) {
        const home = homes[index]
        if (home === undefined || reached.has(home)) within.add(index)
      }
    }
  }
  return within
}

/** Finds the facts of a draft in which no check has found a mistake. */
export const resolve = (id: string, draft: Draft, sources: Sources): ValidManifest => {
  const drafts = [...draft.families.values()]
  const indexOf = new Map(drafts.map(({ name }, index) => [name, index]))
  const homes = drafts.map(({ spec }) => homeOf(draft.definition, spec))
  const upstreams = reachedBy(sources, indexOf)
  const versions = versionsOf(draft)
  const sensitive = sensitiveOf(drafts, ({ pattern }) => outerOf(draft, pattern)?.name, upstreams)
  const carveOutOf = (pattern: KeyPattern.KeyPattern) =>
    draft.patterns.covering(pattern).find((member) => member.value.spec.carvedFrom !== undefined)?.value.name
  const ownerOf = (family: DraftFamily): string =>
    family.spec.partOf === undefined ? family.name : ownerOf(draft.families.get(family.spec.partOf)!)
  const inner = innerOf(draft, drafts)
  const declared = (patterns: ReadonlyArray<string> | undefined) =>
    (patterns ?? []).flatMap((source) =>
      draft.twins.get(KeyPattern.normalizePattern(source))?.map((twin) => twin.name) ?? []
    )
  const coveringOf = ({ pattern }: DraftFamily) => {
    const carveOut = carveOutOf(pattern)
    return draft.patterns.covering(pattern).filter((member) => carveOutOf(member.pattern) === carveOut).map((
      { value }
    ) => value.name)
  }
  const covering = new Map(drafts.map((family) => [family.name, coveringOf(family)]))
  // Family -> for each of its references, the families whose keys are all in it.
  const inside = (source: string) => {
    const reference = KeyPattern.parsePatternUnsafe(source)
    return draft.patterns.overlapping(reference).flatMap(({ pattern, value }) =>
      KeyPattern.covers(reference, pattern) ? [value.name] : []
    )
  }
  const readSources = new Map(drafts.map(({ name, spec }) => [name, (spec.derives ?? []).map(inside)]))
  const readables = reachedBy(readSources, indexOf)
  const partsOf = Map.groupBy(drafts.filter((family) => family.spec.partOf !== undefined), ownerOf)
  const families = new Map(drafts.map((family, index): readonly [string, ValidFamily] => {
    const carveOut = carveOutOf(family.pattern)
    const upstream = upstreams.get(family.name)!
    const lookupReads = declared(family.spec.derives)
    // The module of a family runs the lookups of its parts, too.
    const parts = partsOf.get(family.name) ?? []
    const partReads = parts.flatMap((part) => declared(part.spec.derives))
    const statedReads = [...new Set([...lookupReads, ...declared(family.spec.borrows), ...partReads])]
    const readable = withinReach(draft, homes, homes[index], [family, ...parts].map(({ name }) => readables.get(name)!))
    for (const name of statedReads) readable.add(indexOf.get(name)!)
    return [family.name, {
      name: family.name,
      index,
      spec: family.spec,
      pattern: family.pattern,
      isSensitive: sensitive.has(family.name),
      encloser: outerOf(draft, family.pattern)?.name,
      layer: homes[index],
      owner: ownerOf(family),
      carveOut,
      covering: covering.get(family.name)!,
      get version() {
        return versionOf(versions, (at) => at === index || upstream.has(at))
      },
      inner: inner.get(family.name)!,
      derives: (family.spec.derives ?? []).map(KeyPattern.parsePatternUnsafe),
      upstream,
      lookupReads,
      statedReads,
      readable,
      get moduleReads() {
        return [...new Set([...statedReads, ...Array.from(readable, (at) => drafts[at]!.name)])]
      }
    }]
  }))
  const readers = readersOf(draft, declared)
  const patterns = PatternSet.make([...families.values()].map((family) => [family.pattern, family] as const))
  return { id, key: id, definition: draft.definition, families, readers, patterns }
}
