/**
 * Runs a step that needs to know what is held of some keys. If one of the keys is changed while a tier answers, all are
 * asked for again.
 */
import * as Effect from "effect/Effect"
import type { Entry, Found } from "../../../store/Entry.ts"
import { tierMillisMax, within } from "./inTime.ts"

/**
 * What a read below says where it cannot know what the tiers hold of a key: a tier has failed, or holds something that
 * the engine may not serve, and the next read may find it. No value made from it may be stored.
 */
export const unknown = Symbol("unknown")

/** The result of a read below, where the caller need not know why there is nothing. */
export const foundOf = <V>(found: Found<V> | typeof unknown | undefined): Found<V> | undefined =>
  found === unknown ? undefined : found

/** The entry that a read below has found, without its tier. */
export const entryOf = <V>(found: Found<V> | typeof unknown | undefined): Entry<V> | typeof unknown | undefined =>
  found === unknown ? unknown : found?.entry

/** A read below of a caller who waits for no load: nothing is known of a key whose tier does not answer. */
export const unlessLate = <A>(read: Effect.Effect<A>): Effect.Effect<A | typeof unknown> =>
  within<A | typeof unknown, never, never>(read, tierMillisMax, Effect.succeed(unknown))

/** The parts of an entry that marks judge. */
export interface Filled {
  readonly stamp: number
  readonly tags: ReadonlyArray<string>
}

/** What a caller who waits learns of the changes of a key. */
export interface Watch {
  changed: boolean
  /** Whether the last change was a removal. */
  isGone: boolean
  /** Whether a change was more than a load that found a value where there was none. */
  isRewritten?: boolean
  /** What such a load has found last. */
  filled?: Filled
  /** Looks at the marks that show a change, before they are forgotten. */
  look?: () => void
}

/** The entry of a key in memory or in a lower tier. */
export interface Holding {
  readonly watch: () => Watch
  readonly unwatch: (watch: Watch) => void
  readonly current: Effect.Effect<Entry<any> | typeof unknown | undefined>
  /** The version of the last entry that was found below, even if no read may serve it. */
  readonly met: () => number | undefined
}

// Each further try means that another caller has changed one of the keys.
export const triesMax = 16

/**
 * Runs `step` with the entry of each key, at a moment when these entries are the current ones; at once if there are no
 * keys. If the keys change all the time, `step` gets no entries.
 */
export const whenKnown = <A, E>(
  holdings: ReadonlyArray<Holding>,
  step: (held: ReadonlyArray<Entry<any> | undefined> | undefined) => Effect.Effect<A, E>,
  tries = triesMax
): Effect.Effect<A, E> =>
  holdings.length === 0 ? step([]) : Effect.acquireUseRelease(
    Effect.sync(() => holdings.map(({ watch }) => watch())),
    (watches) =>
      Effect.flatMap(Effect.forEach(holdings, ({ current }) => current), (held) =>
        !watches.some(({ changed }) => changed)
          ? step(held.includes(unknown) ? undefined : held as ReadonlyArray<Entry<any> | undefined>)
          : tries > 0
          ? whenKnown(holdings, step, tries - 1)
          : step(undefined)),
    (watches) => Effect.sync(() => holdings.forEach(({ unwatch }, i) => unwatch(watches[i]!)))
  )
