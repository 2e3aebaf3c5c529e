/**
 * The output of the program: lines that stay, and one line of progress that is overwritten on a terminal.
 *
 * If the output is not a terminal, progress is an ordinary line every few seconds, so that a log stays readable.
 */
import { Effect, Schedule } from "effect"
import type { Report } from "./Index.ts"

const isTerminal = process.stdout.isTTY === true
const terminalInterval = "100 millis"
const logInterval = "2 seconds"

const clearLine = isTerminal ? "\r\u001B[2K" : ""

// Names of files may contain control characters, which must not reach the terminal.
const printable = (text: string): string => text.replace(/\p{Cc}/gu, "?")

export const print = (text = ""): Effect.Effect<void> =>
  Effect.sync(() => void process.stdout.write(`${clearLine}${printable(text)}\n`))

const show = (text: string) =>
  isTerminal ? Effect.sync(() => void process.stdout.write(`${clearLine}  ${printable(text)}`)) : print(`  ${text}`)

/** Ends the program when the reader of the output has gone, as after `npm start | head`. */
export const outputClosed: Effect.Effect<void> = Effect.callback((resume) => {
  // The listener stays until the process ends, because each write to a closed pipe gives an error.
  process.stdout.on("error", () => resume(Effect.void))
})

/** Shows `line` repeatedly while an effect runs. */
export const withProgress = <A, E, R, R2>(
  work: Effect.Effect<A, E, R>,
  line: Effect.Effect<string, never, R2>
): Effect.Effect<A, E, R | R2> => {
  const interval = isTerminal ? terminalInterval : logInterval
  const ticks = Effect.delay(Effect.flatMap(line, show), interval).pipe(Effect.repeat(Schedule.forever))
  const cleared = Effect.ensuring(work, Effect.sync(() => void process.stdout.write(clearLine)))
  return Effect.raceFirst(cleared, Effect.andThen(ticks, Effect.never))
}

export const count = (n: number, noun: string): string =>
  `${n.toLocaleString("en")} ${n === 1 ? noun : noun.endsWith("y") ? `${noun.slice(0, -1)}ies` : `${noun}s`}`

/** The most skipped paths that are printed. A tree may have a million. */
const skippedShownMax = 10
const packagesShownMax = 5

export const printReport = Effect.fnUntraced(function*(report: Report) {
  const { binaries, bytes, exports, files, folders, lines, packages, skipped } = report
  yield* print(
    `  ${count(files, "file")} (${binaries.toLocaleString("en")} binary) in ${count(folders, "folder")}, ` +
      `${count(lines, "line")}, ${count(bytes, "byte")}, ${count(exports, "exported name")}`
  )
  const top = Object.entries(packages).toSorted(([a, m], [b, n]) => n - m || (a < b ? -1 : 1))
  if (top.length > 0) {
    const shown = top.slice(0, packagesShownMax).map(([name, n]) => `${name} (${n})`)
    yield* print(`  imported most: ${shown.join(", ")}`)
  }
  if (skipped.length === 0) return
  yield* print(`  skipped ${count(skipped.length, "entry")}:`)
  for (const { path, why } of skipped.slice(0, skippedShownMax)) yield* print(`    ${path} ${why}`)
  if (skipped.length > skippedShownMax) yield* print(`    and ${skipped.length - skippedShownMax} more`)
})
