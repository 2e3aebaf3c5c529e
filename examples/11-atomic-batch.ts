/**
 * Atomic batch: writes of several families, with their invalidations. Readers see all of them, or none of them.
 */
import { Effect, Layer } from "effect"
import * as Manifest from "effect-stateless/manifest/Manifest"
import * as MemoryStore from "effect-stateless/store/MemoryStore"
import assert from "node:assert/strict"

class Bank extends Manifest.Service<Bank>()("Bank", {
  families: {
    balance: { pattern: "balance:{account}", value: Manifest.type<number>() },
    latest: { pattern: "latest:{account}", value: Manifest.type<string>() },
    total: { pattern: "total", value: Manifest.type<number>(), derives: ["balance:{account}"] }
  }
}) {}
const { balance, latest, total } = Bank.keys

const BankLive = Bank.modules({
  balance: Bank.owner("balance"),
  latest: Bank.owner("latest"),
  total: Bank.owner("total", {
    lookup: () =>
      Effect.map(balance.getMany([{ account: "ann" }, { account: "bob" }]), (all) => all.reduce((a, b) => a + b))
  })
}).pipe(Layer.provide(MemoryStore.layer({ capacity: 100 })))

/**
 * Requires `Owns` of both families, because it writes both. Where another transfer was faster, `ifVersion` refuses the
 * batch, and the transfer begins again with what is there now.
 */
const transfer = (from: string, to: string, amount: number) =>
  Effect.gen(function*() {
    if (from === to) return
    const giver = yield* balance.getAnswer({ account: from })
    const taker = yield* balance.getAnswer({ account: to })
    yield* Bank.batch([
      balance.setting({ account: from }, giver.value - amount, { ifVersion: giver.version }),
      balance.setting({ account: to }, taker.value + amount, { ifVersion: taker.version }),
      latest.setting({ account: from }, `${amount} to ${to}`)
    ])
  }).pipe(Effect.retry({ times: 5, while: ({ reason }) => reason._tag === "VersionConflict" }))

const program = Effect.gen(function*() {
  yield* balance.setMany([[{ account: "ann" }, 100], [{ account: "bob" }, 0]])
  assert.equal(yield* total.get({}), 100)

  yield* transfer("ann", "bob", 30)
  assert.deepEqual(yield* balance.getMany([{ account: "ann" }, { account: "bob" }]), [70, 30])
  assert.equal(yield* total.has({}), false)
  assert.equal(yield* total.get({}), 100)
  console.log("30 went from ann to bob; the total was dropped with the same step, and is 100 again")

  yield* Effect.all([transfer("ann", "bob", 5), transfer("ann", "bob", 5), transfer("bob", "ann", 10)], {
    concurrency: "unbounded"
  })
  assert.deepEqual(yield* balance.getMany([{ account: "ann" }, { account: "bob" }]), [70, 30])
  console.log("three transfers that overlapped lost nothing")

  // Another caller writes between the read and the batch, so the batch writes nothing.
  const seen = yield* balance.getAnswer({ account: "bob" })
  yield* balance.set({ account: "bob" }, 31)
  const error = yield* Effect.flip(Bank.batch([
    latest.setting({ account: "bob" }, "lost"),
    balance.setting({ account: "bob" }, seen.value + 1, { ifVersion: seen.version })
  ]))
  assert.equal(error.reason._tag, "VersionConflict")
  assert.equal(yield* latest.get({ account: "bob" }), "10 to ann")
  assert.equal(yield* balance.get({ account: "bob" }), 31)
  console.log(error.message)
})

await Effect.runPromise(Effect.provide(program, BankLive))
