/**
 * Removes from memory what a failed round has carried, in the step in which the failure is known.
 *
 * This does not need the callers, who may have left. No reader sees the value after its caller got the error. The
 * removal goes below with a later round, and a caller who still waits, waits for that round, too.
 */
import { both, type Delivery, noDelivery, type Revocable, type Revoker } from "./delivery.ts"

export class Written implements Revocable {
  private readonly versions = new Map<Revoker, Map<string, number>>()
  private readonly counts: { written: number }
  private delivery: Delivery = noDelivery
  private hasFailed = false

  /** `counts` is what bounds it: callers wait for room while there are too many. */
  constructor(counts: { written: number }) {
    this.counts = counts
  }

  get redress(): Delivery {
    return this.delivery
  }

  /** How many keys callers have written with it. */
  get size(): number {
    let size = 0
    for (const { size: keys } of this.versions.values()) size += keys
    return size
  }

  note(writer: Revoker, key: string, version: number): void {
    if (this.hasFailed) {
      this.delivery = both(this.delivery, writer.takeBack(key, version))
      return
    }
    const known = this.versions.get(writer)
    if (known?.has(key) !== true) this.counts.written++
    if (known === undefined) this.versions.set(writer, new Map([[key, version]]))
    else known.set(key, version)
  }

  /** The round has arrived without some of what callers have written, which was taken back by these changes. */
  redressed(delivery: Delivery): void {
    this.delivery = both(this.delivery, delivery)
  }

  /** The round has failed. */
  fail(): void {
    if (this.hasFailed) return
    this.hasFailed = true
    for (const [writer, versions] of this.versions) {
      for (const [key, version] of versions) this.delivery = both(this.delivery, writer.takeBack(key, version))
    }
    this.versions.clear()
  }
}
