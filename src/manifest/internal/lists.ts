/** Takes lists from callers: any iterable, even one that can be read only once. */

// A program without types may give another value than a list. A text is refused: its characters are not parameters.
export const isList = (given: unknown): given is Iterable<unknown> => {
  if (typeof given !== "object" || given === null) return false
  try {
    return typeof (given as Iterable<unknown>)[Symbol.iterator] === "function"
  } catch {
    return false
  }
}

/** Makes an iterable that can be read again, because an operation may run again, such as in a retry. */
export const replayable = <A>(given: Iterable<A>): Iterable<A> => {
  if (!isList(given) || Array.isArray(given)) return given
  let read: ReadonlyArray<A> | undefined
  return { [Symbol.iterator]: () => (read ??= Array.from(given))[Symbol.iterator]() }
}
