/**
 * A value on its way to a reader: what every kind of read passes on.
 */
import type { Entry } from "../../store/Entry.ts"
import type { Below } from "./below.ts"

/** A value as it is served: from where, and as what. */
export interface Served<out V> {
  readonly value: V
  /** The tier that held it; `lookup` for a value that was just loaded. */
  readonly tier: string
  /** Absent when the value was loaded and not stored. */
  readonly entry: Entry<V> | undefined
  /** Those of a value that was not stored. */
  readonly tags?: ReadonlyArray<string> | undefined
  readonly stale: boolean
  /** The value was made from a nothing that may be a value: a tier could not say what it holds. */
  readonly isDoubtful?: boolean
  /** What the tiers below still have to take of the load that brought it. */
  readonly below?: Below
}
