/**
 * Many writers at once over a store in a folder, above which there may be memory. Some keys have an old value, a few of
 * the writes are small, and marks go along. Prints `answer` and what became of each write, as JSON. With `read` as the
 * last word, it prints what the folder holds.
 */
import * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as Fs from "node:fs"
import * as Path from "node:path"
import * as LmdbStore from "../../../../src/store/lmdb/LmdbStore.ts"
import * as MemoryStore from "../../../../src/store/memory/MemoryStore.ts"
import * as TieredStore from "../../../../src/store/TieredStore.ts"
import { cacheReasonOf } from "../../effects.ts"
import { engine } from "../../engine.ts"

const [path, bytesMax, count, bytes, arrangement, mode] = process.argv.slice(2)

const lmdb = LmdbStore.layer({
  path: path!,
  durability: "process",
  ...(bytesMax === "none" ? {} : { bytesMax: Number(bytesMax) })
})
const store = arrangement === "lmdb" ? lmdb : TieredStore.layer([MemoryStore.layer({ capacity: 10_000 }), lmdb])

const definition = {
  families: {
    user: { pattern: "user:{id}", value: Schema.String },
    note: { pattern: "note:{id}", value: Schema.String }
  }
}

const idsOf = (every: number) => Array.from({ length: Number(count) }, (_, n) => n).filter((n) => n % every === 0)

const work = Effect.gen(function*() {
  const { app, as } = yield* engine(definition, () => Effect.succeed("loaded"), { store: store as Layer.Layer<any> })
  const { note, user } = app.keys
  const on = <A>(effect: unknown) => as<A, unknown>(effect as Effect.Effect<A, unknown, any>)
  const write = (effect: unknown) =>
    Effect.map(Effect.result(on(effect)), (result) => {
      if (Result.isSuccess(result)) return "written"
      const reason = cacheReasonOf(result.failure)
      return reason._tag === "StoreFailed" ? reason.error.reason._tag : reason._tag
    })
  const became: Array<readonly [key: string, result: string]> = []
  if (mode !== "read") {
    yield* Effect.forEach(idsOf(10), (n) => on(user.set({ id: `${n}` }, `old user:${n}`)))
    yield* on(note.set({ id: "gone" }, "old"))
    const writes = idsOf(1).flatMap((n) => [
      { key: `user:${n}`, run: write(user.set({ id: `${n}` }, `new user:${n} `.padEnd(Number(bytes), "x"))) },
      ...(n % 20 === 0 ? [{ key: `note:${n}`, run: write(note.set({ id: `${n}` }, `new note:${n} `)) }] : []),
      ...(n === 30 ? [{ key: "mark", run: write(note.invalidateTag("some")) }] : []),
      ...(n === 40 ? [{ key: "gone", run: write(note.invalidate({ id: "gone" })) }] : [])
    ])
    const all = Effect.forEach(writes, ({ key, run }) => Effect.map(run, (result) => [key, result] as const), {
      concurrency: "unbounded"
    })
    became.push(...yield* all)
  }
  const keys = [...idsOf(1).map((n) => `user:${n}`), ...idsOf(20).map((n) => `note:${n}`), "note:gone"]
  const served = yield* Effect.forEach(keys, (key) => {
    const [family, id] = key.split(":") as ["user" | "note", string]
    return Effect.map(
      on<Option.Option<string>>(app.keys[family].getOption({ id })),
      (found) => [key, Option.isNone(found) ? "" : found.value.split(" ", 2).join(" ")] as const
    )
  })
  return { became, served }
})

const answer = await Effect.runPromise(Effect.scoped(work))
console.log(`answer ${JSON.stringify({ ...answer, size: Fs.statSync(Path.join(path!, "data.mdb")).size })}`)
