/**
 * Upkeep of a namespace: frees entries that are due, entries of cleared families, and entries beyond the bounds.
 *
 * It works in passes of bounded size, so that writers run in between.
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type { StoreError } from "../../StoreError.ts"
import { type Bounds, bytesUsed } from "./lmdbBatch.ts"
import type { Opened } from "./lmdbEnvironment.ts"
import type { LmdbFamilies } from "./lmdbFamilies.ts"
import { parseRank, rankAfter } from "./lmdbKey.ts"
import { upkeepKey, upkeepRow } from "./lmdbState.ts"
import type { LmdbWrites } from "./lmdbWrites.ts"

/** Bounds one pass to about 2 ms of the thread. */
const rowsMax = 500

/** Bounds the work of one wake-up, so that a backlog does not hold up writers for long. */
const passesMax = 200

const firstRank = Buffer.from([0])

export class Upkeep {
  readonly #opened: Opened
  readonly #bounds: Bounds
  readonly #families: LmdbFamilies
  readonly #writes: LmdbWrites

  constructor(opened: Opened, bounds: Bounds, families: LmdbFamilies, writes: LmdbWrites) {
    this.#opened = opened
    this.#bounds = bounds
    this.#families = families
    this.#writes = writes
  }

  /** Runs one wake-up: as many passes as there is work for. */
  readonly run: Effect.Effect<void, StoreError> = Effect.suspend(() => {
    const writes = this.#writes
    let passes = 0
    const pass: Effect.Effect<void, StoreError> = Effect.flatMap(
      Clock.currentTimeMillis,
      (now) =>
        Effect.flatMap(writes.attempt("remove", () => this.#gather(now, passes === 0)), (more) =>
          Effect.andThen(
            writes.drain("process", "remove"),
            more && ++passes < passesMax ? Effect.andThen(Effect.yieldNow, pass) : Effect.void
          ))
    )
    return pass
  })

  // Returns whether there is more to do than one pass takes.
  #gather(nowMillis: number, isFirst: boolean): boolean {
    const { databases, root } = this.#opened
    const writes = this.#writes
    // A reader that was killed keeps every page that is replaced from then on; the driver checks only every ten
    // minutes. The check waits for a lock, which another container may hold after it took over the folder.
    if (isFirst ? writes.looksGone() : writes.isGone) return false
    if (isFirst) root.readerCheck()
    const rows = Array.from(databases.order.getKeys({ start: firstRank, end: rankAfter(nowMillis), limit: rowsMax }))
    const { gathering } = writes
    for (const rank of rows) {
      const key = parseRank(rank).entryKey
      if (writes.pending(key) === undefined) gathering.ops.set(key, { kind: "leave", rank, cause: "Expired" })
    }
    const entryCount = writes.countEntries()
    const overfull = entryCount > this.#bounds.entriesMax ||
      entryCount > 0 && bytesUsed(databases) > this.#bounds.bytesMax
    // Any commit makes room.
    if (overfull) gathering.state.set(upkeepKey, upkeepRow())
    const hasMoreDead = this.#families.gatherDead(gathering, rowsMax - rows.length, writes.isCommitting)
    return hasMoreDead || rows.length === rowsMax || overfull
  }
}
