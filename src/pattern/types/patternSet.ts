/**
 * Sets of patterns: finds the pattern that decides about a key, and the patterns that share keys with a pattern.
 *
 * Patterns are kept in a trie over segments, with one branch per text, one for holes, and one for a last `*`. To route
 * a key is to walk all branches that can still match, the most specific first. Each segment is one step of an
 * automaton, whose states are built when a key first needs them. So a key costs one table look-up per segment, for any
 * number of patterns.
 *
 * - The most specific pattern wins: compared from the left, text before hole before `*`.
 * - Two patterns of the same keys are one: the later value replaces the earlier.
 * - A set is fixed once it is built.
 *
 * At type level, key remapping builds the trie: merging the keys of a mapped type groups patterns by their first
 * segment. So the whole index costs one step per segment. Its nodes are lazy, so a query resolves only the nodes that
 * it walks.
 *
 * @since 0.1.0
 */
import { covers, type KeyPattern } from "../KeyPattern.ts"

// --- type level ------------------------------------------------------------------------------------------------------

/**
 * A trie of normalized patterns: `{ [segment]: Trie }`, with `{}` for a hole, `*` for a rest, and the empty text where
 * a pattern ends.
 *
 * @category type level
 * @since 0.1.0
 */
export type Trie<Patterns extends string> = {
  readonly [Head in keyof groupByHead<Patterns>]: Head extends "" ? true : Trie<groupByHead<Patterns>[Head] & string>
}
/**
 * Patterns grouped by their first segment, each without it: one level of the trie.
 *
 * @category type level
 * @since 0.1.0
 */
export type Heads<Patterns extends string> = {
  readonly [Head in keyof groupByHead<Patterns>]: groupByHead<Patterns>[Head]
}
type groupByHead<Patterns extends string> = { [P in Patterns as headOf<P>]: tailOf<P> }
type headOf<P extends string> = P extends `${infer Head}:${string}` ? Head : P
type tailOf<P extends string> = P extends `${string}:${infer Rest}` ? Rest : ""

/**
 * The most specific pattern of the trie `Tree` that covers `P` (a key or a normalized pattern), except `Self`; `never`
 * if there is none.
 *
 * @category type level
 * @since 0.1.0
 */
export type findNearest<Tree, P extends string, Self extends string = never, Prefix extends string = ""> = P extends
  `${infer Head}:${infer Rest}` ?
  findBelow<Tree, Head, Rest, Self, Prefix> extends infer Found ?
    [Found] extends [never] ? findWider<Tree, Head, Rest, Self, Prefix> : Found
  : never
  : P extends "*" ? findRest<Tree, Self, Prefix>
  : findEnd<Tree, P, Self, Prefix> extends infer Found ?
    [Found] extends [never] ? findWiderEnd<Tree, Self, Prefix> : Found
  : never
type findWider<Tree, Head extends string, Rest extends string, Self extends string, Prefix extends string> =
  Head extends "{}" ? findRest<Tree, Self, Prefix>
    : findBelow<Tree, "{}", Rest, Self, Prefix> extends infer Found ?
      [Found] extends [never] ? findRest<Tree, Self, Prefix> : Found
    : never
type findWiderEnd<Tree, Self extends string, Prefix extends string> = findEnd<Tree, "{}", Self, Prefix> extends
  infer Found ? [Found] extends [never] ? findRest<Tree, Self, Prefix> : Found
  : never

type findBelow<Tree, Head extends string, Rest extends string, Self extends string, Prefix extends string> =
  Head extends keyof Tree ? findNearest<Tree[Head], Rest, Self, `${Prefix}${Head}:`>
    : never
type findRest<Tree, Self extends string, Prefix extends string> = "*" extends keyof Tree ? Exclude<`${Prefix}*`, Self>
  : never
type findEnd<Tree, Segment extends string, Self extends string, Prefix extends string> = Segment extends keyof Tree
  ? "" extends keyof Tree[Segment] ? Exclude<`${Prefix}${Segment}`, Self> : never
  : never

/**
 * Whether `P`, a normalized pattern of the set with the heads `Level`, shares no key with another pattern of the set.
 * `true` is exact; `false` means that a closer check is needed.
 *
 * @category type level
 * @since 0.1.0
 */
export type isAlone<Level, P extends string> = "*" extends keyof Level ? false
  : "{}" extends keyof Level ? keyof Level extends "{}" ? isAloneBelow<Level, P> : false
  : isAloneBelow<Level, P>
type isAloneBelow<Level, P extends string> = P extends `${infer Head}:${infer Rest}`
  ? Head extends keyof Level ? Level[Head] extends Rest ? true : isAlone<Heads<Level[Head] & string>, Rest> : false
  : true

