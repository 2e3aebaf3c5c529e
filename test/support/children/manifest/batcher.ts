/**
 * Writes batches over two families, one after the other, prints the ones that have returned, and waits for its end.
 */
import { Effect, Layer } from "effect"
import * as LmdbStore from "effect-stateless/store/LmdbStore"
import * as MemoryStore from "effect-stateless/store/MemoryStore"
import * as TieredStore from "effect-stateless/store/TieredStore"
import { CrashCache } from "./manifest.ts"

const path = process.argv[2]!
const { note, user } = CrashCache.keys
const live = CrashCache.modules({
  user: CrashCache.owner("user"),
  note: CrashCache.owner("note"),
  profile: CrashCache.owner("profile")
}).pipe(
  Layer.provide(
    TieredStore.layer([MemoryStore.layer({ capacity: 100 }), LmdbStore.layer({ path, durability: "process" })])
  )
)
const batch = (n: number) =>
  Effect.andThen(
    CrashCache.batch([
      user.setting({ id: "1" }, `${n}`),
      note.setting({ id: "1" }, `${n}`),
      user.setting({ id: "2" }, `${n}`)
    ]),
    Effect.sync(() => process.stdout.write(`${n}\n`))
  )
Effect.runFork(
  Effect.provide(Effect.forEach(Array.from({ length: 100_000 }, (_, n) => n), batch, { discard: true }), live)
)
