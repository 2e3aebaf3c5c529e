/**
 * Waits for work of the machine that takes some tenths of a second, with a deadline of three seconds: once as a
 * deadline of a tier, once as one of Effect. Prints `began`, and then what both answered. The test stops this process
 * meanwhile.
 */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { pbkdf2 } from "node:crypto"
import * as AnswerTime from "../../../../src/store/shared/answerTime.ts"

const work = Effect.callback<string>((resume) =>
  pbkdf2("text", "salt", 1_000_000, 64, "sha512", () => resume(Effect.succeed("answered")))
)
const said = Option.getOrElse(() => "late")

console.log("began")
const [tier, effect] = await Effect.runPromise(Effect.all(
  [AnswerTime.timeoutOption(work, 3_000), Effect.timeoutOption(work, 3_000)],
  { concurrency: "unbounded" }
))
console.log(`${said(tier)} ${said(effect)}`)
