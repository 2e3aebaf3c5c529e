/**
 * Types the combinator of a database, which `transaction` takes.
 *
 * - An error about another argument prints the first type argument, which is a message of ours.
 * - It is an interface with one call signature, and no union. Otherwise the compiler would lose the type parameters of
 *   `sql.withTransaction`, and every transaction would return `unknown`.
 *
 * Not here: the run time, in `internal/`, which refuses the same arguments with `InvalidOption`.
 */
import type * as Effect from "effect/Effect"

/** The combinator of a database, such as `sql.withTransaction`. */
export interface Combinator<_Message extends string, A, E, R, A2, E2, R2> {
  (body: Effect.Effect<A, E, R>): Effect.Effect<A2, E2, R2>
}
