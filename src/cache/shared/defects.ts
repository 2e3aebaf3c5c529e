/**
 * Names the function of a family in which a defect arose, where the cause of the defect is printed.
 *
 * The defect stays the very object that the function threw, because programs match on it. Its name is a frame of the
 * trace that Effect keeps beside it, as a span is: `Cause.pretty` and the loggers print it.
 *
 * @since 0.1.0
 */
import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as References from "effect/References"

// Effect prints as many frames of a trace.
const framesMax = 10

type Frame = References.StackFrame

const around = (frame: Frame | undefined, end: Frame, depth = 0): Frame =>
  frame === undefined || frame === end.parent || depth === framesMax
    ? end
    : { name: frame.name, stack: frame.stack, parent: around(frame.parent, end, depth + 1) }

/**
 * Names the function of a family in the defects of a cause: after the spans of the function, and before those of the
 * fiber that has called it, which is the one that runs.
 *
 * @category combinators
 * @since 0.1.0
 */
export const named = <E>(cause: Cause.Cause<E>, functionName: string, family: string, key?: string): Cause.Cause<E> => {
  if (!Cause.hasDies(cause)) return cause
  const name = `\`${functionName}\` of family \`${family}\`${key === undefined ? "" : `, key \`${key}\``}`
  const end: Frame = {
    name,
    stack: () => undefined,
    parent: Fiber.getCurrent()?.getRef(References.CurrentStackFrame)
  }
  return Cause.fromReasons(cause.reasons.map((reason) => {
    if (!Cause.isDieReason(reason)) return reason
    const inner = Context.getOrUndefined(Cause.reasonAnnotations(reason), Cause.StackTrace)
    return reason.annotate(Context.make(Cause.StackTrace, around(inner, end)), { overwrite: true })
  }))
}

/**
 * Runs what a function of a family has made, with the name of the function in its defects.
 *
 * @category combinators
 * @since 0.1.0
 */
export const naming = <A, E, R>(
  made: Effect.Effect<A, E, R>,
  nameIn: (cause: Cause.Cause<E>) => Cause.Cause<E>
): Effect.Effect<A, E, R> => Effect.catchCause(made, (cause) => Effect.failCause(nameIn(cause)))
