import { BrokenInvariant } from "./invariant.ts"

const slotsInitial = 64

// Of records (SlotRecords) there are two cells each in one array, which V8 keeps as a dictionary from 2^25 elements
// on.
export const slotsMax = 2 ** 24

/**
 * How long an array by slot must be to hold `slot`: doubled, so that growing costs a constant per slot, but not
 * beyond `most`, which is how many slots are expected at most.
 */
export const slotCapacity = (slot: number, capacity: number, most: number = Infinity): number => {
  if (!(slot >= 0 && slot < slotsMax)) throw new BrokenInvariant("slotCapacity", "a slot is below slotsMax", slot)
  let grown = Math.max(capacity, slotsInitial)
  while (grown <= slot) grown *= 2
  return slot < most ? Math.min(grown, most) : grown
}

/** A copy of an array of small numbers by slot that is long enough for `slot`; what it adds is 0. */
export const grownBytes = (bytes: Uint8Array, slot: number, most?: number): Uint8Array<ArrayBuffer> => {
  const grown = new Uint8Array(slotCapacity(slot, bytes.length, most))
  grown.set(bytes)
  return grown
}

/** As {@link grownBytes}, for 32 bits per slot. */
export const grownInts = (ints: Int32Array, slot: number, most?: number): Int32Array<ArrayBuffer> => {
  const grown = new Int32Array(slotCapacity(slot, ints.length, most))
  grown.set(ints)
  return grown
}

/**
 * A copy of an array that is `length` long. Not by assignment beyond the end, for which V8 may make a dictionary, nor
 * by `push`, which takes half as much again as it needs.
 */
export const grownCells = <A>(cells: ReadonlyArray<A>, length: number): Array<A> => {
  // oxlint-disable-next-line unicorn/no-new-array -- a length is what is meant
  const grown = new Array<A>(length)
  for (let i = 0; i < cells.length; i++) grown[i] = cells[i]!
  return grown
}
