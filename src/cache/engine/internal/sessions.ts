/**
 * Finds out whether one of the tiers of a store was away while others were written, so that what it keeps is not served
 * beside them.
 *
 * A *session* is the time in which an engine has a store open, from its first change on. Every tier gets its name, as a
 * mark with a scope that means nothing else, in the first round. So tiers that keep something of a manifest name the
 * same session last, unless one of them was left out of a release, came from another one, or was put back from a copy.
 * Then nothing shows which of them missed which change, and everything that they keep is hidden.
 *
 * Not here: what a release may have missed although its tiers were all there (`lives.ts`).
 */
import type { Mark, MarkLog } from "../../../store/Store.ts"
import { scopeOf, splitScope } from "../../internal/family/names.ts"

const sessionStart = "n|"

/** Whether what is marked is the name of a session. */
export const isOfSession = (marked: string): boolean => marked.startsWith(sessionStart)

/** The marks of each tier. */
export const tiersOf = (log: MarkLog): ReadonlyArray<MarkLog> => log.tiers ?? [log]

/** A mark that names a session. `prefix` begins the names of the families of the manifest. */
export const sessionMark = (
  prefix: string,
  now: number,
  random: { nextDoubleUnsafe(): number },
  stamp: number
): Mark => ({
  scope: scopeOf(prefix, `${sessionStart}${now.toString(36)}-${random.nextDoubleUnsafe().toString(36).slice(2)}`),
  stamp
})

const sessions = ({ marks }: MarkLog, prefix: string): ReadonlyArray<Mark> => {
  const isOne = ({ scope }: Mark) => {
    const { familyName, marked } = splitScope(scope)
    return familyName === prefix && isOfSession(marked)
  }
  return marks.filter(isOne).toSorted((a, b) => b.stamp - a.stamp)
}

/**
 * Whether the tiers name different sessions as their last one, so that one of them was away. Only tiers that keep
 * something of the manifest count. A tier that has seen no stamp keeps nothing; a tier that knows its entries says
 * whether any are of the manifest. A tier without a mark of the manifest may still keep copies of what a lower tier
 * had.
 */
export const haveParted = (tiers: ReadonlyArray<MarkLog>, prefix: string): boolean => {
  const keeping = tiers.filter(({ keeps, stampMax }) => stampMax > 0 && keeps?.(prefix) !== false)
  return new Set(keeping.map((tier) => sessions(tier, prefix)[0]?.scope)).size > 1
}

/** The marks of sessions before the last one. */
export const pastSessions = (log: MarkLog, prefix: string): ReadonlyArray<Mark> => sessions(log, prefix).slice(1)
