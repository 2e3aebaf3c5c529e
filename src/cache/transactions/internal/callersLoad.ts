/**
 * Makes a lookup of the load that a caller brings with `getOr`.
 *
 * It runs with the services of the caller who starts it, and is a load like any other: its Scope ends with it, its
 * reads are tracked, and its writes are refused. Callers share its value, so it is not a part of the caller's trace, of
 * the caller's update, or of a transaction around the caller, unless the load itself runs within that transaction.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Scheduler from "effect/Scheduler"
import * as Scope from "effect/Scope"
import * as Tracer from "effect/Tracer"
import { CurrentLoad } from "../../internal/loads/load.ts"
import { CurrentUpdate } from "../../internal/loads/waits.ts"
import type { KeyLookup } from "../../shared/loader.ts"
import { CurrentTransaction } from "./frame.ts"

const ofCaller = Context.omit(CurrentTransaction, CurrentUpdate, Tracer.ParentSpan)
const ofLoad = Context.pick(Scope.Scope, CurrentLoad, CurrentTransaction, Scheduler.Scheduler)

export const lookupOf =
  <V>(load: Effect.Effect<any, unknown, any>, context: Context.Context<never>): KeyLookup<V> => () =>
    Effect.updateContext(
      load,
      (own: Context.Context<any>) =>
        Context.merge(Context.merge(own, ofCaller(context as Context.Context<any>)), ofLoad(own))
    )
