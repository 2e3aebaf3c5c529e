/**
 * Pages of one family over several tiers, for a scan that keeps nothing between two of them.
 *
 * The tiers are read from the lowest one up, and then the memory of other engines that push down on eviction. A key
 * that a memory above holds is left for that memory, so most keys are in one page. An entry that moves meanwhile is not
 * lost:
 *
 * - It goes up as a copy, or because it is set: then it is above when the tiers there are read, or has left them again.
 * - It leaves an upper tier: then it is among the departures, and the caller looks it up (`departures.ts`).
 * - It was on its way down when the scan began: then it counts as having left an upper tier.
 *
 * So a key that is in some tier all the time is in a page. A bookmark is the number of the next departure, the tier,
 * and the bookmark there.
 */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type { HotPartition, Partition, PartitionPage } from "../Store.ts"
import { BookmarkLost, StoreError } from "../StoreError.ts"
import type { Departures } from "./departures.ts"
import type { KeyOrder } from "./keyOrder.ts"
import type { SetMode, Tier } from "./tieredTier.ts"

interface Bookmark {
  /** The number of the next departure. */
  readonly departure: number
  /** After the last tier: only the departures before this one are left. */
  readonly until: number | undefined
  /** Which of the stages is read, and from where on. */
  readonly stage: number
  readonly after: string | undefined
}

interface Options<V> {
  readonly tiers: ReadonlyArray<Tier<V>>
  readonly mode: SetMode
  readonly order: KeyOrder
  readonly departures: Departures
}

/** A stage of a scan: a tier, or the memory of another engine. */
interface Stage<V> {
  readonly read: (after: string | undefined, max: number) => Effect.Effect<PartitionPage<V>, StoreError>
  /** Whether the caller looks its keys up, since they may leave it at any time. */
  readonly isHot: boolean
  /** The memories that are read later. */
  readonly above: ReadonlyArray<HotPartition<V>>
}

const wellFormed = /^([\da-z]+-[\da-z]+)-(\d+)-(\d+)\.(\d+)\.(\d*)\.(\d+)(?:\.([^]*))?$/

export class TieredPages<V> {
  readonly #tiers: ReadonlyArray<Tier<V>>
  readonly #mode: SetMode
  readonly #order: KeyOrder
  readonly #departures: Departures

  constructor({ departures, order, mode, tiers }: Options<V>) {
    this.#tiers = tiers
    this.#mode = mode
    this.#order = order
    this.#departures = departures
  }

  /** `undefined` where one of the tiers cannot list its keys. */
  get page(): Partition<V>["page"] {
    return this.#tiers.every(({ partition }) => partition.page !== undefined) ? this.#page : undefined
  }

  readonly #page = (after: string | undefined, max: number): Effect.Effect<PartitionPage<V>, StoreError> =>
    Effect.suspend((): Effect.Effect<PartitionPage<V>, StoreError> => {
      const stages = this.#stages()
      const at = after === undefined ? this.#beginning() : this.#bookmarkOf(after)
      if (typeof at === "string") return this.#lost(at)
      if (after === undefined && max === 0) return Effect.succeed({ entries: [], next: this.#spell(at) })
      const { until = this.#departures.next } = at
      // At least half of a page is for the tiers, so that a scan comes to its end however much leaves them.
      const keys = this.#departures.between(at.departure, until, at.until === undefined ? max >> 1 : max)
      if (keys === undefined) return this.#lost("overtaken")
      const departure = at.departure + keys.length
      if (at.until !== undefined) {
        return Effect.succeed({
          entries: [],
          keys,
          next: departure < until ? this.#spell({ ...at, departure }) : undefined
        })
      }
      const stage = stages[at.stage]
      if (stage === undefined) return this.#lost("malformed")
      const { company, numbering } = this.#departures
      return Effect.flatMap(stage.read(at.after, max - keys.length), ({ entries, next }) => {
        // While the tier was read, more has left than is kept, and numbers of before have lost their meaning.
        const why = this.#whyLost(company, numbering)
        if (why !== undefined) return this.#lost(why)
        const own = entries.filter(([key]) => stage.above.every((hot) => hot.peek(key) === undefined))
        const isLast = next === undefined && at.stage + 1 === stages.length
        const ends = isLast ? this.#departures.next : undefined
        return Effect.succeed({
          entries: stage.isHot ? [] : own,
          keys: stage.isHot ? [...keys, ...own.map(([key]) => key)] : keys,
          next: departure === ends ? undefined : this.#spell({
            departure,
            until: ends,
            stage: next === undefined ? at.stage + 1 : at.stage,
            after: next
          })
        })
      })
    })

  #stages(): ReadonlyArray<Stage<V>> {
    const top = this.#tiers[0]!.partition.hot
    const others = this.#mode === "onEviction"
      ? Array.from(this.#order.tops).filter(([hot, { page }]) => hot !== top && page !== undefined)
      : []
    const hots = (tiers: ReadonlyArray<Tier<V>>) => tiers.flatMap(({ partition: { hot } }) => hot ?? [])
    this.#departures.listen(new Set([...hots(this.#tiers.slice(0, -1)), ...others.map(([hot]) => hot)]))
    return [
      ...this.#tiers.map((tier, at): Stage<V> => ({
        read: (after, max) => tier.page(after, max),
        isHot: at === 0 && tier.partition.hot !== undefined && this.#tiers.length > 1,
        above: at === 0 ? [] : [...hots(this.#tiers.slice(0, at)), ...others.map(([hot]) => hot)]
      })).toReversed(),
      ...others.map(([, { page }]): Stage<V> => ({ read: page!, isHot: true, above: [] }))
    ]
  }

  /** What is on its way down counts as having left the tier above just now. */
  #beginning(): Bookmark {
    const departure = this.#departures.next
    for (const { key } of this.#order.allCarried()) this.#departures.add(key)
    return { departure, until: undefined, stage: 0, after: undefined }
  }

  #spell({ after, departure, stage, until }: Bookmark): string {
    const { company, numbering, origin } = this.#departures
    const bookmark = `${origin}-${company}-${numbering}.${departure}.${until ?? ""}.${stage}`
    return after === undefined ? bookmark : `${bookmark}.${after}`
  }

  #bookmarkOf(text: string): Bookmark | BookmarkLost["why"] {
    const parts = wellFormed.exec(text)
    if (parts === null) return "malformed"
    const [, origin, company, numbering, departure, until, stage, after] = parts
    if (origin !== this.#departures.origin) return "restarted"
    return this.#whyLost(Number(company), Number(numbering)) ?? {
      departure: Number(departure),
      until: until === "" ? undefined : Number(until),
      stage: Number(stage),
      after
    }
  }

  /** Why numbers that were given then have lost their meaning, if they have. */
  #whyLost(company: number, numbering: number): BookmarkLost["why"] | undefined {
    if (company !== this.#departures.company) return "other engines"
    return numbering === this.#departures.numbering ? undefined : "overtaken"
  }

  #lost(why: BookmarkLost["why"]): Exit.Exit<never, StoreError> {
    const tier = this.#tiers.map(({ name }) => name).join("+")
    return Exit.fail(new StoreError({ reason: new BookmarkLost({ tier, why }) }))
  }
}
