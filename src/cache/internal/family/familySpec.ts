/**
 * The engine's description of a family, as plain data, and the entries from which a value was made.
 *
 * @since 0.1.0
 */
import type { Partition } from "../../../store/Store.ts"
import type { Source } from "../../Explanation.ts"
import type { InvalidationPlan } from "../../shared/invalidationPlan.ts"
import type { Expiry } from "./expiry.ts"

/**
 * The engine's description of a family.
 *
 * @category models
 * @since 0.1.0
 */
export interface EngineFamilySpec<V> {
  readonly name: string
  readonly pattern: string
  readonly render: (key: string) => string
  /** The key within the family; `undefined` for a full key of another family. */
  readonly parse: (rendered: string) => string | undefined
  /** Spells the full key for errors, events and explanations; `hide` spells a segment or a tag for them. */
  readonly show: (key: string) => string
  readonly hide: (text: string) => string
  /** Whether errors, events and explanations hide keys and values. */
  readonly isSensitive: boolean
  readonly expiry: Expiry
  /** Whether its Schema says that a value may be an Exit. */
  readonly takesExits: boolean
  /** Checks whether memory may hold a value, for families whose type does not say so. */
  readonly admits?: ((value: V) => boolean) | undefined
  /** Checks whether a loaded value is of the kind that the type names. */
  readonly admitsKind?: ((value: V) => boolean) | undefined
  /** Says where a value does not fit, without anything of the value. */
  readonly misfit?: ((value: V) => string | undefined) | undefined
  /** Which keys of which families a change drops. */
  readonly plan: InvalidationPlan
  /** Whether a function of the user weighs its values. */
  readonly isWeighed: boolean
  /** Whether it derives from another family. */
  readonly isDerived: boolean
  /** The families that it derives from directly, if it derives from one key of each. */
  readonly direct?: ReadonlyArray<string> | undefined
  readonly partition: Partition<V>
}

/**
 * The entries from which a value was made. `spell` lists them; the list is made only when a caller asks.
 *
 * @category models
 * @since 0.1.0
 */
export interface Sources {
  readonly spell: () => ReadonlyArray<Source>
  /** The number of characters of the keys that are kept. */
  readonly characters: number
}
