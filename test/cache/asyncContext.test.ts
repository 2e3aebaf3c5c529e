/**
 * What the library keeps running belongs to no caller: it keeps no `AsyncLocalStorage` of a request that has ended.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as ManagedRuntime from "effect/ManagedRuntime"
import * as Schema from "effect/Schema"
import { AsyncLocalStorage } from "node:async_hooks"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { setFlagsFromString } from "node:v8"
import { runInNewContext } from "node:vm"
import * as Lookup from "../../src/cache/Lookup.ts"
import * as Manifest from "../../src/manifest/Manifest.ts"
import * as LmdbStore from "../../src/store/lmdb/LmdbStore.ts"
import * as MemoryStore from "../../src/store/memory/MemoryStore.ts"
import * as TieredStore from "../../src/store/TieredStore.ts"

setFlagsFromString("--expose-gc")
const collect: () => void = runInNewContext("gc")

class App extends Manifest.Service<App>()("AsyncContext", {
  families: {
    plain: { pattern: "plain:{id}", value: Schema.String, error: Schema.String },
    failing: { pattern: "failing:{id}", value: Schema.String, error: Schema.String, negativeTimeToLive: "1 hour" },
    ending: {
      pattern: "ending:{id}",
      value: Schema.String,
      error: Schema.String,
      timeToLive: 1,
      staleWhileRevalidate: "1 hour"
    },
    idle: { pattern: "idle:{id}", value: Schema.String, error: Schema.String, idleTimeToLive: "1 hour" }
  }
}) {}
const { ending, failing, idle, plain } = App.keys

class Failed extends Schema.TaggedError<Failed>()("Failed", { cause: Schema.optional(Schema.Unknown) }) {}

/** Lookups that bring no value. */
const failures: { readonly [id: string]: () => Effect.Effect<any, any> } = {
  error: () => Effect.fail(new Failed({})),
  nested: () => Effect.fail(new Failed({ cause: new AggregateError([new Error("inner", { cause: new Error() })]) })),
  deep: () => Effect.fail(new Failed({ cause: { kind: "transport", details: [{ error: new Error("inner") }] } })),
  map: () => Effect.fail({ errors: new Map([["first", new Error("inner")]]) }),
  dies: () => Effect.die(new Error("defect")),
  named: Effect.fn("named")(function*() {
    return yield* new Failed({})
  }),
  absent: () => Effect.succeed(Lookup.absent),
  refused: () => Effect.succeed(Promise.resolve())
}

const storage = new AsyncLocalStorage<object>()

/** Runs one request, and returns what shows whether its storage is still held. */
const request = async (work: () => Promise<unknown>): Promise<WeakRef<object>> => {
  const context = { body: new Uint8Array(1_000_000) }
  const held = new WeakRef(context)
  await storage.run(context, work)
  return held
}

const pause = (millis: number) => new Promise((resume) => setTimeout(resume, millis))

const isHeld = async (request: WeakRef<object>): Promise<boolean> => {
  for (let i = 0; i < 20 && request.deref() !== undefined; i++) {
    await pause(5)
    collect()
  }
  return request.deref() !== undefined
}

type Run = <A, E>(effect: Effect.Effect<A, E, any>) => Promise<A>

