/**
 * `npm run bench`: runs every part in a process of its own, prints tables, and writes `bench/results/throughput.json`.
 *
 *     npm run bench [part …]
 *
 * Parts: hits, checks, work, allocation, memory, pauses, lmdb, confirmed, size. All parts together take about twenty
 * minutes, and need a core of their own. A part that does not run keeps its last figures.
 */
import { execFileSync } from "node:child_process"
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { cpus } from "node:os"
import { dirname } from "node:path"
import { fileURLToPath } from "node:url"
import { child } from "./child.ts"
import { median } from "./measure.ts"
import { installRivals, rivalVersions } from "./rivals.ts"
import { familyNames } from "./stateless.ts"

const results = fileURLToPath(new URL("../results/throughput.json", import.meta.url))
const root = fileURLToPath(new URL("../..", import.meta.url))

interface Row {
  readonly name: string
  readonly nanos: number
  readonly nanosLow: number
  readonly ratio: number
}

const number = (value: number): string => value >= 100 ? Math.round(value).toLocaleString("en") : value.toFixed(1)

const printRows = (title: string, rows: ReadonlyArray<Row>, baseline: string): void => {
  console.log(`\n${title}\n`)
  console.log(`| | ns | p10 | x ${baseline} |\n| --- | ---: | ---: | ---: |`)
  for (const { name, nanos, nanosLow, ratio } of rows) {
    console.log(`| ${name} | ${number(nanos)} | ${number(nanosLow)} | ${ratio.toFixed(2)} |`)
  }
}

// Each process takes two seconds.
const checkRuns = 9

const big = ["--max-old-space-size=6144"]

// The place of its tables in memory is random, and makes a process faster or slower than another by a tenth.
const hitRuns = 3

/** Joins the rows of several processes that did the same work: each figure is the median. */
const medianRows = (runs: ReadonlyArray<ReadonlyArray<Row>>): ReadonlyArray<Row> =>
  runs[0]!.map(({ name }, row) => {
    const of = (figure: "nanos" | "nanosLow" | "ratio") => median(runs.map((rows) => rows[row]![figure]))
    return { name, nanos: of("nanos"), nanosLow: of("nanosLow"), ratio: of("ratio") }
  })

