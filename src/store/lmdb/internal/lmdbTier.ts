/**
 * An open namespace: the state that all stores of the namespace share.
 *
 * Its parts use the same databases: writes on their way (`lmdbWrites.ts`), families and their numbers
 * (`lmdbFamilies.ts`), marks and the stamp ceiling (`lmdbMarks.ts`), the counters of the engines (`lmdbCommons.ts`),
 * upkeep (`lmdbUpkeep.ts`). They add their rows to the batch of the writes, so that related rows are committed
 * together.
 *
 * Damage to marks or to the state empties the namespace: it is then unknown which entries are invalid, so all are
 * absent. A removal that an earlier process could not commit empties it, too (`lmdbTrust.ts`).
 */
import * as Effect from "effect/Effect"
import type { Entry } from "../../Entry.ts"
import * as BackgroundTimer from "../../shared/backgroundTimer.ts"
import type { Mark, MarkLog } from "../../Store.ts"
import type { StoreError } from "../../StoreError.ts"
import type { Batch, Bounds } from "./lmdbBatch.ts"
import { LmdbCommons } from "./lmdbCommons.ts"
import { type Databases, type Opened, tierName } from "./lmdbEnvironment.ts"
import { LmdbFamilies, type LmdbFamily } from "./lmdbFamilies.ts"
import { LmdbMarks } from "./lmdbMarks.ts"
import { unseal } from "./lmdbRecord.ts"
import { numberOf, stateEnd, stateStart, versionKey } from "./lmdbState.ts"
import { LmdbTrust } from "./lmdbTrust.ts"
import { Upkeep } from "./lmdbUpkeep.ts"
import { LmdbWrites } from "./lmdbWrites.ts"

/** How often a tier without writes looks whether it still has its file. That is two calls of the system. */
const lookMillis = 1_000

export class LmdbNamespace {
  readonly path: string
  readonly bounds: Bounds
  readonly commons: LmdbCommons
  readonly writes: LmdbWrites
  /** Frees entries that are due, entries of cleared families, and entries beyond the bounds. */
  readonly upkeep: Effect.Effect<void, StoreError>
  /** Looks again and again whether the file is gone, and ends when it is. */
  readonly watch: Effect.Effect<void>
  /** Why the namespace was emptied when it was opened, if it was. */
  readonly emptied: "damaged" | "distrusted" | undefined
  readonly #databases: Databases
  readonly #families: LmdbFamilies
  readonly #marks: LmdbMarks

  /** Reads the state; throws what the driver or the file system throws. */
  constructor(opened: Opened, bounds: Bounds) {
    const { databases } = opened
    const versionMax = versionMaxOf(databases)
    const trust = new LmdbTrust(opened.path, opened.namespace)
    const restored = restoreOrEmpty(databases, trust)
    const { families, marks } = restored ?? { families: new LmdbFamilies(databases), marks: new LmdbMarks(databases) }
    this.path = opened.path
    this.bounds = bounds
    this.emptied = trust.wasDistrusted ? "distrusted" : restored === undefined ? "damaged" : undefined
    this.#databases = databases
    this.#families = families
    this.#marks = marks
    this.writes = new LmdbWrites(opened, bounds, marks, families, trust)
    this.commons = new LmdbCommons(versionMax, (row) => {
      this.writes.gathering.state.set(versionKey, row)
      this.writes.handOver()
    })
    if (restored === undefined) this.commons.reserve()
    this.upkeep = new Upkeep(opened, bounds, families, this.writes).run
    // By the time of the machine: a test that moves its clock by a day need not look at the file for each second of it.
    const look: Effect.Effect<void> = Effect.flatMap(
      BackgroundTimer.sleepByMachine(lookMillis),
      () =>
        this.writes.looksGone()
          ? Effect.logWarning(`the ${tierName} tier lost ${opened.path}, which was removed, replaced or taken over`)
          : look
    )
    this.watch = look
  }

