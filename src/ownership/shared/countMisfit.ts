/**
 * Says why a value is not a count: a whole number of at least 1 that a number holds exactly.
 *
 * @since 0.1.0
 */

/**
 * Returns `undefined` for a count, and the reason of an error for anything else.
 *
 * @category validation
 * @since 0.1.0
 */
export const countMisfit = (given: unknown): string | undefined => {
  if (!Number.isInteger(given) || Number(given) < 1) return "must be a whole number of at least 1"
  return Number.isSafeInteger(given) ? undefined : "must be at most 2^53 - 1: greater numbers are not exact"
}
