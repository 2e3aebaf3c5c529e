/**
 * Names of a manifest and a family as one text, for a store that keeps both: in the name of a family, and before the
 * scope of a mark.
 *
 * A name may hold any sign. The signs that join names are written as `%2F` and `%7C` within one, and the percent sign
 * as `%25`; so two different pairs of names never become one text. Ordinary names stay as they are.
 */
const signs = /[%/|]/g

const escape = (name: string): string =>
  name.replace(signs, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`)

/** How a store knows a family. */
export const familyName = (manifest: string, family: string): string => `${escape(manifest)}/${escape(family)}`

/** How a store knows a mark of a family; `scope` may hold any sign, since it comes last. */
export const markName = (familyName: string, scope: string): string => `${familyName}|${scope}`

/** What `markName` joined. */
export const splitMark = (mark: string): { readonly familyName: string; readonly scope: string } => {
  const end = mark.indexOf("|")
  return end < 0 ? { familyName: mark, scope: "" } : { familyName: mark.slice(0, end), scope: mark.slice(end + 1) }
}
