/**
 * The traces: recorded traces from a folder, and generated traces with a known shape.
 *
 * A trace is the sequence of the keys of all reads, numbered from 0 in the order of their first appearance.
 */
import * as Fs from "node:fs"
import * as Path from "node:path"
import * as Zlib from "node:zlib"
import { randomFrom, zipf } from "../random.ts"

export interface Trace {
  readonly name: string
  readonly keys: Int32Array
  readonly keyCount: number
}

const renumbered = (name: string, raw: ReadonlyArray<string | number>): Trace => {
  const numbers = new Map<string | number, number>()
  const keys = Int32Array.from(raw, (key) => {
    const known = numbers.get(key)
    if (known !== undefined) return known
    numbers.set(key, numbers.size)
    return numbers.size - 1
  })
  return { name, keys, keyCount: numbers.size }
}

/** The traces of a folder: files `*.txt.gz` with one key per line. */
export const recorded = (folder: string): Array<Trace> =>
  Fs.readdirSync(folder).filter((file) => file.endsWith(".txt.gz")).toSorted().map((file) => {
    const text = Zlib.gunzipSync(Fs.readFileSync(Path.join(folder, file))).toString("latin1")
    return renumbered(file.replace(".txt.gz", ""), text.trim().split("\n"))
  })

const eventCount = 300_000

const generate = (name: string, seed: number, make: (random: () => number) => () => number): Trace => {
  const next = make(randomFrom(seed))
  return renumbered(name, Array.from({ length: eventCount }, next))
}

// The first key of each part of a mixture, so that two parts do not share keys.
const apart = 10_000_000

/** Traces that were used while the adaptive policy was developed. */
export const generated = (): Array<Trace> => [
  generate("zipf-0.7", 1, (random) => zipf(50_000, 0.7, random)),
  generate("zipf-1.0", 2, (random) => zipf(50_000, 1, random)),
  generate("zipf-1.3", 3, (random) => zipf(50_000, 1.3, random)),
  generate("loop", 4, () => {
    let at = 0
    return () => at++ % 5_000
  }),
  // Popular keys, and in each tenth of the trace a long pass over keys that never return.
  generate("zipf+scans", 5, (random) => {
    const popular = zipf(20_000, 0.9, random)
    let at = 0
    let scanned = apart
    return () => at++ % 30_000 < 20_000 ? popular() : scanned++
  }),
  // Half of the reads are of keys that are read only once.
  generate("one-hit-wonders", 6, (random) => {
    const popular = zipf(20_000, 0.9, random)
    let once = apart
    return () => random() < 0.5 ? popular() : once++
  }),
  generate("zipf+loop", 7, (random) => {
    const popular = zipf(20_000, 1, random)
    let at = 0
    return () => random() < 0.5 ? popular() : apart + at++ % 8_000
  }),
  // The popular keys are replaced completely, six times.
  generate("shifts", 8, (random) => {
    const popular = zipf(10_000, 0.9, random)
    let at = 0
    return () => popular() + Math.floor(at++ / 50_000) * apart
  }),
  // The popular keys drift: the newest keys are read most.
  generate("drift", 9, (random) => {
    const age = zipf(20_000, 1.1, random)
    let at = 0
    return () => Math.floor(at++ / 4) - age()
  }),
  // Each key is read a few times soon after its first read, and then never again.
  generate("short-lived", 10, (random) => {
    let at = 0
    return () => Math.max(0, Math.floor(at++ / 4) - Math.floor(random() ** 2 * 3_000))
  }),
  generate("phases", 11, (random) => {
    const popular = zipf(20_000, 0.9, random)
    let at = 0
    return () => {
      const phase = Math.floor(at++ / 60_000) % 3
      if (phase === 0) return popular()
      if (phase === 1) return apart + at % 6_000
      return 2 * apart + Math.floor(at / 3) - Math.floor(random() * 2_000)
    }
  }),
  generate("zipf-0.85", 101, (random) => zipf(80_000, 0.85, random)),
  generate("zipf-1.15", 102, (random) => zipf(30_000, 1.15, random)),
  // A database: its few index pages are read as often as its many records.
  generate("two-pools", 103, (random) => {
    let at = 0
    return () => at++ % 2 === 0 ? Math.floor(random() * 100) : apart + Math.floor(random() * 10_000)
  }),
  // Loops within a loop. The inner loops have many lengths.
  generate("nested-loops", 104, (random) => {
    let start = 0
    let length = 1
    let at = 0
    return () => {
      if (at === 3 * length) {
        start = (start + length) % 20_000
        length = 50 + Math.floor(random() * 1_500)
        at = 0
      }
      return start + at++ % length
    }
  }),
  // Every 5,000 events, a tenth of the popular keys is replaced.
  generate("churn", 105, (random) => {
    const popular = zipf(5_000, 0.95, random)
    const keys = Array.from({ length: 5_000 }, (_, rank) => rank)
    let at = 0
    let fresh = apart
    return () => {
      if (at++ % 5_000 === 0) { for (let i = 0; i < 500; i++) keys[Math.floor(random() * keys.length)] = fresh++ }
      return keys[popular()]!
    }
  }),
  // Sessions: a visitor reads twenty pages from fifty own pages, and some pages that all visitors read.
  generate("sessions", 106, (random) => {
    const shared = zipf(3_000, 0.8, random)
    const visitors = Array.from({ length: 200 }, (_, visitor) => visitor)
    let fresh = 200
    return () => {
      const at = Math.floor(random() * visitors.length)
      if (random() < 0.05) visitors[at] = fresh++
      return random() < 0.3 ? shared() : apart + visitors[at]! * 50 + Math.floor(50 * random() ** 2)
    }
  }),
  // Nightly batches: days of reads of popular keys, and between them a pass over every key.
  generate("nightly", 107, (random) => {
    const popular = zipf(15_000, 1, random)
    let at = 0
    return () => at++ % 40_000 < 25_000 ? popular() : at % 40_000 - 25_000
  }),
  generate("uniform", 108, (random) => () => Math.floor(random() * 20_000)),
  // Popular keys, a loop, and keys that are read once more soon after their first read.
  generate("thirds", 109, (random) => {
    const popular = zipf(10_000, 0.9, random)
    let at = 0
    let fresh = 2 * apart
    return () => {
      const part = random()
      if (part < 1 / 3) return popular()
      if (part < 2 / 3) return apart + at++ % 3_000
      return random() < 0.5 ? fresh++ : Math.max(2 * apart, fresh - 1 - Math.floor(random() * 500))
    }
  })
]

