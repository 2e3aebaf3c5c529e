/**
 * Breadth first through all states that a start can reach: the first broken state has the shortest story.
 */

/** What is searched. */
export interface World<State, Law> {
  readonly initial: State
  readonly next: (state: State, found: (how: string, next: State) => void) => void
  /** Two states with one name are one state. */
  readonly nameOf: (state: State) => string
  readonly brokenBy: (state: State) => Law | undefined
  /** Asked of a state that no step leads out of. */
  readonly stuckBy: (state: State) => Law | undefined
}

export interface Bounds {
  readonly statesMax: number
  readonly secondsMax: number
}

export interface Result<Law> {
  /** All states were seen; a law broke; a bound was reached. */
  readonly end: "complete" | "broken" | "cut"
  readonly states: number
  readonly seconds: number
  readonly law: Law | undefined
  readonly story: ReadonlyArray<string>
}

/** How often the clock is asked. */
const statesPerLook = 10_000

export const search = <State, Law>(world: World<State, Law>, { secondsMax, statesMax }: Bounds): Result<Law> => {
  const began = performance.now()
  const known = new Set<string>([world.nameOf(world.initial)])
  // By the number of a state: the state until its steps were taken, the state that it comes from, and the step.
  const states: Array<State | undefined> = [world.initial]
  const from: Array<number> = [-1]
  const steps: Array<string> = [""]
  const result = (end: Result<Law>["end"], law?: Law, last = 0): Result<Law> => {
    const story: Array<string> = []
    for (let at = last; at > 0; at = from[at]!) story.push(steps[at]!)
    return { end, states: known.size, seconds: (performance.now() - began) / 1000, law, story: story.toReversed() }
  }
  for (let at = 0; at < states.length; at++) {
    const state = states[at]!
    states[at] = undefined
    let isLast = true
    let broken: Law | undefined
    world.next(state, (how, next) => {
      isLast = false
      if (broken !== undefined) return
      const name = world.nameOf(next)
      if (known.has(name)) return
      known.add(name)
      states.push(next)
      from.push(at)
      steps.push(how)
      broken = world.brokenBy(next)
    })
    if (broken !== undefined) return result("broken", broken, states.length - 1)
    const stuck = isLast ? world.stuckBy(state) : undefined
    if (stuck !== undefined) return result("broken", stuck, at)
    if (known.size > statesMax) return result("cut")
    if (at % statesPerLook === 0 && performance.now() - began > secondsMax * 1000) return result("cut")
  }
  return result("complete")
}
