/**
 * Checks the invariants of a family's loads, for tests.
 */
import { lookupsPerKeyMax } from "./flights.ts"
import type { Loads } from "./loads.ts"

/** Throws when the structure is broken. `idle` says that no fiber reads, loads or updates. */
export const checkLoads = <V>(loads: Loads<V>, { idle }: { readonly idle: boolean }): void => {
  const check = (holds: boolean, rule: string) => {
    if (!holds) throw new Error(`the loads of \`${loads.name}\` are broken: ${rule}`)
  }
  const { failures, flights, loadQueue, next, patience, patchTurns, turns } = loads
  const { byKey, overtaken, running } = flights
  for (const [key, flight] of byKey) {
    check(flight.key === key && running.has(flight), "a load that may be joined runs")
  }
  for (const flight of running) check(!flight.hasEnded, "a load that runs has not ended")
  loadQueue.checkInvariants(check, idle)
  failures.checkInvariants(check)
  for (const [key, others] of overtaken) {
    check(others.size > 0, "a key without a load that was overtaken is forgotten")
    for (const flight of others) {
      check(!flight.isCurrent && running.has(flight), "a load that was overtaken runs")
    }
    check(flights.loadsOf(key).length <= lookupsPerKeyMax, "at most two lookups of a key run at a time")
  }
  for (const [key, queued] of next) {
    check(queued.key === key && flights.loadsOf(key).length > 0, "the next load of a key waits for one that runs")
  }
  turns.checkInvariants(check, idle)
  patchTurns.checkInvariants(check, idle)
  if (!idle) return
  check(running.size === 0, "no load runs without a reader")
  check(next.size === 0 && !patience.isAwake, "no next load waits for ever")
}
