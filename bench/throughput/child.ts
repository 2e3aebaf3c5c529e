/** Runs a script of this folder in a process of its own, and returns the last line of its output, read as JSON. */
import { execFileSync } from "node:child_process"
import { fileURLToPath } from "node:url"

const folder = fileURLToPath(new URL(".", import.meta.url))

export const child = (script: string, args: ReadonlyArray<string>, flags: ReadonlyArray<string> = []): any => {
  const conditions = script === "size.ts" ? [] : ["--conditions=@effect-stateless/source"]
  const printed = execFileSync(process.execPath, [...conditions, ...flags, `${folder}${script}`, ...args], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
    maxBuffer: 2 ** 26
  })
  return JSON.parse(printed.trim().split("\n").at(-1)!)
}
