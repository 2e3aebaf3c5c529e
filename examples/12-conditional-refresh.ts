/**
 * Conditional refresh: a lookup gets the value that it will replace, and asks the data source whether that value is
 * still right. If so, it renews the value and does not fetch it again, like ETags in HTTP.
 */
import { Effect, Layer } from "effect"
import * as Lookup from "effect-stateless/cache/Lookup"
import * as Manifest from "effect-stateless/manifest/Manifest"
import * as MemoryStore from "effect-stateless/store/MemoryStore"
import { TestClock } from "effect/testing"
import assert from "node:assert/strict"

/** A server that answers 304 to a client that already has the page. */
const server = { page: "Welcome", etag: "v1", bodies: 0, requests: 0 }
const fetchPage = (etag: string | undefined) =>
  Effect.sync(() => {
    server.requests++
    if (etag === server.etag) return { status: 304 } as const
    server.bodies++
    return { status: 200, body: server.page, etag: server.etag } as const
  })

class Web extends Manifest.Service<Web>()("Web", {
  families: {
    page: {
      pattern: "page:{path}",
      value: Manifest.type<string>(),
      timeToLive: "1 minute",
      // The old value is kept for this time after its lifetime, so the lookup can compare it.
      staleIfError: "1 hour"
    }
  }
}) {}
const { page } = Web.keys

const PageLive = Web.owner("page", {
  lookup: Effect.fnUntraced(function*(_params, { previous }) {
    const response = yield* fetchPage(previous?.revision)
    return response.status === 304
      ? Lookup.notModified()
      : Lookup.loaded(response.body, { revision: response.etag })
  })
})

const WebLive = Web.modules({ page: PageLive }).pipe(Layer.provide(MemoryStore.layer({ capacity: 100 })))

const program = Effect.gen(function*() {
  assert.equal(yield* page.get({ path: "home" }), "Welcome")

  yield* TestClock.adjust("2 minutes")
  const renewed = yield* page.getAnswer({ path: "home" })
  assert.deepEqual([renewed.value, renewed.stale], ["Welcome", false])
  assert.deepEqual([server.requests, server.bodies], [2, 1])
  console.log(`${server.requests} requests, ${server.bodies} body: the second answer was "not modified"`)

  Object.assign(server, { page: "Welcome back", etag: "v2" })
  yield* TestClock.adjust("2 minutes")
  assert.equal(yield* page.get({ path: "home" }), "Welcome back")
  assert.deepEqual([server.requests, server.bodies], [3, 2])
  console.log("the page changed, and was fetched")
})

await Effect.runPromise(program.pipe(Effect.provide(WebLive), Effect.provide(TestClock.layer())))
