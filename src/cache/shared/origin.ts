/**
 * The description by which a start finds out whether what a store holds was made as it is made now.
 *
 * @since 0.1.0
 */

/**
 * How a family is made: what its keys mean, beside its pattern, and from which others its values are made.
 *
 * @category models
 * @since 0.1.0
 */
export interface Origin {
  /** The codecs of its parameters, the families inside it, and the patterns that it derives from, as a text. */
  readonly form: string
  /** The names of the families whose changes reach it, at any distance. */
  readonly sources: () => Iterable<string>
}
