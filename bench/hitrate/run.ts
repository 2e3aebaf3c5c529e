/**
 * `npm run bench:hitrate [-- folder] [-- --json file]`: the hit rate of each policy, and its cost.
 *
 * Recorded traces come from the folder, or from `HITRATE_TRACES`, or from `../shared/traces` beside the repository.
 * Caches have 1 % and 10 % of a trace's keys; for keys that are read up and down, 5 % to 70 %. Each cache has at least
 * 16 entries, each of weight 1.
 */
import * as Fs from "node:fs"
import * as Os from "node:os"
import * as Path from "node:path"
import * as Util from "node:util"
import { type EvictionPolicyName, make, names } from "../../src/eviction/EvictionPolicy.ts"
import { residentHit, streamed } from "./cost.ts"
import { optimalHits, replay } from "./replay.ts"
import { generated, heldOut, recorded, type Trace, turning } from "./traces.ts"

const single: ReadonlyArray<EvictionPolicyName> = names.filter((name) => name !== "adaptive")
const shares = [0.01, 0.1]
const sharesOfTurning = [0.05, 0.1, 0.2, 0.4, 0.7]
const capacityMin = 16

// Caffeine 3.2.2 on the same whole traces as ours: those in which LRU and the optimum agree with ours to the digit.
const caffeine: Record<string, number> = {
  "web07 204": 43.06,
  "web07 2048": 54.57,
  "corda 904": 29.35,
  "corda 9046": 23.19,
  "cloudphysics-io 489": 16.14,
  "cloudphysics-io 4897": 20.11,
  "lirs-cpp 16": 16.71,
  "lirs-cpp 122": 79.39,
  "lirs-gli 252": 15.34,
  "lirs-loop 101": 7.34,
  "lirs-multi1 260": 48.96,
  "lirs-multi3 745": 46.29
}

interface Cell {
  readonly group: string
  readonly trace: string
  readonly capacity: number
  readonly hitRates: Record<string, number>
  readonly nanosPerAccess: Record<string, number>
  readonly optimal: number
  readonly caffeine: number | undefined
}

const measure = (group: string, trace: Trace, share: number): Cell => {
  const capacity = Math.max(capacityMin, Math.floor(share * trace.keyCount))
  const hitRates: Record<string, number> = {}
  const nanosPerAccess: Record<string, number> = {}
  for (const name of names) {
    const start = performance.now()
    hitRates[name] = 100 * replay(trace, capacity, (hashOf) => make(name, { weightMax: capacity, hashOf })) /
      trace.keys.length
    nanosPerAccess[name] = (performance.now() - start) * 1e6 / trace.keys.length
  }
  return {
    group,
    trace: trace.name,
    capacity,
    hitRates,
    nanosPerAccess,
    optimal: 100 * optimalHits(trace, capacity) / trace.keys.length,
    caffeine: caffeine[`${trace.name} ${capacity}`]
  }
}

const mean = (values: ReadonlyArray<number>): number => values.reduce((a, b) => a + b, 0) / values.length
const bestSingle = (cell: Cell): number => Math.max(...single.map((name) => cell.hitRates[name]!))
const lead = (cell: Cell): number => cell.hitRates["adaptive"]! - bestSingle(cell)
const column = (value: number | undefined): string => (value === undefined ? "" : value.toFixed(2)).padStart(9)

const printCells = (group: string, cells: ReadonlyArray<Cell>): void => {
  const head = [...names, "optimal", "best", "lead", "Caffeine"]
  console.log(`\n${group}: hit rate in percent; "best" of the others, "lead" of adaptive over it`)
  console.log("".padEnd(30) + head.map((name) => name.padStart(9)).join(""))
  for (const cell of cells) {
    const values = [
      ...names.map((name) => cell.hitRates[name]),
      cell.optimal,
      bestSingle(cell),
      lead(cell),
      cell.caffeine
    ]
    console.log(cell.trace.padEnd(22) + String(cell.capacity).padStart(8) + values.map(column).join(""))
  }
  const means = [
    ...names.map((name) => mean(cells.map((cell) => cell.hitRates[name]!))),
    mean(cells.map((c) => c.optimal))
  ]
  console.log("mean".padEnd(30) + [...means, mean(cells.map(bestSingle)), mean(cells.map(lead))].map(column).join(""))
  console.log(
    "ns per access".padEnd(30) + names.map((name) => column(mean(cells.map((c) => c.nanosPerAccess[name]!)))).join("")
  )
  console.log(`smallest lead ${Math.min(...cells.map(lead)).toFixed(2)}`)
}

