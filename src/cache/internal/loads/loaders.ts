/**
 * Prepares the loader of an owner for its loads.
 *
 * Loads run by a scheduler of their own. Each load begins a trace, because the span in which the layer was built has
 * ended long before most loads; what Effect prints of a failure leaves that span out, too. The Context is one flat map,
 * because each load adds two services to it, and a nested one would be copied each time.
 */
import * as Context from "effect/Context"
import * as References from "effect/References"
import * as Scheduler from "effect/Scheduler"
import * as Tracer from "effect/Tracer"
import * as PatientScheduler from "../../../store/shared/patientScheduler.ts"
import type { Loader } from "../../shared/loader.ts"

/** The loader, with the Context in which its loads run. */
export const patientOf = <V>(loader: Loader<V>): Loader<V> => {
  const scheduler = PatientScheduler.from(Context.get(loader.context, Scheduler.Scheduler))
  const context = Context.omit(Tracer.ParentSpan, References.CurrentStackFrame)(
    Context.add(loader.context, Scheduler.Scheduler, scheduler)
  )
  return { ...loader, context: Context.makeUnsafe(new Map(context.mapUnsafe)) }
}
