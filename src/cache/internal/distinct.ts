/**
 * Reads of many keys, some of which are named several times.
 */
import * as Effect from "effect/Effect"

/** Asks for each key once, and answers for each mention of it; `onRepeat` hears of each mention after the first. */
export const distinctly = <A, E>(
  keys: ReadonlyArray<string>,
  ask: (distinct: ReadonlyArray<string>) => Effect.Effect<ReadonlyArray<A>, E>,
  onRepeat: (key: string, answer: A) => void
): Effect.Effect<ReadonlyArray<A>, E> => {
  const open = new Set(keys)
  if (open.size === keys.length) return ask(keys)
  const distinct = Array.from(open)
  return Effect.map(ask(distinct), (answers) => {
    const byKey = new Map(distinct.map((key, i) => [key, answers[i]!]))
    return keys.map((key) => {
      const answer = byKey.get(key)!
      if (!open.delete(key)) onRepeat(key, answer)
      return answer
    })
  })
}
