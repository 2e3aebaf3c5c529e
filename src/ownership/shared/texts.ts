/**
 * Texts for values that should have been texts.
 */

/**
 * Returns a text for any value that a program without types may give. Unlike `String`, it does not fail for an object
 * that has no text.
 */
export const textOf = (value: unknown): string => {
  if (typeof value !== "object" || value === null) return String(value)
  try {
    return String(value)
  } catch {
    return "an object"
  }
}
