/**
 * A scheduler for what runs behind its caller: upkeep of a tier, loads, changes on their way below.
 *
 * What is built by `runSync` is handed a scheduler whose yields are microtasks: long work would let nothing else run
 * between two steps, timers included.
 *
 * @since 0.1.0
 */
import * as Scheduler from "effect/Scheduler"

let mixed: Scheduler.Scheduler | undefined

/**
 * The scheduler that was handed out, or one whose yields let others run.
 *
 * @category constructors
 * @since 0.1.0
 */
export const from = (scheduler: Scheduler.Scheduler): Scheduler.Scheduler =>
  scheduler.executionMode === "sync" ? mixed ??= new Scheduler.MixedScheduler() : scheduler
