/**
 * A load that has ended holds up no other process, however it ended: its lease of the key ends with its value, or at
 * once. Each way of ending is a row; another process waits for the key.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Latch from "effect/Latch"
import * as Layer from "effect/Layer"
import { MinimumLogLevel } from "effect/References"
import * as Scope from "effect/Scope"
import * as Lookup from "../../src/cache/Lookup.ts"
import type { FamilyPolicy } from "../../src/ownership/FamilyPolicy.ts"
import * as LedgerNode from "../../src/store/internal/ledger/ledgerNode.ts"
import type { LedgerPlace, Question } from "../../src/store/internal/ledger/ledgerPlace.ts"
import * as LedgerStore from "../../src/store/internal/ledger/ledgerStore.ts"
import { GraceMillis } from "../../src/store/shared/answerTime.ts"
import { type Prepared, Store } from "../../src/store/Store.ts"
import { StoreError, TierFailed } from "../../src/store/StoreError.ts"
import { changed } from "../support/changed.ts"
import { drive, fork, settle } from "../support/effects.ts"
import { engine } from "../support/engine.ts"
import { makeLine, over, SimPlace } from "../support/ledger/simPlace.ts"
import { mapStore } from "../support/mapStore.ts"
import { entryOf, outboxOver, textFamily } from "../support/partition.ts"
import { tiersOver } from "../support/tiers.ts"

const leaseMillis = 10_000

/** What a process that waited needs after the end: some questions, and its own lookup. */
const soonMillis = 100

type Answer = Effect.Effect<Lookup.Result<number>, string>

const failed = new StoreError({ reason: new TierFailed({ tier: "sim", operation: "set", cause: "planned" }) })

const process = Effect.fnUntraced(function*(place: SimPlace, policy: FamilyPolicy) {
  const commits = Latch.makeUnsafe(true)
  const lookups = Latch.makeUnsafe(false)
  const control = {
    commits,
    lookups,
    /** How its lookup goes on once `lookups` is open. */
    answer: Effect.succeed(Lookup.loaded(1, {})) as Answer,
    /** What happens after a commit was sent, and before it arrives. */
    meanwhile: Effect.void as Effect.Effect<unknown, unknown>,
    /** The questions that fail. */
    fails: (() => false) as (question: Question["_tag"]) => boolean,
    encoded: Exit.succeed({ bytes: 0 }) as Effect.Effect<Prepared<any>, StoreError>
  }
  const open = over(place, makeLine())
  const gated: LedgerPlace = {
    ...open,
    open: (family) =>
      Effect.map(open.open(family), (partition) => ({ ...partition, prepare: () => control.encoded as any })),
    ask: (log, asker, question) =>
      Effect.suspend(() => {
        if (control.fails(question._tag)) return Effect.fail(failed)
        const asked = open.ask(log, asker, question)
        if (question._tag !== "Commit") return asked
        const held = Effect.andThen(commits.await, Effect.suspend(() => Effect.ignore(control.meanwhile)))
        return Effect.andThen(held, asked)
      })
  }
  const ledger = yield* LedgerNode.make(gated, { answerMillis: 1_000 })
  const store = yield* tiersOver(yield* LedgerStore.make(ledger, { loadLeaseMillis: leaseMillis }))
  const { app, as } = yield* engine(
    {
      families: {
        source: { pattern: "source:{id}" },
        note: { pattern: "note:{id}:{part}", derives: ["source:{id}"], ...policy }
      }
    },
    ({ key }) =>
      key.startsWith("source")
        ? Effect.succeed(1)
        : Effect.andThen(lookups.await, Effect.suspend(() => control.answer)),
    { store: Layer.succeed(Store, store) }
  )
  const { note, source } = app.keys
  const key = { id: "1", part: "a" }
  return {
    ...control,
    control,
    get: as(note.get(key)),
    set: as(note.set(key, 5)),
    invalidate: as(note.invalidate(key)),
    invalidatePart: (part: string) => as(note.invalidateWhere({ part })),
    invalidateSource: as(source.invalidate({ id: "1" })),
    invalidateAll: as(note.invalidateAll())
  }
})

type Process = Effect.Success<ReturnType<typeof process>>

interface Story {
  readonly a: Process
  readonly b: Process
  readonly place: SimPlace
  /** The reader of `a`. */
  readonly reader: Fiber.Fiber<unknown, unknown>
  readonly close: Effect.Effect<void>
}

interface Way {
  readonly policy?: FamilyPolicy
  /** Happens before the load begins. */
  readonly before?: (a: Process) => Effect.Effect<unknown, unknown, Scope.Scope>
  /** Ends the load of `a`. The lease is to have ended when it returns, or some milliseconds later. */
  readonly end: (story: Story) => Effect.Effect<void, unknown>
}

