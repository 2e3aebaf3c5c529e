/** An engine over a ledger that is asked in few words, here or in a process of its own. */
import * as Effect from "effect/Effect"
import { type ChildProcess, fork } from "node:child_process"
import { join } from "node:path"
import type { KeyName, Ledger, Position } from "../../../src/store/internal/ledger/ledger.ts"
import { entryOf, textFamily } from "../partition.ts"
import { dropOf } from "./commits.ts"

/** One engine, by its calls. What they take and return may travel as a message. */
export const engineOver = Effect.fnUntraced(function*(ledger: Ledger) {
  const heard: Array<readonly [stamp: number, isOwn: boolean]> = []
  const tags: Array<string> = []
  let versions = 0
  yield* ledger.follow((news) => {
    tags.push(news._tag)
    if (news._tag === "Dropped") heard.push([news.position.stamp, news.isOwn])
  })
  const users = yield* ledger.open(textFamily("user"))
  const drop = (key: string) =>
    Effect.map(
      ledger.commit(0, dropOf({ keys: [["user", key] as KeyName] })),
      ({ position }) => position!.stamp
    )
  return {
    drop,
    /** Drops a key again and again, and returns the stamps. */
    dropMany: (key: string, times: number) =>
      Effect.forEach(Array.from({ length: times }), () => drop(key), { concurrency: 4 }),
    /** Drops for ever. */
    dropOn: (key: string) => Effect.as(Effect.forkDetach(Effect.forever(drop(key))), "goes on"),
    put: (key: string, value: string, at?: Position, lease?: string) =>
      Effect.gen(function*() {
        const entry = entryOf(value, { version: ++versions })
        const prepared = yield* users.prepare(key, entry)
        const identity = { version: entry.version, writer: 1 }
        return yield* users.put({ key, entry, prepared, at: at ?? ledger.position(0)!, identity }, { lease })
      }),
    begin: (key: string, leaseMillis: number) => users.begin(key, leaseMillis),
    value: (key: string) => Effect.map(users.getMany([key]), ([found]) => found?.found.entry.value),
    heard: () => Effect.succeed(heard),
    tags: () => Effect.succeed(tags),
    position: () => Effect.sync(() => ledger.position(0)),
    catchUp: () => ledger.catchUp()
  }
})

/** The same calls, of a process that was started for them. */
export interface Remote {
  readonly process: ChildProcess
  readonly call: (name: string, ...args: ReadonlyArray<unknown>) => Effect.Effect<any>
}

/** Starts an engine as a process of its own; it is killed with the Scope. */
export const startRemote = (path: string, recordsMax = 10_000) =>
  Effect.acquireRelease(
    Effect.promise(async (): Promise<Remote> => {
      const child = fork(join(import.meta.dirname, "../children/ledger/engine.ts"), [path, `${recordsMax}`])
      const waiting = new Map<number, (value: unknown) => void>()
      child.on("message", ({ id, value }: { readonly id: number; readonly value: unknown }) => {
        waiting.get(id)?.(value)
        waiting.delete(id)
      })
      let calls = 0
      const answer = (id: number) => new Promise<unknown>((resolve) => waiting.set(id, resolve))
      await answer(0)
      return {
        process: child,
        call: (name, ...args) =>
          Effect.promise(() => {
            const id = ++calls
            child.send({ id, name, args })
            return answer(id)
          })
      }
    }),
    ({ process }) =>
      Effect.callback<void>((resume) => {
        if (process.exitCode !== null || process.signalCode !== null) return resume(Effect.void)
        process.once("exit", () => resume(Effect.void))
        process.kill("SIGKILL")
      })
  )