/** Traces that were written after the last change to the adaptive policy, so they influenced no choice. */
export const heldOut = (): Array<Trace> => [
  generate("fresh: zipf-0.95", 201, (random) => zipf(40_000, 0.95, random)),
  // The popularity rotates slowly: the ranks move on by one key every 20 events.
  generate("fresh: rotation", 202, (random) => {
    const rank = zipf(8_000, 1.05, random)
    let at = 0
    return () => (rank() + Math.floor(at++ / 20)) % 30_000
  }),
  // Depth-first walks of a tree: inner nodes are read repeatedly, each leaf once in a walk.
  generate("fresh: tree", 203, (random) => () => {
    const depth = 1 + Math.floor(random() * 12)
    return 2 ** depth + Math.floor(random() * 2 ** depth)
  }),
  // Two loops, one shorter than any cache here and one longer, in turns of random length.
  generate("fresh: two-loops", 204, (random) => {
    let left = 0
    let long = false
    let at = 0
    return () => {
      if (left-- === 0) {
        left = Math.floor(random() * 4_000)
        long = !long
      }
      return long ? apart + at++ % 12_000 : at++ % 300
    }
  }),
  // A news site: new pages are popular and fade, and old favourites stay popular.
  generate("fresh: news", 205, (random) => {
    const favourite = zipf(5_000, 1, random)
    let at = 0
    return () => {
      at++
      return random() < 0.4
        ? favourite()
        : apart + Math.max(0, Math.floor(at / 10) - Math.floor(-2_000 * Math.log(random())))
    }
  }),
  // Bursts: a key is read one to six times, each time at a random short distance.
  generate("fresh: bursts", 206, (random) => {
    const pending: Array<number> = []
    let fresh = 0
    return () => {
      if (pending.length < 400) {
        const copies = 1 + Math.floor(random() * 6)
        for (let copy = 0; copy < copies; copy++) pending.push(fresh)
        fresh++
      }
      const at = Math.floor(random() * pending.length)
      const key = pending[at]!
      pending[at] = pending[pending.length - 1]!
      pending.pop()
      return key
    }
  }),
  // Half of the time Zipf, half of the time one scan in blocks of 1,000.
  generate("fresh: backup", 207, (random) => {
    const popular = zipf(25_000, 0.85, random)
    let at = 0
    return () => Math.floor(at++ / 1_000) % 2 === 0 ? popular() : apart + at
  })
]

/**
 * Keys that are read upwards, then downwards, and again. At each turning point, the keys that were just read are read
 * next; a key that is kept for long is read once in each pass. A cache that keeps recent keys and a cache that keeps
 * old keys have equally many hits. A cache that changes from one to the other on the way has fewer.
 */
export const upAndDown = (keyCount: number, passes: number): Trace => {
  const keys = Int32Array.from({ length: keyCount * passes }, (_, at) => {
    const inPass = at % keyCount
    return Math.floor(at / keyCount) % 2 === 0 ? inPass : keyCount - 1 - inPass
  })
  return { name: `up-and-down ${keyCount} x ${passes}`, keys, keyCount }
}

/** The traces of {@link upAndDown} in several sizes and lengths, for caches of many shares of the keys. */
export const turning = (): Array<Trace> => [
  upAndDown(300, 80),
  upAndDown(500, 200),
  upAndDown(2_000, 25),
  upAndDown(2_000, 50),
  upAndDown(2_000, 400),
  upAndDown(20_000, 20)
]
