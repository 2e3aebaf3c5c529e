/**
 * The origin of a family: a text of how its keys and values are made. An engine that opens compares it with the text
 * that the store has kept, and hides entries that were made in another way.
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
  /**
   * The names of the families that it derives from directly; `undefined` if it derives from several keys of one of
   * them.
   */
  readonly direct?: ReadonlyArray<string> | undefined
}