const answers = (answer: Answer): Way => ({
  end: ({ a }) => {
    a.control.answer = answer
    return a.lookups.open
  }
})

const keptValue = Effect.succeed(Lookup.loaded(1, {}))

/** The value has come, and waits for the end of a commit. */
const behindCommit = (then: (story: Story) => Effect.Effect<void, unknown>, policy: FamilyPolicy = {}): Way => ({
  policy,
  end: Effect.fnUntraced(function*(story) {
    const { a } = story
    yield* a.commits.close
    yield* fork(Effect.exit(a.invalidatePart("other")))
    yield* Effect.sleep(10)
    yield* a.lookups.open
    yield* Effect.sleep(10)
    yield* then(story)
  })
})

/** The load has begun after a mark of its family, and its value goes with the round of the mark. */
const withMark = (then: (story: Story) => void): Way => ({
  before: Effect.fnUntraced(function*(a) {
    yield* a.commits.close
    for (const part of ["other", "third"]) {
      yield* Effect.forkScoped(Effect.exit(a.invalidatePart(part)))
      yield* Effect.sleep(10)
    }
  }),
  end: Effect.fnUntraced(function*(story) {
    const { a } = story
    yield* a.lookups.open
    yield* Effect.sleep(10)
    then(story)
    yield* a.commits.open
  })
})

/** The value has come, and waits for its codec. */
const behindCodec = (encoded: Effect.Effect<Prepared<any>, StoreError>, then?: Way["end"]): Way => ({
  end: Effect.fnUntraced(function*(story) {
    story.a.control.encoded = encoded
    yield* story.a.lookups.open
    yield* Effect.sleep(10)
    if (then !== undefined) yield* then(story)
  })
})

const failing = (...questions: ReadonlyArray<Question["_tag"]>): Way => ({
  end: ({ a }) => {
    a.control.fails = (question) => questions.includes(question)
    return a.lookups.open
  }
})

const ways: Readonly<Record<string, Way>> = {
  "its value is kept": answers(keptValue),
  "its lookup fails": answers(Effect.fail("down")),
  "its lookup dies": answers(Effect.die("bug")),
  "its lookup interrupts itself": answers(Effect.interrupt),
  "the key has no value": answers(Effect.succeed(Lookup.absent)),
  "its value is not stored": answers(Effect.succeed(Lookup.loaded(1, { timeToLive: "doNotStore" }))),
  "its value has no lifetime": answers(Effect.succeed(Lookup.loaded(1, { timeToLive: 0 }))),
  "its reader leaves": { end: ({ reader }) => Fiber.interrupt(reader) },
  "its reader leaves, and its lookup goes on": {
    end: ({ a, reader }) => {
      a.control.answer = Effect.uninterruptible(Effect.as(Effect.sleep(60_000), Lookup.loaded(1, {})))
      return Effect.gen(function*() {
        yield* a.lookups.open
        yield* Effect.sleep(10)
        yield* fork(Fiber.interrupt(reader))
      })
    }
  },
  "its time is over": { policy: { hardTimeout: "1 second" }, end: () => Effect.sleep(1_000) },
  "its time is over, and its lookup goes on": {
    policy: { hardTimeout: "1 second" },
    end: ({ a }) => {
      a.control.answer = Effect.uninterruptible(Effect.as(Effect.sleep(60_000), Lookup.loaded(1, {})))
      return Effect.andThen(a.lookups.open, Effect.sleep(1_000))
    }
  },
  "its engine closes": { end: ({ close }) => close },
  "its engine closes while its value is on its way": behindCommit(({ a, close }) =>
    Effect.andThen(fork(close), Effect.andThen(Effect.sleep(10), a.commits.open))
  ),
  "its engine closes while its value waits for a codec": behindCodec(
    Effect.as(Effect.sleep(100), { bytes: 0 }),
    ({ close }) => fork(close)
  ),
  "a change here overtakes it": { end: ({ a }) => Effect.andThen(a.invalidate, a.lookups.open) },
  "a change here overtakes it, whose commit fails": {
    end: ({ a }) => {
      a.control.fails = (question) => question === "Commit"
      return Effect.andThen(Effect.exit(a.invalidate), a.lookups.open)
    }
  },
  "a mark here overtakes it": { end: ({ a }) => Effect.andThen(a.invalidateAll, a.lookups.open) },
  "a change elsewhere overtakes it": { end: ({ a, b }) => Effect.andThen(b.invalidate, a.lookups.open) },
  "a mark elsewhere overtakes it": { end: ({ a, b }) => Effect.andThen(b.invalidateAll, a.lookups.open) },
  "a value is set here meanwhile": { end: ({ a }) => Effect.andThen(a.set, a.lookups.open) },
  "a value is set here meanwhile, whose commit fails": {
    end: ({ a }) => {
      a.control.fails = (question) => question === "Commit"
      return Effect.andThen(Effect.exit(a.set), a.lookups.open)
    }
  },
  "there is no room for its value": {
    end: ({ a, place }) => {
      place.fill(true)
      return a.lookups.open
    }
  },
  "its value does not fit": behindCodec(Exit.fail(failed)),
  "its value comes from a codec that waits": behindCodec(Effect.as(Effect.sleep(10), { bytes: 0 })),
  "its value does not fit, says a codec that waits": behindCodec(Effect.andThen(Effect.sleep(10), Effect.fail(failed))),
  "its codec hangs": behindCodec(Effect.never),
  "its value is overtaken while it waits for a codec": behindCodec(Effect.never, ({ b }) => b.invalidate),
  "its value is not taken": failing("Put"),
  "its value and the end of its lease are not taken at first": {
    end: ({ a }) => {
      let left = 1
      a.control.fails = (question) => question === "Put" && left-- > 0
      return a.lookups.open
    }
  },
  "its value waits for a commit": behindCommit(({ a }) => a.commits.open),
  "its value goes with a mark of its family": withMark(() => undefined),
  "its round fails": behindCommit(({ a }) => {
    a.control.fails = (question) => question === "Commit" || question === "Put"
    return a.commits.open
  }),
  "the round of its value and of a mark fails": withMark(({ a }) => {
    a.control.fails = (question) => question === "Commit" || question === "Put"
  }),
  "another process marks its family in the round of its value and of a mark": withMark(({ a, b }) => {
    a.control.meanwhile = b.invalidatePart("fourth")
  }),
  "another process changes its key in the round of its value and of a mark": withMark(({ a, b }) => {
    a.control.meanwhile = b.invalidate
  }),
  "another process changes its key while its value is on its way": behindCommit(({ a, b }) =>
    Effect.andThen(b.invalidate, a.commits.open)
  ),
  "the log is lost while its value is on its way": behindCommit(({ a, place }) => {
    place.lose()
    return a.commits.open
  })
}

