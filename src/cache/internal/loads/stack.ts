/**
 * Counts how deep loads and updates that start and answer each other are nested on the JavaScript stack.
 *
 * A lookup that reads another family starts that family's load at once, in the same turn of the event loop, and the end
 * of a load resumes its readers at once. In a long chain of derived families each step would need more of the stack,
 * until it overflows. So these steps are counted, and a step at `depthMax` is given to the scheduler, which begins it
 * on an empty stack. A shorter chain costs two additions.
 */
import * as Fiber from "effect/Fiber"
import * as Scheduler from "effect/Scheduler"

// A step of a chain whose lookups have a span, a retry and a timeout needs about 2 KB of the stack, of the 1 MB that V8
// has.
const depthMax = 64

let depth = 0
let spare: Scheduler.SchedulerDispatcher | undefined

/** Whether the next step must begin on an empty stack. */
export const isDeep = (): boolean => depth >= depthMax

/** Begins a step that may start or answer other loads; `leave` ends it. */
export const enter = (): void => {
  depth++
}

export const leave = (): void => {
  depth--
}

/** Runs a step at once; or later on an empty stack, if the stack is deep. */
export const shallow = (step: () => void): void => {
  if (depth < depthMax) {
    depth++
    try {
      return step()
    } finally {
      depth--
    }
  }
  // Outside a fiber there is no scheduler to ask.
  const dispatcher = Fiber.getCurrent()?.currentDispatcher ??
    (spare ??= new Scheduler.MixedScheduler().makeDispatcher())
  dispatcher.scheduleTask(step, 0)
}
