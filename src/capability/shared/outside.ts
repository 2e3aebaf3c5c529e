/**
 * Runs code outside of the async context (`AsyncLocalStorage`) of a caller.
 *
 * A fiber keeps the stores of `AsyncLocalStorage` of the code that starts it, for as long as it lives. A fiber that
 * serves all callers and begins at the first use would keep the stores of the first request. So each fiber that
 * outlives its caller begins here.
 *
 * What is outside is the context in which this module was loaded. A platform without such a context has no outside.
 */
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"

interface Hooks {
  readonly AsyncLocalStorage: { readonly snapshot: () => <A>(begin: () => A) => A }
}

interface Platform {
  readonly getBuiltinModule?: (name: string) => unknown
}

// Looked for, and not imported: a browser has no such module.
const platform = Reflect.get(globalThis, "process") as Platform | undefined
const hooks = platform?.getBuiltinModule?.("async_hooks") as Hooks | undefined

/** Begins something that belongs to no caller: a fiber, by its first step. */
export const outside: <A>(begin: () => A) => A = hooks?.AsyncLocalStorage.snapshot() ?? ((begin) => begin())

/** Starts a fiber that belongs to no caller. Its first step comes later, unless it is to start at once. */
export const forkOutside = <A, E, R>(
  work: Effect.Effect<A, E, R>,
  { startImmediately = false }: { readonly startImmediately?: boolean } = {}
): Effect.Effect<Fiber.Fiber<A, E>, never, R> =>
  Effect.contextWith((context) => {
    const steps = startImmediately ? work : Effect.andThen(Effect.yieldNow, work)
    return Effect.sync(() => outside(() => Effect.runForkWith(context)(steps)))
  })
