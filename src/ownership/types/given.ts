/**
 * Tells whether an option is given, and whether the compiler knows the names in a section.
 */
import type * as Opaque from "../../diagnostic/types/opaque.ts"

// An option that is undefined was not given. If the compiler does not know whether an option is given, some checks
// would see it and others would not, so it is refused.
export type Given<Option, T, Checks> = undefined extends T ?
  [T] extends [undefined] ? T : Opaque.option<Option & string>
  : Checks

// A section with computed names cannot be checked by name.
export type Named<Section extends string, T, Checks> = string extends keyof T ? Opaque.names<Section> : Checks
