/** Commits into an LMDB folder wait while a process opens it, and an opening waits for commits of living processes. */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { type ChildProcess, fork } from "node:child_process"
import { once } from "node:events"
import * as Path from "node:path"
import { temporaryFolder } from "../../support/folder.ts"
import { enter } from "../../support/ledger/openGate.ts"

/** A process that enters, and says so; then it stays within its opening, or within a commit. */
const started = (path: string, stays: "opening" | "committing") =>
  Effect.acquireRelease(
    Effect.promise(async (): Promise<ChildProcess> => {
      const child = fork(Path.join(import.meta.dirname, "../../support/children/ledger/gate.ts"), [path, stays])
      await once(child, "message")
      return child
    }),
    (child) => Effect.sync(() => child.kill("SIGKILL"))
  )

const gone = (child: ChildProcess) =>
  Effect.promise(() => {
    const exit = once(child, "exit")
    child.kill("SIGKILL")
    return exit
  })

const turns = Effect.promise(() => new Promise((resolve) => setTimeout(resolve, 100)))

describe("gate of an LMDB folder", () => {
  it.live(
    "a commit waits while another process opens, and goes on when that one was killed",
    () =>
      Effect.gen(function*() {
        const path = yield* temporaryFolder
        const { member } = yield* Effect.promise(() => enter(path, () => {}))
        const opener = yield* started(path, "opening")
        let runs = 0
        const commit = member.commit(async () => ++runs)
        yield* turns
        assert.strictEqual(runs, 0)
        yield* gone(opener)
        assert.strictEqual(yield* Effect.promise(() => commit), 1)
      }),
    60_000
  )

  for (
    const [name, stays] of [
      ["an opening waits while another process commits, and goes on when that one was killed", "committing"],
      ["an opening waits for one in another process, and goes on when that one was killed", "opening"]
    ] as const
  ) {
    it.live(
      name,
      () =>
        Effect.gen(function*() {
          const path = yield* temporaryFolder
          const other = yield* started(path, stays)
          let opened = 0
          const opening = enter(path, () => ++opened)
          yield* turns
          assert.strictEqual(opened, 0)
          yield* gone(other)
          assert.strictEqual((yield* Effect.promise(() => opening)).opened, 1)
        }),
      60_000
    )
  }

  it.live("a closing waits while another process opens", () =>
    Effect.gen(function*() {
      const path = yield* temporaryFolder
      const { member } = yield* Effect.promise(() => enter(path, () => {}))
      const opener = yield* started(path, "opening")
      let closed = 0
      const leaving = member.leave(async () => void closed++)
      yield* turns
      assert.strictEqual(closed, 0)
      yield* gone(opener)
      yield* Effect.promise(() => leaving)
      assert.strictEqual(closed, 1)
    }), 60_000)

  it.live("an opening fails after ten seconds when a process stopped within a commit", () =>
    Effect.gen(function*() {
      const path = yield* temporaryFolder
      const committer = yield* started(path, "committing")
      committer.kill("SIGSTOP")
      const error = yield* Effect.flip(Effect.tryPromise(() => enter(path, () => {})))
      assert.include(String(error.cause), "a process is within a commit")
      committer.kill("SIGCONT")
    }), 60_000)
})
