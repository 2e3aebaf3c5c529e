/**
 * A scheduler for what runs behind its caller.
 */
import * as Scheduler from "effect/Scheduler"

let mixed: Scheduler.Scheduler | undefined

/**
 * What is built by `runSync` is handed a scheduler whose yields are microtasks: long work would let nothing else run
 * between two steps, timers included.
 */
export const patientScheduler = (scheduler: Scheduler.Scheduler): Scheduler.Scheduler =>
  scheduler.executionMode === "sync" ? mixed ??= new Scheduler.MixedScheduler() : scheduler
