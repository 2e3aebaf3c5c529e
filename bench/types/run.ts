/**
 * Counts the instantiations of `tsc` 7 for each fixture, less those for a manifest of one family, and for some fixtures
 * memory and time. Compares them with the pinned maxima: `npm run bench:types`. `-- --pin` writes new maxima.
 * `-- --all` runs all sizes, and shows every row with its time.
 */
import { spawnSync } from "node:child_process"
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { join, resolve } from "node:path"
import { baseline, compared, fixtures, timesBaselineMax } from "./fixtures.ts"

const root = resolve(import.meta.dirname, "../..")
const folder = join(root, ".gen/cost")
const pinnedFile = join(import.meta.dirname, "thresholds.json")

interface Cost {
  readonly instantiations: number
  readonly checkSeconds: number
  readonly kilobytes: number
  readonly errors: number
}

interface Pinned {
  readonly instantiations: Record<string, number>
  readonly kilobytes: Record<string, number>
}

const measure = (name: string, source: string): Cost => {
  const project = join(folder, name)
  mkdirSync(project, { recursive: true })
  writeFileSync(join(project, "program.ts"), source.replaceAll("../../src/", "../../../src/"))
  writeFileSync(
    join(project, "tsconfig.json"),
    JSON.stringify({
      extends: join(root, "tsconfig.test.json"),
      compilerOptions: { types: [], noUnusedLocals: false },
      include: [],
      files: ["program.ts"]
    })
  )
  const { stdout } = spawnSync(
    join(root, "node_modules/.bin/tsc"),
    ["-p", project, "--noEmit", "--singleThreaded", "--extendedDiagnostics", "--pretty", "false"],
    { encoding: "utf8", maxBuffer: 64 * 1024 * 1024 }
  )
  const number = (label: string) => Number(new RegExp(`${label}:\\s+([\\d.]+)`).exec(stdout)?.[1])
  return {
    instantiations: number("Instantiations"),
    checkSeconds: number("Check time"),
    kilobytes: number("Memory used"),
    errors: stdout.match(/error TS/g)?.length ?? 0
  }
}

rmSync(folder, { recursive: true, force: true })
const pinned: Pinned = JSON.parse(readFileSync(pinnedFile, "utf8"))
const base = measure("baseline", baseline)
const found: Pinned = { instantiations: {}, kilobytes: {} }
// Equal runs differ by half a hundredth, as the compiler collects its garbage when it likes.
const kilobytesTolerance = 1.02
const isLight = (name: string, cost: Cost): boolean => {
  if (!compared.has(name)) return true
  found.kilobytes[name] = cost.kilobytes - base.kilobytes
  return found.kilobytes[name] <= (pinned.kilobytes[name] ?? 0) * kilobytesTolerance
}
const isQuickEnough = (name: string, cost: Cost): boolean =>
  cost.checkSeconds <= base.checkSeconds * (timesBaselineMax[name] ?? Infinity)

let failures = 0
// The costs are linear, so the sizes that are left out seldom show more than the others.
const isQuick = !process.argv.includes("--all") && !process.argv.includes("--pin")
const only = process.argv.find((option) => option.startsWith("--only="))?.slice(7) ?? ""
for (const [name, source] of Object.entries(fixtures)) {
  if (!name.includes(only) || (isQuick && /-(?:10|50|500)$/.test(name))) continue
  const cost = measure(name, source)
  const instantiations = cost.instantiations - base.instantiations
  found.instantiations[name] = instantiations
  const max = pinned.instantiations[name] ?? 0
  const isRefused = name.startsWith("refused-")
  const isWithin = [
    instantiations <= max,
    (cost.errors > 0) === isRefused,
    isLight(name, cost),
    isQuickEnough(name, cost)
  ]
  const isBad = isWithin.includes(false)
  if (isBad) failures++
  if (isBad || process.argv.includes("--all")) {
    const seconds = (cost.checkSeconds - base.checkSeconds).toFixed(2)
    console.log(
      `${name.padEnd(18)} ${String(instantiations).padStart(9)} instantiations, at most ${max}; +${seconds} s, ` +
        `${cost.kilobytes - base.kilobytes} kB, ${cost.errors} errors`
    )
  }
}
rmSync(folder, { recursive: true, force: true })
if (process.argv.includes("--pin")) writeFileSync(pinnedFile, `${JSON.stringify(found, undefined, 2)}\n`)
else {
  console.log(
    `${Object.keys(found.instantiations).length} fixtures, ${failures} above their maximum or with unexpected errors`
  )
  if (failures > 0) process.exitCode = 1
}
