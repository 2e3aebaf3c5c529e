/**
 * A caller who is about to wait for a load, a step after it has found the load, waits for no load that has been given
 * up in between, or whose owner has left.
 */
import { assert, describe, it } from "@effect/vitest"
import type * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Scope from "effect/Scope"
import * as Manifest from "../../src/manifest/Manifest.ts"
import * as MemoryStore from "../../src/store/memory/MemoryStore.ts"
import { fork, settle } from "../support/effects.ts"
import { family } from "../support/source.ts"
import { atEachStep } from "../support/yieldOnce.ts"

const id = { id: "1" }

const changes: { readonly [change: string]: (user: any) => Effect.Effect<unknown, unknown, any> } = {
  update: (user) => user.update(id, (was: string) => `${was}!`),
  patch: (user) => user.patch(id, (was: string) => `${was}!`)
}

describe("change behind a refresh", () => {
  for (const [change, run] of Object.entries(changes)) {
    it.live(`${change} behind a refresh ends at whatever step of it the caller of the refresh leaves`, () =>
      atEachStep((begin, at) =>
        Effect.scoped(Effect.gen(function*() {
          const gate = yield* Deferred.make<void>()
          let runs = 0
          const { on, user } = yield* family(
            {},
            () => ++runs === 1 ? Effect.as(Deferred.await(gate), "1") : Effect.sync(() => `${runs}`)
          )
          yield* fork(on(user.get(id)))
          const refresher = yield* fork(on(user.refresh(id)))
          const changer = yield* Effect.forkChild(Effect.andThen(begin, on(run(user))))
          yield* Effect.forkChild(Fiber.interrupt(refresher))
          yield* settle
          yield* Deferred.succeed(gate, undefined)
          for (let i = 0; i < 10; i++) yield* settle
          assert.isDefined(changer.pollUnsafe(), `yields at ${at}`)
        }))
      ))
  }
})

/** What has a key, or a turn, until the gate opens; and what waits for it. */
const firsts: { readonly [first: string]: (user: any, gate: Effect.Effect<void>) => Effect.Effect<unknown> } = {
  update: (user, gate) => user.update(id, (was: string) => Effect.as(gate, was)),
  patch: (user, gate) => user.patch(id, (was: string) => Effect.as(gate, was)),
  lease: (user, gate) => Effect.scoped(Effect.andThen(user.lease(id, { mode: "exclusive" }), gate)),
  "refresh that has the one turn": (user) => user.refresh(id),
  getOr: (user, gate) => Effect.andThen(user.delete(id), user.getOr(id, Effect.as(gate, "own")))
}
const seconds: { readonly [second: string]: (user: any) => Effect.Effect<unknown> } = {
  ...changes,
  lease: (user) => Effect.scoped(user.lease(id, { mode: "exclusive", deadline: "1 minute" })),
  refresh: (user) => user.refresh(id),
  "read of another key": (user) => user.get({ id: "2" }),
  "read of many keys": (user) => user.getMany([id, { id: "2" }]),
  getOr: (user) => user.getOr(id, Effect.succeed("other"))
}

describe("operation behind another one", () => {
  for (const [first, has] of Object.entries(firsts)) {
    for (const [second, waits] of Object.entries(seconds)) {
      it.live(`${second} that waits for ${first} ends, at whatever step of it the other ends`, () =>
        atEachStep((begin, at) =>
          Effect.scoped(Effect.gen(function*() {
            const gate = yield* Deferred.make<void>()
            let runs = 0
            const { on, user } = yield* family(
              { loadConcurrency: 1 },
              () => ++runs === 2 ? Effect.as(Deferred.await(gate), "1") : Effect.succeed(`${runs}`)
            )
            yield* on(user.get(id))
            const holder = yield* fork(on(has(user, Deferred.await(gate))))
            const waiter = yield* Effect.forkChild(Effect.andThen(begin, on(waits(user))))
            yield* Effect.forkChild(Deferred.succeed(gate, undefined))
            for (let i = 0; i < 10; i++) yield* settle
            assert.isDefined(holder.pollUnsafe(), `the first one, yields at ${at}`)
            assert.isDefined(waiter.pollUnsafe(), `yields at ${at}`)
          }))
        ))
    }
  }
})

