/**
 * Opens a folder in a process in which the package `lmdb` is not installed, and prints why that fails.
 */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { registerHooks } from "node:module"

registerHooks({
  resolve: (specifier, context, next) => next(specifier === "lmdb" ? "lmdb-that-is-not-installed" : specifier, context)
})

const LmdbStore = await import("effect-stateless/store/LmdbStore")
const build = Effect.flip(
  Effect.scoped(Layer.build(LmdbStore.layer({ path: process.argv[2]!, durability: "process" })))
)
// oxlint-disable-next-line no-console
console.log((await Effect.runPromise(build)).message)
