/**
 * A thread that opens the folder and the namespace that it receives, and stays. It posts that it holds the namespace,
 * or which process and thread do.
 */
import * as Effect from "effect/Effect"
import { parentPort, workerData } from "node:worker_threads"
import * as LmdbStore from "../../../../src/store/lmdb/LmdbStore.ts"
import type { FolderHeld, StoreError } from "../../../../src/store/StoreError.ts"

// A store alone does not keep a thread alive.
parentPort!.on("message", () => {})

const made = await Effect.runPromise(
  Effect.result(Effect.scoped(Effect.andThen(
    LmdbStore.make({ ...workerData, durability: "process" }),
    Effect.andThen(Effect.sync(() => parentPort!.postMessage("held", [])), Effect.never)
  )))
)
if (made._tag === "Failure") {
  const { pid, thread } = (made.failure as StoreError).reason as FolderHeld
  parentPort!.postMessage({ pid, thread }, [])
  parentPort!.close()
}
