/**
 * Describes a value on its way to a reader. Every kind of read passes it on.
 */
import type { Entry } from "../../store/Entry.ts"
import type { Delivery } from "./delivery.ts"

/** A value that is served, with its tier and its entry. */
export interface Served<out V> {
  readonly value: V
  /** The tier that held it; `lookup` for a value that was just loaded. */
  readonly tier: string
  /** Absent when the value was loaded and not stored. */
  readonly entry: Entry<V> | undefined
  /** The tags of a value that was not stored. */
  readonly tags?: ReadonlyArray<string> | undefined
  readonly stale: boolean
  /** The value was made from a nothing that may be a value: a tier could not say what it holds. */
  readonly isDoubtful?: boolean
  /** The changes of its load that are still on their way to the lower tiers. */
  readonly delivery?: Delivery
}
