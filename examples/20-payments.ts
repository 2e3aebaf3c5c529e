/**
 * Payments: a service keeps the right to write to itself. It reads under leases, which its batch carries, so no other
 * payment changes an account in between.
 */
import { Context, Effect, Layer } from "effect"
import type * as CacheError from "effect-stateless/cache/CacheError"
import * as Manifest from "effect-stateless/manifest/Manifest"
import * as MemoryStore from "effect-stateless/store/MemoryStore"
import assert from "node:assert/strict"

class Bank extends Manifest.Service<Bank>()("Bank", {
  families: { balance: { pattern: "balance:{account}", value: Manifest.type<number>() } }
}) {}
const { balance } = Bank.keys

class Accounts extends Context.Service<Accounts, {
  readonly pay: (from: string, to: string, amount: number) => Effect.Effect<void, CacheError.CacheError>
  readonly left: (account: string) => Effect.Effect<number, CacheError.CacheError>
}>()("Accounts") {}

const AccountsLive = Layer.effect(
  Accounts,
  Effect.gen(function*() {
    const rights = yield* Effect.context<Manifest.Owns<"balance:{account}", Bank>>()
    // Reads under a lease, which the write carries: no other payment changes the account in between.
    const change = (account: string, by: number) =>
      Effect.gen(function*() {
        const lease = yield* balance.lease({ account }, { deadline: "5 seconds" })
        return balance.setting({ account }, (yield* balance.get({ account })) + by, { lease })
      })
    return {
      pay: (from, to, amount) =>
        Effect.gen(function*() {
          if (from === to) return
          // The leases are taken in the order of the names: payments in opposite directions do not wait for each other.
          const [giving, taking] = [change(from, -amount), change(to, amount)]
          yield* Bank.batch(yield* Effect.all(from < to ? [giving, taking] : [taking, giving]))
        }).pipe(Effect.scoped, Effect.provideContext(rights)),
      left: (account) => Effect.provideContext(balance.get({ account }), rights)
    }
  })
).pipe(Layer.provide(Bank.owner("balance", { lookup: () => Effect.delay(Effect.succeed(100), "10 millis") })))

const BankLive = Bank.modules({ balance: AccountsLive }).pipe(Layer.provide(MemoryStore.layer({ capacity: 100 })))
const program = Accounts.use(({ left, pay }) => {
  const payments = [pay("ann", "bob", 30), pay("cem", "bob", 30), pay("bob", "ann", 10), pay("ann", "ann", 5)]
  const all = Effect.all(payments, { concurrency: "unbounded" })
  return Effect.andThen(all, Effect.all([left("ann"), left("bob"), left("cem")]))
})
const lefts = await Effect.runPromise(Effect.provide(program, BankLive))
assert.deepEqual(lefts, [80, 150, 70])
console.log("after four payments, of which one had one account only, ann, bob and cem have", lefts)
