/**
 * The operation of a typed read, `AppCache.keys.user.get({ id })`: one object, evaluated in place.
 *
 * Yielded in a generator, it answers a hit from its own iterator, inside the running fiber and without a turn of
 * Effect's loop. Everywhere else it is a primitive that answers with an `Exit`. Either way it looks when it is
 * evaluated, each time.
 */
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import * as Effectable from "effect/Effectable"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import { miss } from "../../store/Store.ts"
import type { FamilyAccess } from "./access.ts"
import type { Params } from "./keys.ts"

export interface Read extends Effect.Effect<unknown, unknown> {
  readonly access: FamilyAccess
  readonly params: Params
}

const proto = Effectable.Prototype<Read>({
  label: "effect-stateless/manifest/read",
  evaluate(fiber) {
    const { access, params } = this
    const key = access.keys.textOf(params)
    const family = access.readable(fiber.context)
    const value = family?.hot === undefined ? miss : family.hot.hit(key)
    return value === miss ? access.readSlowly(fiber.context, key) : Exit.succeed(value)
  }
})

// `yield*` reads the answer before anything else can run, so one object serves all hits.
const found: { done: true; value: unknown } = { done: true, value: undefined }
const hit: Iterator<never, unknown> = { next: () => found }

const iterate = proto[Symbol.iterator]
const noContext = Context.empty()

export const Read: new(access: FamilyAccess, params: Params) => Read = function(
  this: { access: FamilyAccess; params: Params },
  access: FamilyAccess,
  params: Params
) {
  this.access = access
  this.params = params
} as any

Read.prototype = Object.assign(Object.create(proto), {
  [Symbol.iterator](this: Read) {
    const { access, params } = this
    const family = access.readable(Fiber.getCurrent()?.context ?? noContext)
    if (family?.hot !== undefined) {
      const value = family.hot.hit(access.keys.textOf(params))
      if (value !== miss) {
        found.value = value
        return hit
      }
    }
    return iterate.call(this)
  }
})
