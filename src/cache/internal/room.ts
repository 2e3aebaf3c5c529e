/**
 * Asks for room before values are written: a lower tier, or a memory store that evicts nothing. So a write for which
 * there is no room is refused alone, before anything changes. Where lower tiers have every value, memory is not asked.
 */
import type { HotPartition } from "../../store/Store.ts"
import { StoreError, TierFull } from "../../store/StoreError.ts"
import { CacheError, StoreFailed } from "../CacheError.ts"
import { type Judged, memory } from "./judgement.ts"
import type { Lane } from "./outbox.ts"

interface Ground {
  readonly hot: HotPartition<any> | undefined
  readonly lower: Lane<any> | undefined
  /** Why no tier takes anything any more. */
  readonly lost: StoreError | undefined
}

const storeFailed = (error: StoreError): CacheError => new CacheError({ reason: new StoreFailed({ error }) })

/**
 * Why there is no room for judged values of one family; `undefined` if there is. `taken` counts the values of one step,
 * of any family of the store. Of several values of one key the last one counts.
 */
export const roomRefusal = (
  { hot, lost, lower }: Ground,
  all: ReadonlyArray<Judged<any>>,
  taken: Map<object, number> = new Map()
): CacheError | undefined => {
  if (lost !== undefined && all.length > 0) return storeFailed(lost)
  if (lower !== undefined) return refusalBelow(lower, all, taken)
  if (hot?.isRefusing !== true) return undefined
  for (const { key, lifeMillis, weight } of new Map(all.map((judged) => [judged.key, judged])).values()) {
    if (lifeMillis === 0 || hot.hasRoom(key, weight, taken)) continue
    const cause = new Error("its bound is reached, and it evicts nothing")
    const reason = new TierFull({ tier: memory, operation: "set", cause })
    return storeFailed(new StoreError({ reason }))
  }
  return undefined
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
