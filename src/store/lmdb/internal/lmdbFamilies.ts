/**
 * The families of a namespace, and their numbers.
 *
 * - The entries of a family have its number in their keys. A number is never given twice: the next number is stored in
 *   the same batch as the family.
 * - A cleared family gets a new number, so that clearing costs the same for any number of entries. Upkeep frees the
 *   entries of the old number.
 */
import * as Effect from "effect/Effect"
import type { Batch, Departed } from "./lmdbBatch.ts"
import type { Databases } from "./lmdbEnvironment.ts"
import { familyEnd, familyOf, familyStart } from "./lmdbKey.ts"
import { unseal } from "./lmdbRecord.ts"
import { deadPrefix, deadRow, familyKey, familyRow, idOf, numberKey, numberOf, numberRow } from "./lmdbState.ts"

/** A family, while the namespace is open. */
export interface LmdbFamily {
  readonly name: string
  /** The number in base 36. A cleared family gets a new one. */
  id: string
  /** The beginning of its entry keys. */
  prefix: string
  /** Called with each entry that upkeep removes. */
  readonly onDeparture: Set<(departed: Departed) => Effect.Effect<void>>
}

export class LmdbFamilies {
  readonly #databases: Databases
  readonly #byName = new Map<string, LmdbFamily>()
  readonly #byId = new Map<string, LmdbFamily>()
  // Numbers of cleared families that may still have entries.
  readonly #dead = new Set<string>()
  #numberNext = 1

  constructor(databases: Databases) {
    this.#databases = databases
  }

  /** Reads a family or a number from a row of state, if it is such a row. */
  restore(key: string, payload: Buffer): void {
    if (key === numberKey) this.#numberNext = numberOf(payload)
    else if (key.startsWith(deadPrefix)) this.#dead.add(idOf(payload))
  }

  /** The family of this name, made in the batch if it is new. */
  family(batch: Batch, name: string): LmdbFamily {
    const known = this.#byName.get(name)
    if (known !== undefined) return known
    const key = familyKey(name)
    const row = this.#databases.state.getBinary(key)
    const payload = row === undefined ? undefined : unseal(row)
    const id = payload === undefined ? this.#takeNumber(batch) : idOf(payload)
    // The row is written with the first entry that has the number, or before.
    if (payload === undefined) batch.state.set(key, familyRow(id, name))
    const family: LmdbFamily = { name, id, prefix: familyStart(id), onDeparture: new Set() }
    this.#byName.set(name, family)
    this.#byId.set(id, family)
    return family
  }

  #takeNumber(batch: Batch): string {
    const number = this.#numberNext++
    batch.state.set(numberKey, numberRow(this.#numberNext))
    return number.toString(36)
  }

  /** Removes all entries of a family at once, however many there are. */
  clear(batch: Batch, family: LmdbFamily): void {
    const { id } = family
    this.#dead.add(id)
    this.#byId.delete(id)
    batch.state.set(deadPrefix + id, deadRow(id))
    family.id = this.#takeNumber(batch)
    family.prefix = familyStart(family.id)
    this.#byId.set(family.id, family)
    batch.state.set(familyKey(family.name), familyRow(family.id, family.name))
  }

  /** Committed entry keys of the family with this number after `from`, in order. */
  keysAfter(id: string, from: string | undefined, limit: number): Array<string> {
    return Array.from(this.#databases.entries.getKeys({
      start: from ?? familyStart(id),
      end: familyEnd(id),
      exclusiveStart: from !== undefined,
      limit
    }))
  }

  /** Gathers the removal of at most `limit` entries of cleared families; returns whether there may be more. */
  gatherDead(batch: Batch, limit: number, isCommitting: boolean): boolean {
    for (const id of this.#dead) {
      if (limit <= 0) return true
      const keys = this.keysAfter(id, undefined, limit)
      for (const key of keys) batch.ops.set(key, { kind: "remove" })
      if (keys.length > 0) return true
      // Some of its entries may still be on their way to the database; a later pass of upkeep finds them there.
      if (isCommitting || batch.ops.size > 0) return false
      this.#dead.delete(id)
      batch.state.set(deadPrefix + id, undefined)
    }
    return false
  }

  /** Whether a listener needs the entry when it is evicted. */
  listens(entryKey: string): boolean {
    const family = this.#byId.get(familyOf(entryKey))
    return family !== undefined && family.onDeparture.size > 0
  }

  tell(departed: Departed): Effect.Effect<void> {
    const family = this.#byId.get(familyOf(departed.entryKey))
    return family === undefined
      ? Effect.void
      : Effect.forEach(family.onDeparture, (tell) => tell(departed), { discard: true })
  }
}
