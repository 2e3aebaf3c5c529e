/**
 * Joins the names of a manifest and a family to one text, which a store uses as the name of the family, and puts before
 * the scope of a mark.
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

/** The name of a family's mark in a store. `scope` may contain any character, because it comes last. */
export const markName = (familyName: string, scope: string): string => `${familyName}|${scope}`

/** The parts that `markName` joined. */
export const splitMark = (mark: string): { readonly familyName: string; readonly scope: string } => {
  const end = mark.indexOf("|")
  return end < 0 ? { familyName: mark, scope: "" } : { familyName: mark.slice(0, end), scope: mark.slice(end + 1) }
}
