/** Lists as a caller may give them: any iterable, also one that can be read only once. */

// A program without types may give something else than a list; the characters of a text are not parameters.
export const isList = (given: unknown): given is Iterable<unknown> =>
  typeof given === "object" && given !== null && typeof (given as Iterable<unknown>)[Symbol.iterator] === "function"

/** An iterator can be read only once, and an operation may run again, such as in a retry: it is read into a list. */
export const replayable = <A>(given: Iterable<A>): Iterable<A> => {
  if (!isList(given) || Array.isArray(given)) return given
  let read: ReadonlyArray<A> | undefined
  return { [Symbol.iterator]: () => (read ??= Array.from(given))[Symbol.iterator]() }
}
