/**
 * The loader of an owner, as loads run it.
 *
 * Loads run by a scheduler of their own. The span in which the layer was built has ended long before most of them, so
 * each begins a trace. Its Context is kept flat: each load adds two services to it, and a deep one would be copied.
 */
import * as Context from "effect/Context"
import * as Scheduler from "effect/Scheduler"
import * as Tracer from "effect/Tracer"
import * as PatientScheduler from "../../store/shared/patientScheduler.ts"
import type { Loader } from "../FamilySpec.ts"

/** The same loader in the Context of its loads. */
export const patientOf = <V>(loader: Loader<V>): Loader<V> => {
  const scheduler = PatientScheduler.from(Context.get(loader.context, Scheduler.Scheduler))
  const context = Context.omit(Tracer.ParentSpan)(Context.add(loader.context, Scheduler.Scheduler, scheduler))
  return { ...loader, context: Context.makeUnsafe(new Map(context.mapUnsafe)) }
}
