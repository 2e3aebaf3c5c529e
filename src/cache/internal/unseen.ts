/**
 * What is dropped because nothing can tell whether its source has changed.
 */
import type { Scope } from "../Invalidation.ts"
import type { Entries } from "./entries.ts"
import type { Flight } from "./flight.ts"
import type { Loads } from "./loads.ts"

/** A key, or a scope, that was made from such a source. */
export interface Unseen {
  readonly scope: Scope
  /** The scope is one key. */
  readonly exact: boolean
  /** There may be entries of that kind. */
  readonly isHeld: boolean
  /** Whether a load has read the source before it changed. */
  readonly isBehind: (flight: Flight<any>) => boolean
}

/** Drops it, with the loads that are behind. */
export const dropUnseen = <V>(
  { entries, loads }: { readonly entries: Entries<V>; readonly loads: Loads<V> },
  { exact, isBehind, isHeld, scope }: Unseen,
  stamp: number,
  through: string
): void => {
  if (exact) {
    const key = scope.values.join(":")
    const flight = loads.flights.get(key)
    if (flight !== undefined && isBehind(flight)) loads.overtake(key)
    if (!isHeld) return
    entries.invalidated(key, "hide", stamp, through)
    entries.forget(key)
    return
  }
  const open = Array.from(loads.flights.values()).filter((flight) => loads.isOpen(flight))
  const ahead = open.filter((flight) => !isBehind(flight))
  if (open.length === ahead.length && !isHeld) return
  entries.invalidated(scope, "hide", stamp, through)
  entries.markKeys(scope, "hide", stamp, entries.cache.time.now())
  for (const flight of ahead) flight.confirmUpTo(stamp)
}
