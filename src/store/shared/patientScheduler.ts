/**
 * A scheduler for work behind its caller: upkeep of a tier, loads, changes on their way to lower tiers.
 *
 * An effect that `runSync` runs gets a scheduler whose yields are microtasks: with it, long work would block everything
 * else between two steps, timers included.
 */
import * as Scheduler from "effect/Scheduler"

let mixed: Scheduler.Scheduler | undefined

/**
 * Returns the given scheduler, or one whose yields let other work run if the given one does not.
 */
export const from = (scheduler: Scheduler.Scheduler): Scheduler.Scheduler =>
  scheduler.executionMode === "sync" ? mixed ??= new Scheduler.MixedScheduler() : scheduler
