/**
 * Searches a scenario of the ledger protocol, with some rules switched off.
 */
import { nameOf } from "./canonical.ts"
import { brokenBy, isStuck } from "./laws.ts"
import { makeModel } from "./model.ts"
import type { Rule } from "./rules.ts"
import type { Budget, Scenario } from "./scenarios.ts"
import { type Bounds, search } from "./search.ts"
import { initialState, type Law, type State } from "./state.ts"
import { nextStates } from "./steps.ts"

export interface ExploreOptions {
  readonly off?: ReadonlyArray<Rule>
  /** Laws that are not judged. */
  readonly except?: ReadonlyArray<Law>
}

export const explore = (scenario: Scenario, bounds: Bounds, { except = [], off = [] }: ExploreOptions = {}) => {
  const model = makeModel(scenario, off)
  const left = Object.keys(scenario.left) as ReadonlyArray<keyof Budget>
  const budgets = left.filter((name) => scenario.left[name] > 0)
  const judged = (law: Law | undefined): Law | undefined => law === undefined || except.includes(law) ? undefined : law
  return search<State, Law>({
    initial: initialState(scenario),
    next: (state, found) => nextStates(model, state, found),
    nameOf: (state) => nameOf(state, budgets),
    brokenBy: (state) => judged(brokenBy(model, state)),
    stuckBy: (state) => isStuck(state) ? judged("ends") : undefined
  }, bounds)
}
