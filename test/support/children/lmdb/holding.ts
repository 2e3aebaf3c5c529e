/**
 * Opens one engine for each arrangement of tiers, in folders within the given one, and holds them. Prints `held`. After
 * each line of standard input it prints what each engine answers, as JSON.
 */
import * as Effect from "effect/Effect"
import * as Logger from "effect/Logger"
import * as Fs from "node:fs"
import * as Readline from "node:readline"
import { holding, names } from "../../holding.ts"

const [folder] = process.argv.slice(2)
const say = (text: string) => Fs.writeSync(1, `${text}\n`)

const program = Effect.gen(function*() {
  const engines = yield* Effect.forEach(
    names,
    (name, at) =>
      Effect.map(holding(name, `${folder}/${at}`, `${folder}/own${at}`), (engine) => [name, engine] as const)
  )
  for (const [, engine] of engines) yield* engine.fill
  // What lookups brought is written in the background. A process that is frozen in the middle of a write keeps the lock
  // of LMDB, so the process that takes its folder waits.
  yield* Effect.sleep(1_000)
  say("held")
  yield* Effect.callback<never>(() => {
    Readline.createInterface({ input: process.stdin }).on("line", () => {
      const all = Effect.forEach(engines, ([name, { answers }]) => Effect.map(answers, (all) => [name, all] as const))
      void Effect.runPromise(all).then((all) => say(JSON.stringify(Object.fromEntries(all))))
    })
  })
})

// What it logs would be among its answers.
await Effect.runPromise(Effect.provide(Effect.scoped(program), Logger.layer([])))
