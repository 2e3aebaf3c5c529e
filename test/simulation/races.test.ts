/**
 * Many fibers, under a scheduler that draws their order from a seed, on the world of `test/world.ts`.
 *
 * `STATELESS_RUNS=10000 npm run test:sim` looks at more seeds, `STATELESS_SEED=42 STATELESS_RUNS=1` repeats one.
 */
import { describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as fc from "fast-check"
import * as SeededScheduler from "../../src/testing/SeededScheduler.ts"
import {
  drops,
  jumps,
  marks,
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
} from "../world.ts"

const runs = Number(process.env["STATELESS_RUNS"] ?? 150)
const first = Number(process.env["STATELESS_SEED"] ?? 0)

const simulate = (name: string, options: ScriptOptions) =>
  it(name, { timeout: 3_600_000 }, async () => {
    const scripts = script(options)
    for (let seed = first; seed < first + runs; seed++) {
      const [drawn] = fc.sample(scripts, { seed, numRuns: 1 })
      try {
        await Effect.runPromise(SeededScheduler.run(new World(drawn!).run, { seed }))
      } catch (cause) {
        const command = `STATELESS_SEED=${seed} STATELESS_RUNS=1 npm run test:sim -- -t "${name}"`
        throw new Error(`seed ${seed}: ${String(cause)}\nrepeat with: ${command}\n${JSON.stringify(drawn)}`, { cause })
      }
    }
  })

const read = [...reads, ...reads]
const all = [...read, ...drops, ...updates, ...sets]
const tiered = { capacities: [1, 3, 1_000], tiers: ["through", "onEviction", "slow"] } as const

describe("races", () => {
  simulate("readers alone", { kinds: read })
  simulate("readers and invalidations", { kinds: [...read, ...drops] })
  simulate("readers and updates", { kinds: [...read, ...drops, ...updates] })
  simulate("readers, sets and batches", { kinds: [...read, ...drops, ...updates, ...sets], interrupts: true })
  simulate("marks, which leave values to be served stale", { kinds: [...read, ...drops, ...marks] })
  simulate("readers that are interrupted", { kinds: [...read, ...drops, ...updates], interrupts: true })
  simulate("lookups that fail", { kinds: [...read, ...drops, ...updates], failing: 30, interrupts: true })
  simulate("lookups that hang", { kinds: [...read, ...drops], hanging: 20, failing: 10, interrupts: true })
  simulate("a store that is too small", { kinds: [...read, ...drops, ...sets], capacities: [1, 2, 3] })
  simulate("a clock that jumps", { kinds: [...read, ...drops, ...updates, ...jumps] })
  simulate("a slow tier below memory", { kinds: [...read, ...drops], ...tiered })
  simulate("a slow tier, refreshes and tags", {
    kinds: ["get", "getOption", "refresh", "refresh", "tag"],
    policies: [{}, { timeToLive: 40 }],
    ...tiered,
    capacities: [1]
  })
  simulate("a slow tier, and readers who load nothing", {
    kinds: ["get", "getOption", "getOption", "getOption", "delete"],
    policies: [{}],
    ...tiered,
    capacities: [2]
  })
  simulate("a slow tier, and writers who are interrupted", { kinds: all, interrupts: true, ...tiered })
  simulate("a slow tier, and lookups that fail", { kinds: all, failing: 30, interrupts: true, ...tiered })
  simulate("refreshes and invalidations of one key", { kinds: ["get", "getMany", "refresh", "refresh", "invalidate"] })
  simulate("refreshes of readers who leave", { kinds: ["get", "refresh", "refresh", "invalidate"], interrupts: true })
  simulate("updates within updates", { kinds: [...read, ...nested, ...nested, ...updates, ...drops] })
  simulate("updates within updates, of callers who leave", {
    kinds: [...read, ...nested, ...nested, ...updates],
    interrupts: true,
    failing: 20
  })
  simulate("owners that leave", { kinds: [...all, ...owners], interrupts: true })
  simulate("owners that leave while a slow tier is read", {
    kinds: [...read, ...read, ...drops, ...updates, "leave", "leave", "leave"],
    interrupts: true,
    ...tiered
  })
  simulate("parts that are lent while a slow tier is read", {
    kinds: [...read, ...read, "refresh", "delegate", "delegate"],
    ...tiered
  })
  simulate("rows that go away", { kinds: [...all, ...vanishes, ...vanishes], failing: 10 })
  simulate("rows that go away, and come back by writes", {
    kinds: [...read, ...vanishes, ...sets, "delete", "getMany"]
  })
  simulate("rows that go away, and readers who leave", {
    kinds: [...read, ...vanishes, ...vanishes, "refresh", "invalidate"],
    interrupts: true
  })
  simulate("rows that go away, over a slow tier", { kinds: [...all, ...vanishes, ...vanishes], ...tiered })
  simulate("marks that are forgotten, in memory", {
    kinds: ["get", "getAnswer", ...drops, ...marks, ...updates, ...sweeps, ...sweeps, ...sweeps],
    failing: 20
  })
  simulate("marks that are forgotten, over a slow tier", {
    kinds: ["get", "getOption", ...drops, ...marks, ...sweeps, ...sweeps, ...sweeps],
    ...tiered
  })
  simulate("marks that are forgotten, over a tier that fails", {
    kinds: [...all, ...sweeps, ...sweeps, ...sweeps, ...sweeps],
    interrupts: true,
    faults: 20,
    ...tiered
  })
  simulate("a tier that fails", { kinds: all, interrupts: true, faults: 20, ...tiered })
})
