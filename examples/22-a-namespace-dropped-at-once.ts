/**
 * A namespace that is dropped at once: everything that a cache has of one tenant goes in one step, however many keys
 * there are, in all families, and also what is made from it. The other tenants keep theirs.
 */
import { Effect, Layer } from "effect"
import * as Manifest from "effect-stateless/manifest/Manifest"
import * as MemoryStore from "effect-stateless/store/MemoryStore"
import assert from "node:assert/strict"

class Desk extends Manifest.Service<Desk>()("Desk", {
  families: {
    tenant: { pattern: "tenant:{tenant}", value: Manifest.type<number>() },
    user: { pattern: "user:{tenant}:{id}", value: Manifest.type<string>(), derives: ["tenant:{tenant}"] },
    page: { pattern: "page:{tenant}:{path}", value: Manifest.type<string>(), derives: ["tenant:{tenant}"] }
  }
}) {}
const { page, tenant, user } = Desk.keys

// The namespace is a family of its own: how often the tenant has been emptied. Each key of the tenant derives from it.
let loads = 0
const of = (key: string, from: { readonly tenant: string }) =>
  Effect.map(tenant.get(from), (round) => `${key} of round ${round}, load ${++loads}`)

const DeskLive = Desk.modules({
  tenant: Desk.owner("tenant", { lookup: () => Effect.succeed(1) }),
  user: Desk.owner("user", { lookup: ({ id, tenant }) => of(`user ${id}`, { tenant }) }),
  page: Desk.owner("page", { lookup: ({ path, tenant }) => of(`page ${path}`, { tenant }) })
}).pipe(Layer.provide(MemoryStore.layer({ capacity: 10_000 })))

const ids = Array.from({ length: 1_000 }, (_, i) => `${i}`)
const held = (tenant: string) =>
  Effect.gen(function*() {
    const users = yield* Effect.filter(ids, (id) => user.has({ tenant, id }))
    return users.length + ((yield* page.has({ tenant, path: "home" })) ? 1 : 0)
  })

const program = Effect.gen(function*() {
  for (const tenant of ["acme", "umbrella"]) {
    yield* user.getMany(ids.map((id) => ({ tenant, id })))
    yield* page.get({ tenant, path: "home" })
  }
  assert.deepEqual([yield* held("acme"), yield* held("umbrella")], [1_001, 1_001])

  // One invalidation of one key. Requires `Owns<"tenant:{tenant}">`, and no right to the families below.
  yield* tenant.invalidate({ tenant: "acme" })
  assert.deepEqual([yield* held("acme"), yield* held("umbrella")], [0, 1_001])
  console.log("all of `acme` is gone, in two families; `umbrella` has kept its 1,001 values")

  // Within one family, `invalidateWhere` binds the parameter: it needs no family of namespaces.
  yield* user.invalidateWhere({ tenant: "umbrella" })
  assert.equal(yield* held("umbrella"), 1)
  console.log("the users of `umbrella` are gone; its page has stayed")
})

await Effect.runPromise(Effect.provide(program, DeskLive))
