/**
 * Measures which of several policies would hit most at present. Each runs on a sample of the keys, in a cache that is
 * smaller in the same proportion.
 *
 * Keys are sampled, by a hash, not accesses: the duel sees every access of a sampled key, so the small cache is a
 * picture of the whole (Waldspurger, Park, Garthwaite, Ahmad: SHARDS, FAST 2015; Waldspurger, Saemundsson, Ahmad: Cache
 * modeling and optimization using miniature simulations, ATC 2017). The sample is halved when it has too many entries
 * and doubled when it has few, so its cost does not grow with the cache. In a cache of up to `sampledMax` entries, all
 * are sampled.
 *
 * Older hits count for less. A policy takes over when its lead is larger than chance would give it (Qureshi, Jaleel,
 * Patt, Steely, Emer: Adaptive insertion policies for high performance caching, ISCA 2007, for choosing among policies
 * by small duels).
 *
 * A change of leader costs hits: the cache must first load what the new leader would hold. So each change is on trial.
 * The duel also counts the hits of the cache itself, and compares them with the hits that the former leader would have
 * had. If the change cost more than chance, the duel becomes wary; a change that won makes it bold again. While it is
 * wary, a lead must also be steady: it must not come from one burst of hits. Without that, keys that are read upwards
 * and downwards in turn change the leader at each turning point, and each change loses what the cache holds.
 *
 * All policies share one numbering of the sampled keys; a number is free again when none of them holds its key.
 */
import { invariant } from "../shared/invariant.ts"
import { grownBytes } from "../shared/slotCapacity.ts"
import { HashIndex } from "./hashIndex.ts"
import { type Shape, TwoQueues } from "./twoQueues.ts"

// Half as many cost up to 3.6 points in one trace, and twice as many won nothing (bench/hitrate/README.md).
const sampledMax = 256
const sampledMin = 64

// A period ends after as many accesses as there are sampled entries. With each period a score loses a tenth.
const periodMin = 32
const fade = 0.9

// In units of the square root of the accesses that a score stands for: about how far chance separates two policies that
// agree on all but a few accesses in a hundred.
const leadMin = 0.2

// The lead that a wholly wary duel asks for, in units of the root of the summed squares of the lead's swings. One burst
// that is no longer than a period gives 1.16 at most; a constant lead gives 1.3 after three periods and 2.2 in the end.
const steadyMin = 1.2

// A change of leader is judged at the next change, or after so many periods: twice the periods that a score stands for.
const trialTurnsMax = 20

// In units of the square root of the accesses of a trial: a change wins or loses only if it passes this, else it is
// chance.
const trialLuck = 1

// A change that won multiplies the duel's wariness by this.
const boldAgain = 0.4

export class Duel {
  /** The index of the policy that is ahead. */
  leader = 0
  private readonly contenders: ReadonlyArray<TwoQueues>
  private readonly scores: Float64Array
  // The hits of each contender in this period, in the period before, and since the leader changed.
  private readonly hits: Float64Array
  private readonly hitsBefore: Float64Array
  private readonly hitsOfTrial: Float64Array
  // One row per contender, one column per contender: the squared swings of the difference of the two. They fade as the
  // scores do.
  private readonly swings: Float64Array
  // At 0 any lead is enough; at 1 a lead must be steady.
  private wariness = 0
  private former = 0
  private isOnTrial = false
  private trialHits = 0
  private trialAccesses = 0
  private trialTurns = 0
  private readonly index = new HashIndex()
  private holders = new Uint8Array(0)
  private readonly free: Array<number> = []
  private numbered = 0
  private weightMax: number
  // One in 2^sampleBits keys is sampled.
  private sampleBits = 0
  private sampleMask = 0
  private accesses = 0

  /** The first of the shapes leads at the start. */
  constructor(shapes: ReadonlyArray<Shape>, weightMax: number) {
    this.weightMax = weightMax
    this.contenders = shapes.map((shape) => new TwoQueues(weightMax, (key) => this.index.hashOf(key), [shape]))
    this.scores = new Float64Array(shapes.length)
    this.hits = new Float64Array(shapes.length)
    this.hitsBefore = new Float64Array(shapes.length)
    this.hitsOfTrial = new Float64Array(shapes.length)
    this.swings = new Float64Array(shapes.length ** 2)
  }

  isSampled(hash: number): boolean {
    return (sampleHash(hash) & this.sampleMask) === 0
  }

  /**
   * Shows an access of a sampled key to all contenders, and returns whether that ended a period. `size` is that of the
   * whole cache; `hit` says whether the cache had the key.
   */
  observe(hash: number, weight: number, size: number, hit: boolean): boolean {
    if (hit) this.trialHits++
    const key = this.keyOf(hash)
    // The cache holds it, too, so that a contender that evicts the key at once does not free its number for the others.
    this.holders[key]!++
    for (let contender = 0; contender < this.contenders.length; contender++) this.access(contender, key, hash, weight)
    this.holders[key]!--
    this.release(key)
    const sampled = size >> this.sampleBits
    if (++this.accesses < Math.max(periodMin, Math.min(sampledMax, sampled))) return false
    this.endTurn()
    this.adjustSample(size)
    return true
  }

