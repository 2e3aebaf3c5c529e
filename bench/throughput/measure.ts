/**
 * Measuring in turns: every case runs once per round, so that what disturbs the machine disturbs all of them.
 *
 * Time is the CPU time of the main thread: what other processes do meanwhile is not counted, work of the collector on
 * this thread is. Nothing that is measured here waits for anything but its own microtasks. Systems account for that
 * time in steps of up to 4 ms, so a turn takes ten times that.
 *
 * A figure is the median of the rounds, the least one stands beside it, and ratios are of medians. The number of
 * operations per turn is found before, so that each turn takes about `turnMillis`.
 */

/** Does its operation `count` times. What it returns is added up, so that no compiler drops the work. */
export type Work = (count: number) => number | Promise<number>

export interface Case {
  readonly name: string
  readonly work: Work
  /** For cases that cost much more than a hit. */
  readonly countMax?: number
}

export interface Figure {
  readonly name: string
  readonly nanos: number
  readonly nanosMin: number
}

export interface Turns {
  readonly rounds: number
  readonly turnMillis: number
}

/** For the figures that are kept. */
export const thorough: Turns = { rounds: 11, turnMillis: 40 }

/** For a look at ratios. */
export const quickly: Turns = { rounds: 7, turnMillis: 24 }

let sink = 0

/** What all work has added up to; print it, so that it counts as used. */
export const workDone = (): number => sink

/** CPU time of this thread, in milliseconds. */
export const cpuMillis = (): number => {
  const { system, user } = process.threadCpuUsage()
  return (system + user) / 1_000
}

const timed = async (work: Work, count: number): Promise<number> => {
  const start = cpuMillis()
  const done = work(count)
  sink += typeof done === "number" ? done : await done
  return cpuMillis() - start
}

const calibrate = async ({ countMax = Infinity, work }: Case, turnMillis: number): Promise<number> => {
  let count = Math.min(256, countMax)
  for (;;) {
    const millis = await timed(work, count)
    if (millis >= turnMillis || count >= countMax) return Math.max(1, Math.min(countMax, count))
    const wanted = millis === 0 ? 16 : Math.min(16, Math.max(1.5, 1.2 * turnMillis / millis))
    count = Math.min(countMax, Math.ceil(count * wanted))
  }
}

export const median = (all: ReadonlyArray<number>): number => all.toSorted((a, b) => a - b)[all.length >> 1]!

export const percentile = (sorted: Float64Array, share: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]!

export const inTurns = async (cases: ReadonlyArray<Case>, { rounds, turnMillis }: Turns) => {
  const counts: Array<number> = []
  for (const each of cases) counts.push(await calibrate(each, turnMillis))
  const times = cases.map((): Array<number> => [])
  for (let round = 0; round < rounds; round++) {
    for (const [i, { work }] of cases.entries()) times[i]!.push(await timed(work, counts[i]!) * 1e6 / counts[i]!)
  }
  return cases.map(({ name }, i): Figure => ({
    name,
    nanos: median(times[i]!),
    nanosMin: Math.min(...times[i]!)
  }))
}
