/** A program that gets `SIGTERM` in the middle of its writes closes its folder, and ends by itself without an error. */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { spawn } from "node:child_process"
import * as Path from "node:path"
import { temporaryFolder } from "../../support/folder.ts"

const program = Path.join(import.meta.dirname, "../../support/children/lmdb/hotWrites.ts")

/** Runs the program, and tells it to end once it writes; what it ended with. */
const ended = (path: string, threads: number, namespaces: number) =>
  Effect.promise(() =>
    new Promise<ReadonlyArray<unknown>>((resolve) => {
      const args = [...process.execArgv, program, path, `${threads}`, `${namespaces}`]
      const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "pipe"] })
      let errors = ""
      child.stderr.on("data", (chunk: Buffer) => errors += chunk.toString())
      child.stdout.on("data", (chunk: Buffer) => chunk.includes("writing") && child.kill("SIGTERM"))
      child.once("exit", (code, signal) => resolve([code, signal, errors]))
    })
  )

describe("program that ends while it writes", () => {
  for (
    const [what, threads, namespaces] of [
      ["one namespace", 0, 1],
      ["three namespaces", 0, 3],
      ["two threads beside the first one", 2, 1]
    ] as const
  ) {
    it.live(`a program with ${what} ends without an error`, () =>
      Effect.gen(function*() {
        assert.deepStrictEqual(yield* ended(yield* temporaryFolder, threads, namespaces), [0, null, ""])
      }), 60_000)
  }
})
