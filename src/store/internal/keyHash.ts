/**
 * Two hashes of a key within its family, both FNV-1a with a final avalanche.
 *
 * - `keyHash` reads every character: for sketches and ghost queues, on the way in.
 * - `spreadHash` reads at most 16 characters, evenly spaced: for choosing a shard, on every read.
 */
const offsetBasis = 0x811c9dc5
const prime = 0x01000193

const avalanche = (hash: number): number => {
  hash ^= hash >>> 16
  hash = Math.imul(hash, 0x85ebca6b)
  return hash ^ (hash >>> 13)
}

export const keyHash = (key: string): number => {
  let hash = offsetBasis
  for (let i = 0; i < key.length; i++) hash = Math.imul(hash ^ key.charCodeAt(i), prime)
  return avalanche(hash)
}

export const spreadHash = (key: string): number => {
  const step = (key.length >> 4) + 1
  let hash = offsetBasis ^ key.length
  for (let i = key.length - 1; i >= 0; i -= step) hash = Math.imul(hash ^ key.charCodeAt(i), prime)
  return avalanche(hash)
}
