/**
 * The keys that have left an upper tier, for scans of a family over several tiers.
 *
 * A scan reads the tiers from the lowest one up, and keeps nothing between two pages. An entry that was above when the
 * lower tier was read, and is below when the upper one is, would be in no page. So while scans are under way, each key
 * that leaves an upper tier gets a number here, and a page has the keys since the last one.
 *
 * - It begins with the first page of a scan. It ends when it is full of keys that left since the last page of any scan.
 *   Before and after that, a key that leaves costs nothing.
 * - A bookmark that asks for keys which are not kept any more is lost: the scan has to begin again.
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { HotPartition } from "../Store.ts"

/** The most keys that are kept, and the most characters of them. */
const keptMax = 131_072
const keptCharactersMax = 8_388_608

// How many logs this process has made. With the time, it tells the numbers of one log from another's.
let logsMade = 0

export class Departures {
  /** Another one for each log. */
  readonly origin: string
  /** Another one where the numbers of before have lost their meaning. */
  numbering = 0
  /** Another one where other memories than before are listened to, because an engine has come or gone. */
  company = 0
  /** The number of the next key, and that of the oldest one that is kept. */
  next = 0
  #first = 0
  /** What was the next number when a page was asked for. */
  #asked = 0
  #characters = 0
  // The key of a number is at its remainder by `keptMax`.
  #keys: Array<string> = []
  #isOn = false
  #hots: ReadonlySet<HotPartition<any>> = new Set()
  #stop: ReadonlyArray<() => void> = []

  /** For as long as a family is open. */
  static readonly scoped: Effect.Effect<Departures, never, Scope.Scope> = Effect.acquireRelease(
    Effect.map(Clock.currentTimeMillis, (now) => new Departures(now)),
    (departures) => Effect.sync(() => departures.end())
  )

  constructor(nowMillis: number) {
    this.origin = `${nowMillis.toString(36)}-${(++logsMade).toString(36)}`
  }

  /** A page is asked for: these tiers of live objects are listened to. If they are others than before, all is lost. */
  listen(hots: ReadonlySet<HotPartition<any>>): void {
    const isSame = hots.size === this.#hots.size && Array.from(hots).every((hot) => this.#hots.has(hot))
    if (isSame && this.#isOn) return
    if (!isSame) this.company++
    this.end()
    this.#isOn = true
    this.#hots = hots
    this.#stop = Array.from(hots, (hot) => hot.onLeave(this.add))
  }

  /** A key has left an upper tier. */
  readonly add = (key: string): void => {
    if (!this.#isOn) return
    while (this.next > this.#first && this.#isFullFor(key)) {
      if (this.#first >= this.#asked) return this.end()
      this.#characters -= this.#keys[this.#first++ % keptMax]!.length
    }
    this.#characters += key.length
    this.#keys[this.next++ % keptMax] = key
  }

  #isFullFor(key: string): boolean {
    return this.next - this.#first >= keptMax || this.#characters + key.length > keptCharactersMax
  }

  /** The keys from one number to before another, at most `max`; `undefined` where they are not kept any more. */
  between(from: number, until: number, max: number): ReadonlyArray<string> | undefined {
    if (from < this.#first || from > until || until > this.next) return undefined
    this.#asked = this.next
    return Array.from({ length: Math.min(until - from, max) }, (_, at) => this.#keys[(from + at) % keptMax]!)
  }

  /** Forgets all keys, and listens no more. */
  end(): void {
    for (const stop of this.#stop) stop()
    this.#stop = []
    this.#isOn = false
    this.#keys = []
    this.#characters = 0
    this.next = 0
    this.#first = 0
    this.#asked = 0
    this.numbering++
  }
}
