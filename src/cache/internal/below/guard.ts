/**
 * Holds back a conditional write until the tier that other processes change, too, has judged its conditions.
 *
 * - The write takes effect here at once, like any other one: the reads of this process see it while it is on its way.
 *   Its changes go below together, under the guard, before the other changes of their round.
 * - If a condition does not hold there, nothing of the write is done below. What was kept here is dropped, with what
 *   was made from it, and nothing is removed below: it is up to date there.
 * - If the tier could not judge it, or has no room, the write has failed. Nothing of it is done below, either. In a
 *   family with a lookup the source may have changed, so there the key is removed below as well.
 * - A change of another process that is heard while the guard waits is later than the version that the guard expects.
 *
 * Not here: which conditions a write has (`writes/guarded.ts`), and how they are judged (`store/internal/ledger`).
 */
import type { Entry } from "../../../store/Entry.ts"
import type { Change, Guard as StoreGuard, Met, Partition, Prepared } from "../../../store/Store.ts"
import type { StoreError } from "../../../store/StoreError.ts"
import { both, type Delivery, noDelivery } from "./delivery.ts"

/** What a write expects of a key: this version, or no value, if `orAbsent`. */
export interface Expected {
  readonly version: number | undefined
  readonly orAbsent: boolean
}

/** The change of a key under a guard. */
export interface GuardedChange {
  readonly entry: Entry<any> | undefined
  readonly prepared: Prepared<any> | undefined
  readonly prevails?: boolean
}

/** What a guard needs of a lane. */
export interface GuardedLane {
  readonly storePartition: Partition<any>
  changeUnder(changes: ReadonlyMap<string, GuardedChange>): Change<any>
  /** The changes of a guard do not count any more. */
  refused(guard: Guard): void
}

/** One key of a write. */
interface Part {
  expected: Expected | undefined
  change: GuardedChange | undefined
  /** Whether another process has changed the key since the round was made. */
  isHeard: boolean
  /** Drops the value here. `version` is that of the value which the write has kept. */
  readonly drop: (version: number | undefined, hasFailed: boolean) => Delivery
}

export class Guard {
  private readonly lanes = new Map<GuardedLane, Map<string, Part>>()
  /** What was there in place of the conditions, in their order, if the guard was refused. */
  met: ReadonlyArray<Met> | undefined = undefined
  /** Why the guard could not be judged, or done. */
  failure: StoreError | undefined = undefined
  /** What a failed guard has still to remove below. */
  redress: Delivery = noDelivery

  expect(lane: GuardedLane, key: string, expected: Expected | undefined, drop: Part["drop"]): void {
    const known = this.lanes.get(lane) ?? new Map<string, Part>()
    this.lanes.set(lane, known)
    known.set(key, { expected: expected ?? known.get(key)?.expected, change: undefined, isHeard: false, drop })
  }

  /** Takes a change, if it is one of the write. The last one of a key counts. */
  takes(lane: GuardedLane, key: string, change: GuardedChange): boolean {
    const part = this.lanes.get(lane)?.get(key)
    if (part === undefined) return false
    part.change = change
    return true
  }

  /** Another process has changed the key since it was judged here. */
  overtaken(lane: GuardedLane, key: string): void {
    const part = this.lanes.get(lane)?.get(key)
    if (part?.expected !== undefined) part.expected = { ...part.expected, version: undefined }
  }

  /** Another process has changed the key since the round was made. */
  heard(lane: GuardedLane, key: string): void {
    const part = this.lanes.get(lane)?.get(key)
    if (part !== undefined) part.isHeard = true
  }

  private get parts(): ReadonlyArray<readonly [lane: GuardedLane, key: string, part: Part]> {
    return Array.from(this.lanes).flatMap(([lane, parts]) =>
      Array.from(parts, ([key, part]) => [lane, key, part] as const)
    )
  }

  /** The keys with a condition, in the order of `met`. */
  get conditional(): ReadonlyArray<readonly [lane: GuardedLane, key: string, expected: Expected]> {
    return this.parts.flatMap(([lane, key, { expected }]) => expected === undefined ? [] : [[lane, key, expected]])
  }

  /** The guard, as a store takes it. */
  get ofStore(): StoreGuard {
    const changes = Array.from(this.lanes, ([lane, parts]) =>
      lane.changeUnder(
        new Map(Array.from(parts).flatMap(([key, { change }]) => change === undefined ? [] : [[key, change]]))
      ))
    return {
      conditions: this.conditional.map(([lane, key, { orAbsent, version }]) => ({
        partition: lane.storePartition,
        key,
        version,
        orAbsent,
        isCurrent: () => this.lanes.get(lane)?.get(key)?.isHeard !== true
      })),
      changes,
      refused: (met) => {
        this.met = met
        this.drop(false)
      },
      failed: (error) => {
        this.failure = error
        this.drop(true)
      }
    }
  }

  private drop(hasFailed: boolean): void {
    for (const lane of this.lanes.keys()) lane.refused(this)
    for (const [, , { change, drop }] of this.parts) {
      this.redress = both(this.redress, drop(change?.entry?.version, hasFailed))
    }
  }
}
