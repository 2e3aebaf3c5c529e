/**
 * A response cache: the value depends on the handler of a request, so the owner has no lookup, and each caller brings a
 * load. A herd of requests runs one load; all responses of a customer are dropped in one step.
 */
import { Context, Effect, Layer } from "effect"
import { Lookup, Manifest, MemoryStore } from "effect-stateless"
import assert from "node:assert/strict"

interface Reply {
  readonly status: number
  readonly body: string
}

class Web extends Manifest.Service<Web>()("Web", {
  families: {
    response: { pattern: "response:{customer}:{path}", value: Manifest.type<Reply>(), timeToLive: "1 minute" }
  }
}) {}
const { response } = Web.keys
const WebLive = Web.modules({ response: Web.owner("response") }).pipe(
  Layer.provide(MemoryStore.layer({ capacity: 1_000 }))
)

/** What a handler knows of its request. What differs between callers must be in the key: they share the reply. */
class Request extends Context.Service<Request, { readonly id: string }>()("Request") {}

let renders = 0
const render = (path: string) =>
  Effect.gen(function*() {
    const { id } = yield* Request
    yield* Effect.sleep("10 millis")
    renders++
    // A reply that says for how long it may be kept, and by which tag it is dropped.
    return Lookup.loaded({ status: 200, body: `${path}, rendered by ${id}` }, { timeToLive: "30s", tags: ["prices"] })
  })

const answer = (customer: string, path: string, id: string) =>
  Effect.provideService(response.getOr({ customer, path }, render(path)), Request, { id })

const program = Effect.gen(function*() {
  // A herd: a thousand requests for one page, and one of them renders it.
  const replies = yield* Effect.forEach(
    Array.from({ length: 1_000 }, (_, n) => `request ${n}`),
    (id) => answer("acme", "home", id),
    { concurrency: "unbounded" }
  )
  console.log(`${replies.length} replies, ${renders} rendered: ${replies[0]!.body}`)
  assert.deepEqual([renders, new Set(replies.map(({ body }) => body)).size], [1, 1])

  // Everything of one customer, however many pages there are, is dropped by one mark.
  yield* answer("acme", "terms", "request a")
  yield* answer("other", "home", "request b")
  yield* response.invalidateWhere({ customer: "acme" })
  assert.deepEqual(
    yield* Effect.all([
      response.has({ customer: "acme", path: "home" }),
      response.has({ customer: "acme", path: "terms" }),
      response.has({ customer: "other", path: "home" })
    ]),
    [false, false, true]
  )

  // And everything that shows a price.
  yield* response.invalidateTag("prices")
  assert.equal(yield* response.has({ customer: "other", path: "home" }), false)
})

await Effect.runPromise(Effect.provide(program, WebLive))
