import { FrequencySketch } from "../../src/store/internal/frequencySketch.ts"
import type { MakeReference } from "./evictionPolicySuite.ts"

interface Shape {
  readonly windowShare: number
  readonly admission: "popular" | "twice" | "none"
}

interface Entry {
  readonly id: number
  readonly hash: number
  weight: number
  uses: number
}

const shapes: ReadonlyArray<Shape> = [
  { windowShare: 0.2, admission: "popular" },
  { windowShare: 0.01, admission: "popular" },
  { windowShare: 0.1, admission: "twice" },
  { windowShare: 1, admission: "none" }
]

const weightOf = (queue: ReadonlyArray<Entry>): number => queue.reduce((sum, entry) => sum + entry.weight, 0)

/** Two arrays, each from the newest to the oldest. Remembers and counts in every shape, needed or not. */
class PlainQueues {
  weightMax: number
  shape: Shape
  window: Array<Entry> = []
  main: Array<Entry> = []
  ghosts: Array<number | undefined> = []
  oversized = -1
  readonly sketch = new FrequencySketch()

  constructor(weightMax: number, shape: Shape) {
    this.weightMax = weightMax
    this.shape = shape
  }

  all(): Array<Entry> {
    return [...this.window, ...this.main]
  }

  find(id: number): Entry | undefined {
    return this.all().find((entry) => entry.id === id)
  }

  insert(id: number, hash: number, weight: number): void {
    const remembered = this.ghosts.includes(hash)
    this.ghosts = this.ghosts.map((ghost) => ghost === hash ? undefined : ghost)
    const queue = remembered && this.shape.admission === "twice" ? this.main : this.window
    queue.unshift({ id, hash, weight, uses: 0 })
    if (weight > this.weightMax) this.oversized = id
    this.sketch.reserve(2 * this.all().length)
    this.sketch.count(hash)
  }

  use(id: number): boolean {
    const entry = this.find(id)!
    if (entry.uses === 3) return false
    entry.uses++
    return true
  }

  renew(id: number): void {
    for (const queue of [this.window, this.main]) {
      const at = queue.findIndex((entry) => entry.id === id)
      if (at !== -1) queue.unshift(...queue.splice(at, 1))
    }
  }

  reweigh(id: number, weight: number): void {
    this.find(id)!.weight = weight
    if (weight > this.weightMax) this.oversized = id
    else if (id === this.oversized) this.oversized = -1
  }

  remove(id: number): void {
    this.window = this.window.filter((entry) => entry.id !== id)
    this.main = this.main.filter((entry) => entry.id !== id)
    if (id === this.oversized) this.oversized = -1
  }

  evict(): number {
    if (this.all().length === 0) return -1
    const victim = this.oversized !== -1 ? this.oversized : this.victim().id
    this.remove(victim)
    return victim
  }

  private tell(entry: Entry, uses: number): void {
    entry.uses -= uses
    for (let i = 0; i < uses; i++) this.sketch.count(entry.hash)
  }

  private promote(entry: Entry): void {
    this.tell(entry, entry.uses)
    this.window = this.window.filter((other) => other !== entry)
    this.main.unshift(entry)
  }

  private refuse(entry: Entry): Entry {
    this.ghosts = [...this.ghosts, entry.hash].slice(-Math.ceil(0.9 * this.all().length))
    return entry
  }

  private unused(queue: Array<Entry>, price: number): Entry {
    for (;;) {
      const oldest = queue.at(-1)!
      if (oldest.uses === 0 || (this.shape.admission === "none" && queue === this.window)) return oldest
      this.tell(oldest, Math.min(price, oldest.uses))
      this.renew(oldest.id)
    }
  }

  private victim(): Entry {
    const windowMax = Math.max(1, Math.floor(this.shape.windowShare * this.weightMax))
    while (this.shape.admission !== "none" && weightOf(this.window) > windowMax) {
      const candidate = this.window.at(-1)!
      if (this.shape.admission === "twice") {
        if (candidate.uses < 2) return this.refuse(candidate)
        this.promote(candidate)
      } else if (candidate.uses > 0) {
        this.tell(candidate, candidate.uses)
        this.renew(candidate.id)
      } else if (weightOf(this.main) + candidate.weight <= this.weightMax - windowMax) this.promote(candidate)
      else if (this.main.length === 0) return candidate
      else {
        const first = this.unused(this.main, 1)
        if (this.sketch.estimate(candidate.hash) < this.sketch.estimate(first.hash) + 2) return this.refuse(candidate)
        this.promote(candidate)
        return first
      }
    }
    return this.main.length === 0 ? this.unused(this.window, 3) : this.unused(this.main, 1)
  }
}

/** The four shapes at full size, each with all keys: right for as many entries as the duel has room to sample. */
export const make: MakeReference = (options) => {
  const queues = new PlainQueues(options.weightMax, shapes[0]!)
  const rivals = shapes.map((shape) => new PlainQueues(options.weightMax, shape))
  const scores = shapes.map(() => 0)
  let leader = 0
  let accesses = 0
  let noted: Array<{ readonly id: number; readonly news: boolean }> = []

  const fit = (rival: PlainQueues): void => {
    while (weightOf(rival.all()) > rival.weightMax) rival.evict()
  }
  const show = ({ hash, weight }: Entry): void => {
    for (const [at, rival] of rivals.entries()) {
      const known = rival.find(hash)
      if (known === undefined) rival.insert(hash, hash, weight)
      else {
        scores[at]!++
        rival.use(hash)
        if (rival.shape.admission === "none") rival.renew(hash)
        if (known.weight !== weight) rival.reweigh(hash, weight)
      }
      fit(rival)
    }
    if (++accesses < Math.max(32, queues.all().length)) return
    const best = scores.indexOf(Math.max(...scores))
    if (scores[best]! - scores[leader]! > 0.2 * Math.sqrt(accesses / (1 - 0.9))) leader = best
    for (const at of scores.keys()) scores[at]! *= 0.9
    accesses = 0
    queues.shape = shapes[leader]!
  }
  const showNoted = (): void => {
    for (const { id, news } of noted) {
      if (queues.shape.admission === "none") queues.renew(id)
      if (news) show(queues.find(id)!)
    }
    noted = []
  }
  const hit = (id: number): void => {
    const news = queues.use(id)
    if (noted.length === 256 && queues.shape.admission === "none") showNoted()
    if (noted.length < 256 && (news || queues.shape.admission === "none")) noted.push({ id, news })
  }
  return {
    get weight() {
      return weightOf(queues.all())
    },
    get weightMax() {
      return queues.weightMax
    },
    get size() {
      return queues.all().length
    },
    insert: (slot, weight) => {
      showNoted()
      queues.insert(slot, options.hashOf(slot), weight)
      show(queues.find(slot)!)
    },
    hit,
    update: (slot, weight) => {
      queues.reweigh(slot, weight)
      hit(slot)
    },
    remove: (slot) => {
      showNoted()
      const { hash } = queues.find(slot)!
      queues.remove(slot)
      for (const rival of rivals) rival.remove(hash)
    },
    evict: () => {
      showNoted()
      return queues.evict()
    },
    resize: (weightMax) => {
      queues.weightMax = weightMax
      for (const rival of rivals) {
        rival.weightMax = weightMax
        fit(rival)
      }
    }
  }
}
