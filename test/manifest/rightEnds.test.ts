/**
 * What an owner or a delegate has begun, and what waits, is refused when its right ends. After an owner, the next owner
 * has the family. After a delegate, the part has an owner still, and what that owner has begun goes on.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Scope from "effect/Scope"
import * as Manifest from "../../src/manifest/Manifest.ts"
import * as MemoryStore from "../../src/store/memory/MemoryStore.ts"
import { fork, reasonOf, settle } from "../support/effects.ts"

class Docs extends Manifest.Service<Docs>()("Docs", {
  families: {
    doc: { pattern: "doc:{id}:*", value: Manifest.type<string>() },
    draft: { pattern: "doc:{id}:draft", partOf: "doc", value: Manifest.type<string>() }
  }
}) {}
const { draft } = Docs.keys
const id = { id: "1" }

const through = <A, E, R>(body: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> => body

type Run = (opened: Deferred.Deferred<void>) => Effect.Effect<unknown, unknown, any>

/** What waits until the gate opens. What `before` does has the key until then. */
const operations: { readonly [operation: string]: { readonly run: Run; readonly before?: Run } } = {
  "an update in its function": {
    run: (gate) => draft.update(id, () => Effect.as(Deferred.await(gate), "late"))
  },
  "an update that waits for its turn": {
    before: (gate) => draft.update(id, (was) => Effect.as(Deferred.await(gate), was)),
    run: () => draft.update(id, () => "late")
  },
  "a patch in its function": {
    run: (gate) => draft.patch(id, () => Effect.as(Deferred.await(gate), "late"))
  },
  "a patch that waits for its turn": {
    before: (gate) => draft.patch(id, (was) => Effect.as(Deferred.await(gate), was)),
    run: () => draft.patch(id, () => "late")
  },
  "an update of a handle": {
    run: (gate) => Effect.flatMap(draft.writer, (own) => own.update(id, () => Effect.as(Deferred.await(gate), "late")))
  },
  "a refresh": {
    run: () => draft.refresh(id)
  },
  "a getOr": {
    run: (gate) => Effect.andThen(draft.delete(id), draft.getOr(id, Effect.as(Deferred.await(gate), "late")))
  },
  "a lease": {
    before: (gate) => Effect.scoped(Effect.andThen(draft.lease(id, { mode: "exclusive" }), Deferred.await(gate))),
    run: () => Effect.scoped(draft.lease(id, { mode: "exclusive", deadline: "1 minute" }))
  },
  "a transaction": {
    run: (gate) => Docs.transaction(through)(Effect.andThen(draft.set(id, "late"), Deferred.await(gate)))
  },
  "a deletion in a transaction": {
    run: (gate) => Docs.transaction(through)(Effect.andThen(draft.delete(id), Deferred.await(gate)))
  },
  "an invalidation of all keys in a transaction": {
    run: (gate) => Docs.transaction(through)(Effect.andThen(draft.invalidateAll(), Deferred.await(gate)))
  },
  "an invalidation of a tag in a transaction": {
    run: (gate) => Docs.transaction(through)(Effect.andThen(draft.invalidateTag("new"), Deferred.await(gate)))
  }
}

type Operation = { readonly run: Run; readonly before?: Run }

/**
 * Begins an operation by this right, and a read by the owner. Then it ends the right of the delegate, and opens the
 * gate.
 */
const story = ({ before, run }: Operation, by: "delegate" | "owner") =>
  Effect.scoped(Effect.gen(function*() {
    const gate = yield* Deferred.make<void>()
    const live = Docs.modules({
      doc: Docs.owner("doc", {
        lookup: () => Effect.succeed("loaded"),
        parts: { draft: { lookup: () => Effect.as(Effect.yieldNow, "loaded") } }
      })
    }).pipe(Layer.provide(MemoryStore.layer({ capacity: 10 })))
    const owner = (yield* Layer.build(Layer.fresh(live))) as Context.Context<any>
    const scope = yield* Scope.make()
    const own = <A>(effect: Effect.Effect<A, unknown, any>) => Effect.provideContext(effect, owner)
    const lent = yield* own(Layer.buildWithScope(
      Layer.fresh(Docs.delegate("draft", { lookup: () => Effect.as(Deferred.await(gate), "delegate") }) as any),
      scope
    ))
    // The right of the delegate comes first, as its Context has it.
    const delegate = Context.merge(owner, lent as Context.Context<any>)
    yield* Effect.provideContext(draft.set(id, "held"), delegate as any)
    const first = before && (yield* fork(own(before(gate) as Effect.Effect<unknown, unknown, any>)))
    const right = by === "delegate" ? onlyOf(delegate, owner) : owner
    const late = yield* fork(Effect.exit(Effect.provideContext(run(gate) as any, right as any)))
    yield* settle
    const reader = yield* fork(Effect.exit(own(draft.get(id))))
    yield* Scope.close(scope, Exit.void)
    yield* Deferred.succeed(gate, undefined)
    if (first !== undefined) yield* Effect.exit(Fiber.join(first))
    for (let i = 0; i < 5; i++) yield* settle
    const exit = yield* Fiber.join(late)
    const held = yield* own(draft.getOption(id))
    return { exit: exit as Exit.Exit<unknown, unknown>, held, read: yield* Fiber.join(reader) }
  }))

