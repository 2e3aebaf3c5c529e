/**
 * Loads a value through a runtime that is never disposed of, and has nothing left to do. The cache is in `memory`, or
 * in memory over `lmdb` in the given folder. Its owner warms keys on a schedule and predicts reads, and a renewal
 * hangs.
 */
import { Effect, Layer, ManagedRuntime } from "effect"
import * as LmdbStore from "effect-stateless/store/LmdbStore"
import * as MemoryStore from "effect-stateless/store/MemoryStore"
import * as TieredStore from "effect-stateless/store/TieredStore"
import { CrashCache } from "./manifest.ts"

const [, , kind, path] = process.argv
const memory = MemoryStore.layer({ capacity: 10 })
const store = kind === "memory"
  ? memory
  : TieredStore.layer([memory, LmdbStore.layer({ path: path!, durability: "process" })])
const live = CrashCache.modules({
  user: CrashCache.owner("user", {
    lookup: ({ id }) => Effect.succeed(`loaded ${id}`),
    warm: { keys: [{ id: "warm" }], schedule: "1 hour" },
    predict: { keysMax: 10 }
  }),
  note: CrashCache.owner("note", { lookup: ({ id }) => Effect.succeed(`loaded ${id}`) }),
  profile: CrashCache.owner("profile"),
  slow: CrashCache.owner("slow", {
    lookup: (_, { cause }) => cause === "absent" ? Effect.succeed("once") : Effect.never
  })
}).pipe(Layer.provide(store))
const runtime = ManagedRuntime.make(live)
const read = (id: string) => runtime.runPromise(CrashCache.keys.note.get({ id }))

await runtime.runPromise(CrashCache.keys.slow.get({ id: "hangs" }))
await runtime.runPromise(CrashCache.keys.slow.invalidate({ id: "hangs" }, { mode: "markStale" }))
await runtime.runPromise(CrashCache.keys.slow.get({ id: "hangs" }))

// The last one is on its way below while the process has nothing else to do.
await read("first")
await new Promise((resolve) => setTimeout(resolve, 50))
process.stdout.write(await read("last"))
