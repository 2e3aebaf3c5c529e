/**
 * The keys of a pattern as tuple types, which the compiler compares.
 */

/**
 * The keys of a pattern as a tuple type. A pattern covers another one exactly when its region is a supertype; therefore
 * `Exclude` can discharge a narrow requirement by a wide capability.
 */
export type Region<P extends string> = P extends `${infer First}:${infer Rest}` ?
  readonly [regionOfSegment<First>, ...Region<Rest>]
  : P extends "*" ? readonly [string, ...Array<string>]
  : readonly [regionOfSegment<P>]

/** The first element of a pattern's region. */
export type Head<P extends string> = P extends `${infer First}:${string}` ? regionOfSegment<First>
  : P extends "*" ? string
  : regionOfSegment<P>

/** A pattern's region without its first element. */
export type Tail<P extends string> = P extends `${string}:${infer Rest}` ? Region<Rest>
  : P extends "*" ? ReadonlyArray<string>
  : readonly []

type regionOfSegment<Text extends string> = Text extends `{${string}}` ? string : Text
