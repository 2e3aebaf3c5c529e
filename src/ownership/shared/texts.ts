/**
 * Texts for values that should have been texts.
 */

/**
 * Returns a text for any value that a program without types may give. Unlike `String`, it does not fail for an object
 * that has no text.
 */
export const textOf = (value: unknown): string => {
  try {
    return String(value)
  } catch {
    return typeof value === "function" ? "a function" : "an object"
  }
}
