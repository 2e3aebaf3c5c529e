/** An engine over a ledger in an LMDB folder, as a process of its own. It does what its parent asks. */
import * as Effect from "effect/Effect"
import * as LedgerNode from "../../../../src/store/internal/ledger/ledgerNode.ts"
import * as LmdbPlace from "../../ledger/lmdbPlace.ts"
import { engineOver } from "../../ledger/remote.ts"

const [path, recordsMax] = process.argv.slice(2)

const work = Effect.gen(function*() {
  const place = yield* LmdbPlace.make({ path: path!, recordsMax: Number(recordsMax), recordsPerAnswer: 64 })
  const engine = yield* engineOver(yield* LedgerNode.make(place, { answerMillis: 5_000 }))
  process.on("message", ({ args, id, name }: { readonly id: number; readonly name: string; readonly args: never }) => {
    const call = Reflect.get(engine, name) as (...args: ReadonlyArray<unknown>) => Effect.Effect<unknown, unknown>
    void Effect.runPromise(Effect.exit(call(...args as ReadonlyArray<unknown>))).then((exit) =>
      process.send!({ id, value: exit._tag === "Success" ? exit.value : String(exit.cause) })
    )
  })
  process.send!({ id: 0, value: "ready" })
  return yield* Effect.never
})

await Effect.runPromise(Effect.scoped(work))
