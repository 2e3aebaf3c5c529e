/**
 * Finds what throws when it is read, in an object that a program without types has given: a getter, or a Proxy. A check
 * that comes after it need not expect an exception.
 *
 * Not here: what a getter returns the next time, and instances of classes below the outermost object, whose parts
 * belong to their classes.
 */

type Names = Iterable<string>

/**
 * Returns the path to the first part that throws when it is read, down to this depth; `undefined` if there is none. The
 * path is empty if the object itself cannot be read. `known` names properties of the outermost object that need not be
 * its own.
 */
export const unreadableIn = (given: unknown, depth: number, known: Names = []): ReadonlyArray<string> | undefined => {
  if (typeof given !== "object" || given === null) return undefined
  let names: ReadonlySet<string>
  try {
    names = new Set([...known, ...Object.keys(given)])
  } catch {
    return []
  }
  for (const name of names) {
    try {
      const part: unknown = (given as { readonly [name: string]: unknown })[name]
      const inner = mayRead(part) && depth > 1 ? unreadableIn(part, depth - 1) : undefined
      if (inner !== undefined) return [name, ...inner]
    } catch {
      return [name]
    }
  }
  return undefined
}

/** Whether a part is a plain object or a list of strings; throws if it cannot be asked. */
const mayRead = (part: unknown): boolean => {
  if (typeof part !== "object" || part === null) return false
  if (Array.isArray(part)) return true
  const prototype: unknown = Object.getPrototypeOf(part)
  return prototype === null || prototype === Object.prototype
}

/** Why such an option is refused. */
export const whyUnreadable = "throws when it is read"

/** What a part of a declaration must be. */
export const readable = "a value that can be read without an exception"

/** A path as messages show it; that of the whole has its name. */
export const pathText = (whole: string, path: ReadonlyArray<string>): string =>
  path.length === 0 ? whole : path.join(".")

/** The name of the option that throws when it is read; `undefined` if there is none. */
export const unreadableOption = (given: unknown, known: object, depth = 1): string | undefined => {
  const path = unreadableIn(given, depth, Object.keys(known))
  return path && (path.length === 0 ? "options" : path.join("."))
}