  /** Reports that a sampled key left the cache for another reason than eviction. */
  forget(hash: number): void {
    const key = this.index.find(hash)
    if (key !== -1) this.remove(key)
  }

  resize(weightMax: number): void {
    this.weightMax = weightMax
    for (const contender of this.contenders) {
      contender.resize(Math.floor(weightMax / 2 ** this.sampleBits))
      this.evict(contender)
    }
  }

  checkInvariants(): void {
    let held = 0
    for (const contender of this.contenders) {
      contender.checkInvariants()
      invariant(contender.weight <= contender.weightMax, "Duel", "a contender holds what fits", contender.weight)
    }
    for (let key = 0; key < this.numbered; key++) {
      const holders = this.contenders.filter((contender) => contender.has(key)).length
      invariant(holders === this.holders[key], "Duel", "a key knows how many hold it", key)
      if (holders > 0) held++
    }
    invariant(held + this.free.length === this.numbered, "Duel", "a number is free when none holds its key", held)
  }

  private access(at: number, key: number, hash: number, weight: number): void {
    const contender = this.contenders[at]!
    if (contender.has(key)) {
      this.hits[at]!++
      contender.use(key)
      if (contender.ordersByUse) contender.renew(key)
      if (contender.weightOf(key) === weight) return
      contender.reweigh(key, weight)
    } else {
      contender.insert(key, hash, weight)
      this.holders[key]!++
    }
    this.evict(contender)
  }

  private evict(contender: TwoQueues): void {
    while (contender.weight > contender.weightMax) {
      const key = contender.evict()
      this.holders[key]!--
      this.release(key)
    }
  }

  private endTurn(): void {
    this.addTurn()
    const next = this.best()
    if (this.isOnTrial && (next !== this.leader || this.trialTurns >= trialTurnsMax)) this.judge()
    if (next !== this.leader) this.change(next)
    this.hitsBefore.set(this.hits)
    this.hits.fill(0)
    this.accesses = 0
  }

  private addTurn(): void {
    const { hits, hitsBefore, scores, swings } = this
    for (let one = 0; one < scores.length; one++) {
      scores[one] = fade * scores[one]! + hits[one]!
      this.hitsOfTrial[one]! += hits[one]!
      for (let other = 0; other < scores.length; other++) {
        // Over two periods together, since most bursts lie in two.
        const swing = hits[one]! - hits[other]! + hitsBefore[one]! - hitsBefore[other]!
        const pair = one * scores.length + other
        swings[pair] = fade * swings[pair]! + swing * swing / 2
      }
    }
    this.trialAccesses += this.accesses
    this.trialTurns++
  }

  /**
   * The index of the next leader: the contender with the highest score whose lead is enough, else the present leader.
   */
  private best(): number {
    const { hits, leader, scores } = this
    const chance = leadMin * Math.sqrt(this.accesses / (1 - fade))
    let best = leader
    for (let contender = 0; contender < scores.length; contender++) {
      if (!(scores[contender]! > scores[best]!)) continue
      const lead = scores[contender]! - scores[leader]!
      // The last period is half of a swing; the other half is still to come.
      const swing = hits[contender]! - hits[leader]!
      const swings = this.swings[contender * scores.length + leader]! + swing * swing / 2
      if (lead > chance && lead > this.wariness * steadyMin * Math.sqrt(swings)) best = contender
    }
    return best
  }

  private judge(): void {
    const won = this.trialHits - this.hitsOfTrial[this.former]!
    const luck = trialLuck * Math.sqrt(this.trialAccesses)
    if (won < -luck) this.wariness = 1
    else if (won > luck) this.wariness *= boldAgain
    this.isOnTrial = false
  }

  private change(leader: number): void {
    this.former = this.leader
    this.leader = leader
    this.isOnTrial = true
    this.trialHits = 0
    this.trialAccesses = 0
    this.trialTurns = 0
    this.hitsOfTrial.fill(0)
  }

  private adjustSample(size: number): void {
    const sampled = size >> this.sampleBits
    if (sampled > sampledMax) this.sampleBits++
    else if (sampled < sampledMin && this.sampleBits > 0) this.sampleBits--
    else return
    this.sampleMask = (1 << this.sampleBits) - 1
    for (let key = 0; key < this.numbered; key++) {
      if (this.holders[key]! > 0 && !this.isSampled(this.index.hashOf(key))) this.remove(key)
    }
    this.resize(this.weightMax)
  }

  private remove(key: number): void {
    for (const contender of this.contenders) if (contender.has(key)) contender.remove(key)
    this.holders[key] = 0
    this.release(key)
  }

  /** The number of a key. {@link release} frees it if in the end no contender holds the key. */
  private keyOf(hash: number): number {
    const known = this.index.find(hash)
    if (known !== -1) return known
    const key = this.free.pop() ?? this.numbered++
    if (!(key < this.holders.length)) this.holders = grownBytes(this.holders, key)
    this.index.set(hash, key)
    return key
  }

  private release(key: number): void {
    if (this.holders[key]! > 0) return
    this.index.remove(key)
    this.free.push(key)
  }
}

// The sample uses other bits than the index and the sketch.
const sampleHash = (hash: number): number => {
  const mixed = Math.imul(hash ^ (hash >>> 13), 0x5bd1e995)
  return mixed ^ (mixed >>> 15)
}
