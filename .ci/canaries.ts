/**
 * Plants the bugs of `test/canaries.ts`, one at a time in each copy of the project, and fails if the suites miss one:
 * `npm run test:canaries -- [--laws] [text …]`. Each suite that notices one must pass in a copy without a bug, since a
 * suite that always fails would notice every bug.
 *
 * `--laws` plants the first bug of each law; a text plants the bugs whose description contains it.
 */
import { spawn } from "node:child_process"
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { availableParallelism, tmpdir } from "node:os"
import { join, relative } from "node:path"
import { parseArgs } from "node:util"
import { canaries, type Canary } from "../test/canaries.ts"

const root = join(import.meta.dirname, "..")
const copied = [".ci", "src", "test", "package.json", "tsconfig.json", "tsconfig.test.json", "vitest.config.ts"]

// A bug that makes a suite hang counts as missed: the person who has that bug would wait in vain.
const suiteMillisMax = 300_000

// Each copy holds one bug at a time. More copies than four would take much memory.
const copiesMax = 4

// Only one seed in hundreds meets some races.
const runs = "400"

const { positionals, values } = parseArgs({ allowPositionals: true, options: { laws: { type: "boolean" } } })
const isFirstOfLaw = (canary: Canary) => canaries.find(({ law }) => law === canary.law) === canary
const chosen = canaries.filter((canary) =>
  (values.laws !== true || isFirstOfLaw(canary)) &&
  (positionals.length === 0 || positionals.some((text) => canary.bug.includes(text)))
)

interface Ended {
  readonly status: number | null
  readonly signal: NodeJS.Signals | null
  readonly output: string
}

/** A suite is a project of `vitest.config.ts`, or a file of one. */
const isFile = (suite: string) => suite.startsWith("test/")

/** One start of Vitest; `suites` is one project, or files. */
const run = (folder: string, suites: ReadonlyArray<string>, report?: string): Promise<Ended> =>
  new Promise((resolve, reject) => {
    const what = suites.flatMap((suite) => isFile(suite) ? [suite] : ["--project", suite])
    const child = spawn("vitest", ["run", "--bail", "1", ...what], {
      cwd: folder,
      stdio: ["ignore", "pipe", "pipe"],
      timeout: suiteMillisMax * suites.length,
      killSignal: "SIGKILL",
      env: { ...process.env, STATELESS_RUNS: runs, ...(report === undefined ? {} : { STATELESS_REPORT: report }) }
    })
    const chunks: Array<Buffer> = []
    child.stdout.on("data", (chunk: Buffer) => chunks.push(chunk))
    child.stderr.on("data", (chunk: Buffer) => chunks.push(chunk))
    child.on("error", reject)
    child.on("close", (status, signal) => resolve({ status, signal, output: Buffer.concat(chunks).toString() }))
  })

// The texts of all bugs are looked up, also of those that are not planted now, so that a stale text is found.
for (const { file, text } of canaries) {
  const count = readFileSync(join(root, file), "utf8").split(text).length - 1
  if (count !== 1) throw new Error(`\`${file}\` must contain this text once, and has it ${count} times: ${text}`)
}

const copyTo = (folder: string) => {
  for (const path of copied) cpSync(join(root, path), join(folder, path), { recursive: true })
  symlinkSync(join(root, "node_modules"), join(folder, "node_modules"), "dir")
}

/** Vitest passes when one of several files does not exist, and fails without a test, which would notice every bug. */
const mustHaveRun = (folder: string, files: ReadonlyArray<string>, report: string) => {
  const { testResults } = JSON.parse(readFileSync(report, "utf8")) as {
    readonly testResults: ReadonlyArray<
      { readonly name: string; readonly assertionResults: ReadonlyArray<{ readonly status: string }> }
    >
  }
  const ran = new Set(
    testResults
      .filter(({ assertionResults }) => assertionResults.some(({ status }) => status === "passed"))
      .map(({ name }) => relative(folder, name))
  )
  for (const file of files) {
    if (!ran.has(file)) throw new Error(`no test of \`${file}\` runs without a planted bug`)
  }
}

/** All files go in one start of Vitest, which runs them side by side, each in a process of its own. */
const mustPass = async (folder: string, suites: ReadonlyArray<string>) => {
  if (suites.length === 0) return
  const report = join(folder, "report.json")
  const files = suites.filter(isFile)
  const starts = suites.filter((suite) => !isFile(suite)).map((suite) => [suite])
  if (files.length > 0) starts.unshift(files)
  for (const start of starts) {
    const { output, signal, status } = await run(folder, start, report)
    if (status !== 0) {
      throw new Error(`the suites fail without a planted bug (${signal ?? `exit ${status}`})\n${output}`)
    }
    mustHaveRun(folder, start.filter(isFile), report)
  }
  console.log(`${suites.length} suites pass without a planted bug`)
}

/** The suite that notices the bug. */
const plant = async (
  folder: string,
  { bug, file, law, planted, suites, text }: Canary
): Promise<string | undefined> => {
  const path = join(folder, file)
  const source = readFileSync(path, "utf8")
  // On a busy machine a slow suite may be killed, too, so the line of a missed bug says which suites were.
  const killed: Array<string> = []
  writeFileSync(path, source.replace(text, () => planted))
  try {
    for (const suite of suites) {
      const { signal, status } = await run(folder, [suite])
      if (signal !== null) killed.push(suite)
      else if (status !== 0) {
        console.log(`ok     law ${law}: ${bug} (${suite})`)
        return suite
      }
    }
  } finally {
    writeFileSync(path, source)
  }
  const late = killed.length === 0 ? "none" : `none; killed after ${suiteMillisMax / 1_000} s: ${killed.join(", ")}`
  console.log(`MISSED law ${law}: ${bug} (${late})`)
  return undefined
}

const folders = Array.from(
  { length: Math.max(1, Math.min(copiesMax, availableParallelism(), chosen.length)) },
  () => mkdtempSync(join(tmpdir(), "stateless-canaries-"))
)
const noticing: Array<string> = []
try {
  folders.forEach(copyTo)
  const first = folders[0]!
  // Most bugs are noticed by their first suite. Another one must pass only if it has noticed a bug.
  const firsts = new Set(chosen.flatMap((canary) => canary.suites.slice(0, 1)))
  await mustPass(first, [...firsts])
  const waiting = [...chosen]
  await Promise.all(folders.map(async (folder) => {
    for (let canary = waiting.shift(); canary !== undefined; canary = waiting.shift()) {
      const suite = await plant(folder, canary)
      if (suite !== undefined) noticing.push(suite)
    }
  }))
  await mustPass(first, [...new Set(noticing.filter((suite) => !firsts.has(suite)))])
} finally {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true })
}
console.log(`${noticing.length} of ${chosen.length} planted bugs are noticed`)
process.exitCode = noticing.length === chosen.length && chosen.length > 0 ? 0 : 1
