/** A ledger in a real `redis-server` keeps the laws. */
import { describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as LedgerNode from "../../../src/store/internal/ledger/ledgerNode.ts"
import * as RedisPlace from "../../../src/store/redis/internal/redisPlace.ts"
import { run } from "../../support/ledger/suite.ts"
import { hasServer, start } from "../../support/redisServer.ts"

const ground = Effect.gen(function*() {
  const server = yield* start()
  const admin = yield* Effect.acquireRelease(
    Effect.sync(() => server.connect()),
    (redis) => Effect.sync(() => redis.disconnect())
  )
  const place = RedisPlace.make({
    connect: (options) => server.connect(options),
    cache: "suite",
    logs: 1,
    recordsMax: 10_000,
    recordsPerAnswer: 64,
    answerMillis: 5_000
  })
  return {
    pass: (millis: number) => Effect.sleep(millis + 20),
    shortMillis: 200,
    connect: Effect.flatMap(place, (place) => LedgerNode.make(place, { answerMillis: 5_000 })),
    lose: Effect.promise(() => admin.flushall()).pipe(Effect.asVoid)
  }
})

if (hasServer) run("RedisPlace", ground, it.live)
else describe.skip("RedisPlace: DID NOT RUN, because the machine has no redis-server", () => undefined)
