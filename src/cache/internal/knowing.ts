/**
 * Steps that need to know what is held of some keys, and that no caller has changed it meanwhile.
 */
import * as Effect from "effect/Effect"
import type { Entry } from "../../store/Entry.ts"

/** What a caller who waits learns of the changes of a key. */
export interface Watch {
  changed: boolean
  /** The last change was a removal. */
  isGone: boolean
}

/** What memory or a tier below holds of a key. */
export interface Holding {
  readonly watch: () => Watch
  readonly unwatch: (watch: Watch) => void
  readonly current: Effect.Effect<Entry<any> | undefined>
}

// Each further try means that another caller has changed one of the keys.
export const triesMax = 16

/**
 * Runs `step`, at once where it asks for nothing, with what is held of each key, as long as that is so; with nothing
 * when it changes all the time.
 */
export const knowing = <A, E>(
  holdings: ReadonlyArray<Holding>,
  step: (held: ReadonlyArray<Entry<any> | undefined> | undefined) => Effect.Effect<A, E>,
  tries = triesMax
): Effect.Effect<A, E> =>
  holdings.length === 0 ? step([]) : Effect.acquireUseRelease(
    Effect.sync(() => holdings.map(({ watch }) => watch())),
    (watches) =>
      Effect.flatMap(Effect.forEach(holdings, ({ current }) => current), (held) =>
        !watches.some(({ changed }) => changed)
          ? step(held)
          : tries > 0
          ? knowing(holdings, step, tries - 1)
          : step(undefined)),
    (watches) => Effect.sync(() => holdings.forEach(({ unwatch }, i) => unwatch(watches[i]!)))
  )
