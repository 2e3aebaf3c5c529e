/**
 * One code, explained: what `Explanations.CodeExplanation` shows of it.
 */

export interface Explained {
  readonly code: string
  /** What was refused. */
  readonly what: string
  readonly why: string
  readonly repair: string
  /** Whether the compiler finds it, or the run time alone, or the command line alone. */
  readonly foundBy: "the compiler" | "the run time" | "stateless check"
  readonly failing: string | undefined
  readonly repaired: string | undefined
}
