/**
 * Plants the bugs of `test/canaries.ts` one by one in a copy of the project, and fails if the suites miss one of them:
 * `npm run test:canaries -- [--laws] [text …]`. First the suites must pass in the copy without a bug, because a suite
 * that always fails would notice every bug.
 *
 * `--laws` plants the first bug of each law; a text plants the bugs whose description contains it.
 */
import { spawnSync } from "node:child_process"
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { parseArgs } from "node:util"
import { canaries, type Canary } from "../test/canaries.ts"

const root = join(import.meta.dirname, "..")
const copied = [".ci", "src", "test", "package.json", "tsconfig.json", "tsconfig.test.json", "vitest.config.ts"]

// A bug that makes a suite hang counts as missed: the person who has that bug would wait in vain.
const suiteMillisMax = 300_000

const { positionals, values } = parseArgs({ allowPositionals: true, options: { laws: { type: "boolean" } } })
const isFirstOfLaw = (canary: Canary) => canaries.find(({ law }) => law === canary.law) === canary
const chosen = canaries.filter((canary) =>
  (values.laws !== true || isFirstOfLaw(canary)) &&
  (positionals.length === 0 || positionals.some((text) => canary.bug.includes(text)))
)

const folder = mkdtempSync(join(tmpdir(), "stateless-canaries-"))

// Only one seed in hundreds meets some races.
const runs = "400"

/** A suite is a project of `vitest.config.ts`, or a file of one. */
const run = (suite: string) => {
  const what = suite.startsWith("test/") ? [suite] : ["--project", suite]
  return spawnSync("vitest", ["run", "--bail", "1", ...what], {
    cwd: folder,
    encoding: "utf8",
    maxBuffer: 64 * 1024 * 1024,
    timeout: suiteMillisMax,
    killSignal: "SIGKILL",
    env: { ...process.env, STATELESS_RUNS: runs }
  })
}

// On a busy machine a slow suite may be killed, too, so the line of a missed bug says which suites were.
const killed: Array<string> = []
const fails = (suite: string): boolean => {
  const { signal, status } = run(suite)
  if (signal !== null) killed.push(suite)
  return signal === null && status !== 0
}

// The texts of all bugs are looked up, also of those that are not planted now, so that a stale text is found.
for (const { file, text } of canaries) {
  const count = readFileSync(join(root, file), "utf8").split(text).length - 1
  if (count !== 1) throw new Error(`\`${file}\` must contain this text once, and has it ${count} times: ${text}`)
}

const isNoticed = ({ file, planted, suites, text }: Canary): string | undefined => {
  const path = join(folder, file)
  const source = readFileSync(path, "utf8")
  writeFileSync(path, source.replace(text, () => planted))
  killed.length = 0
  try {
    return suites.find(fails)
  } finally {
    writeFileSync(path, source)
  }
}

let missed = 0
try {
  for (const path of copied) cpSync(join(root, path), join(folder, path), { recursive: true })
  symlinkSync(join(root, "node_modules"), join(folder, "node_modules"), "dir")
  for (const suite of new Set(chosen.flatMap(({ suites }) => suites))) {
    const { signal, status, stderr, stdout } = run(suite)
    if (status !== 0) {
      throw new Error(`\`${suite}\` fails without a planted bug (${signal ?? `exit ${status}`})\n${stdout}${stderr}`)
    }
  }
  for (const canary of chosen) {
    const suite = isNoticed(canary)
    if (suite === undefined) missed++
    const late = killed.length === 0 ? "none" : `none; killed after ${suiteMillisMax / 1_000} s: ${killed.join(", ")}`
    console.log(`${suite === undefined ? "MISSED" : "ok    "} law ${canary.law}: ${canary.bug} (${suite ?? late})`)
  }
} finally {
  rmSync(folder, { recursive: true, force: true })
}
console.log(`${chosen.length - missed} of ${chosen.length} planted bugs are noticed`)
process.exitCode = missed === 0 && chosen.length > 0 ? 0 : 1
