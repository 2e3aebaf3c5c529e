/**
 * Asks for room before values are written: a lower tier, or a memory store that evicts nothing. So a write for which
 * there is no room is refused alone, before anything changes. Where lower tiers have every value, memory is not asked.
 *
 * - Memory frees what has ended and what no read may serve before it has no room. What is freed may be the entry of a
 *   key that is written, so the values are counted again after that.
 * - The values of one step are stored one after the other, and each has to fit. So a value that is lighter than the one
 *   before makes no room for the others, and of several values of one key the heaviest counts.
 */
import type { HotPartition, Room } from "../../store/Store.ts"
import { StoreError, TierFull } from "../../store/StoreError.ts"
import { CacheError, StoreFailed } from "../CacheError.ts"
import { type Judged, memory } from "./judgement.ts"
import type { Lane } from "./outbox.ts"

interface Ground {
  readonly hot: HotPartition<any> | undefined
  readonly lower: Lane<any> | undefined
}

/** Judged values, each with its family. */
export type Wanted = ReadonlyArray<readonly [family: Ground, values: ReadonlyArray<Judged<any>>]>

const storeFailed = (error: StoreError): CacheError => new CacheError({ reason: new StoreFailed({ error }) })

/** Whether a write into the family has to ask for room. */
export const asksForRoom = ({ hot, lower }: Ground): boolean => lower !== undefined || hot?.isRefusing === true

/** Why there is no room for judged values of one family; `undefined` if there is. */
export const roomRefusal = (family: Ground, values: ReadonlyArray<Judged<any>>): CacheError | undefined =>
  asksForRoom(family) ? roomRefusalOfAll([[family, values]]) : undefined

/** Why there is no room for the values of one step; `undefined` if there is. */
export const roomRefusalOfAll = (wanted: Wanted): CacheError | undefined => {
  const taken = new Map<object, number>()
  for (const [{ lower }, values] of wanted) {
    const refusal = lower && refusalBelow(lower, values, taken)
    if (refusal !== undefined) return refusal
  }
  return memoryRefusal(wanted)
}

/** As `roomRefusalOfAll`, of a memory store that evicts nothing. */
export const memoryRefusal = (wanted: Wanted): CacheError | undefined => {
  if (hasRoom(wanted)) return undefined
  const cause = new Error("its bound is reached, and it evicts nothing")
  return storeFailed(new StoreError({ reason: new TierFull({ tier: memory, operation: "set", cause }) }))
}

const hasRoom = (wanted: Wanted): boolean => {
  for (;;) {
    const short = Array.from(needsOf(wanted)).filter(([room, more]) => !room.fits(more))
    if (short.length === 0) return true
    let hasFreed = false
    for (const [room, more] of short) if (room.makeRoom(more)) hasFreed = true
    if (!hasFreed) return false
  }
}

/** What the values need in memory, at most, beyond what their keys have there. */
const needsOf = (wanted: Wanted): ReadonlyMap<Room, number> => {
  const needs = new Map<Room, number>()
  for (const [{ hot, lower }, values] of wanted) {
    if (lower !== undefined || hot?.isRefusing !== true) continue
    const heaviest = new Map<string, number>()
    for (const { key, lifeMillis, weight } of values) {
      if (lifeMillis > 0) heaviest.set(key, Math.max(weight, heaviest.get(key) ?? 0))
    }
    for (const [key, weight] of heaviest) {
      const room = hot.roomOf(key)
      if (room !== undefined) needs.set(room, (needs.get(room) ?? 0) + Math.max(0, weight - hot.weightIn(key)))
    }
  }
  return needs
}

/** Keeps room in memory for values that are written later. Returns what gives it back. */
export const reserve = (wanted: Wanted): () => void => {
  const needs = needsOf(wanted)
  for (const [room, more] of needs) room.reserve(more)
  return () => {
    for (const [room, more] of needs) room.reserve(-more)
  }
}

const refusalBelow = (
  lower: Lane<any>,
  all: ReadonlyArray<Judged<any>>,
  taken: Map<object, number>
): CacheError | undefined => {
  const { carrier } = lower
  let bytes = taken.get(carrier) ?? 0
  for (const { prepared } of all) bytes += prepared?.bytes ?? 0
  taken.set(carrier, bytes)
  const refusal = bytes === 0 ? undefined : lower.full(all.length, bytes)
  return refusal === undefined ? undefined : storeFailed(refusal)
}
