/**
 * Asks for room before values are written: a lower tier, or a memory store that evicts nothing. So a write for which
 * there is no room is refused alone, before anything changes. Where lower tiers have every value, memory is not asked.
 *
 * - Memory frees what has ended and what no read may serve before it has no room. What is freed may be the entry of a
 *   key that is written, so the values are counted again after that.
 * - To free what no read may serve, memory looks at many entries. For a writer who can wait, it does so in short steps
 *   before the write (`inFreedRoom`). The step of the write then looks only at what was hidden meanwhile.
 * - The values of one step are stored one after the other, and each has to fit. So a value that is lighter than the one
 *   before makes no room for the others, and of several values of one key the heaviest counts.
 */
import * as Effect from "effect/Effect"
import type { HotPartition, Room } from "../../../store/Store.ts"
import { StoreError, TierFull } from "../../../store/StoreError.ts"
import type { CacheError } from "../../CacheError.ts"
import type { Lane } from "../below/lane.ts"
import { type Judged, memory } from "../family/judgement.ts"
import { storeFailed } from "../family/storeFailed.ts"

interface Ground {
  readonly hot: HotPartition<any> | undefined
  readonly lane: Lane<any> | undefined
  /** Why no tier takes anything any more. */
  readonly lost: StoreError | undefined
}

/** Judged values, each with its family. */
export type Wanted = ReadonlyArray<readonly [family: Ground, values: ReadonlyArray<Judged<any>>]>

// The entries that memory looks at for a writer before it lets other work run: a millisecond's work.
const lookedPerPassMax = 1_024

/** Whether memory has to have room for the values: no lower tier has them, and it evicts nothing. */
const asksMemory = ({ hot, lane }: Ground): boolean => lane === undefined && hot?.isRefusing === true

/** Whether a write into the family has to ask for room. */
export const asksForRoom = (family: Ground): boolean =>
  family.lane !== undefined || family.lost !== undefined || asksMemory(family)

/** Why there is no room for judged values of one family; `undefined` if there is. */
export const roomRefusal = (family: Ground, values: ReadonlyArray<Judged<any>>): CacheError | undefined =>
  asksForRoom(family) ? roomRefusalOfAll([[family, values]]) : undefined

/** Why there is no room for the values of one step; `undefined` if there is. */
export const roomRefusalOfAll = (wanted: Wanted): CacheError | undefined => {
  const taken = new Map<object, number>()
  for (const [{ lost, lane }, values] of wanted) {
    if (lost !== undefined && values.length > 0) return storeFailed(lost)
    const refusal = lane && refusalBelow(lane, values, taken)
    if (refusal !== undefined) return refusal
  }
  return memoryRefusal(wanted)
}

/** As `roomRefusalOfAll`, of a memory store that evicts nothing. */
export const memoryRefusal = (wanted: Wanted): CacheError | undefined => {
  if (!wanted.some(([family]) => asksMemory(family)) || hasRoom(wanted)) return undefined
  const cause = new Error("its bound is reached, and it evicts nothing")
  return storeFailed(new StoreError({ reason: new TierFull({ tier: memory, operation: "set", cause }) }))
}

const hasRoom = (wanted: Wanted): boolean => {
  for (;;) {
    const short = Array.from(needsOf(wanted)).filter(([room, more]) => !room.fits(more))
    if (short.length === 0) return true
    let hasFreed = false
    for (const [room, more] of short) if (room.makeRoom(more, Infinity)) hasFreed = true
    if (!hasFreed) return false
  }
}

/** Runs a step that asks for room, after memory has freed what it can for these values. */
export const inFreedRoom = <A, E, R>(
  wanted: Wanted,
  step: () => Effect.Effect<A, E, R>
): Effect.Effect<A, E, R> => {
  if (!wanted.some(([family]) => asksMemory(family))) return step()
  const begun = new Map<Room, number>()
  const pass = (): Effect.Effect<A, E, R> => {
    let goesOn = false
    for (const [room, more] of needsOf(wanted)) {
      const first = begun.get(room) ?? room.searches
      begun.set(room, first)
      if (room.fits(more)) continue
      room.makeRoom(more, lookedPerPassMax)
      // The search that runs already, and the next one, have looked at everything that was hidden when the writer came.
      if (!room.fits(more) && room.mayMakeRoom && room.searches < first + 2) goesOn = true
    }
    return goesOn ? Effect.flatMap(Effect.yieldNow, pass) : step()
  }
  return pass()
}

/** What the values need in memory, at most, beyond what their keys have there. */
const needsOf = (wanted: Wanted): ReadonlyMap<Room, number> => {
  const needs = new Map<Room, number>()
  for (const [family, values] of wanted) {
    if (!asksMemory(family)) continue
    const hot = family.hot!
    const heaviest = new Map<string, number>()
    for (const { key, lifetimeMillis, weight } of values) {
      if (lifetimeMillis > 0) heaviest.set(key, Math.max(weight, heaviest.get(key) ?? 0))
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
  lane: Lane<any>,
  all: ReadonlyArray<Judged<any>>,
  taken: Map<object, number>
): CacheError | undefined => {
  const { carrier } = lane
  let bytes = taken.get(carrier) ?? 0
  for (const { prepared } of all) bytes += prepared?.bytes ?? 0
  taken.set(carrier, bytes)
  const refusal = bytes === 0 ? undefined : lane.full(all.length, bytes)
  return refusal === undefined ? undefined : storeFailed(refusal)
}
