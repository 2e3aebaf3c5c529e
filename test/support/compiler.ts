/**
 * Runs the project's own TypeScript 7 over a configuration, as a user does.
 */
import { spawnSync } from "node:child_process"
import * as fs from "node:fs"
import * as path from "node:path"

export const root: string = path.resolve(import.meta.dirname, "../..")

export const executable: string = path.join(root, "node_modules/.bin/tsc")

/** What `tsc` prints; it fails the test if it did not run at all. */
export const run = (project: string, options: ReadonlyArray<string> = []): string => {
  const done = spawnSync(executable, ["-p", project, "--noEmit", ...options], {
    cwd: root,
    encoding: "utf8",
    maxBuffer: 64 * 1024 * 1024,
    timeout: 120_000
  })
  if (done.error !== undefined || done.signal !== null) throw new Error(`tsc did not finish: ${done.stderr}`)
  return done.stdout
}

/** Compiles generated sources, and gives what `tsc` prints; file names in it are relative to the folder. */
export const runOn = (
  name: string,
  sources: { readonly [file: string]: string },
  options: ReadonlyArray<string> = []
): string => {
  const folder = path.join(root, ".gen", name)
  fs.rmSync(folder, { recursive: true, force: true })
  fs.mkdirSync(folder, { recursive: true })
  for (const [file, source] of Object.entries(sources)) fs.writeFileSync(path.join(folder, file), source)
  const config = {
    extends: path.join(root, "tsconfig.test.json"),
    compilerOptions: { types: [] },
    include: [],
    files: Object.keys(sources)
  }
  fs.writeFileSync(path.join(folder, "tsconfig.json"), JSON.stringify(config))
  return run(path.join(folder, "tsconfig.json"), ["--pretty", "false", ...options]).replaceAll(`.gen/${name}/`, "")
}