describe("a reschedule of a key that has a fresh value all the time", () => {
  const others: { readonly [other: string]: (user: any) => Effect.Effect<unknown> } = {
    ...changes,
    set: (user) => user.set(id, "other"),
    reschedule: (user) => user.reschedule(id, "2 minutes"),
    batch: (user) => user.setMany([[id, "other"]])
  }
  for (const [other, run] of Object.entries(others)) {
    it.live(`a reschedule moves the end at whatever step of it another caller runs this: ${other}`, () =>
      atEachStep((begin, at) =>
        Effect.scoped(Effect.gen(function*() {
          const { on, user } = yield* family({ timeToLive: "1 hour" }, () => Effect.succeed("1"))
          yield* on(user.get(id))
          const moving = yield* Effect.forkChild(Effect.andThen(begin, on(user.reschedule(id, "1 minute"))))
          const changing = yield* Effect.forkChild(on(run(user)))
          for (let i = 0; i < 10; i++) yield* settle
          assert.deepStrictEqual(moving.pollUnsafe(), Exit.succeed(true), `yields at ${at}`)
          assert.isDefined(changing.pollUnsafe())
        }))
      ))
  }
})

class Docs extends Manifest.Service<Docs>()("Docs", {
  families: {
    doc: { pattern: "doc:{id}:*", value: Manifest.type<string>() },
    draft: { pattern: "doc:{id}:draft", partOf: "doc", value: Manifest.type<string>() }
  }
}) {}
const { draft } = Docs.keys

const doors: { readonly [door: string]: Effect.Effect<unknown, unknown, any> } = {
  get: draft.get(id),
  getMany: Effect.map(draft.getMany([id]), ([value]) => value),
  getAnswer: Effect.map(draft.getAnswer(id), ({ value }) => value),
  refresh: draft.refresh(id),
  update: draft.update(id, (was) => was)
}

const docs = (many: boolean) =>
  Layer.provide(
    Docs.modules({
      doc: Docs.owner("doc", {
        lookup: () => Effect.succeed("whole"),
        parts: {
          draft: many
            ? { lookupMany: (all: ReadonlyArray<unknown>) => Effect.as(Effect.yieldNow, all.map(() => "own")) }
            : { lookup: () => Effect.as(Effect.yieldNow, "own") }
        }
      } as any)
    }),
    MemoryStore.layer({ capacity: 10 })
  )

describe("read or write of a part whose delegate leaves", () => {
  for (const many of [false, true]) {
    for (const [door, run] of Object.entries(doors)) {
      it.live(`${door} returns the value of the owner at whatever step the delegate leaves, lookupMany: ${many}`, () =>
        atEachStep((begin, at) =>
          Effect.scoped(Effect.gen(function*() {
            const context = (yield* Layer.build(Layer.fresh(docs(many)))) as Context.Context<any>
            const on = <A>(effect: Effect.Effect<A, unknown, any>) => Effect.provideContext(effect, context)
            const scope = yield* Scope.make()
            const hangs = () => Effect.never as Effect.Effect<any>
            const lent = Docs.delegate("draft", many ? { lookupMany: hangs } : { lookup: hangs })
            yield* on(Layer.buildWithScope(Layer.fresh(lent), scope))
            const caller = yield* Effect.forkChild(Effect.andThen(begin, on(run)))
            yield* Effect.forkChild(Scope.close(scope, Exit.void))
            for (let i = 0; i < 10; i++) yield* settle
            assert.deepStrictEqual(caller.pollUnsafe(), Exit.succeed("own"), `yields at ${at}`)
          }))
        ))
    }
  }

  it.live("a read of many keys is answered although another reader of one of them has come and gone", () =>
    Effect.gen(function*() {
      const context = (yield* Layer.build(Layer.fresh(docs(true)))) as Context.Context<any>
      const on = <A>(effect: Effect.Effect<A, unknown, any>) => Effect.provideContext(effect, context)
      const scope = yield* Scope.make()
      yield* on(Layer.buildWithScope(
        Layer.fresh(Docs.delegate("draft", { lookupMany: () => Effect.never as Effect.Effect<any> })),
        scope
      ))
      const all = Array.from({ length: 100 }, (_, i) => ({ id: `${i}` }))
      const reader = yield* fork(on(draft.getMany(all)))
      yield* Scope.close(scope, Exit.void)
      const other = yield* fork(on(draft.get({ id: "99" })))
      yield* Fiber.interrupt(other)
      assert.lengthOf((yield* Fiber.join(reader)) as Array<unknown>, 100)
    }))
})
