/** Returns 32 random bits at each call, as a number from 0 to 4,294,967,295. */
export type Random = () => number

/** The seed of a policy that was made without a seed, so that its runs repeat, too. */
export const seedDefault = 1

/**
 * A small generator for choices that need no secrecy: equal seeds give equal numbers. Marsaglia: Xorshift RNGs (2003).
 */
export const xorshift = (seed: number): Random => {
  // The state may not be 0: after 0 only 0 follows.
  let state = (seed | 0) || 0x9e3779b9
  return () => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return state >>> 0
  }
}
