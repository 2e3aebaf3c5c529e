/**
 * Makes the Effect of an operation on one key: as `inPlace.ts` does for all operations, with one object for each call
 * and no closure.
 *
 * `getOption`, `has` and `select` first look for a hit. Each has an iterator of its own for that, so that V8 knows what
 * it calls. A hit needs no check of its key: nothing is stored under a text that is not a key.
 */
import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Effectable from "effect/Effectable"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import type { CacheError } from "../../cache/CacheError.ts"
import type { HotPartition } from "../../store/Store.ts"
import type { FamilyGate } from "./familyGate.ts"
import type { Reads } from "./grants.ts"
import { answered, ended, mayGoOn, type Running } from "./inPlace.ts"
import type { Params } from "./keys.ts"

/** An operation of a family, made once for an accessor or a handle. */
export interface KeyOperation<F, Input> {
  readonly gate: FamilyGate
  /** Returns the family if the Context has the right, or the error that refuses it. */
  readonly find: (context: Context.Context<never>) => F | CacheError
  readonly run: (family: F, key: string, input: Input) => Effect.Effect<any, any, any>
}

/** An operation that is done with a hit alone. */
export interface HitOperation<Input> extends KeyOperation<Reads, Input> {
  /** Returns the family in memory if the Context may read it. */
  readonly hotOf: (context: Context.Context<never>) => HotPartition<unknown> | undefined
}

interface OnKey extends Effect.Effect<any, any> {
  readonly operation: KeyOperation<any, any>
  readonly params: Params
  readonly input: unknown
}

const step = (
  { input, operation: { find, gate, run }, params }: OnKey,
  context: Context.Context<never>
): Effect.Effect<any, any> => {
  const family = find(context)
  if ("reason" in family) return Effect.fail(family)
  const key = gate.textOf(params)
  const refused = gate.keyRefusal(key, params)
  // A fiber that runs it has what its types require.
  return refused === undefined ? run(family, key, input) as Effect.Effect<any, any> : Effect.fail(refused)
}

type Iterate = (this: OnKey) => Generator<any, any>

const proto = Effectable.Prototype<OnKey>({
  label: "effect-stateless/manifest/onKey",
  evaluate(fiber) {
    return step(this, fiber.context)
  }
})

const iterate = proto[Symbol.iterator] as Iterate

/** Does the operation in the running fiber, which may go on. */
const doneIn = (own: OnKey, { context }: Running): Generator<any, any> => {
  let left: Effect.Effect<any, any>
  try {
    left = step(own, context)
  } catch (defect) {
    left = Exit.die(defect)
  }
  return ended(left)
}

type Make<Input> = new(operation: KeyOperation<any, Input>, params: Params, input: Input) => Effect.Effect<any, any>

// Functions and not classes, because an object of a class would need more bytes.
const make = <Input>(iterator: Iterate): Make<Input> => {
  const Made = function(this: any, operation: KeyOperation<any, Input>, params: Params, input: Input) {
    this.operation = operation
    this.params = params
    this.input = input
  }
  Made.prototype = Object.assign(Object.create(proto), { [Symbol.iterator]: iterator })
  return Made as any
}

/** Any operation on one key. */
export const OnKey = make<any>(function() {
  const fiber = Fiber.getCurrent()
  return fiber === undefined || !mayGoOn(fiber as Running) ? iterate.call(this) : doneIn(this, fiber as Running)
})

export const GetOption = make<undefined>(function() {
  const fiber = Fiber.getCurrent()
  if (fiber === undefined || !mayGoOn(fiber as Running)) return iterate.call(this)
  const { gate, hotOf } = this.operation as HitOperation<undefined>
  const value = hotOf(fiber.context)?.hit(gate.textOf(this.params))
  return value === undefined ? doneIn(this, fiber as Running) : answered(Option.some(value))
})

export const Has = make<undefined>(function() {
  const fiber = Fiber.getCurrent()
  if (fiber === undefined || !mayGoOn(fiber as Running)) return iterate.call(this)
  const { gate, hotOf } = this.operation as HitOperation<undefined>
  const value = hotOf(fiber.context)?.look(gate.textOf(this.params))
  return value === undefined ? doneIn(this, fiber as Running) : answered(true)
})

/** What a `select` makes of a value: the Exit of its function. */
export type Selecting = (key: string, f: (value: unknown) => unknown, value: unknown) => Exit.Exit<unknown, CacheError>

export interface SelectOperation extends HitOperation<(value: unknown) => unknown> {
  readonly selecting: Selecting
}

export const Select = make<(value: unknown) => unknown>(function() {
  const fiber = Fiber.getCurrent()
  if (fiber === undefined || !mayGoOn(fiber as Running)) return iterate.call(this)
  const { gate, hotOf, selecting } = this.operation as SelectOperation
  const f = this.input
  const key = gate.textOf(this.params)
  const value = typeof f === "function" ? hotOf(fiber.context)?.hit(key) : undefined
  if (value === undefined) return doneIn(this, fiber as Running)
  let made: unknown
  try {
    made = (f as (value: unknown) => unknown)(value)
  } catch (defect) {
    return ended(selecting(key, () => rethrown(defect), value))
  }
  // Only an object can be what a program forgot to run, or to wait for.
  const isPlain = made === null || typeof made !== "object" && typeof made !== "function"
  return isPlain ? answered(made) : ended(selecting(key, () => made, value))
})

const rethrown = (defect: unknown): never => {
  throw defect
}
