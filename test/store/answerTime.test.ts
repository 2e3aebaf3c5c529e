/**
 * A deadline of a tier counts the time in which the tier could have answered. A clock that jumps, and a process that is
 * frozen or blocked, do not end it.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import { TestClock } from "effect/testing"
import { spawn } from "node:child_process"
import * as Fs from "node:fs/promises"
import * as Path from "node:path"
import * as Readline from "node:readline"
import * as AnswerTime from "../../src/store/shared/answerTime.ts"
import { fork, hasty, outlast } from "../support/effects.ts"

/** Answers after a time of the machine, and not of the test's clock. */
const machine = (millis: number) =>
  Effect.promise(() => new Promise<string>((resolve) => setTimeout(() => resolve("answered"), millis)))

describe("deadline of a tier", () => {
  it.effect("a deadline waits for an answer of the machine when the clock of a test jumps", () =>
    Effect.gen(function*() {
      const answer = yield* fork(AnswerTime.timeoutOption(machine(50), 300_000))
      yield* TestClock.adjust("1 day")
      assert.deepStrictEqual(yield* Fiber.join(answer), Option.some("answered"))
    }))

  it.effect("a deadline ends where no answer comes, after its time and not before", () =>
    Effect.gen(function*() {
      const answer = yield* fork(AnswerTime.timeoutOption(Effect.never, 300_000))
      yield* outlast(299_999)
      assert.isUndefined(answer.pollUnsafe())
      yield* TestClock.adjust(1)
      assert.deepStrictEqual(yield* Fiber.join(answer), Option.none())
    }).pipe(hasty))

  it.live("a deadline ends by the live clock, too", () =>
    Effect.gen(function*() {
      const began = performance.now()
      const answer = AnswerTime.timeoutOrElse(Effect.never, { duration: 200, orElse: () => Effect.succeed("late") })
      assert.strictEqual(yield* answer, "late")
      assert.isAtLeast(performance.now() - began, 195)
    }).pipe(hasty))

  it.live("a deadline waits for an answer that comes while the process is blocked", () =>
    Effect.gen(function*() {
      const read = Effect.promise(() => Fs.readFile(import.meta.filename, "utf8"))
      const answer = yield* fork(AnswerTime.timeoutOption(read, 100))
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 400)
      assert.isTrue(Option.isSome(yield* Fiber.join(answer)))
    }).pipe(hasty))

  it.skipIf(process.platform === "win32")(
    "a deadline waits for an answer after the process was frozen",
    async () => {
      const file = Path.join(import.meta.dirname, "../support/children/store/frozen.ts")
      const child = spawn(process.execPath, [...process.execArgv, file], { stdio: ["ignore", "pipe", "inherit"] })
      const lines: Array<string> = []
      for await (const line of Readline.createInterface({ input: child.stdout })) {
        lines.push(line)
        if (line !== "began") continue
        // By now both deadlines run.
        await new Promise((resolve) => setTimeout(resolve, 100))
        child.kill("SIGSTOP")
        await new Promise((resolve) => setTimeout(resolve, 5_000))
        child.kill("SIGCONT")
      }
      assert.deepStrictEqual(lines, ["began", "answered late"])
    },
    30_000
  )
})