/**
 * Every pattern of the trie `Tree` that shares a key with `P` (normalized).
 *
 * @category type level
 * @since 0.1.0
 */
export type findOverlapping<Tree, P extends string, Prefix extends string = ""> = P extends "*" ? listAll<Tree, Prefix>
  :
    | findRest<Tree, never, Prefix>
    | (P extends `${infer Head}:${infer Rest}` ? {
        [Segment in meetingOf<Tree, Head>]: findOverlapping<Tree[Segment], Rest, `${Prefix}${Segment}:`>
      }[meetingOf<Tree, Head>]
      : {
        [Segment in meetingOf<Tree, P>]: "" extends keyof Tree[Segment] ? `${Prefix}${Segment}` : never
      }[meetingOf<Tree, P>])

/**
 * Every pattern of the trie `Tree` that has a key of `P` (normalized). A key belongs to the most specific pattern. So
 * where one pattern covers `P`, the patterns around that one have no key of `P`.
 *
 * @category type level
 * @since 0.1.0
 */
export type findTouched<Tree, P extends string> = P extends unknown
  ? withoutAround<findOverlapping<Tree, P>, findNearest<Tree, P>>
  : never
// Most patterns share keys with one pattern alone, or are covered by none.
type withoutAround<Found, Nearest> = Found extends Nearest ? Found
  : [Nearest] extends [never] ? Found
  : Found extends string ? covers<Found, Nearest & string> extends true ? never : Found
  : never

// The segments at a node that share a text with another segment; `*` is handled separately.
type meetingOf<Tree, Head extends string> = Head extends "{}" ? Exclude<keyof Tree & string, "" | "*">
  : keyof Tree & (Head | "{}")

// Every pattern at or below a node.
type listAll<Tree, Prefix extends string> = {
  [Segment in keyof Tree & string]: Segment extends "" ? never
    :
      | ("" extends keyof Tree[Segment] ? `${Prefix}${Segment}` : never)
      | (Segment extends "*" ? `${Prefix}*` : listAll<Tree[Segment], `${Prefix}${Segment}:`>)
}[keyof Tree & string]

/**
 * Every pattern of the trie `Tree` that shares a key with `P` (normalized) while neither covers the other.
 *
 * **Details**
 *
 * `P` is a pattern of the trie, so its own path exists there. A walk that leaves this path remembers which of the two
 * patterns was wider so far; only a change of side is a crossing.
 *
 * @category type level
 * @since 0.1.0
 */
export type findCrossing<Tree, P extends string, Prefix extends string = ""> = P extends `${infer Head}:${infer Rest}`
  ? Head extends "{}" ?
      | ("{}" extends keyof Tree ? findCrossing<Tree["{}"], Rest, `${Prefix}{}:`> : never)
      | crossTexts<Tree, Rest, "Given", Prefix>
  : "{}" extends keyof Tree ?
      | findCrossing<Tree[Head & keyof Tree], Rest, `${Prefix}${Head}:`>
      | crossFrom<Tree["{}"], Rest, "Found", `${Prefix}{}:`>
  : findCrossing<Tree[Head & keyof Tree], Rest, `${Prefix}${Head}:`>
  : never

// The side says which pattern was wider so far: `Given` is `P`, `Found` is the pattern of the trie. `Both` means that
// each was wider once, so they cross. Both patterns are walked segment by segment:
//
// | segment of `P` | segment found | from `Given` | from `Found` | from `Both` |
// | --- | --- | --- | --- | --- |
// | text | that text | `Given` | `Found` | `Both` |
// | text | `{}` | `Both` | `Found` | `Both` |
// | `{}` | `{}` | `Given` | `Found` | `Both` |
// | `{}` | a text | `Given` | `Both` | `Both` |
// | text or `{}` | `*` at the end | crosses | no crossing | crosses |
// | `*` at the end | anything else | no crossing | crosses | crosses |
// | `*` at the end | `*` at the end | no crossing | no crossing | crosses |
//
// Where both end, they cross if the last step led to `Both`.
type crossFrom<Tree, P extends string, Side extends CrossingSide, Prefix extends string> = P extends "*"
  ? Side extends "Found" | "Both" ?
      | Exclude<listAll<Tree, Prefix>, `${Prefix}*`>
      | (Side extends "Both" ? findRest<Tree, never, Prefix> : never)
  : never
  :
    | (Side extends "Given" | "Both" ? findRest<Tree, never, Prefix> : never)
    | (P extends `${infer Head}:${infer Rest}` ? Head extends "{}" ?
          | ("{}" extends keyof Tree ? crossFrom<Tree["{}"], Rest, Side, `${Prefix}{}:`> : never)
          | crossTexts<Tree, Rest, Side extends "Found" | "Both" ? "Both" : "Given", Prefix>
      :
        | (Head extends keyof Tree ? crossFrom<Tree[Head], Rest, Side, `${Prefix}${Head}:`> : never)
        | ("{}" extends keyof Tree ?
          crossFrom<Tree["{}"], Rest, Side extends "Given" | "Both" ? "Both" : "Found", `${Prefix}{}:`>
          : never)
      : P extends "{}" ? crossEnds<Tree, Side, Prefix>
      :
        | (Side extends "Both" ? findEnd<Tree, P, never, Prefix> : never)
        | (Side extends "Given" | "Both" ? findEnd<Tree, "{}", never, Prefix> : never))

