/**
 * Keeps what one engine knows of one log: its position, and how a record or a heading moves it.
 *
 * - A record that follows the position is applied, and the engine hears it. One at or below the position is dropped.
 *   One further on is not applied, since the log is read from the position on. So news may be lost, doubled and
 *   reordered.
 * - A record repeats the random bits of the one before it. Another tail than that of the last applied record, a later
 *   epoch, and a floor above the position all mean that records are missing: the log is unknown from then on.
 * - A record that follows from a record of another log waits until that one is applied.
 * - News of an epoch that has passed says nothing.
 *
 * Each function is synchronous. Not here: how records are read (`ledgerNode.ts`).
 */
import type { Epoch, Knowledge, LogMark, News, Position } from "./ledger.ts"
import type { Heading, LogRecord } from "./ledgerPlace.ts"

export const sameEpoch = (a: Epoch, b: Epoch): boolean => a.number === b.number && a.nonce === b.nonce

export class LogView {
  readonly log: number
  /** The last record that is applied; `undefined` while records may be missing. */
  position: Position | undefined
  /** When the position was last proved to be the end of the log. */
  provenAt = -Infinity
  /** What the next record follows from, if that is not applied yet. */
  waitsFor: LogRecord["after"]
  /** The greatest version that a record or an answer has shown, of any epoch. */
  versionMax = 0
  private readonly writer: number
  private readonly hear: (news: News) => void
  private readonly isApplied: (log: number, position: Position) => boolean
  private link = 0
  /** The greatest stamp of this epoch that an answer or a record has shown. */
  private seen = 0

  constructor(
    log: number,
    writer: number,
    hear: (news: News) => void,
    isApplied: (log: number, position: Position) => boolean
  ) {
    this.log = log
    this.writer = writer
    this.hear = hear
    this.isApplied = isApplied
  }

  get knowledge(): Knowledge {
    return this.position === undefined ? "unknown" : this.seen > this.position.stamp ? "behind" : "current"
  }

  /** Whether nothing is known to be missing. */
  get isWhole(): boolean {
    return this.knowledge === "current"
  }

  /** Whether a position is applied. What lies in an epoch that has passed is: all from before is suspect. */
  covers({ epoch, stamp }: Position): boolean {
    const { position } = this
    if (position === undefined) return false
    return sameEpoch(position.epoch, epoch) ? position.stamp >= stamp : position.epoch.number >= epoch.number
  }

  /** All marks of the log are known, and its head. */
  begin({ epoch, head, link, versionMax }: Heading, marks: ReadonlyArray<LogMark>): void {
    this.noteVersion(versionMax)
    if (this.position !== undefined) return
    this.position = { epoch, stamp: head }
    this.link = link
    this.seen = head
    this.waitsFor = undefined
    this.hear({ _tag: "Known", log: this.log, position: this.position, marks })
  }

  /** Records may be missing. */
  lose(): void {
    if (this.position === undefined) return
    this.position = undefined
    this.waitsFor = undefined
    this.hear({ _tag: "Unknown", log: this.log })
  }

  /** Applies the records that follow the position, one after the other. */
  apply(epoch: Epoch, records: ReadonlyArray<LogRecord>): void {
    if (!this.isOf(epoch)) return
    for (const record of records) {
      const { position } = this
      if (position === undefined) return
      this.noteVersion(record.versionMax)
      if (record.stamp > this.seen) this.seen = record.stamp
      if (record.stamp <= position.stamp) continue
      if (record.stamp !== position.stamp + 1) return
      if (record.tail !== this.link) return this.lose()
      const { after } = record
      if (after !== undefined && !this.isApplied(after.log, after.position)) return void (this.waitsFor = after)
      this.step(position.epoch, record)
    }
  }

  private step(epoch: Epoch, { drops, link, moved, stamp, writer }: LogRecord): void {
    const position = { epoch, stamp }
    this.position = position
    this.link = link
    this.waitsFor = undefined
    const { log } = this
    if (drops.keys.length > 0 || drops.scopes.length > 0) {
      this.hear({ _tag: "Dropped", log, position, drops, isOwn: writer === this.writer })
    }
    if (moved.length > 0) this.hear({ _tag: "Moved", log, position, keys: moved })
  }

  /** Compares what is known with the heading of an answer. */
  meet({ epoch, floor, head, versionMax }: Heading): void {
    this.noteVersion(versionMax)
    if (!this.isOf(epoch)) return
    if (this.position!.stamp < floor) return this.lose()
    if (head > this.seen) this.seen = head
  }

  /** A step proves the head of its answer. */
  prove({ epoch, head }: Heading, sentAt: number): void {
    const { position } = this
    if (position === undefined || !sameEpoch(position.epoch, epoch) || position.stamp < head) return
    this.provenAt = Math.max(this.provenAt, sentAt)
  }

  private noteVersion(version: number): void {
    if (version > this.versionMax) this.versionMax = version
  }

  // An epoch with a smaller number has passed. Any other epoch than the known one is new.
  private isOf(epoch: Epoch): boolean {
    const { position } = this
    if (position === undefined) return false
    if (sameEpoch(position.epoch, epoch)) return true
    if (epoch.number >= position.epoch.number) this.lose()
    return false
  }
}
