/**
 * Runs every numbered example alone, in the order of the numbers, and fails if one of them fails.
 *
 * `npm run examples -- 03` runs the examples whose name starts with `03`.
 */
import { spawnSync } from "node:child_process"
import { existsSync, readdirSync } from "node:fs"
import { join } from "node:path"

// An example is short. If it runs longer than this, it waits for an event that does not happen.
const timeoutMillis = 60_000

const folder = join(import.meta.dirname, "../examples")
const prefix = process.argv[2] ?? ""
const names = (existsSync(folder) ? readdirSync(folder) : [])
  .filter((name) => /^\d\d-.*\.ts$/.test(name) && name.startsWith(prefix))
  .toSorted()
if (names.length === 0 && prefix !== "") {
  console.error(`no example starts with \`${prefix}\``)
  process.exitCode = 1
}

const failed: Array<string> = []
for (const name of names) {
  console.log(`\n--- ${name}`)
  const begin = performance.now()
  const { error, signal, status } = spawnSync(
    process.execPath,
    ["--conditions=@effect-stateless/source", join(folder, name)],
    { stdio: "inherit", timeout: timeoutMillis, cwd: join(folder, "..") }
  )
  const isTimeout = (error as NodeJS.ErrnoException | undefined)?.code === "ETIMEDOUT"
  const outcome = isTimeout ? `no end within ${timeoutMillis} ms` : signal ?? `exit ${status}`
  console.log(`--- ${name}: ${outcome}, ${Math.round(performance.now() - begin)} ms`)
  if (status !== 0) failed.push(`${name}: ${outcome}`)
}
console.log(`\nexamples: ${names.length - failed.length} passed, ${failed.length} failed`)
for (const failure of failed) console.error(failure)
if (failed.length > 0) process.exitCode = 1
