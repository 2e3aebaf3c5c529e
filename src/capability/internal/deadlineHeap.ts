/**
 * A heap of items by the time at which they end. It finds the first to end at once, and removes an item in a logarithm
 * of steps.
 */
export interface Ending {
  readonly endsAt: number
  /** The place of the deadline in the heap, which the heap keeps up to date; -1 outside. */
  heapAt: number
}

export class DeadlineHeap<A extends Ending> {
  private readonly all: Array<A> = []

  /** The item that ends first. */
  get first(): A | undefined {
    return this.all[0]
  }

  add(one: A): void {
    this.all.push(one)
    this.rise(one, this.all.length - 1)
  }

  remove(one: A): void {
    const at = one.heapAt
    if (at < 0) return
    one.heapAt = -1
    const last = this.all.pop()!
    if (last === one) return
    this.rise(last, at)
    this.sink(last, last.heapAt)
  }

  private rise(one: A, from: number): void {
    let at = from
    while (at > 0) {
      const parent = this.all[(at - 1) >> 1]!
      if (parent.endsAt <= one.endsAt) break
      this.put(parent, at)
      at = (at - 1) >> 1
    }
    this.put(one, at)
  }

  private sink(one: A, from: number): void {
    let at = from
    for (let child = 2 * at + 1; child < this.all.length; child = 2 * at + 1) {
      const right = this.all[child + 1]
      if (right !== undefined && right.endsAt < this.all[child]!.endsAt) child++
      const least = this.all[child]!
      if (one.endsAt <= least.endsAt) break
      this.put(least, at)
      at = child
    }
    this.put(one, at)
  }

  private put(one: A, at: number): void {
    this.all[at] = one
    one.heapAt = at
  }
}
