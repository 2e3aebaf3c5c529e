/**
 * Asks a memory store that evicts nothing for room, before values are written. Where lower tiers have every value,
 * nothing is refused.
 */
import type { HotPartition } from "../../store/Store.ts"
import { StoreError, TierFull } from "../../store/StoreError.ts"
import { CacheError, StoreFailed } from "../CacheError.ts"
import { type Judged, memory } from "./judgement.ts"

interface Ground {
  readonly hot: HotPartition<any> | undefined
  readonly lower: object | undefined
}

/**
 * Why there is no room for judged values of one family; `undefined` if there is. `taken` counts the values of one step,
 * of any family of the store. Of several values of one key the last one counts.
 */
export const roomRefusal = (
  { hot, lower }: Ground,
  all: ReadonlyArray<Judged<any>>,
  taken: Map<object, number> = new Map()
): CacheError | undefined => {
  if (hot?.isRefusing !== true || lower !== undefined) return undefined
  for (const { key, lifeMillis, weight } of new Map(all.map((judged) => [judged.key, judged])).values()) {
    if (lifeMillis === 0 || hot.hasRoom(key, weight, taken)) continue
    const cause = new Error("its bound is reached, and it evicts nothing")
    const reason = new TierFull({ tier: memory, operation: "set", cause })
    return new CacheError({ reason: new StoreFailed({ error: new StoreError({ reason }) }) })
  }
  return undefined
}
