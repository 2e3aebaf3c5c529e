/**
 * A write into memory alone takes a short way, which makes no entry and asks for all conditions at once. It does what
 * the long way does: two engines run the same random commands, and one of them has a listener of changes, so that all
 * of its writes take the long way. What can be seen of both is equal.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { TestClock } from "effect/testing"
import * as fc from "fast-check"
import * as Lookup from "../../src/cache/Lookup.ts"
import type { FamilyPolicy } from "../../src/ownership/FamilyPolicy.ts"
import * as MemoryStore from "../../src/store/memory/MemoryStore.ts"
import { type App, checkInvariants, engine, type Running } from "../support/engine.ts"

const ids = ["0", "1", "2", "3"]
const names = ["user", "page", "list"] as const

const policy: fc.Arbitrary<FamilyPolicy> = fc.record({
  timeToLive: fc.constantFrom("never" as const, 50, 120),
  staleWhileRevalidate: fc.constantFrom(0, 40),
  negativeTimeToLive: fc.constantFrom(0, 20)
})

type Command =
  | {
    readonly _tag: "set" | "tagged" | "setMany" | "update" | "patch" | "delete" | "invalidate" | "get" | "has"
    readonly id: string
    readonly name: typeof names[number]
  }
  | { readonly _tag: "invalidateTag" | "invalidateAll" | "markStale"; readonly name: typeof names[number] }
  | { readonly _tag: "wait"; readonly millis: number }

const name = fc.constantFrom(...names)
const command: fc.Arbitrary<Command> = fc.oneof(
  {
    weight: 12,
    arbitrary: fc.record({
      _tag: fc.constantFrom(
        "set" as const,
        "set" as const,
        "set" as const,
        "update" as const,
        "tagged" as const,
        "setMany" as const,
        "patch" as const,
        "delete" as const,
        "invalidate" as const,
        "get" as const,
        "has" as const
      ),
      id: fc.constantFrom(...ids),
      name
    })
  },
  {
    weight: 2,
    arbitrary: fc.record({
      _tag: fc.constantFrom("invalidateTag" as const, "invalidateAll" as const, "markStale" as const),
      name
    })
  },
  { weight: 2, arbitrary: fc.record({ _tag: fc.constant("wait" as const), millis: fc.constantFrom(7, 21, 63) }) }
)

const world = (of: FamilyPolicy, capacity: number) =>
  engine(
    {
      families: {
        user: { pattern: "user:{id}", ...of },
        page: { pattern: "page:{id}", derives: ["user:{id}"] },
        list: { pattern: "list:{kind}", derives: ["user:{id}"], fanout: true }
      }
    },
    (about, app) =>
      about.key.startsWith("page:")
        ? Effect.map(
          app.keys.user.getOption({ id: about.key.slice(5) }) as Effect.Effect<object>,
          (user) => JSON.stringify(user)
        )
        : about.key.endsWith(":0")
        ? Effect.succeed(Lookup.absent)
        : Effect.succeed(`loaded ${about.key}`),
    { store: MemoryStore.layer({ capacity, eviction: "lru" }) }
  )

const run = (command: Command, value: string, app: App<typeof names[number]>): Effect.Effect<unknown, unknown, any> => {
  if (command._tag === "wait") return Effect.void
  const of = app.keys[command.name]
  if (command._tag === "invalidateTag") return of.invalidateTag("a")
  if (command._tag === "invalidateAll") return of.invalidateAll()
  if (command._tag === "markStale") return of.invalidateAll({ mode: "markStale" })
  if (!("id" in command)) return Effect.void
  const at = command.name === "list" ? { kind: command.id } : { id: command.id }
  switch (command._tag) {
    case "set":
      return of.set(at, value)
    case "tagged":
      return of.set(at, value, { tags: ["a"] })
    case "setMany":
      return of.setMany([[at, value]])
    case "update":
      return of.update(at, (was: string) => `${was}'`)
    case "patch":
      return of.patch(at, (was: string) => `${was}*`)
    default:
      return of[command._tag](at)
  }
}

describe("the short way of a write", () => {
  it("the short way does what the long way does", () =>
    fc.assert(
      fc.asyncProperty(
        policy,
        fc.constantFrom(3, 100),
        fc.array(command, { maxLength: 60 }),
        (of, capacity, commands) =>
          Effect.runPromise(
            Effect.scoped(compared(of, capacity, commands)).pipe(Effect.provide(TestClock.layer()))
          )
      ),
      { numRuns: 200 }
    ))
})

const compared = Effect.fnUntraced(function*(of: FamilyPolicy, capacity: number, commands: ReadonlyArray<Command>) {
  const short = yield* world(of, capacity)
  const long = yield* world(of, capacity)
  long.cache.onChange(() => {})
  for (const [i, command] of commands.entries()) {
    if (command._tag === "wait") {
      yield* TestClock.adjust(command.millis)
      continue
    }
    const outcomes: Array<unknown> = []
    for (const { app, as } of [short, long]) {
      const exit = yield* Effect.exit(as(run(command, `v${i}`, app)))
      outcomes.push(exit._tag === "Success" ? exit.value : String(exit.cause))
    }
    assert.deepStrictEqual(outcomes[0], outcomes[1], JSON.stringify(command))
    yield* Effect.yieldNow
  }
  for (const running of [short, long]) checkInvariants(running)
  assert.deepStrictEqual(yield* seen(short), yield* seen(long))
})

const seen = ({ app, as, cache }: Running<typeof names[number]>) =>
  Effect.gen(function*() {
    const told: Array<unknown> = [cache.stats, cache.stamp]
    for (const name of names) {
      for (const id of ids) {
        const key = name === "list" ? { kind: id } : { id }
        const { happenings, held, outcome } = yield* as(app.keys[name].explain(key)) as Effect.Effect<any>
        told.push([name, id, outcome, happenings, held && { ...held, version: 0 }])
      }
    }
    return told
  })