  /** The bytes of a record, valid until the next read; `undefined` if there is none. */
  read(entryKey: string): Uint8Array | undefined {
    const op = this.writes.pending(entryKey)
    if (op === undefined || op.kind === "leave") return this.#databases.entries.getBinaryFast(entryKey)
    return op.kind === "put" ? op.record : undefined
  }

  /** Committed entry keys of the family with this number after `from`, in order. */
  keysAfter(id: string, from: string | undefined, limit: number): Array<string> {
    return this.#families.keysAfter(id, from, limit)
  }

  put(entryKey: string, record: Buffer, { stamp, version }: Entry<unknown>): Batch {
    this.#marks.reserve(stamp)
    this.commons.saw(version)
    return this.writes.put(entryKey, record)
  }

  /** The family of this name, made if it is new. */
  family(name: string): LmdbFamily {
    return this.#families.family(this.writes.gathering, name)
  }

  /**
   * Removes all entries of a family at once, however many there are, and returns the batch to wait for. Upkeep frees
   * them.
   */
  clear(family: LmdbFamily): Batch {
    this.#families.clear(this.writes.gathering, family)
    return this.writes.handOver()
  }

  /** Gathers marks, and returns the batch to wait for: the greatest stamp of each scope is kept. */
  recordMarks(marks: ReadonlyArray<Mark>): Batch | undefined {
    if (marks.length === 0) return undefined
    this.#marks.record(this.writes.gathering, marks)
    return this.writes.handOver()
  }

  /** Removes the marks whose stamp is still the given one, and returns the batch to wait for. */
  removeMarks(marks: ReadonlyArray<Mark>): Batch | undefined {
    if (marks.length === 0) return undefined
    this.#marks.remove(this.writes.gathering, marks)
    return this.writes.handOver()
  }

  /** All marks. Fails when one is damaged, because it is then unknown which entries are invalid. */
  readonly loadMarks: Effect.Effect<MarkLog, StoreError> = Effect.suspend(() => this.#marksAfter(undefined, []))

  #marksAfter(from: string | undefined, marks: Array<Mark>): Effect.Effect<MarkLog, StoreError> {
    return Effect.flatMap(
      this.writes.attempt("loadMarks", () => this.#marks.readSome(from, marks)),
      (last) =>
        last === undefined
          ? this.writes.attempt("loadMarks", () => ({
            marks,
            stampMax: this.#marks.ceiling,
            versionMax: this.commons.version
          }))
          : Effect.andThen(Effect.yieldNow, this.#marksAfter(last, marks))
    )
  }
}

/** Reads the state of a namespace that can be trusted; empties another one, and returns `undefined`. */
const restoreOrEmpty = (databases: Databases, trust: LmdbTrust): ReturnType<typeof restore> => {
  try {
    const restored = trust.wasDistrusted ? undefined : restore(databases)
    if (restored === undefined) empty(databases)
    trust.restore()
    return restored
  } catch (error) {
    trust.close()
    throw error
  }
}

/** Reads the families and marks from the databases; `undefined` where they are damaged. */
const restore = (databases: Databases): { readonly families: LmdbFamilies; readonly marks: LmdbMarks } | undefined => {
  const families = new LmdbFamilies(databases)
  const marks = new LmdbMarks(databases)
  for (const { key, value } of databases.state.getRange({ start: stateStart, end: stateEnd })) {
    const payload = unseal(value)
    if (payload === undefined) return undefined
    marks.restore(key, payload)
    families.restore(key, payload)
  }
  return marks.areWhole() ? { families, marks } : undefined
}

// It survives damage to other rows, because versions of a value that is gone may still be known outside.
const versionMaxOf = ({ state }: Databases): number => {
  const row = state.getBinary(versionKey)
  const payload = row === undefined ? undefined : unseal(row)
  return payload === undefined ? 0 : numberOf(payload)
}

// Entries go first: a crash in between leaves marks without entries, and never entries without their marks.
const empty = ({ entries, marks, order, state }: Databases): void => {
  entries.clearSync()
  order.clearSync()
  marks.clearSync()
  state.clearSync()
}
