/**
 * Says how long an array is whose cells belong to the slots of a tier: it is doubled as slots are used, up to the
 * number that is expected.
 */
import { BrokenInvariant } from "./invariant.ts"

const slotsInitial = 64

// Records (SlotRecords) take two cells each in one array, which V8 keeps as a dictionary from 2^25 elements on.
export const slotsMax = 2 ** 24

/**
 * The length that an array by slot needs to hold `slot`: doubled, so that growing costs a constant per slot, but not
 * beyond `slotsExpected`, the largest number of slots that the caller expects.
 */
export const slotCapacity = (slot: number, capacity: number, slotsExpected: number = Infinity): number => {
  if (!(slot >= 0 && slot < slotsMax)) throw new BrokenInvariant("slotCapacity", "a slot is below slotsMax", slot)
  let grown = Math.max(capacity, slotsInitial)
  while (grown <= slot) grown *= 2
  return slot < slotsExpected ? Math.min(grown, slotsExpected) : grown
}

/** Copies an array of small numbers by slot, long enough for `slot`; the added cells are 0. */
export const grownBytes = (bytes: Uint8Array, slot: number, slotsExpected?: number): Uint8Array<ArrayBuffer> => {
  const grown = new Uint8Array(slotCapacity(slot, bytes.length, slotsExpected))
  grown.set(bytes)
  return grown
}

/** Copies an array of 32-bit numbers by slot, long enough for `slot`; the added cells are 0. */
export const grownInts = (ints: Int32Array, slot: number, slotsExpected?: number): Int32Array<ArrayBuffer> => {
  const grown = new Int32Array(slotCapacity(slot, ints.length, slotsExpected))
  grown.set(ints)
  return grown
}

/**
 * Copies an array, and makes it `length` long. Assignment beyond the end could make V8 use a dictionary, and `push`
 * takes half as much again as it needs.
 */
export const grownCells = <A>(cells: ReadonlyArray<A>, length: number): Array<A> => {
  // oxlint-disable-next-line unicorn/no-new-array -- a length is what is meant
  const grown = new Array<A>(length)
  for (let i = 0; i < cells.length; i++) grown[i] = cells[i]!
  return grown
}
