/**
 * `npm run bench:check`: fails if a ratio is worse than the committed one by more than its tolerance.
 *
 * It compares ratios, and never times: another machine is faster or slower, but this concerns both sides of a ratio.
 * The ratios are those that the design promises. A worse figure is measured up to three times, since a disturbance is
 * not a regression. Bytes per entry are compared as they are.
 */
import { readFileSync } from "node:fs"
import { child } from "./child.ts"

const attempts = 3

// The tolerance: a ratio may be this many times the committed one. Hits are a few loads from memory, so they depend on
// the machine's cache.
const tolerances: ReadonlyArray<readonly [part: string, row: string, tolerance: number]> = [
  ["plain", "getUnsafe, synchronous, plain", 1.4],
  ["plain", "get in a generator, plain", 1.4],
  ["all", "getUnsafe, synchronous, all", 1.4],
  ["all", "get in a generator, all", 1.4],
  ["work", "miss, in a generator", 1.6],
  ["work", "set, in a generator", 1.6],
  ["work", "set that invalidates 3 dependents", 1.6],
  ["work", "setMany, per key of 10", 1.6],
  ["work", "batch, per write of 10", 1.6],
  ["work", "update, in a generator", 1.6],
  ["work", "1000 fibers of one key, per fiber", 1.6]
]

interface Row {
  readonly name: string
  readonly ratio: number
}

const { parts } = JSON.parse(readFileSync(new URL("../results/throughput.json", import.meta.url), "utf8"))
const hits = parts.hits.figures as ReadonlyArray<
  { readonly keyCount: number; readonly process: string; readonly rows: ReadonlyArray<Row> }
>
const committed = (part: string): ReadonlyArray<Row> =>
  part === "work"
    ? parts.work.figures.rows
    : hits.find(({ keyCount, process }) => keyCount === 10_000 && process === part)!.rows

const measure = (part: string): ReadonlyArray<Row> => {
  const [script, args] = part === "work" ? ["work", ["quick"]] as const : ["hits", ["10000", part, "quick"]] as const
  return child(`${script}.ts`, args).rows
}

const ratioOf = (rows: ReadonlyArray<Row>, name: string): number => {
  const row = rows.find((each) => each.name === name)
  if (row === undefined) throw new Error(`no row is called \`${name}\``)
  return row.ratio
}

// Other processes do not change the memory of an entry. A byte or two per entry, and a new V8, may cost a tenth.
const memoryTolerance = 1.1
const contestants = ["stateless, plain", "stateless, ttl", "stateless, grace", "stateless, own tag"]
const bytesOf = (contestant: string): number =>
  parts.memory.figures.find((each: { readonly contestant: string }) => each.contestant === contestant).bytesPerEntry
const measuredBytes = (contestant: string): number => child("memory.ts", [contestant], ["--expose-gc"]).bytesPerEntry
const heavier: Array<string> = []
for (const contestant of contestants) {
  const [bytes, before] = [measuredBytes(contestant), bytesOf(contestant)]
  console.log(
    `bytes per entry, ${contestant}: ${bytes.toFixed(1)}, committed ${before.toFixed(1)}, at most ${
      (before * memoryTolerance).toFixed(1)
    }`
  )
  if (bytes > memoryTolerance * before) heavier.push(contestant)
}

let worse = tolerances
const best = new Map<string, number>()
for (let attempt = 0; attempt < attempts && worse.length > 0; attempt++) {
  for (const part of new Set(worse.map(([part]) => part))) {
    const rows = measure(part)
    for (const [of, name] of worse) {
      if (of === part) best.set(name, Math.min(best.get(name) ?? Infinity, ratioOf(rows, name)))
    }
  }
  worse = worse.filter(([part, name, tolerance]) => best.get(name)! > tolerance * ratioOf(committed(part), name))
}

for (const [part, name, tolerance] of tolerances) {
  const before = ratioOf(committed(part), name)
  console.log(
    `${name}: ${best.get(name)!.toFixed(2)}, committed ${before.toFixed(2)}, at most ${(before * tolerance).toFixed(2)}`
  )
}
if (worse.length + heavier.length > 0) {
  console.error(`worse than committed: ${[...worse.map(([, name]) => name), ...heavier].join("; ")}`)
  process.exitCode = 1
}