const parts: { readonly [name: string]: () => unknown } = {
  hits: () => {
    const kinds = [...familyNames, "shared", "polluted"].map((kind) => ["10000", kind])
    const all = [...kinds, ["1000000", "plain"], ["1000000", "ttl"], ["1000000", "shared"]].map((args) => {
      const runs = Array.from({ length: hitRuns }, () => child("hits.ts", args, big))
      return { ...runs[0], rows: medianRows(runs.map(({ rows }) => rows)) }
    })
    for (const { keyCount, process, rows } of all) {
      printRows(`Hits, ${keyCount} keys, process: ${process}`, rows, "Map.get")
    }
    return all
  },
  checks: () => {
    const kinds = ["nothing", "grant", "time", "tags", "stats"]
    const runs = Array.from({ length: checkRuns }, () => kinds.map((kind) => child("checks.ts", [kind])))
    console.log("\nA hit without one of its parts, ns\n")
    console.log(`| | whole | ${kinds.slice(1).map((kind) => `no ${kind}`).join(" | ")} |\n|${" --- |".repeat(6)}`)
    return (runs[0]![0].rows as ReadonlyArray<Row>).map(({ name }, row) => {
      const nanos = Object.fromEntries(
        kinds.map((kind, of) => [kind, median(runs.map((run) => run[of].rows[row].nanos as number))])
      )
      console.log(`| ${name} | ${Object.values(nanos).map(number).join(" | ")} |`)
      return { name, nanos }
    })
  },
  work: () => {
    const work = child("work.ts", [])
    printRows("Misses and writes", work.rows, "Map.set")
    return work
  },
  allocation: () => {
    const contestants = [
      "nothing",
      "Map.set",
      "lru-cache: set",
      "set, in a generator",
      "set of a source of 2 families, in a generator",
      "setUnsafe"
    ]
    const flags = ["--expose-gc", "--min-semi-space-size=256", "--max-semi-space-size=256"]
    const all = contestants.map((name) => child("allocation.ts", [name], flags))
    console.log("\nBytes that a write allocates\n\n| | bytes |\n| --- | ---: |")
    for (const { bytesPerWrite, contestant } of all) console.log(`| ${contestant} | ${number(bytesPerWrite)} |`)
    return all
  },
  memory: () => {
    const contestants = [
      "Map",
      "lru-cache",
      "Effect Cache",
      "stateless, plain",
      "stateless, ttl",
      "stateless, grace",
      "stateless, tags",
      "stateless, own tag",
      "stateless, two own tags"
    ]
    const all = contestants.map((name) => child("memory.ts", [name], ["--expose-gc", ...big]))
    console.log("\nBytes per entry beyond key and value, 1,000,000 entries\n\n| | bytes |\n| --- | ---: |")
    for (const { bytesPerEntry, contestant } of all) console.log(`| ${contestant} | ${number(bytesPerEntry)} |`)
    return all
  },
  pauses: () => {
    const all = (child("pauses.ts", ["list"]) as ReadonlyArray<string>).map((name) => child("pauses.ts", [name], big))
    console.log("\nPauses, microseconds\n\n| | p50 | p99 | p99.9 | longest | longest, own CPU |")
    console.log("| --- | ---: | ---: | ---: | ---: | ---: |")
    for (const { longest, longestCpu, p50, p99, p999, scenario } of all) {
      const cells = [p50, p99, p999, longest, longestCpu].map((nanos: number) => number(nanos / 1_000))
      console.log(`| ${scenario} | ${cells.join(" | ")} |`)
    }
    return all
  },
  lmdb: () => {
    const lmdb = child("lmdb.ts", [])
    console.log("\nLMDB\n\n| | driver, ns | LmdbStore, ns | x driver |\n| --- | ---: | ---: | ---: |")
    for (const { ratio, raw, store, what } of lmdb.rows) {
      console.log(`| ${what} | ${number(raw)} | ${number(store)} | ${ratio.toFixed(2)} |`)
    }
    return lmdb
  },
  confirmed: () => {
    const confirmed = child("confirmed.ts", [])
    console.log("\nWrites that are confirmed below\n")
    console.log("| | callers | writes a second | CPU of the main thread, us | of the process, us |")
    console.log("| --- | ---: | ---: | ---: | ---: |")
    for (const { callers, mainMicros, name, perSecond, processMicros } of confirmed.rows) {
      console.log(
        `| ${name} | ${callers} | ${number(perSecond)} | ${number(mainMicros)} | ${number(processMicros)} |`
      )
    }
    return confirmed
  },
  size: () => {
    execFileSync("npm", ["run", "build"], { cwd: root, stdio: ["ignore", "ignore", "inherit"] })
    const size = child("size.ts", [])
    console.log(
      "\nEntry points\n\n| | import, ms | own, KB gzip | with Effect, KB gzip |\n| --- | ---: | ---: | ---: |"
    )
    const row = (name: string, { importMillis, own, withEffect }: any) =>
      console.log(
        `| ${name} | ${number(importMillis)} | ${number(own.gzip / 1_000)} | ${number(withEffect.gzip / 1_000)} |`
      )
    for (const entry of size.entryPoints) row(entry.specifier, entry)
    row("Manifest and MemoryStore", size.firstCache)
    console.log(`| effect | ${number(size.effectBarrelMillis)} | | |`)
    console.log(`| Effect, Layer and Schema | ${number(size.effectAloneMillis)} | | |`)
    return size
  }
}

installRivals()
const asked = process.argv.slice(2)
const kept = existsSync(results) ? JSON.parse(readFileSync(results, "utf8")) : {}
const measured = { ...kept.parts }
for (const name of asked.length > 0 ? asked : Object.keys(parts)) {
  measured[name] = { date: new Date().toISOString().slice(0, 10), figures: parts[name]!() }
  const report = {
    command: "npm run bench",
    node: process.version,
    machine: `${cpus().length} x ${cpus()[0]?.model.trim()}`,
    rivals: rivalVersions(),
    parts: measured
  }
  // Written after each part, so that a part that fails does not lose the others.
  mkdirSync(dirname(results), { recursive: true })
  writeFileSync(results, `${JSON.stringify(report, undefined, 2)}\n`)
}
