/**
 * Handles the rejection of a Promise that a function of the user returned, and that is not used: an unhandled one would
 * end the process. Any other value is left alone, and no `then` but that of a Promise is called.
 */
export const ignoreRejection = (value: unknown): void => {
  if (value instanceof Promise) value.then(undefined, () => {})
}
