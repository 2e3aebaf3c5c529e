/**
 * Two hashes of a key within its family, both FNV-1a with a final avalanche.
 *
 * - `keyHash` reads every character, and distinguishes families: for sketches and ghost queues, when entries come and
 *   go.
 * - `spreadHash` reads at most 16 characters, with the last eight among them, where ids differ. It is for finding an
 *   entry on every read, where a character costs a nanosecond. Keys that differ only elsewhere have the same hash;
 *   `SlotTable` says what happens then.
 */
/** The `keyHash` of the key in a slot. */
export type HashOf = (slot: number) => number

const offsetBasis = 0x811c9dc5
const prime = 0x01000193

const readWhole = 16
const tailLength = 8

const avalanche = (hash: number): number => {
  hash ^= hash >>> 16
  hash = Math.imul(hash, 0x85ebca6b)
  return hash ^ (hash >>> 13)
}

export const keyHash = (key: string, family: number): number => {
  let hash = Math.imul(offsetBasis ^ family, prime)
  for (let i = 0; i < key.length; i++) hash = Math.imul(hash ^ key.charCodeAt(i), prime)
  return avalanche(hash)
}

export const spreadHash = (key: string): number => {
  const { length } = key
  const tail = length > readWhole ? length - tailLength : 0
  let hash = offsetBasis ^ length
  for (let i = tail; i < length; i++) hash = Math.imul(hash ^ key.charCodeAt(i), prime)
  const step = (tail >> 3) + 1
  for (let i = tail - 1; i >= 0; i -= step) hash = Math.imul(hash ^ key.charCodeAt(i), prime)
  return avalanche(hash)
}
