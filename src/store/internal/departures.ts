/**
 * The keys that have left an upper tier, for scans of a family over several tiers.
 *
 * A scan reads the tiers from the lowest one up, and keeps nothing between two pages. An entry that was above when the
 * lower tier was read, and is below when the upper one is, would be in no page. So while scans are under way, each key
 * that leaves an upper tier gets a number here, and a page has the keys since the last one.
 *
 * - It begins with the first page of a scan, and ends when nobody has asked while `keptMax` keys have left. Until the
 *   first scan, and after the last one, a key that leaves costs nothing.
 * - A position that asks for keys which are not kept any more is lost: the scan has to begin again.
 */
import type { HotPartition } from "../Store.ts"

/** The most keys that are kept between two pages. */
const keptMax = 131_072

// How many logs this process has made. With the time, it tells the numbers of one log from another's.
let logsMade = 0

export class Departures {
  /** Another one for each log. */
  readonly origin: string
  /** Another one where the numbers of before have lost their meaning. */
  life = 0
  /** The number of the next key. */
  next = 0
  #asked = 0
  #keys: Array<string> = []
  #isOn = false
  #hots: ReadonlySet<HotPartition<any>> = new Set()
  #stop: ReadonlyArray<() => void> = []

  constructor(nowMillis: number) {
    this.origin = `${nowMillis.toString(36)}-${(++logsMade).toString(36)}`
  }

  /** A page is asked for: these tiers of live objects are listened to. If they are others than before, all is lost. */
  listen(hots: ReadonlySet<HotPartition<any>>): void {
    const isSame = this.#isOn && hots.size === this.#hots.size && Array.from(hots).every((hot) => this.#hots.has(hot))
    if (isSame) return
    this.end()
    this.#isOn = true
    this.#hots = hots
    this.#stop = Array.from(hots, (hot) => hot.onLeave(this.add))
  }

  /** A key has left an upper tier. */
  readonly add = (key: string): void => {
    if (!this.#isOn) return
    if (this.next - this.#asked >= keptMax) return this.end()
    this.#keys[this.next++ % keptMax] = key
  }

  /** The keys from one number to before another, at most `max`; `undefined` where they are not kept any more. */
  between(from: number, until: number, max: number): ReadonlyArray<string> | undefined {
    if (from > this.next || until > this.next || from < this.next - keptMax) return undefined
    this.#asked = this.next
    const keys: Array<string> = []
    for (let at = from; at < Math.min(until, from + max); at++) keys.push(this.#keys[at % keptMax]!)
    return keys
  }

  /** Forgets all keys, and listens no more. */
  end(): void {
    for (const stop of this.#stop) stop()
    this.#stop = []
    this.#isOn = false
    this.#keys = []
    this.next = 0
    this.#asked = 0
    this.life++
  }
}
