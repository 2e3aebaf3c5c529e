/**
 * Makes the names that a store gets: the name of a family, which is that of its manifest and its own, and the scope of
 * a mark, which is the name of a family and what is marked.
 *
 * A name may contain any character. The characters that join names are written as `%2F` and `%7C` within a name, and
 * the percent sign as `%25`. So two different pairs of names never become the same text. Ordinary names stay as they
 * are.
 */
const signs = /[%/|]/g

const escape = (name: string): string =>
  name.replace(signs, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`)

/** The name of a family in a store. */
export const familyName = (manifest: string, family: string): string => `${escape(manifest)}/${escape(family)}`

/** The scope of a mark: its family, and what is marked. `marked` may contain any character, because it comes last. */
export const scopeOf = (familyName: string, marked: string): string => `${familyName}|${marked}`

/** The parts that `scopeOf` joined. */
export const splitScope = (scope: string): { readonly familyName: string; readonly marked: string } => {
  const end = scope.indexOf("|")
  return end < 0 ? { familyName: scope, marked: "" } : { familyName: scope.slice(0, end), marked: scope.slice(end + 1) }
}