type CrossingSide = "Given" | "Found" | "Both"
type TextsOf<Tree> = Exclude<keyof Tree & string, "" | "{}" | "*">

type crossTexts<Tree, Rest extends string, Side extends CrossingSide, Prefix extends string> = {
  [Segment in TextsOf<Tree>]: crossFrom<Tree[Segment], Rest, Side, `${Prefix}${Segment}:`>
}[TextsOf<Tree>]

type crossEnds<Tree, Side, Prefix extends string> =
  | (Side extends "Both" ? findEnd<Tree, "{}", never, Prefix> : never)
  | (Side extends "Found" | "Both"
    ? { [Segment in TextsOf<Tree>]: findEnd<Tree, Segment, never, Prefix> }[TextsOf<Tree>]
    : never)

// --- run time --------------------------------------------------------------------------------------------------------

/**
 * A fixed set of patterns, each with a value.
 *
 * @category models
 * @since 0.1.0
 */
export interface PatternSet<out A> {
  readonly members: ReadonlyArray<Member<A>>
  /** The value of the pattern that decides about a key; `undefined` if none matches, or the text is not a key. */
  readonly route: (key: string) => A | undefined
  /** The members that cover a pattern (itself included), most specific first. */
  readonly covering: (pattern: KeyPattern) => ReadonlyArray<Member<A>>
  /** The members that share a key with a pattern (itself included). */
  readonly overlapping: (pattern: KeyPattern) => ReadonlyArray<Member<A>>
  /**
   * The members that have a key of a pattern. A key belongs to the most specific member that matches it. So where a
   * member covers the pattern, the members around that one have no key of it.
   */
  readonly touched: (pattern: KeyPattern) => ReadonlyArray<Member<A>>
  /** The members that share a key with a pattern while neither covers the other. */
  readonly crossing: (pattern: KeyPattern) => ReadonlyArray<Member<A>>
}

/**
 * A pattern of a set, with its value.
 *
 * @category models
 * @since 0.1.0
 */
export interface Member<out A> {
  readonly pattern: KeyPattern
  readonly value: A
}

interface Node<A> {
  readonly texts: Map<string, Node<A>>
  hole: Node<A> | undefined
  rest: Member<A> | undefined
  end: Member<A> | undefined
}

const makeNode = <A>(): Node<A> => ({ texts: new Map(), hole: undefined, rest: undefined, end: undefined })

