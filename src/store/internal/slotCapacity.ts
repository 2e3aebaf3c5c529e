import { BrokenInvariant } from "./invariant.ts"

const slotsInitial = 64

// A JavaScript Map, which gives a shard its slots, ends at 2^24 keys; one slot more is in use between an insertion and
// the eviction that follows it.
export const slotsMax = 2 ** 25

/** How long an array by slot must be to hold `slot`: doubled, so that growing costs a constant per slot. */
export const slotCapacity = (slot: number, capacity: number): number => {
  if (!(slot >= 0 && slot < slotsMax)) throw new BrokenInvariant("slotCapacity", "a slot is below slotsMax", slot)
  let grown = Math.max(capacity, slotsInitial)
  while (grown <= slot) grown *= 2
  return grown
}
