/** A ledger in a real `redis-server` keeps the laws. */
import { it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as LedgerNode from "../../../src/store/internal/ledger/ledgerNode.ts"
import * as RedisPlace from "../../../src/store/redis/internal/redisPlace.ts"
import { run } from "../../support/ledger/suite.ts"
import { adminOf, start, whereServed } from "../../support/redisServer.ts"

const ground = Effect.gen(function*() {
  const server = yield* start()
  const admin = yield* adminOf(server)
  const place = RedisPlace.make({
    connect: (options) => server.connect(options),
    cache: "suite",
    logs: 1,
    recordsMax: 10_000,
    bytesMax: 1_000_000,
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

whereServed("RedisPlace", () => run("RedisPlace", ground, it.live))