const checkStory = ({ before: prepare, end, policy = {} }: Way, isWaiting: boolean) =>
  Effect.gen(function*() {
    const place = yield* SimPlace.make()
    const scope = yield* Scope.make()
    const [b, c] = yield* Scope.provide(Effect.all([process(place, policy), process(place, policy)]), scope)
    const own = yield* Scope.fork(scope)
    const a = yield* Scope.provide(process(place, policy), own)
    yield* drive(Effect.gen(function*() {
      if (prepare !== undefined) yield* Scope.provide(prepare(a), scope)
      const reader = yield* Effect.forkIn(Effect.exit(a.get), scope, { startImmediately: true })
      yield* Effect.sleep(20)
      assert.strictEqual(place.sizes(0).leases, 1)
      yield* c.lookups.open
      const ask = fork(Effect.exit(c.get))
      const waiting = isWaiting ? yield* ask : undefined
      yield* Effect.sleep(20)
      assert.isUndefined(waiting?.pollUnsafe())
      yield* end({ a, b, place, reader, close: Scope.close(own, Exit.void) })
      const before = yield* Clock.currentTimeMillis
      if (waiting === undefined) yield* Effect.sleep(20)
      yield* Fiber.join(waiting ?? (yield* ask))
      assert.isBelow((yield* Clock.currentTimeMillis) - before, soonMillis)
      yield* Effect.sleep(10)
      assert.strictEqual(place.sizes(0).leases, 0)
    }))
    yield* drive(Scope.close(scope, Exit.void), 1_000)
  }).pipe(Effect.provideService(MinimumLogLevel, "None"), Effect.provideService(GraceMillis, 0))

for (const [who, isWaiting] of [["waits for", true], ["comes after", false]] as const) {
  describe(`a process that ${who} a load goes on at once when`, () => {
    for (const [name, way] of Object.entries(ways)) it.effect(name, () => checkStory(way, isWaiting))
  })
}

describe("the turn of a load", () => {
  it.effect("ends when its engine is closed, and gives up the value on its way", () =>
    Effect.gen(function*() {
      const ended: Array<string> = []
      const beginLoad = () => Effect.undefined
      const turns = () => ({ beginLoad, endLoad: (key: string) => void ended.push(key) })
      const store = changed(mapStore({ name: "map" }), turns, { write: () => Effect.never })
      const scope = yield* Scope.make()
      const { lane, outbox } = yield* Scope.provide(outboxOver(store, textFamily("note")), scope)
      yield* Scope.provide(outbox.run, scope)
      lane.set("1", entryOf("loaded"))
      lane.endLoad("1")
      yield* settle
      assert.deepStrictEqual(ended, [])
      yield* drive(Scope.close(scope, Exit.void), 1_000)
      assert.deepStrictEqual(ended, ["1"])
    }).pipe(Effect.provideService(GraceMillis, 0)))
})
