/**
 * The trust in a namespace, which ends while it owes something to its file: removals, clears and marks that could not
 * be committed. They are in memory only, so the next process would serve what they were to take away.
 *
 * - From the first failure on, a file beside the data file says `doubted`. It exists from the opening on, and a word of
 *   the same length is written over the one before, so that a full disk does not prevent it.
 * - It says `trusted` again as soon as everything that is owed has been committed.
 * - A process that finds `doubted` when it opens the namespace empties it.
 * - A folder without the file is trusted: an earlier release made it, or only the data file was copied.
 */
import * as Fs from "node:fs"
import * as Path from "node:path"
import type { Batch } from "./lmdbBatch.ts"
import { deadPrefix } from "./lmdbState.ts"

const trusted = "trusted"
// It has as many letters as the other word, since each is written over the other.
const distrusted = "doubted"

/** The most marks that are known to be owed. Beyond, the file says `doubted` until the namespace is opened again. */
const marksMax = 65_536

/** The file of a namespace. Names that differ only in case have two files, also where the system ignores case. */
const fileOf = (folder: string, namespace: string): string =>
  Path.join(folder, "trust", Buffer.from(namespace).toString("hex"))

// A process that is killed in between leaves no file without its word.
const makeIfAbsent = (file: string): void => {
  if (Fs.existsSync(file)) return
  Fs.mkdirSync(Path.dirname(file), { recursive: true })
  Fs.writeFileSync(`${file}.draft`, trusted)
  Fs.renameSync(`${file}.draft`, file)
}

/** Whether a batch takes something away that the file has, or may have. */
const takesAway = ({ marks, ops, state }: Batch): boolean =>
  marks.kept.size > 0 || ops.values().some(({ kind }) => kind !== "leave") ||
  state.entries().some(([key, row]) => row !== undefined && key.startsWith(deadPrefix))

export class LmdbTrust {
  /** Whether an earlier process has left the namespace before it had what was owed. */
  readonly wasDistrusted: boolean
  // It stays open, so that a process which may open no further file can still write to it.
  readonly #handle: number
  #word: string | undefined
  #owes = false
  /** The batch with everything that is owed except marks, if there is such a thing. */
  #batch: Batch | undefined
  readonly #marks = new Map<string, number>()
  /** Whether something is owed that is not known here. */
  #isLost = false
  #isClosed = false

  constructor(folder: string, namespace: string) {
    const file = fileOf(folder, namespace)
    makeIfAbsent(file)
    this.wasDistrusted = Fs.readFileSync(file, "latin1").trim() !== trusted.trim()
    this.#handle = Fs.openSync(file, "r+")
    this.#word = this.wasDistrusted ? distrusted : trusted
  }

  /** Whether the next process learns what it has to know. */
  get isNoted(): boolean {
    return !this.#owes || this.#word === distrusted
  }

  /** The callers of a batch have failed, and the batch may still be committed. */
  owe(batch: Batch): void {
    if (takesAway(batch)) this.#oweBy(batch, batch)
  }

  /** A batch could not be committed. `next` has everything that it was to do, except marks. */
  failed(batch: Batch, next: Batch): void {
    if (takesAway(batch)) this.#oweBy(batch, next)
  }

  /** Changes have failed that are in no batch: their callers may come again, or not. */
  lost(): void {
    this.#isLost = true
    this.#distrust()
  }

  /** A batch was committed. */
  landed(batch: Batch): void {
    if (!this.#owes) return
    if (batch === this.#batch) this.#batch = undefined
    for (const [scope, stamp] of batch.marks.kept) {
      if (stamp >= (this.#marks.get(scope) ?? Infinity)) this.#marks.delete(scope)
    }
    if (this.#batch === undefined && this.#marks.size === 0 && !this.#isLost) this.restore()
  }

  /** Nothing is owed: it has all been committed, or the namespace was emptied. */
  restore(): void {
    this.#owes = false
    this.#write(trusted)
  }

  /** What the file says now stays. A commit that does not end may still end after that. */
  close(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    Fs.closeSync(this.#handle)
  }

  #oweBy({ marks }: Batch, next: Batch): void {
    this.#batch = next
    for (const [scope, stamp] of marks.kept) this.#marks.set(scope, Math.max(stamp, this.#marks.get(scope) ?? stamp))
    if (this.#marks.size > marksMax) {
      this.#marks.clear()
      this.#isLost = true
    }
    this.#distrust()
  }

  #distrust(): void {
    this.#owes = true
    this.#write(distrusted)
  }

  #write(word: string): void {
    if (this.#word === word || this.#isClosed) return
    this.#word = undefined
    try {
      Fs.writeSync(this.#handle, word, 0, "latin1")
      this.#word = word
    } catch {
      if (word === distrusted) this.#cut()
    }
  }

  // A file system that copies what it overwrites may need room for that. An empty file is not trusted, either.
  #cut(): void {
    try {
      Fs.ftruncateSync(this.#handle)
      this.#word = distrusted
    } catch {
      // The failure of the batch is reported with this one.
    }
  }
}
