/**
 * The policy `adaptive`, written for reading.
 */
import { FrequencySketch } from "../../../src/eviction/internal/frequencySketch.ts"
import type { MakeReference } from "./suite.ts"

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
  { windowShare: 1, admission: "none" },
  { windowShare: 0.1, admission: "twice" }
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

const sum = (values: ReadonlyArray<number>): number => values.reduce((total, value) => total + value, 0)

/** The sum of what a list of turns gives, the newest first, of which each older one counts a tenth less. */
const faded = (values: ReadonlyArray<number>): number => values.reduceRight((total, value) => 0.9 * total + value, 0)

/** Who leads, from the hits of all turns that there were: nothing is kept that can be computed. */
class PlainDuel {
  leader = 0
  /** Of each turn, the newest first: the hits of each rival, those of the cache, and the accesses. */
  private readonly turns: Array<{ readonly hits: Array<number>; cache: number; accesses: number }> = []
  private former = 0
  private trialStart = -1
  private wariness = 0
  private open = { hits: shapes.map(() => 0), cache: 0, accesses: 0 }

  /** Shows who hit; whether that ended a turn. */
  observe(hits: ReadonlyArray<boolean>, cache: boolean, size: number): boolean {
    for (const [at, hit] of hits.entries()) if (hit) this.open.hits[at]!++
    if (cache) this.open.cache++
    if (++this.open.accesses < Math.max(32, size)) return false
    this.turns.unshift(this.open)
    this.open = { hits: shapes.map(() => 0), cache: 0, accesses: 0 }
    const next = this.next()
    const turnsOfTrial = this.turns.length - this.trialStart
    if (this.trialStart !== -1 && (next !== this.leader || turnsOfTrial >= 20)) this.judge(turnsOfTrial)
    if (next === this.leader) return true
    this.former = this.leader
    this.leader = next
    this.trialStart = this.turns.length
    return true
  }

  private next(): number {
    const scores = shapes.map((_, at) => faded(this.turns.map(({ hits }) => hits[at]!)))
    const chance = 0.2 * Math.sqrt(this.turns[0]!.accesses / (1 - 0.9))
    const candidates = [...shapes.keys()].filter((at) => {
      const lead = scores[at]! - scores[this.leader]!
      const ahead = this.turns.map(({ hits }) => hits[at]! - hits[this.leader]!)
      const swings = ahead.map((difference, turn) => (difference + (ahead[turn + 1] ?? 0)) ** 2 / 2)
      const unsteady = Math.sqrt(faded(swings) + ahead[0]! ** 2 / 2)
      return lead > chance && lead > this.wariness * 1.2 * unsteady
    })
    return candidates.reduce((best, at) => scores[at]! > scores[best]! ? at : best, candidates[0] ?? this.leader)
  }

  private judge(turnsOfTrial: number): void {
    const trial = this.turns.slice(0, turnsOfTrial)
    const won = sum(trial.map(({ cache, hits }) => cache - hits[this.former]!))
    const luck = Math.sqrt(sum(trial.map(({ accesses }) => accesses)))
    if (won < -luck) this.wariness = 1
    else if (won > luck) this.wariness *= 0.4
    this.trialStart = -1
  }
}

/** The four shapes at full size, each with all keys: right for as many entries as the duel has room to sample. */
export const make: MakeReference = (options) => {
  const queues = new PlainQueues(options.weightMax, shapes[0]!)
  const rivals = shapes.map((shape) => new PlainQueues(options.weightMax, shape))
  const duel = new PlainDuel()
  let noted: Array<{ readonly id: number; readonly news: boolean }> = []

  const fit = (rival: PlainQueues): void => {
    while (weightOf(rival.all()) > rival.weightMax) rival.evict()
  }
  const show = ({ hash, weight }: Entry, hit: boolean): void => {
    const hits = rivals.map((rival) => {
      const known = rival.find(hash)
      if (known === undefined) rival.insert(hash, hash, weight)
      else {
        rival.use(hash)
        if (rival.shape.admission === "none") rival.renew(hash)
        if (known.weight !== weight) rival.reweigh(hash, weight)
      }
      fit(rival)
      return known !== undefined
    })
    if (duel.observe(hits, hit, queues.all().length)) queues.shape = shapes[duel.leader]!
  }
  const showNoted = (): void => {
    for (const { id, news } of noted) {
      if (queues.shape.admission === "none") queues.renew(id)
      if (news) show(queues.find(id)!, true)
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
      show(queues.find(slot)!, false)
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
