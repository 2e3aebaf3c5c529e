/**
 * Keeps the lengths of the items that wait in a queue, in the order of the queue, and their sum.
 */
export class Lengths {
  private all: Array<number> = []
  private start = 0
  sum = 0

  push(length: number): void {
    this.all.push(length)
    this.sum += length
  }

  shift(): void {
    this.sum -= this.all[this.start++] ?? 0
    // At least half of the array is in use, so moving it costs a constant for each length.
    if (this.start * 2 <= this.all.length) return
    this.all = this.all.slice(this.start)
    this.start = 0
  }

  /** Forgets all but the last lengths, whose items are still in the queue. */
  keepLast(count: number): void {
    while (this.all.length - this.start > count) this.shift()
  }
}
