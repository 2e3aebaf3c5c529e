/**
 * The counters that all engines over a namespace share. The database keeps a ceiling of versions, so that they go on
 * growing after a restart, whatever the clock shows.
 *
 * - No version that an engine has given to a value or a lease, and no version of an entry, is above the ceiling.
 * - The ceiling is raised in steps, by the first version above it. The row is in the batch that is gathered then, so it
 *   is committed with the value of this version, or earlier.
 *
 * Not here: which version comes next. The engine decides that.
 */
import type { Commons } from "../../Store.ts"
import { ceilingStep, numberRow } from "./lmdbState.ts"

export class LmdbCommons implements Commons {
  stamp = 0
  engines: unknown = undefined
  readonly #keep: (row: Buffer) => void
  #version: number
  #ceiling: number

  /** `keep` gathers the row of a ceiling. */
  constructor(ceiling: number, keep: (row: Buffer) => void) {
    this.#version = this.#ceiling = ceiling
    this.#keep = keep
  }

  get version(): number {
    return this.#version
  }

  set version(version: number) {
    this.#version = version
    if (version > this.#ceiling) this.reserve()
  }

  /** Notes the version of an entry that is stored. */
  saw(version: number): void {
    if (version > this.#version && version <= Number.MAX_SAFE_INTEGER) this.version = version
  }

  /** Keeps a ceiling above the latest version. */
  reserve(): void {
    // A step of microseconds is 66 ms, so the first versions after a restart are rarely ahead of the clock.
    this.#ceiling = Math.min((Math.floor(this.#version / ceilingStep) + 1) * ceilingStep, Number.MAX_SAFE_INTEGER)
    this.#keep(numberRow(this.#ceiling))
  }
}
