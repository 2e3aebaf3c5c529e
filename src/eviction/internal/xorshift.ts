/** Gives 32 random bits, as a number from 0 to 4,294,967,295, at each call. */
export type Random = () => number

/** The seed of a policy that was given none, so that its runs repeat, too. */
export const seedDefault = 1

/**
 * A small generator for choices that need no secrecy: equal seeds give equal numbers. Marsaglia: Xorshift RNGs (2003).
 */
export const xorshift = (seed: number): Random => {
  // The state may not be 0, which is followed by 0 for ever.
  let state = (seed | 0) || 0x9e3779b9
  return () => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return state >>> 0
  }
}
