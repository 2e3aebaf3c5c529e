/**
 * Types the combinator of a database, which `transaction` takes.
 *
 * - An error about another argument prints the first type argument, which is a message of ours. A hover shows no
 *   message: it stands in a condition, and holds where the compiler has found no type for any of the parameters.
 * - It is an interface with one call signature, and no union. Otherwise the compiler would lose the type parameters of
 *   `sql.withTransaction`, and every transaction would return `unknown`.
 *
 * Not here: the run time, in `internal/`, which refuses the same arguments with `InvalidOption`.
 */
import type * as Effect from "effect/Effect"
import type * as Misfit from "../../diagnostic/types/misfit.ts"
import type * as Opaque from "../../diagnostic/types/opaque.ts"

/** The combinator of a database, such as `sql.withTransaction`. */
export interface Combinator<_Message extends string, A, E, R, A2, E2, R2> {
  (body: Effect.Effect<A, E, R>):
    & Effect.Effect<A2, E2, R2>
    & (
      // The compiler answers this question for a type parameter, too: it asks with a type like `any` in its place.
      [R2, (answer: answerOf<A2, E2, R2>) => void] extends [unknown, (word: "unknown") => void] ? Opaque.combinator
        : unknown
    )
}

// A function without types of its own, `(body) => sql.withTransaction(body)`, has `unknown` in all places.
type answerOf<A2, E2, R2> = [0] extends [1 & (A2 | E2 | R2)] ? "open"
  : [unknown, unknown, unknown] extends [A2, E2, R2] ? "unknown"
  : "known"

/** What an error prints of a combinator that is none. */
export type Wrong<A, E, R, A2, E2, R2> = [unknown, unknown, unknown, unknown, unknown, unknown] extends
  [A, E, R, A2, E2, R2] ? Misfit.transactionWithin : "ok"

/** The body of a transaction. */
export type Body<A, E, R> = [unknown, unknown, unknown] extends [A, E, R]
  ? Effect.Effect<A, E, R> | Misfit.Otherwise<Misfit.transactionBody>
  : Effect.Effect<A, E, R>
