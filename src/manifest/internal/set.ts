/**
 * Makes the Effect of a `set`, the most used write: as `inPlace.ts` does for all operations, without a closure for each
 * step. Its iterator is a function of its own, so that V8 knows what it calls.
 */
import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Effectable from "effect/Effectable"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import type { CacheError } from "../../cache/CacheError.ts"
import type { SetOptions } from "../../cache/types/setOptions.ts"
import type { Lease } from "../../capability/Lease.ts"
import type { FamilyGate } from "./familyGate.ts"
import type { Writes } from "./grants.ts"
import { ended, mayGoOn, type Running } from "./inPlace.ts"
import type { Params } from "./keys.ts"
import * as options from "./options.ts"

/** How a `set` reaches its family: through an accessor, which asks the Context, or a handle, which has its right. */
export interface SetGate {
  readonly gate: FamilyGate
  /** Returns the family if the Context may write it, or the error that refuses it. */
  readonly toWrite: (context: Context.Context<never>) => Writes | CacheError
}

export interface Set extends Effect.Effect<void, CacheError> {
  readonly setGate: SetGate
  readonly params: Params
  readonly value: unknown
  readonly given: SetOptions<Lease> | undefined
}

const step = (
  { given, params, setGate: { gate, toWrite }, value }: Set,
  context: Context.Context<never>
): Effect.Effect<void, CacheError> => {
  const family = toWrite(context)
  if ("reason" in family) return Effect.fail(family)
  const key = gate.textOf(params)
  const refused = gate.keyRefusal(key, params) ??
    (given === undefined ? undefined : options.conditions(gate.name, given))
  return refused === undefined ? family.set(key, value, given) : Effect.fail(refused)
}

const proto = Effectable.Prototype<Set>({
  label: "effect-stateless/manifest/set",
  evaluate(fiber) {
    return step(this, fiber.context)
  }
})

const iterate = proto[Symbol.iterator]

// A function and not a class, because an object of a class would need more bytes.
export const Set: new(
  setGate: SetGate,
  params: Params,
  value: unknown,
  given: SetOptions<Lease> | undefined
) => Set = function(
  this: { setGate: SetGate; params: Params; value: unknown; given: SetOptions<Lease> | undefined },
  setGate: SetGate,
  params: Params,
  value: unknown,
  given: SetOptions<Lease> | undefined
) {
  this.setGate = setGate
  this.params = params
  this.value = value
  this.given = given
} as any

Set.prototype = Object.assign(Object.create(proto), {
  [Symbol.iterator](this: Set) {
    const fiber = Fiber.getCurrent()
    if (fiber === undefined || !mayGoOn(fiber as Running)) return iterate.call(this)
    let left: Effect.Effect<void, CacheError>
    try {
      left = step(this, fiber.context)
    } catch (defect) {
      left = Exit.die(defect)
    }
    return ended(left)
  }
})