/** The Context of the delegate without the right of the owner of the whole. */
const onlyOf = (delegate: Context.Context<any>, owner: Context.Context<any>): Context.Context<any> => {
  const rights = [...owner.mapUnsafe.keys()].filter((key) => key.includes("own") && key.includes("doc"))
  return Context.makeUnsafe(new Map([...delegate.mapUnsafe].filter(([key]) => !rights.includes(key))))
}

/** Begins an operation by an owner, who leaves while it waits. The next owner sets the key before the gate opens. */
const handover = ({ before, run }: { readonly run: Run; readonly before?: Run }) =>
  Effect.scoped(Effect.gen(function*() {
    const gate = yield* Deferred.make<void>()
    const root: Context.Context<any> = yield* Layer.build(
      Layer.fresh(Docs.layer.pipe(Layer.provide(MemoryStore.layer({ capacity: 10 }))))
    )
    const owned = (value: string) =>
      Effect.gen(function*() {
        const scope = yield* Scope.make()
        const layer = Docs.owner("doc", {
          lookup: () => Effect.succeed(value),
          parts: { draft: { lookup: () => Effect.as(Deferred.await(gate), value) } }
        })
        const build: Effect.Effect<Context.Context<any>, unknown, any> = Layer.buildWithScope(Layer.fresh(layer), scope)
        const context = Context.merge(root, yield* Effect.provideContext(build, root))
        const as = <A>(effect: Effect.Effect<A, unknown, any>) => Effect.provideContext(effect, context as any)
        return { as, scope }
      })
    const first = yield* owned("late")
    yield* first.as(draft.set(id, "held"))
    const holder = before && (yield* fork(first.as(before(gate))))
    const late = yield* fork(Effect.exit(first.as(run(gate))))
    yield* settle
    yield* Scope.close(first.scope, Exit.void)
    const next = yield* owned("next")
    // A lease that the first owner holds outlives it.
    const isFree = Exit.isSuccess(yield* Effect.exit(next.as(draft.set(id, "next"))))
    yield* Deferred.succeed(gate, undefined)
    if (holder !== undefined) yield* Effect.exit(Fiber.join(holder))
    for (let i = 0; i < 5; i++) yield* settle
    if (!isFree) yield* next.as(draft.set(id, "next"))
    return { exit: yield* Fiber.join(late), held: yield* next.as(draft.getOption(id)) }
  }))

describe("operation of an owner that leaves", () => {
  for (const [name, operation] of Object.entries(operations)) {
    it.effect(`${name} is refused when its owner leaves while it waits, and the value of the next owner stays`, () =>
      Effect.gen(function*() {
        const { exit, held } = yield* handover(operation)
        assert.strictEqual(exit._tag, "Failure", String(exit))
        assert.deepStrictEqual(held, Option.some("next"))
      }))
  }
})

describe("operation by a delegate whose right ends", () => {
  for (const [name, operation] of Object.entries(operations)) {
    it.effect(`${name} is refused when the right of its delegate ends while it waits, and no reader of the owner is`, () =>
      Effect.gen(function*() {
        const { exit, held, read } = yield* story(operation, "delegate")
        assert.strictEqual(reasonOf(yield* Effect.flip(exit)), "Revoked")
        assert.notStrictEqual(held._tag === "Some" ? held.value : undefined, "late")
        // A reader with a right of its own, who has joined, is served what the owner of the part has.
        assert.include(["held", "loaded"], yield* read)
      }))

    it.effect(`${name} of the owner goes on when the right of a delegate ends while it waits`, () =>
      Effect.gen(function*() {
        const { exit } = yield* story(operation, "owner")
        assert.strictEqual(exit._tag, "Success", String(exit))
      }))
  }
})
