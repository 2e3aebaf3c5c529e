/**
 * Many fibers on the world of `test/support/world.ts`, under a scheduler with seeds. The world checks the laws after
 * each step.
 */
import { describe } from "@effect/vitest"
import * as fc from "fast-check"
import { simulate } from "../support/simulate.ts"
import {
  drops,
  jumps,
  marks,
  moves,
  nested,
  owners,
  reads,
  script,
  type ScriptOptions,
  sets,
  sweeps,
  updates,
  vanishes,
  World
} from "../support/world.ts"

const story = (name: string, options: ScriptOptions) => {
  const scripts = script(options)
  const draw = (seed: number) => fc.sample(scripts, { seed, numRuns: 1 })[0]!
  simulate(`the laws hold with ${name}`, (seed) => new World(draw(seed)).run, {
    about: (seed) => JSON.stringify(draw(seed))
  })
}

const read = [...reads, ...reads]
const all = [...read, ...drops, ...updates, ...sets, ...moves]
const tiered = { capacities: [1, 3, 1_000], tiers: ["through", "onEviction", "slow"] } as const

describe("races", () => {
  story("readers alone", { kinds: read })
  story("readers and invalidations", { kinds: [...read, ...drops] })
  story("readers and updates", { kinds: [...read, ...drops, ...updates] })
  story("readers, sets and batches", { kinds: all, interrupts: true })
  story("marks, which leave values to be served stale", { kinds: [...read, ...drops, ...marks] })
  story("readers that are interrupted", { kinds: [...read, ...drops, ...updates], interrupts: true })
  story("lookups that fail", { kinds: [...read, ...drops, ...updates], failing: 30, interrupts: true })
  story("lookups that hang", { kinds: [...read, ...drops], hanging: 20, failing: 10, interrupts: true })
  story("lookups that hang, over a tier that fails", {
    kinds: [...read, ...drops],
    hanging: 20,
    failing: 10,
    interrupts: true,
    faults: 20,
    ...tiered
  })
  story("a store that is too small", { kinds: [...read, ...drops, ...sets], capacities: [1, 2, 3] })
  story("a clock that jumps", { kinds: [...read, ...drops, ...updates, ...jumps] })
  story("a slow tier below memory", { kinds: [...read, ...drops], ...tiered })
  story("a slow tier, refreshes and tags", {
    kinds: ["get", "getOption", "refresh", "refresh", "tag"],
    policies: [{}, { timeToLive: 40 }],
    ...tiered,
    capacities: [1]
  })
  story("a slow tier, and readers who load nothing", {
    kinds: ["get", "getOption", "getOption", "getOption", "delete"],
    policies: [{}],
    ...tiered,
    capacities: [2]
  })
  story("a slow tier, and writers who are interrupted", { kinds: all, interrupts: true, ...tiered })
  story("a slow tier, and lookups that fail", { kinds: all, failing: 30, interrupts: true, ...tiered })
  story("refreshes and invalidations of one key", { kinds: ["get", "getMany", "refresh", "refresh", "invalidate"] })
  story("refreshes of readers who leave", { kinds: ["get", "refresh", "refresh", "invalidate"], interrupts: true })
  story("updates within updates", { kinds: [...read, ...nested, ...nested, ...updates, ...drops] })
  story("updates within updates, of callers who leave", {
    kinds: [...read, ...nested, ...nested, ...updates],
    interrupts: true,
    failing: 20
  })
  story("owners that leave", { kinds: [...all, ...owners], interrupts: true })
  story("owners that leave while a slow tier is read", {
    kinds: [...read, ...read, ...drops, ...updates, "leave", "leave", "leave"],
    interrupts: true,
    ...tiered
  })
  story("parts that are lent while a slow tier is read", {
    kinds: [...read, ...read, "refresh", "delegate", "delegate"],
    ...tiered
  })
  story("rows that go away", { kinds: [...all, ...vanishes, ...vanishes], failing: 10 })
  story("rows that go away, and come back by writes", {
    kinds: [...read, ...vanishes, ...sets, "delete", "getMany"]
  })
  story("rows that go away, and readers who leave", {
    kinds: [...read, ...vanishes, ...vanishes, "refresh", "invalidate"],
    interrupts: true
  })
  story("rows that go away, over a slow tier", { kinds: [...all, ...vanishes, ...vanishes], ...tiered })
  story("marks that are forgotten, in memory", {
    kinds: ["get", "getAnswer", ...drops, ...marks, ...updates, ...sweeps, ...sweeps, ...sweeps],
    failing: 20
  })
  story("marks that are forgotten, over a slow tier", {
    kinds: ["get", "getOption", ...drops, ...marks, ...sweeps, ...sweeps, ...sweeps],
    ...tiered
  })
  story("marks that are forgotten, over a tier that fails", {
    kinds: [...all, ...sweeps, ...sweeps, ...sweeps, ...sweeps],
    interrupts: true,
    faults: 20,
    ...tiered
  })
  story("a tier that fails", { kinds: all, interrupts: true, faults: 20, ...tiered })
})
