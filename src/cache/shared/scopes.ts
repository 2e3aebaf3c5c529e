/**
 * The sets of keys that marks, transactions and histories name: a *scope* binds some positions of the keys of a family
 * to segments.
 *
 * A key of a pattern that ends in `*` may have any number of segments. There a scope contains the longer keys, too,
 * unless its last value says otherwise: `end`, there is no segment at this position, or `more`, there is one. Neither
 * can be a segment, so a store keeps such a scope in the same form as any other.
 *
 * @since 0.1.0
 */
import type { Scope } from "../Explanation.ts"

/**
 * The scope that contains every key of the family.
 *
 * @category constants
 * @since 0.1.0
 */
export const everything: Scope = { positions: [], values: [] }

/**
 * What is between two segments of a key, and of the text of a scope.
 *
 * @category constants
 * @since 0.1.0
 */
export const separator = ":"

/**
 * The last value of a scope whose keys end before its position. A segment is never empty.
 *
 * @category constants
 * @since 0.1.0
 */
export const end = ""

/**
 * The last value of a scope whose keys have any segment at its position. A segment is never `*`.
 *
 * @category constants
 * @since 0.1.0
 */
export const more = "*"

/**
 * A value of a scope, shown by `show` if it is a segment of keys.
 *
 * @category models
 * @since 0.1.0
 */
export const shownValue = (value: string, show: (segment: string) => string): string =>
  value === end || value === more ? value : show(value)

/**
 * Returns the segments of a key at the positions of a scope, as the text that all keys of the scope share; `undefined`
 * if the key has no segment at one of them. `goesOn` says that the last value of the scope is `more`.
 *
 * @category models
 * @since 0.1.0
 */
export const textAt = (
  positions: ReadonlyArray<number>,
  goesOn: boolean,
  segments: ReadonlyArray<string>
): string | undefined => {
  let text = ""
  for (let i = 0; i < positions.length; i++) {
    const position = positions[i]!
    let segment = segments[position]
    if (segment === undefined) {
      if (goesOn || position !== segments.length) return undefined
      segment = end
    } else if (goesOn && i === positions.length - 1) segment = more
    text = i === 0 ? segment : text + separator + segment
  }
  return text
}

/**
 * The text of a scope, which `textAt` returns for its keys.
 *
 * @category models
 * @since 0.1.0
 */
export const textOfScope = ({ values }: Scope): string => values.length === 1 ? values[0]! : values.join(separator)

/**
 * Whether the keys of a scope have any segment at its last position.
 *
 * @category predicates
 * @since 0.1.0
 */
export const goesOn = ({ values }: Scope): boolean => values.length > 0 && values[values.length - 1] === more

/**
 * The name of what a scope binds: its positions, and whether it goes on. `textAt` is the same for all scopes of a name.
 *
 * @category models
 * @since 0.1.0
 */
export const projectionName = (scope: Scope): string => {
  const name = scope.positions.join(separator)
  return goesOn(scope) ? name + separator + more : name
}

/**
 * Whether a scope contains the key of these segments.
 *
 * @category predicates
 * @since 0.1.0
 */
export const hasSegments = (scope: Scope, segments: ReadonlyArray<string>): boolean =>
  scope.positions.length === 0 || textAt(scope.positions, goesOn(scope), segments) === textOfScope(scope)

/**
 * Whether a scope contains a key.
 *
 * @category predicates
 * @since 0.1.0
 */
export const isWithin = (scope: Scope, key: string): boolean =>
  scope.positions.length === 0 || hasSegments(scope, key.split(separator))
