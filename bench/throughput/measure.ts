/**
 * Measures cases in turns: every case runs once per round, so that a disturbance of the machine concerns all of them.
 *
 * Turns are short, and there are many. A turn that another process or the collector interrupts is one of a hundred, and
 * does not change the median; each long turn would contain a part of the disturbance. Before a turn is timed, it does
 * half as much work again, so that the contents of the processor's cache are its own. Time is wall-clock time, because
 * the system counts the CPU time of a thread in steps of 4 ms, which is a whole turn.
 *
 * A figure is the median of the rounds. Beside it is the tenth percentile: a tenth of the rounds lies below it. A ratio
 * is the ratio of two medians. The number of operations per turn is found first, so that each turn takes about
 * `turnMillis`.
 */

/** Does its operation `count` times. The results are added up, so that the compiler does not drop the work. */
export type Work = (count: number) => number | Promise<number>

export interface Case {
  readonly name: string
  readonly work: Work
  /** For cases that cost much more than a hit. */
  readonly countMax?: number
  /** The number of operations in one call, for work in batches. */
  readonly countStep?: number
}

export interface Figure {
  readonly name: string
  readonly nanos: number
  readonly nanosLow: number
}

export interface Turns {
  readonly rounds: number
  readonly turnMillis: number
}

/** For the figures that are kept. */
export const thorough: Turns = { rounds: 101, turnMillis: 4 }

/** For a quick check of ratios. */
export const quickly: Turns = { rounds: 41, turnMillis: 4 }

let sink = 0

/** The sum of all results. Print it, so that the compiler sees it as used. */
export const workDone = (): number => sink

/** CPU time of this thread, in milliseconds. */
export const cpuMillis = (): number => {
  const { system, user } = process.threadCpuUsage()
  return (system + user) / 1_000
}

const timed = async (work: Work, count: number, countBefore = 0): Promise<number> => {
  if (countBefore > 0) sink += await work(countBefore)
  const start = performance.now()
  const done = work(count)
  sink += typeof done === "number" ? done : await done
  return performance.now() - start
}

// Long enough for V8 to compile the function, and to compile it again with the types that it has seen.
const warmUpMillis = 100

const calibrate = async ({ countMax = Infinity, countStep = 1, work }: Case, turnMillis: number): Promise<number> => {
  const rounded = (wanted: number) => Math.min(countMax, Math.max(1, Math.ceil(wanted / countStep)) * countStep)
  let count = rounded(256)
  for (let spent = 0;;) {
    const millis = await timed(work, count)
    spent += millis
    const wanted = millis === 0 ? Infinity : count * turnMillis / millis
    count = rounded(spent < warmUpMillis ? Math.min(wanted, 4 * count) : wanted)
    if (spent >= warmUpMillis) return count
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
    for (const [i, { work }] of cases.entries()) {
      const count = counts[i]!
      times[i]!.push(await timed(work, count, Math.ceil(count / 2)) * 1e6 / count)
    }
  }
  return cases.map(({ name }, i): Figure => ({
    name,
    nanos: median(times[i]!),
    nanosLow: percentile(Float64Array.from(times[i]!).toSorted(), 0.1)
  }))
}
