/**
 * Each option of the `ioredis` client is set by the store, refused by its name, or kept without harm. A new option of
 * the driver has no row here, and does not compile.
 */
import { assert, describe, it } from "@effect/vitest"
import * as RedisStore from "effect-stateless/store/RedisStore"
import * as Effect from "effect/Effect"
import type { RedisOptions } from "ioredis"
import { connectionOptions } from "../../../src/store/redis/internal/redisConnection.ts"
import type { News } from "../../../src/store/Store.ts"
import { entryOf, textFamily } from "../../support/partition.ts"
import { live, whereServed } from "../../support/redisServer.ts"

/** What becomes of an option, and the value that is tried. */
type Row = { readonly set: unknown } | { readonly refused: unknown } | { readonly kept: unknown }

/** It says where the server is, so no other value can be tried here. */
const elsewhere = { kept: undefined }

const rows: { readonly [Option in keyof Required<RedisOptions>]: Row } = {
  // Those of the connection.
  host: { kept: "127.0.0.1" },
  port: elsewhere,
  path: elsewhere,
  family: { kept: 4 },
  tls: elsewhere,
  db: { kept: 3 },
  username: elsewhere,
  password: elsewhere,
  Connector: elsewhere,
  connectTimeout: { set: 1 },
  disconnectTimeout: { kept: 1 },
  socketTimeout: { set: 1 },
  keepAlive: { kept: 1 },
  noDelay: { kept: false },
  connectionName: { kept: "of-the-test" },
  disableClientInfo: { kept: true },
  clientInfoTag: { kept: "tag" },
  protocol: { kept: 2 },
  enableReadyCheck: { kept: false },
  maxLoadingRetryTime: { kept: 1 },
  lazyConnect: { set: false },
  retryStrategy: { set: () => null },
  reconnectOnError: { set: () => 2 },
  // Those of commands and answers.
  autoResendUnfulfilledCommands: { set: true },
  autoResubscribe: { kept: false },
  enableOfflineQueue: { set: true },
  maxRetriesPerRequest: { set: null },
  enableAutoPipelining: { set: true },
  autoPipeliningIgnoredCommands: { kept: ["get"] },
  commandTimeout: { set: 20 },
  blockingTimeout: { set: 20 },
  blockingTimeoutGrace: { kept: 1 },
  offlineQueue: { kept: false },
  commandQueue: { kept: false },
  keyPrefix: { kept: "prefix:" },
  readOnly: { set: true },
  stringNumbers: { set: true },
  replyMapping: { set: "resp3" },
  showFriendlyErrorStack: { kept: true },
  monitor: { refused: true },
  scripts: { set: { mget: { lua: "return {}", numberOfKeys: 0 }, info: { lua: "return ''", numberOfKeys: 0 } } },
  himportFieldsets: { set: [{ name: "fields", fields: ["a"] }] },
  // Those of Sentinel.
  role: { refused: "slave" },
  sentinels: elsewhere,
  name: elsewhere,
  preferredSlaves: { kept: [{ ip: "127.0.0.1", port: "1" }] },
  sentinelUsername: elsewhere,
  sentinelPassword: elsewhere,
  sentinelTLS: elsewhere,
  enableTLSForSentinelMode: { kept: false },
  sentinelCommandTimeout: { kept: 1_000 },
  sentinelMaxConnections: { kept: 1 },
  sentinelRetryStrategy: { set: () => null },
  sentinelReconnectStrategy: { kept: () => null },
  failoverDetector: { kept: true },
  updateSentinels: { kept: false },
  natMap: { kept: {} }
}

const optionsOf = (port: number, namespace: string, client: object): RedisStore.Options => ({
  namespace,
  client: { host: "127.0.0.1", port, ...client }
})

/** Two stores see changes of each other: values with and without a source, a refused condition, and news. */
const agree = (options: RedisStore.Options) =>
  Effect.scoped(Effect.gen(function*() {
    const [a, b] = yield* Effect.all([RedisStore.make(options), RedisStore.make(options)])
    const [here, there] = yield* Effect.all([a.open(textFamily("user")), b.open(textFamily("user"))])
    const heard: Array<News> = []
    yield* b.news!((news) => heard.push(news))
    for (const prevails of [false, true]) {
      const version = prevails ? 2 : 1
      const entry = entryOf(`${version}`, { stamp: a.commons.stamp, version })
      const set = [{ key: "1", entry, prepared: yield* here.prepare("1", entry), prevails }]
      const refused: Array<unknown> = []
      const guard = {
        conditions: [{ partition: here, key: "1", version: 9, orAbsent: false }],
        changes: [],
        refused: (met: unknown) => refused.push(met),
        failed: (error: unknown) => refused.push(error)
      }
      const changes = [{ partition: here, cleared: false, removed: [], set }]
      yield* a.write({ changes, guards: [guard], marks: [] })
      const held = prevails ? 1 : undefined
      assert.deepStrictEqual(refused, [[{ version: held, holds: false }]])
      assert.strictEqual((yield* there.get("1"))?.entry.value, `${version}`)
    }
    for (let tries = 0; tries < 200 && heard.length === 0; tries++) yield* Effect.sleep(5)
    assert.isAbove(heard.length, 0)
  }))

const refusalOf = (options: RedisStore.Options) =>
  Effect.map(Effect.flip(Effect.scoped(RedisStore.make(options))), ({ message }) => message)

const tests = () => {
  it("the store sets each option that has a row as such, and no other", () => {
    const set = Object.entries(rows).flatMap(([option, row]) => "set" in row ? [option] : [])
    assert.deepStrictEqual(Object.keys(connectionOptions(() => 0, 1, 1)).toSorted(), set.toSorted())
  })

  for (const [option, row] of Object.entries(rows)) {
    const [value] = Object.values(row)
    if ("refused" in row) {
      it.effect(`the option \`${option}\` is refused`, () =>
        Effect.gen(function*() {
          const refusal = yield* refusalOf(optionsOf(1, "client", { [option]: value }))
          assert.match(refusal, new RegExp(`E0306.*\`client.${option}\``))
        }))
    } else if (value !== undefined) {
      live(
        `two stores see each other with the option \`${option}\``,
        ({ port }) => agree(optionsOf(port, `client.${option}`, { [option]: value }))
      )
    }
  }

  for (const option of ["host", "port", "path", "sentinels"]) {
    it.effect(`the option \`${option}\` beside \`url\` is refused`, () =>
      Effect.gen(function*() {
        const options = { url: "redis://127.0.0.1:1", namespace: "client", client: { [option]: "x" } }
        assert.match(
          yield* refusalOf(options as RedisStore.Options),
          new RegExp(`E0306.*\`client.${option}\` says where`)
        )
      }))
  }
}

whereServed("the options of the client of a tier in Redis", () => describe("the client of a tier in Redis", tests))
