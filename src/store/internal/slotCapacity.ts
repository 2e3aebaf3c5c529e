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

/** A copy of an array of small numbers by slot that is long enough for `slot`; what it adds is 0. */
export const grownBytes = (bytes: Uint8Array, slot: number): Uint8Array<ArrayBuffer> => {
  const grown = new Uint8Array(slotCapacity(slot, bytes.length))
  grown.set(bytes)
  return grown
}

/** As {@link grownBytes}, for 32 bits per slot. */
export const grownInts = (ints: Int32Array, slot: number): Int32Array<ArrayBuffer> => {
  const grown = new Int32Array(slotCapacity(slot, ints.length))
  grown.set(ints)
  return grown
}
