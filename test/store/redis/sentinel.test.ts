/**
 * A primary that Sentinel watches fails, and a replica takes over: what was changed is not served again, in any
 * process, and every process goes on. Real servers, each a process of its own.
 */
import { assert } from "@effect/vitest"
import * as Manifest from "effect-stateless/manifest/Manifest"
import * as RedisStore from "effect-stateless/store/RedisStore"
import * as TieredStore from "effect-stateless/store/TieredStore"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import * as MemoryStore from "../../../src/store/memory/MemoryStore.ts"
import { start } from "../../support/engine.ts"
import { adminOf, live, start as startServer, startSentinel, whereServed } from "../../support/redisServer.ts"

class App extends Manifest.Service<App>()("Sentinels", {
  families: {
    user: { pattern: "user:{id}", value: Schema.Number },
    page: { pattern: "page:{id}", value: Schema.Number, derives: ["user:{id}"] }
  }
}) {}
const { page, user } = App.keys
const id = { id: "1" }
const group = "main"

/** An engine as of a process of its own, over the primary that this Sentinel names. */
const engine = (port: number, row: () => number) =>
  start(
    App,
    Layer.provide(
      App.modules({
        user: App.owner("user", { lookup: () => Effect.sync(row) }),
        page: App.owner("page", { lookup: (of) => user.get(of) })
      }),
      TieredStore.layer([
        MemoryStore.layer({ capacity: 1_000 }),
        RedisStore.layer({
          client: { sentinels: [{ host: "127.0.0.1", port }], name: group },
          namespace: "sentinel.test",
          answerTimeout: "500 millis"
        })
      ])
    )
  )

const until = <E>(what: string, holds: Effect.Effect<boolean, E, any>, left = 400): Effect.Effect<void, E, any> =>
  Effect.flatMap(holds, (isSo) => {
    if (isSo) return Effect.void
    return left === 0
      ? Effect.die(new Error(`it never came true: ${what}`))
      : Effect.andThen(Effect.sleep(50), until(what, holds, left - 1))
  })

/** A Sentinel that gives a primary up after half a second. */
const sentinelOf = (primary: number) =>
  startSentinel([
    `sentinel monitor ${group} 127.0.0.1 ${primary} 1`,
    `sentinel down-after-milliseconds ${group} 500`,
    `sentinel failover-timeout ${group} 3000`
  ])

whereServed("a failover by Sentinel", () => {
  for (const how of ["SIGKILL", "SIGSTOP"] as const) {
    live(
      `a replica that takes over from a primary with ${how} brings nothing back that was changed`,
      (primary) =>
        Effect.gen(function*() {
          const replica = yield* startServer("--replicaof", "127.0.0.1", `${primary.port}`)
          const admin = yield* adminOf(replica)
          yield* until(
            "the replica is connected",
            Effect.promise(async () => /master_link_status:up/.test(await admin.info("replication")))
          )
          const sentinel = yield* sentinelOf(primary.port)
          const watcher = yield* adminOf(sentinel)
          yield* until(
            "Sentinel knows the replica",
            Effect.promise(async () =>
              ((await watcher.call("SENTINEL", "replicas", group)) as Array<unknown>).length === 1
            )
          )
          let row = 1
          const [a, b] = [yield* engine(sentinel.port, () => row), yield* engine(sentinel.port, () => row)]
          assert.deepStrictEqual([yield* a.as(page.get(id)), yield* b.as(page.get(id))], [1, 1])
          row = 2
          yield* a.as(user.invalidate(id))
          yield* until("b hears the change", Effect.map(b.as(page.get(id)), (seen) => seen === 2))
          // The replica gets nothing of what comes now.
          yield* Effect.promise(() => admin.replicaof("NO", "ONE"))
          yield* Effect.promise(() => admin.replicaof("127.0.0.1", `${primary.port}`))
          yield* primary.signal(how)
          row = 3
          yield* Effect.exit(a.as(user.invalidate(id)))
          yield* until("b serves the newest row", Effect.map(b.as(page.get(id)), (seen) => seen === 3))
          yield* until(
            "a write succeeds again",
            Effect.map(Effect.exit(a.as(user.set(id, 4))), ({ _tag }) => _tag === "Success")
          )
          row = 4
          yield* until(
            "both see it",
            Effect.map(Effect.all([a.as(user.get(id)), b.as(page.get(id))]), ([x, y]) => x === 4 && y === 4)
          )
          // The old primary comes back, and serves no process.
          if (how === "SIGSTOP") {
            yield* primary.signal("SIGCONT")
            for (let i = 0; i < 20; i++) {
              yield* Effect.sleep(100)
              assert.deepStrictEqual([yield* a.as(user.get(id)), yield* b.as(page.get(id))], [4, 4])
            }
          }
        })
    )
  }
})
