/**
 * Makes the Effect of a read, `AppCache.keys.user.get({ id })`, so that a hit costs little.
 *
 * - In a generator, `yield*` asks the iterator of the read. On a hit this iterator returns the value at once, inside
 *   the running fiber and without a turn of Effect's run loop.
 * - Everywhere else the read is a primitive of Effect that returns an `Exit`.
 * - In both ways it looks up the key each time that it is evaluated, so a retry gets a new answer.
 */
import type * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import * as Effectable from "effect/Effectable"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import type { HotPartition } from "../../store/Store.ts"
import { mayGoOn, type Running } from "./inPlace.ts"
import type { Keys, Params } from "./keys.ts"

/** How a read reaches its family: through an accessor, which asks the Context, or a handle, which has its right. */
export interface ReadGate {
  readonly textOf: Keys["textOf"]
  /** Returns the family in memory if the Context may read it. */
  readonly hotOf: (context: Context.Context<never>) => HotPartition<unknown> | undefined
  /** Reads a key that was not a hit, or fails with the reason why the read is refused. */
  readonly readSlowly: (context: Context.Context<never>, key: string, params: Params) => Effect.Effect<unknown, unknown>
}

export interface Read extends Effect.Effect<unknown, unknown> {
  readonly readGate: ReadGate
  readonly params: Params
}

const proto = Effectable.Prototype<Read>({
  label: "effect-stateless/manifest/read",
  evaluate(fiber) {
    const { readGate, params } = this
    const key = readGate.textOf(params)
    const value = readGate.hotOf(fiber.context)?.hit(key)
    return value === undefined ? readGate.readSlowly(fiber.context, key, params) : Exit.succeed(value)
  }
})

// One object is the iterator and the result of all hits: `yield*` takes the value before any other code can run.
const hit = {
  done: true as const,
  value: undefined as unknown,
  next(): IteratorReturnResult<unknown> {
    return this
  }
}

const iterate = proto[Symbol.iterator]

// A function of its own, because that of a hit has to stay small. Other reads count as operations.
const missed = (read: Read, fiber: Running) => {
  if (!mayGoOn(fiber)) return iterate.call(read)
  const { params, readGate } = read
  let left: Effect.Effect<unknown, unknown>
  try {
    left = readGate.readSlowly(fiber.context, readGate.textOf(params), params)
  } catch (defect) {
    left = Exit.die(defect)
  }
  return left[Symbol.iterator]()
}

// A function and not a class, because an object of a class would need more bytes.
export const Read: new(readGate: ReadGate, params: Params) => Read = function(
  this: { readGate: ReadGate; params: Params },
  readGate: ReadGate,
  params: Params
) {
  this.readGate = readGate
  this.params = params
} as any

Read.prototype = Object.assign(Object.create(proto), {
  [Symbol.iterator](this: Read) {
    const fiber = Fiber.getCurrent()
    if (fiber === undefined) return iterate.call(this)
    const value = this.readGate.hotOf(fiber.context)?.hit(this.readGate.textOf(this.params))
    if (value === undefined) return missed(this, fiber as Running)
    hit.value = value
    return hit
  }
})