const printCaffeine = (cells: ReadonlyArray<Cell>): void => {
  const same = cells.filter((cell) => cell.caffeine !== undefined)
  if (same.length === 0) return
  const ours = mean(same.map((cell) => cell.hitRates["adaptive"]!))
  const theirs = mean(same.map((cell) => cell.caffeine!))
  console.log(`\non the ${same.length} cells of Caffeine: adaptive ${ours.toFixed(2)}, Caffeine ${theirs.toFixed(2)}`)
}

const costs = (traces: ReadonlyArray<Trace>) => {
  const zipf = generated().find((trace) => trace.name === "zipf-1.0")!
  const resident = [100, 1_000, 10_000].map((capacity) => ({ capacity, nanos: residentHit(names, zipf, capacity) }))
  const inStream = traces.filter((trace) => trace.keys.length <= 400_000).flatMap((trace) =>
    shares.map((share) => {
      const capacity = Math.max(capacityMin, Math.floor(share * trace.keyCount))
      return { trace: trace.name, capacity, nanos: streamed(names, trace, capacity) }
    })
  )
  return { resident, inStream }
}

// With fewer timed hits than this, no mean is printed.
const hitsTimedMin = 200

const printCost = (label: string, values: ReadonlyArray<number>): void => {
  const columns = values.map((value) => `${value.toFixed(1)} (${(value / values[0]!).toFixed(2)})`.padStart(15))
  console.log(label.padEnd(26) + columns.join(""))
}

const printCosts = ({ inStream, resident }: ReturnType<typeof costs>): void => {
  console.log("\ncost in ns, and its ratio to that of lru")
  console.log("".padEnd(26) + names.map((name) => name.padStart(15)).join(""))
  for (const { capacity, nanos } of resident) printCost(`hit, all resident ${capacity}`, nanos)
  const measured = inStream.filter(({ nanos }) => nanos.every(({ hitsTimed }) => hitsTimed >= hitsTimedMin))
  const average = (kind: "hit" | "miss"): Array<number> =>
    names.map((_, at) => mean(measured.map(({ nanos }) => nanos[at]![kind])))
  printCost("hit, in the traces", average("hit"))
  printCost("miss, in the traces", average("miss"))
}

const options = Util.parseArgs({ allowPositionals: true, options: { json: { type: "string" } } })
const root = Path.resolve(import.meta.dirname, "../..")
const folder = options.positionals[0] ?? process.env["HITRATE_TRACES"] ?? Path.join(root, "../shared/traces")
const found = Fs.existsSync(folder)
console.log(found ? `recorded traces of ${folder}` : `no recorded traces at ${folder}: generated ones only`)
console.log(`Node ${process.version}, ${Os.cpus()[0]?.model ?? "unknown processor"}`)

const groups: ReadonlyArray<readonly [string, ReadonlyArray<Trace>, ReadonlyArray<number>]> = [
  ["recorded", found ? recorded(folder) : [], shares],
  ["generated", generated(), shares],
  ["held out", heldOut(), shares],
  ["up and down", turning(), sharesOfTurning]
]
const all: Array<Cell> = []
for (const [group, traces, sharesOfGroup] of groups) {
  const cells = traces.flatMap((trace) => sharesOfGroup.map((share) => measure(group, trace, share)))
  if (cells.length > 0) printCells(group, cells)
  all.push(...cells)
}
printCaffeine(all)
const cost = costs(groups[0]![1].length > 0 ? groups[0]![1] : groups[1]![1])
printCosts(cost)
if (options.values.json !== undefined) {
  Fs.writeFileSync(
    options.values.json,
    JSON.stringify({ node: process.version, cells: all, cost, names }, undefined, 2)
  )
}
