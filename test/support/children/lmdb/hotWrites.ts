/**
 * A program that writes without a pause and gets `SIGTERM`: it closes its runtime while its writers go on, and ends by
 * itself. The arguments are a folder and a number of threads, of which each has a namespace of its own; the namespaces
 * of the first thread are the third one. Prints `writing` once each writer has written.
 */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as ManagedRuntime from "effect/ManagedRuntime"
import * as Schema from "effect/Schema"
import * as Fs from "node:fs"
import { isMainThread, parentPort, threadId, Worker } from "node:worker_threads"
import * as Manifest from "../../../../src/manifest/Manifest.ts"
import * as LmdbStore from "../../../../src/store/lmdb/LmdbStore.ts"
import * as MemoryStore from "../../../../src/store/memory/MemoryStore.ts"
import * as TieredStore from "../../../../src/store/TieredStore.ts"

const [path, threads, namespaces] = process.argv.slice(2)

class App extends Manifest.Service<App>()("App", {
  families: { user: { pattern: "user:{id}", value: Schema.String } }
}) {}
const { user } = App.keys

const engine = (namespace: string) => {
  const live = App.owner("user", { lookup: ({ id }) => Effect.succeed(`loaded ${id}`) }).pipe(
    Layer.provideMerge(App.layer),
    Layer.provide(TieredStore.layer([
      MemoryStore.layer({ capacity: 50 }),
      LmdbStore.layer({ path: path!, durability: "process", namespace, bytesMax: 4_000_000 })
    ]))
  )
  const runtime = ManagedRuntime.make(live)
  let rounds = 0
  const state = { isOpen: true, isClosing: false }
  const work = (id: string) =>
    Effect.gen(function*() {
      rounds++
      yield* user.set({ id }, "x".repeat(500))
      yield* App.batch([user.setting({ id: `${id}a` }, "a"), user.deleting({ id: `${id}b` })])
      yield* user.update({ id }, (was) => `${was.length}`)
      yield* user.get({ id: `${id}b` })
      yield* user.invalidate({ id: `${id}b` })
    })
  // While the runtime closes, a writer fails at once, and must not keep the thread from everything else.
  const writer = async (id: string) => {
    while (state.isOpen) {
      await runtime.runPromiseExit(work(`${id}-${rounds % 200}`)).catch(() => {})
      if (state.isClosing) await new Promise((resolve) => setImmediate(resolve))
    }
  }
  const writers = ["1", "2", "3", "4"].map(writer)
  return {
    hasWritten: () => rounds > 20 || state.isClosing,
    close: async () => {
      state.isClosing = true
      await runtime.dispose()
      state.isOpen = false
      await Promise.all(writers)
    }
  }
}

const names = isMainThread ? Array.from({ length: Number(namespaces) }, (_, n) => `main-${n}`) : [`thread-${threadId}`]
const engines = names.map(engine)
const workers = isMainThread
  ? Array.from({ length: Number(threads) }, () => new Worker(import.meta.filename, { argv: process.argv.slice(2) }))
  : []

const close = async () => {
  const ended = workers.map((worker) => new Promise((resolve) => worker.once("exit", resolve)))
  for (const worker of workers) worker.postMessage("close", [])
  await Promise.all(engines.map(({ close }) => close()))
  const codes = await Promise.all(ended)
  if (codes.some((code) => code !== 0)) process.exitCode = 2
}

const hasWritten = async () => {
  while (!engines.every((engine) => engine.hasWritten())) await new Promise((resolve) => setTimeout(resolve, 5))
}
const ready = workers.map((worker) => new Promise((resolve) => worker.once("message", resolve)))

if (isMainThread) process.once("SIGTERM", () => void close())
else {
  parentPort!.once("message", () => void close())
}
await hasWritten()
if (isMainThread) {
  await Promise.all(ready)
  Fs.writeSync(1, "writing\n")
} else parentPort!.postMessage("writing", [])