/** What begins with the first request and goes on after it; `others` runs outside of it, before and meanwhile. */
const cases: {
  readonly [what: string]: (
    run: Run,
    others: (effect: Effect.Effect<unknown, unknown, any>) => void
  ) => Promise<unknown>
} = {
  "a layer that it builds": (run) => run(plain.set({ id: "1" }, "a")),
  "a failure that is remembered": (run) => run(Effect.exit(failing.get({ id: "fails" }))),
  "an error that is remembered": (run) => run(Effect.exit(failing.get({ id: "error" }))),
  "an error within an error that is remembered": (run) => run(Effect.exit(failing.get({ id: "nested" }))),
  "an error within an object of an error that is remembered": (run) => run(Effect.exit(failing.get({ id: "deep" }))),
  "an error in a map that is remembered": (run) => run(Effect.exit(failing.get({ id: "map" }))),
  "a defect that is remembered": (run) => run(Effect.exit(failing.get({ id: "dies" }))),
  "an error of a function with a name": (run) => run(Effect.exit(failing.get({ id: "named" }))),
  "a nothing that is remembered": (run) => run(Effect.exit(failing.get({ id: "absent" }))),
  "a value that is refused": (run) => run(Effect.exit(failing.get({ id: "refused" }))),
  "a lifetime": (run) => run(ending.get({ id: "1" })),
  "an idle time": (run) => run(Effect.andThen(idle.get({ id: "1" }), idle.get({ id: "1" }))),
  "a renewal behind it": async (run) => {
    await run(ending.get({ id: "1" }))
    await pause(5)
    await run(ending.get({ id: "1" }))
    await pause(5)
  },
  "a mark": (run) => run(Effect.andThen(plain.set({ id: "1" }, "a"), plain.invalidateAll())),
  "a tag": (run) => run(Effect.andThen(plain.set({ id: "1" }, "a", { tags: ["t"] }), plain.invalidateTag("t"))),
  "a load that it shares, while another one goes on": async (run, others) => {
    const reads = Promise.all([run(plain.get({ id: "slow" })), run(plain.get({ id: "slow" }))])
    others(plain.get({ id: "hangs" }))
    others(plain.get({ id: "hangs" }))
    await reads
  },
  "an update that waits for its turn, while others go on to wait": async (run, others) => {
    const hang = plain.update({ id: "turn" }, () => Effect.never)
    others(hang)
    await pause(20)
    const fiber = await run(Effect.forkDetach(plain.update({ id: "turn" }, () => Effect.succeed("b"))))
    await pause(20)
    others(hang)
    await pause(20)
    await run(Fiber.interrupt(fiber))
  },
  "a lease that it waits for, while others go on to wait": async (run, others) => {
    const hold = Effect.scoped(Effect.andThen(plain.lease({ id: "1" }, { timeToLive: "1 hour" }), Effect.never))
    others(hold)
    await pause(20)
    const fiber = await run(Effect.forkDetach(hold))
    await pause(20)
    others(hold)
    await pause(20)
    await run(Fiber.interrupt(fiber))
  }
}

describe("the storage of a request that has ended", () => {
  for (const [tiers, isFile] of [["memory", false], ["memory over a file", true]] as const) {
    for (const [what, begin] of Object.entries(cases)) {
      for (const isFirst of [true, false]) {
        it(`a request is not held by ${what}, over ${tiers}${isFirst ? ", for the first request" : ""}`, async () => {
          const path = mkdtempSync(join(tmpdir(), "stateless-"))
          const memory = MemoryStore.layer({ capacity: 100 })
          const lookup = ({ id }: { readonly id: string }) =>
            Effect.suspend((): Effect.Effect<string, string> =>
              id === "fails"
                ? Effect.fail("broken")
                : id === "hangs"
                ? Effect.never
                : id in failures
                ? Effect.flatMap(Effect.sleep(1), failures[id]!)
                : Effect.delay(Effect.succeed(id), id === "slow" ? 20 : 0)
            )
          const runtime = ManagedRuntime.make(
            App.modules({
              plain: App.owner("plain", { lookup }),
              failing: App.owner("failing", { lookup }),
              ending: App.owner("ending", { lookup }),
              idle: App.owner("idle", { lookup, predict: { keysMax: 10 } })
            }).pipe(
              Layer.provide(
                isFile ? TieredStore.layer([memory, LmdbStore.layer({ path, durability: "process" })]) : memory
              )
            )
          )
          const run = ((effect) => runtime.runPromise(effect)) as Run
          if (!isFirst) await run(plain.has({ id: "0" }))
          const outside = AsyncLocalStorage.snapshot()
          const others = (effect: Effect.Effect<unknown, unknown, any>) =>
            void outside(() => runtime.runPromiseExit(effect))
          const ended = await request(() => begin(run, others))
          // The accessors remember the Context of the last caller, and so does the storage of the last fiber.
          await run(plain.has({ id: "0" }))
          assert.isFalse(await isHeld(ended))
          await runtime.dispose()
          rmSync(path, { recursive: true })
        })
      }
    }
  }
})
