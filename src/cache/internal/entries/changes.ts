/**
 * Receives each change of a cache in the step that makes it, writes the history, and calls the listeners.
 *
 * - A listener receives a change as data: family, target (a key, a slice or a tag), cause, mode and stamp. It hears it
 *   before any other code can run, and in the order of the changes. The keys are not hidden: a listener is part of the
 *   engine or of a server, and decides itself what it shows.
 * - The step is not over when a listener receives it. So a listener may note the change, and may not use the cache: its
 *   writes, and its reads that would load, fail with `WouldWait`.
 * - What a listener throws is logged, and changes nothing.
 *
 * A read does not change anything, so a hit costs the same while a listener listens. Events (`CacheEvent`) are made of
 * the same changes, where they concern changes.
 *
 * Not here: the streams of events, which may lag behind, and hits and misses.
 */
import * as Effect from "effect/Effect"
import { outside } from "../../../capability/shared/outside.ts"
import { RareLog } from "../../../store/shared/rareLog.ts"
import { CacheError, WouldWait } from "../../CacheError.ts"
import { History, type Noted } from "./history.ts"

/** Hears a change. */
export type ChangeListener = (change: Noted) => void

export class Changes {
  readonly history = new History()
  /** Whether a listener runs, in the middle of a change. */
  isTelling = false
  private readonly listeners = new Set<ChangeListener>()
  private readonly failed = new RareLog()

  /** Whether changes have a listener. The last one may have removed itself, and still run. */
  get areHeard(): boolean {
    return this.listeners.size > 0 || this.isTelling
  }

  /** Adds a listener. The returned function removes it again. */
  listen(listener: ChangeListener): () => void {
    // Two calls with one function are two listeners.
    const own: ChangeListener = (change) => listener(change)
    this.listeners.add(own)
    return () => void this.listeners.delete(own)
  }

  /** Why a change, or a load, may not begin now: a listener runs. `name` is what errors show of the key. */
  refusal(name: string): CacheError | undefined {
    return this.isTelling ? new CacheError({ reason: new WouldWait({ key: name, why: "listener" }) }) : undefined
  }

  /** Tells a change to those who listen. */
  tell(change: Noted): void {
    this.isTelling = true
    for (const listener of this.listeners) {
      try {
        listener(change)
      } catch (cause) {
        const log = this.failed.say((since) => Effect.logWarning(`a listener of changes threw${since}`, cause))
        outside(() => Effect.runFork(log))
      }
    }
    this.isTelling = false
  }
}