/**
 * Makes a set of the given patterns. Of two patterns of the same keys the later one is kept.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = <A>(members: Iterable<readonly [pattern: KeyPattern, value: A]>): PatternSet<A> => {
  const root = makeNode<A>()
  const distinct = new Map<string, Member<A>>()
  for (const [pattern, value] of members) distinct.set(pattern.normal, { pattern, value })
  for (const member of distinct.values()) insert(root, member)
  const overlapping = (pattern: KeyPattern) => collect(root, pattern, 0, [])
  return {
    members: [...distinct.values()],
    route: makeRouter(root),
    covering: (pattern) => collectCovering(root, pattern, 0, []),
    overlapping,
    touched: (pattern) => {
      const found = overlapping(pattern)
      if (found.length < 2) return found
      const [nearest] = collectCovering(root, pattern, 0, [])
      return nearest === undefined
        ? found
        : found.filter((member) => member === nearest || !covers(member.pattern, nearest.pattern))
    },
    crossing: (pattern) =>
      overlapping(pattern).filter((member) => !covers(pattern, member.pattern) && !covers(member.pattern, pattern))
  }
}

const insert = <A>(root: Node<A>, member: Member<A>): void => {
  let node = root
  for (const segment of member.pattern.segments) {
    if (segment._tag === "Hole") {
      node = node.hole ??= makeNode()
    } else {
      let next = node.texts.get(segment.text)
      if (next === undefined) node.texts.set(segment.text, next = makeNode())
      node = next
    }
  }
  if (member.pattern.rest) node.rest = member
  else node.end = member
}

// --- routing ---

// The nodes that can still match, most specific first. A rest matches all other segments, so no node after it can win.
interface State<A> {
  readonly nodes: ReadonlyArray<Node<A>>
  readonly rest: Member<A> | undefined
  readonly texts: Map<string, State<A>>
  other: State<A> | undefined
}

// Bounds the states that are kept: each differs in the texts of its path, and a set with many holes has many.
const statesMax = 4_096

const makeRouter = <A>(root: Node<A>): (key: string) => A | undefined => {
  const start: State<A> = { nodes: [root], rest: undefined, texts: new Map(), other: undefined }
  let kept = 1
  const advance = (state: State<A>, segment: string): State<A> => {
    const isKnown = state.nodes.some((node) => node.texts.has(segment))
    const found = isKnown ? state.texts.get(segment) : state.other
    if (found !== undefined) return found
    const next = step(state, segment)
    if (kept < statesMax) {
      kept++
      if (isKnown) state.texts.set(segment, next)
      else state.other = next
    }
    return next
  }
  return (key) => {
    let state = start
    for (let from = 0;;) {
      const colon = key.indexOf(":", from)
      const segment = colon < 0 ? key.slice(from) : key.slice(from, colon)
      if (segment === "" || isStructured(segment)) return undefined
      state = state.texts.get(segment) ?? advance(state, segment)
      if (colon < 0) return answer(state)
      if (state.nodes.length === 0 && state.rest === undefined) return undefined
      from = colon + 1
    }
  }
}

const isStructured = (segment: string): boolean =>
  segment.includes("{") || segment.includes("}") || segment.includes("*")

const step = <A>(state: State<A>, segment: string): State<A> => {
  const nodes: Array<Node<A>> = []
  let rest = undefined as Member<A> | undefined
  for (const node of state.nodes) {
    const text = node.texts.get(segment)
    if (text !== undefined) nodes.push(text)
    if (node.hole !== undefined) nodes.push(node.hole)
    if (node.rest !== undefined) {
      rest = node.rest
      break
    }
  }
  return { nodes, rest: rest ?? state.rest, texts: new Map(), other: undefined }
}

const answer = <A>(state: State<A>): A | undefined => {
  for (const node of state.nodes) if (node.end !== undefined) return node.end.value
  return state.rest?.value
}

// --- queries about patterns: rare, so plain recursion over the trie ---

const collect = <A>(node: Node<A>, pattern: KeyPattern, index: number, found: Array<Member<A>>): Array<Member<A>> => {
  const segment = pattern.segments[index]
  if (segment === undefined) {
    if (pattern.rest) collectAll(node, found)
    else if (node.end !== undefined) found.push(node.end)
    return found
  }
  if (segment._tag === "Hole") { for (const child of node.texts.values()) collect(child, pattern, index + 1, found) }
  else {
    // One look-up: in a large manifest, a text may have a thousand siblings.
    const child = node.texts.get(segment.text)
    if (child !== undefined) collect(child, pattern, index + 1, found)
  }
  if (node.hole !== undefined) collect(node.hole, pattern, index + 1, found)
  if (node.rest !== undefined) found.push(node.rest)
  return found
}

// Collects below a node that a rest has reached. A pattern that ends at the node itself has no key left to share.
const collectAll = <A>(node: Node<A>, found: Array<Member<A>>): void => {
  for (const child of [...node.texts.values(), ...(node.hole === undefined ? [] : [node.hole])]) {
    if (child.end !== undefined) found.push(child.end)
    collectAll(child, found)
  }
  if (node.rest !== undefined) found.push(node.rest)
}

const collectCovering = <A>(
  node: Node<A>,
  pattern: KeyPattern,
  index: number,
  found: Array<Member<A>>
): Array<Member<A>> => {
  const segment = pattern.segments[index]
  if (segment === undefined) {
    if (!pattern.rest && node.end !== undefined) found.push(node.end)
    if (pattern.rest && node.rest !== undefined) found.push(node.rest)
    return found
  }
  const text = segment._tag === "Text" ? node.texts.get(segment.text) : undefined
  if (text !== undefined) collectCovering(text, pattern, index + 1, found)
  if (node.hole !== undefined) collectCovering(node.hole, pattern, index + 1, found)
  if (node.rest !== undefined) found.push(node.rest)
  return found
}
