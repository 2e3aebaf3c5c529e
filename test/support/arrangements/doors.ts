/**
 * Every operation that reads an entry, with its expected result for each state of the entry.
 */
import { assert } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import { TestClock } from "effect/testing"
import type { ArrangedWorld, Value } from "./world.ts"

/**
 * What an entry is.
 *
 * - `fresh`: held. `stale`: held, and served at once. `substitute`: held, and served should the lookup fail.
 * - `absent`: to be loaded. `failed`: there is nothing to serve, and a failure is remembered. `failing`: nor that.
 */
export interface State {
  readonly is: "fresh" | "stale" | "substitute" | "absent" | "failed" | "failing"
  /** The row that is held. */
  readonly row?: number
  /** The row that a lookup finds now; without it, a lookup fails. */
  readonly next?: number
  /** Lookups that a read begins behind itself. */
  readonly behind?: number
  /** A failure is remembered for callers who want nothing stale. */
  readonly remembered?: boolean
}

/** What a door said, and how many lookups it began. */
export interface Said {
  readonly said: unknown
  readonly lookups: number
}

interface Door {
  readonly ask: (world: ArrangedWorld, id: string) => Effect.Effect<unknown, unknown>
  readonly expected: (state: State, world: ArrangedWorld) => Said | ReadonlyArray<Said>
}

const failure = "failure"
const nothing = "nothing"

const rowOf = (value: unknown): unknown => (value as Value | undefined)?.row ?? nothing
const optionOf = (found: unknown): unknown =>
  Option.match(found as Option.Option<Value>, { onNone: () => nothing, onSome: rowOf })

/** Doors that load what is missing. */
const loading = ({ behind = 0, is, next, row }: State): Said => {
  switch (is) {
    case "fresh":
    case "stale":
      return { said: row, lookups: behind }
    case "substitute":
      return { said: next ?? row, lookups: 1 }
    case "absent":
      return { said: next, lookups: 1 }
    case "failed":
      return { said: failure, lookups: 0 }
    case "failing":
      return { said: failure, lookups: 1 }
  }
}

/** Doors that never load. */
const held = ({ is, row }: State): Said => ({ said: is === "fresh" ? row : nothing, lookups: 0 })

/** Doors that want nothing stale. */
const current = (state: State): Said => {
  const { is, next, remembered = false } = state
  if (is === "fresh") return loading(state)
  if (is === "failed" || remembered) return { said: failure, lookups: 0 }
  return next === undefined ? { said: failure, lookups: 1 } : { said: next, lookups: 1 }
}

export const reads = {
  get: ({ user }: ArrangedWorld, id: string) => Effect.map(user.get({ id }), rowOf),
  getAnswer: ({ user }: ArrangedWorld, id: string) =>
    Effect.map(user.getAnswer({ id }), (answer: any) => rowOf(answer.value)),
  getMany: ({ user }: ArrangedWorld, id: string) => Effect.map(user.getMany([{ id }]), (all: any) => rowOf(all[0])),
  getManyResults: ({ user }: ArrangedWorld, id: string) =>
    Effect.flatMap(user.getManyResults([{ id }]), ([result]: any) => Exit.map(result, rowOf)),
  select: ({ user }: ArrangedWorld, id: string) => user.select({ id }, rowOf),
  "reader.get": ({ user }: ArrangedWorld, id: string) =>
    Effect.flatMap(user.reader, (of: any) => Effect.map(of.get({ id }), rowOf)),
  "writer.getMany": ({ user }: ArrangedWorld, id: string) =>
    Effect.flatMap(user.writer, (of: any) => Effect.map(of.getMany([{ id }, { id }]), (all: any) => rowOf(all[1]))),
  "reader.getPromise": ({ user }: ArrangedWorld, id: string) =>
    Effect.flatMap(
      user.reader,
      (of: any) => Effect.map(Effect.tryPromise({ try: () => of.getPromise({ id }), catch: (error) => error }), rowOf)
    )
}

