/**
 * Slices: the sets of keys that marks, transactions and histories name. A *slice* is all keys of one family that have
 * the given segments at the given positions.
 *
 * A key of a pattern that ends in `*` may have any number of segments. There a slice contains the longer keys, too,
 * unless its last value says otherwise: `end`, there is no segment at this position, or `more`, there is one. Neither
 * can be a segment, so a store keeps such a slice in the same form as any other.
 *
 * @since 0.1.0
 */
import type { Slice } from "../Explanation.ts"

/**
 * The slice that contains every key of the family.
 *
 * @category constants
 * @since 0.1.0
 */
export const everything: Slice = { positions: [], values: [] }

/**
 * What is between two segments of a key, and of the text of a slice.
 *
 * @category constants
 * @since 0.1.0
 */
export const separator = ":"

/**
 * The last value of a slice whose keys end before its position. A segment is never empty.
 *
 * @category constants
 * @since 0.1.0
 */
export const end = ""

/**
 * The last value of a slice whose keys have any segment at its position. A segment is never `*`.
 *
 * @category constants
 * @since 0.1.0
 */
export const more = "*"

/**
 * A value of a slice, shown by `show` if it is a segment of keys.
 *
 * @category models
 * @since 0.1.0
 */
export const shownValue = (value: string, show: (segment: string) => string): string =>
  value === end || value === more ? value : show(value)

/**
 * Returns the segments of a key at the positions of a slice, as the text that all keys of the slice share; `undefined`
 * if the key has no segment at one of them. `goesOn` says that the last value of the slice is `more`.
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
 * The text of a slice, which `textAt` returns for its keys.
 *
 * @category models
 * @since 0.1.0
 */
export const textOfSlice = ({ values }: Slice): string => values.length === 1 ? values[0]! : values.join(separator)

/**
 * Whether the keys of a slice have any segment at its last position.
 *
 * @category predicates
 * @since 0.1.0
 */
export const goesOn = ({ values }: Slice): boolean => values.length > 0 && values[values.length - 1] === more

/**
 * The name of what a slice binds: its positions, and whether it goes on. `textAt` is the same for all slices of a name.
 *
 * @category models
 * @since 0.1.0
 */
export const projectionName = (slice: Slice): string => {
  const name = slice.positions.join(separator)
  return goesOn(slice) ? name + separator + more : name
}

/**
 * Whether a slice contains the key of these segments.
 *
 * @category predicates
 * @since 0.1.0
 */
export const hasSegments = (slice: Slice, segments: ReadonlyArray<string>): boolean =>
  slice.positions.length === 0 || textAt(slice.positions, goesOn(slice), segments) === textOfSlice(slice)

/**
 * Whether a slice contains a key.
 *
 * @category predicates
 * @since 0.1.0
 */
export const isWithin = (slice: Slice, key: string): boolean =>
  slice.positions.length === 0 || hasSegments(slice, key.split(separator))
