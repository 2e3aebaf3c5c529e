/**
 * Fills an entry and one that derives from it, writes the first, prints that, and waits for its end.
 */
import { Effect, Layer } from "effect"
import * as LmdbStore from "effect-stateless/store/LmdbStore"
import * as MemoryStore from "effect-stateless/store/MemoryStore"
import * as TieredStore from "effect-stateless/store/TieredStore"
import { CrashCache } from "./manifest.ts"

const path = process.argv[2]!
const { profile, user } = CrashCache.keys
const live = CrashCache.modules({
  note: CrashCache.owner("note"),
  user: CrashCache.owner("user", { lookup: () => Effect.succeed("old") }),
  profile: CrashCache.owner("profile", { lookup: ({ id }) => Effect.map(user.get({ id }), (name) => `<${name}>`) })
}).pipe(
  Layer.provide(
    TieredStore.layer([MemoryStore.layer({ capacity: 100 }), LmdbStore.layer({ path, durability: "process" })])
  )
)
const program = Effect.gen(function*() {
  yield* profile.get({ id: "1" })
  yield* user.set({ id: "1" }, "new")
  process.stdout.write("written\n")
  process.kill(process.pid, "SIGKILL")
})
Effect.runFork(Effect.provide(program, live))
