/**
 * Doubly linked lists of slots, all in one typed array.
 *
 * A slot is in at most one list. Each list is a ring through its own head, so no operation asks whether it is at an
 * end. A node is two neighbouring numbers, `next` and `previous`, in one cache line. Both hold the neighbour's offset
 * in the array, not its slot, so that following a link is one load. Heads come first, then one node per slot. Knuth,
 * The Art of Computer Programming 1, 2.2.5: doubly linked lists with a list head.
 */
import { BrokenInvariant, invariant } from "./invariant.ts"
import { slotCapacity } from "./slotCapacity.ts"

const unlinked = -1

export class SlotLists {
  private readonly listCount: number
  private links: Int32Array
  private capacity = 0
  private readonly slotsExpected: number

  /** `slotsExpected` is the largest number of slots that the caller expects. */
  constructor(listCount: number, slotsExpected: number = Infinity) {
    this.listCount = listCount
    this.slotsExpected = slotsExpected
    this.links = new Int32Array(2 * listCount)
    for (let list = 0; list < listCount; list++) this.makeEmpty(2 * list)
  }

  has(slot: number): boolean {
    return slot >= 0 && slot < this.capacity && this.links[2 * (slot + this.listCount)] !== unlinked
  }

  isEmpty(list: number): boolean {
    return this.links[2 * list] === 2 * list
  }

  /** The first slot of a list, -1 when it is empty. */
  first(list: number): number {
    return this.slotAt(this.links[2 * list]!)
  }

  /** The last slot of a list, -1 when it is empty. */
  last(list: number): number {
    return this.slotAt(this.links[2 * list + 1]!)
  }

  /** The slot before `slot` in its list, -1 when `slot` is the first. */
  before(slot: number): number {
    return this.slotAt(this.links[2 * (slot + this.listCount) + 1]!)
  }

  addFirst(list: number, slot: number): void {
    const node = this.nodeToLink(slot)
    this.link(node, 2 * list, this.links[2 * list]!)
  }

  addLast(list: number, slot: number): void {
    const node = this.nodeToLink(slot)
    this.link(node, this.links[2 * list + 1]!, 2 * list)
  }

  /** Takes a slot out of its list. Returns the list if this emptied it, else -1. */
  remove(slot: number): number {
    const links = this.links
    const node = 2 * (slot + this.listCount)
    if (!this.has(slot)) throw new BrokenInvariant("SlotLists", "a slot to remove is in a list", slot)
    const next = links[node]!
    const previous = links[node + 1]!
    links[previous] = next
    links[next + 1] = previous
    links[node] = unlinked
    links[node + 1] = unlinked
    return next === previous ? next >> 1 : -1
  }

  /** Makes a slot the first of `list`, whatever its place was. On the path of every hit. */
  moveToFirst(list: number, slot: number): void {
    const links = this.links
    const head = list << 1
    const node = (slot + this.listCount) << 1
    const previous = links[node + 1]!
    if (previous === head) return
    if (!(previous >= 0)) throw new BrokenInvariant("SlotLists", "a slot to move is in a list", slot)
    const next = links[node]!
    links[previous] = next
    links[next + 1] = previous
    const first = links[head]!
    links[node] = first
    links[node + 1] = head
    links[first + 1] = node
    links[head] = node
  }

  /** Moves all slots of `from` behind the last of `to`, in order, at the cost of one move. */
  moveAll(from: number, to: number): void {
    if (from === to || this.isEmpty(from)) return
    const links = this.links
    const first = links[2 * from]!
    const last = links[2 * from + 1]!
    const end = links[2 * to + 1]!
    links[end] = first
    links[first + 1] = end
    links[last] = 2 * to
    links[2 * to + 1] = last
    this.makeEmpty(2 * from)
  }

  /**
   * The slots of a list from first to last. For checks: it allocates. Throws when links disagree or the list is longer
   * than `countMax`.
   */
  toArray(list: number, countMax: number): Array<number> {
    const slots: Array<number> = []
    for (let node = 2 * list;;) {
      const next = this.links[node]!
      invariant(this.links[next + 1] === node, "SlotLists", "the neighbours of a link agree", this.slotAt(node))
      if (next === 2 * list) return slots
      slots.push(this.slotAt(next))
      invariant(slots.length <= countMax, "SlotLists", "a list holds no more slots than were added", list)
      node = next
    }
  }

  private slotAt(node: number): number {
    return node < 2 * this.listCount ? -1 : (node >> 1) - this.listCount
  }

  private nodeToLink(slot: number): number {
    if (!(slot < this.capacity)) this.grow(slot)
    const node = 2 * (slot + this.listCount)
    if (this.links[node] !== unlinked) throw new BrokenInvariant("SlotLists", "a slot to add is in no list", slot)
    return node
  }

  private link(node: number, previous: number, next: number): void {
    const links = this.links
    links[node] = next
    links[node + 1] = previous
    links[previous] = node
    links[next + 1] = node
  }

  private makeEmpty(head: number): void {
    this.links[head] = head
    this.links[head + 1] = head
  }

  private grow(slot: number): void {
    const capacity = slotCapacity(slot, this.capacity, this.slotsExpected)
    const links = new Int32Array(2 * (this.listCount + capacity))
    links.set(this.links)
    links.fill(unlinked, this.links.length)
    this.links = links
    this.capacity = capacity
  }
}
