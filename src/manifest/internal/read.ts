/**
 * The operation of a typed read, `AppCache.keys.user.get({ id })`: one object, evaluated in place.
 *
 * Yielded in a generator, it answers a hit from its own iterator, inside the running fiber and without a turn of
 * Effect's loop. Everywhere else it is a primitive that answers with an `Exit`. Either way it looks when it is
 * evaluated, each time.
 */
import type * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import * as Effectable from "effect/Effectable"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import type { HotPartition } from "../../store/Store.ts"
import type { Keys, Params } from "./keys.ts"

/** What a read goes through: an accessor, which asks the Context, or a handle, which has been given its right. */
export interface Door {
  readonly textOf: Keys["textOf"]
  /** The family in memory, if it may be read. */
  readonly readable: (context: Context.Context<never>) => HotPartition<unknown> | undefined
  /** Loads what is missing, or says why the read was refused. */
  readonly readSlowly: (context: Context.Context<never>, key: string, params: Params) => Effect.Effect<unknown, unknown>
}

export interface Read extends Effect.Effect<unknown, unknown> {
  readonly door: Door
  readonly params: Params
}

const proto = Effectable.Prototype<Read>({
  label: "effect-stateless/manifest/read",
  evaluate(fiber) {
    const { door, params } = this
    const key = door.textOf(params)
    const value = door.readable(fiber.context)?.hit(key)
    return value === undefined ? door.readSlowly(fiber.context, key, params) : Exit.succeed(value)
  }
})

// `yield*` reads the answer before anything else can run, so one object is the iterator and the result of all hits.
const hit = {
  done: true as const,
  value: undefined as unknown,
  next(): IteratorReturnResult<unknown> {
    return this
  }
}

const iterate = proto[Symbol.iterator]

export const Read: new(door: Door, params: Params) => Read = function(
  this: { door: Door; params: Params },
  door: Door,
  params: Params
) {
  this.door = door
  this.params = params
} as any

Read.prototype = Object.assign(Object.create(proto), {
  [Symbol.iterator](this: Read) {
    const fiber = Fiber.getCurrent()
    if (fiber !== undefined) {
      const value = this.door.readable(fiber.context)?.hit(this.door.textOf(this.params))
      if (value !== undefined) {
        hit.value = value
        return hit
      }
    }
    return iterate.call(this)
  }
})
