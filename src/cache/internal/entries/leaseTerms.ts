/**
 * Tells the leases on the keys of a family what happens to a key, so that a write under a lease is refused if its value
 * may come from a read that is out of date. Law 9.
 *
 * Every write, load and change of a key comes here. While no lease is held, that is one comparison.
 *
 * Not here: what a write under a lease does with this (`refusals.ts`, `terms.ts`), and who holds a lease
 * (`leaseTable.ts`).
 */
import type { LeaseTable, Term } from "../../../capability/shared/leaseTable.ts"
import { tagsMax } from "../../../store/Entry.ts"
import type { HotPartition } from "../../../store/Store.ts"
import type { EngineFamilySpec } from "../family/familySpec.ts"
import { noTags } from "../family/judgement.ts"
import type { Verdict } from "../marks/familyMarks.ts"

/** The tags of the values of a key that are remembered while it is leased. Beyond, any tag may be one of them. */
const seenTagsMax = tagsMax

const see = (term: Term, tags: ReadonlyArray<string>): void => {
  term.wasSeen = true
  if (tags.length === 0 || tags === term.tags || term.tags === undefined) return
  const all = new Set([...term.tags, ...tags])
  term.tags = all.size > seenTagsMax ? undefined : Array.from(all)
}

const overtake = (term: Term): void => {
  term.isOvertaken = true
}

/** What is known of the keys of a family. */
interface Ground {
  readonly hot: HotPartition<any> | undefined
  readonly marking: { readonly tagMark: number }
  judge(key: string, stamp: number, tags: ReadonlyArray<string>): Verdict
}

/** Whether a mark says that a key was invalidated since the term of a lease began. */
export const isMarkedSince = (entries: Ground, key: string, { stamp, tags, wasSeen }: Term): boolean => {
  const held = entries.hot?.peek(key)
  // The value may have left memory, or there is none above the tier that has it.
  const isUnknown = held === undefined && wasSeen && tags === undefined && stamp < entries.marking.tagMark
  return isUnknown || entries.judge(key, stamp, held?.tags ?? (wasSeen ? tags : undefined) ?? noTags) !== "valid"
}

export class LeaseTerms {
  private readonly leases: LeaseTable
  private readonly spec: EngineFamilySpec<any>

  constructor(leases: LeaseTable, spec: EngineFamilySpec<any>) {
    this.leases = leases
    this.spec = spec
  }

  /** A reader gets a value from a lower tier, and may be the holder of a lease. */
  seen(key: string, tags: ReadonlyArray<string>): void {
    this.each(key, (term) => see(term, tags))
  }

  /** The key was written, removed or invalidated. */
  overtake(key: string): void {
    this.each(key, overtake)
  }

  /** A load has brought a value. A holder may have read another answer before. */
  loaded(key: string, tags: ReadonlyArray<string>, mayDiffer: () => boolean): void {
    this.each(key, (term) => {
      if (term.wasSeen && mayDiffer()) term.isOvertaken = true
      see(term, tags)
      term.absentKey = undefined
    })
  }

  /** A load has found that the key has no value. A holder may have read a value before. */
  absent(key: string): void {
    this.each(key, (term, name) => {
      if (term.wasSeen && term.absentKey !== name) term.isOvertaken = true
      Object.assign(term, { wasSeen: true, absentKey: name })
    })
  }

  private each(key: string, note: (term: Term, name: string) => void): void {
    if (this.leases.isEmpty) return
    const name = this.spec.render(key)
    for (const term of this.leases.termsOf(name)) note(term, name)
  }
}
