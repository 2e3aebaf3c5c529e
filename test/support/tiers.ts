/**
 * The arrangements of tiers that a simulation chooses from: a lower tier alone, under memory, or under memory and a
 * small tier that a restart empties; and how slow the lower tier is.
 */
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import * as MemoryStore from "../../src/store/memory/MemoryStore.ts"
import type { Store } from "../../src/store/Store.ts"
import type { StoreError } from "../../src/store/StoreError.ts"
import * as TieredStore from "../../src/store/TieredStore.ts"
import type * as FaultyStore from "../../src/testing/FaultyStore.ts"
import { mapStore } from "./mapStore.ts"

/** What lies above the lower tier. */
export type Above = "nothing" | "memory" | "two tiers"

export interface TiersOptions {
  readonly above?: Above | undefined
  /** Of memory. */
  readonly capacity?: number | undefined
  readonly eviction?: "lru" | undefined
  /** What a lower tier gets: everything, or what memory pushes out. */
  readonly set?: "through" | "onEviction" | undefined
}

const warmCapacity = 2

export const tiersOver = (
  lower: Store["Service"],
  { above = "memory", capacity = 100, eviction, set }: TiersOptions = {}
): Effect.Effect<Store["Service"], StoreError, Scope.Scope> =>
  above === "nothing" ? Effect.succeed(lower) : Effect.map(
    MemoryStore.make({ capacity, ...(eviction === undefined ? {} : { eviction }) }),
    (memory) => {
      const warm = above === "memory" ? [] : [mapStore({ name: "warm", capacity: warmCapacity })]
      return TieredStore.make([memory, ...warm, lower], { set })
    }
  )

/** A tier that takes its time before an operation, or after it, each time another. */
export const slow = (
  rule: Omit<FaultyStore.Rule, "fault" | "probability">,
  before: readonly [millis: number, probability: number],
  after: readonly [millis: number, probability: number]
): ReadonlyArray<FaultyStore.Rule> => [
  { ...rule, fault: { kind: "slow", delay: before[0] }, probability: before[1] },
  { ...rule, fault: { kind: "slowLate", delay: after[0] }, probability: after[1] }
]