export const doors: { readonly [name: string]: Door } = {
  ...Object.fromEntries(
    Object.entries(reads).map(([name, ask]) => [name, { ask: ask as Door["ask"], expected: loading }])
  ),
  getOption: { ask: ({ user }, id) => Effect.map(user.getOption({ id }), optionOf), expected: held },
  getAnswerOption: {
    ask: ({ user }, id) =>
      Effect.map(
        user.getAnswerOption({ id }),
        (found: any) => optionOf(Option.map(found, (answer: any) => answer.value))
      ),
    expected: held
  },
  has: {
    ask: ({ user }, id) => user.has({ id }),
    expected: ({ is }) => ({ said: is === "fresh", lookups: 0 })
  },
  page: {
    ask: ({ user }, id) =>
      Effect.map(
        Stream.runCollect(user.entries() as Stream.Stream<any, unknown>),
        (all) => rowOf(all.find(({ params }) => params.id === id)?.value)
      ),
    expected: held
  },
  patch: {
    ask: ({ user }, id) => Effect.map(user.patch({ id }, (was: Value) => was), optionOf),
    expected: held
  },
  getUnsafe: {
    ask: ({ user }, id) => Effect.map(user.reader, (of: any) => rowOf(of.getUnsafe({ id }))),
    expected: (state, { arrangement }) => {
      const here = state.is === "fresh" ? loading(state) : held(state)
      return arrangement.inMemory ? here : [here, { said: nothing, lookups: 0 }]
    }
  },
  update: {
    ask: ({ user }, id) =>
      Effect.suspend(() => {
        let seen: unknown
        return Effect.map(
          user.update({ id }, (was: Value) => {
            seen = rowOf(was)
            return was
          }),
          () => seen
        )
      }),
    expected: current
  },
  warm: {
    ask: ({ user }, id) => user.warm([{ id }]),
    expected: ({ behind = 0, is, next }) => {
      // A stale value is renewed, as a read would do behind its reader: not in the pause after a failure.
      const lookups = is === "fresh" || is === "failed" ? 0 : is === "stale" ? behind : 1
      return { said: next === undefined ? 0 : lookups, lookups }
    }
  },
  refresh: {
    ask: ({ user }, id) => Effect.map(user.refresh({ id }), rowOf),
    expected: ({ next }) => ({ said: next ?? failure, lookups: 1 })
  },
  explain: {
    ask: ({ user }, id) =>
      Effect.map(user.explain({ id }), ({ held, outcome }: any) => `${outcome} ${rowOf(held?.value)}`),
    expected: ({ is, row }) => {
      const outcome =
        { fresh: "hit", stale: "staleHit", substitute: "load", absent: "load", failed: "fail", failing: "load" }[is]
      return { said: `${outcome} ${row ?? nothing}`, lookups: 0 }
    }
  },
  ifVersion: {
    ask: ({ user }, id) =>
      Effect.gen(function*() {
        const { held }: any = yield* user.explain({ id })
        const wrong: any = yield* Effect.flip(user.set({ id }, { row: 0 }, { ifVersion: 1 }))
        yield* user.set({ id }, { row: 100 }, { ifVersion: held?.version ?? null })
        return wrong.reason._tag as unknown
      }) as Effect.Effect<unknown, unknown>,
    expected: () => ({ said: "VersionConflict", lookups: 0 })
  }
}

/** Asks every door about its own key, all of which have the same story, and compares with what is expected. */
export const ask = (
  world: ArrangedWorld,
  state: State,
  { only = Object.keys(doors), passing = 0 }: { readonly only?: ReadonlyArray<string>; readonly passing?: number } = {}
) =>
  Effect.forEach(only, (name) =>
    Effect.gen(function*() {
      const { ask, expected } = doors[name]!
      const before = world.source.runsOf(name)
      const asking = yield* Effect.forkChild(Effect.exit(world.on(ask(world, name))), { startImmediately: true })
      yield* world.settle
      if (passing > 0) yield* TestClock.adjust(passing)
      const exit = yield* Fiber.join(asking)
      yield* world.settle
      const said = exit._tag === "Success" ? exit.value : failure
      const all = [expected(state, world)].flat()
      assert.deepInclude(all, { said, lookups: world.source.runsOf(name) - before }, `${name}: ${JSON.stringify(all)}`)
    }), { discard: true })
