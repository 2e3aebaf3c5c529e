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
import { covers, type KeyPattern } from "./KeyPattern.ts"

// --- type level ------------------------------------------------------------------------------------------------------

/**
 * A trie of normalized patterns: `{ [segment]: Trie }`, with `{}` for a hole, `*` for a rest, and the empty text
 * where a pattern ends.
 *
 * @category type level
 * @since 0.1.0
 */
export type Trie<U extends string> = {
  readonly [H in keyof groupByHead<U>]: H extends "" ? true : Trie<groupByHead<U>[H] & string>
}
/**
 * Patterns grouped by their first segment, each without it: one level of the trie.
 *
 * @category type level
 * @since 0.1.0
 */
export type Heads<U extends string> = { readonly [H in keyof groupByHead<U>]: groupByHead<U>[H] }
type groupByHead<U extends string> = { [P in U as headOf<P>]: tailOf<P> }
type headOf<P extends string> = P extends `${infer H}:${string}` ? H : P
type tailOf<P extends string> = P extends `${string}:${infer T}` ? T : ""

/**
 * The most specific pattern of the trie `N` that covers `P` (a key or a normalized pattern), except `Self`; `never` if
 * there is none.
 *
 * @category type level
 * @since 0.1.0
 */
export type findNearest<N, P extends string, Self extends string = never, Pre extends string = ""> = P extends
  `${infer H}:${infer T}` ?
  findBelow<N, H, T, Self, Pre> extends infer Found ? [Found] extends [never] ? findWider<N, H, T, Self, Pre> : Found
  : never
  : P extends "*" ? findRest<N, Self, Pre>
  : findEnd<N, P, Self, Pre> extends infer Found ? [Found] extends [never] ? findWiderEnd<N, Self, Pre> : Found
  : never
type findWider<N, H extends string, T extends string, Self extends string, Pre extends string> = H extends "{}"
  ? findRest<N, Self, Pre>
  : findBelow<N, "{}", T, Self, Pre> extends infer Found ? [Found] extends [never] ? findRest<N, Self, Pre> : Found
  : never
type findWiderEnd<N, Self extends string, Pre extends string> = findEnd<N, "{}", Self, Pre> extends infer Found
  ? [Found] extends [never] ? findRest<N, Self, Pre> : Found
  : never

type findBelow<N, H extends string, T extends string, Self extends string, Pre extends string> = H extends keyof N
  ? findNearest<N[H], T, Self, `${Pre}${H}:`>
  : never
type findRest<N, Self extends string, Pre extends string> = "*" extends keyof N ? Exclude<`${Pre}*`, Self> : never
type findEnd<N, S extends string, Self extends string, Pre extends string> = S extends keyof N
  ? "" extends keyof N[S] ? Exclude<`${Pre}${S}`, Self> : never
  : never

/**
 * Whether `P`, a normalized pattern of the set with the heads `G`, shares no key with another pattern of the set.
 * `true` is exact; `false` means that a closer check is needed.
 *
 * @category type level
 * @since 0.1.0
 */
export type isAlone<G, P extends string> = "*" extends keyof G ? false
  : "{}" extends keyof G ? keyof G extends "{}" ? isAloneBelow<G, P> : false
  : isAloneBelow<G, P>
type isAloneBelow<G, P extends string> = P extends `${infer H}:${infer T}`
  ? H extends keyof G ? G[H] extends T ? true : isAlone<Heads<G[H] & string>, T> : false
  : true

/**
 * Every pattern of the trie `N` that shares a key with `P` (normalized).
 *
 * @category type level
 * @since 0.1.0
 */
export type findOverlapping<N, P extends string, Pre extends string = ""> = P extends "*" ? listAll<N, Pre>
  :
    | findRest<N, never, Pre>
    | (P extends `${infer H}:${infer T}` ? {
        [S in meetingOf<N, H>]: findOverlapping<N[S], T, `${Pre}${S}:`>
      }[meetingOf<N, H>]
      : { [S in meetingOf<N, P>]: "" extends keyof N[S] ? `${Pre}${S}` : never }[meetingOf<N, P>])

// The segments at a node that share a text with another segment; `*` is handled separately.
type meetingOf<N, H extends string> = H extends "{}" ? Exclude<keyof N & string, "" | "*"> : keyof N & (H | "{}")

// Every pattern at or below a node.
type listAll<N, Pre extends string> = {
  [S in keyof N & string]: S extends "" ? never
    :
      | ("" extends keyof N[S] ? `${Pre}${S}` : never)
      | (S extends "*" ? `${Pre}*` : listAll<N[S], `${Pre}${S}:`>)
}[keyof N & string]

/**
 * Every pattern of the trie `N` that shares a key with `P` (normalized) while neither covers the other.
 *
 * **Details**
 *
 * `P` is a pattern of the trie, so its own path exists there. A walk that leaves this path remembers which of the two
 * patterns was wider so far; only a change of side is a crossing.
 *
 * @category type level
 * @since 0.1.0
 */
export type findCrossing<N, P extends string, Pre extends string = ""> = P extends `${infer H}:${infer T}`
  ? H extends "{}" ?
      | ("{}" extends keyof N ? findCrossing<N["{}"], T, `${Pre}{}:`> : never)
      | crossTexts<N, T, "Given", Pre>
  : "{}" extends keyof N ?
      | findCrossing<N[H & keyof N], T, `${Pre}${H}:`>
      | crossFrom<N["{}"], T, "Found", `${Pre}{}:`>
  : findCrossing<N[H & keyof N], T, `${Pre}${H}:`>
  : never

// The side that was wider so far: `Given` is `P`, `Found` the pattern of the trie, `Both` means that they cross
// already.
type crossFrom<N, P extends string, Side extends CrossingSide, Pre extends string> = P extends "*"
  ? Side extends "Found" | "Both" ?
      | Exclude<listAll<N, Pre>, `${Pre}*`>
      | (Side extends "Both" ? findRest<N, never, Pre> : never)
  : never
  :
    | (Side extends "Given" | "Both" ? findRest<N, never, Pre> : never)
    | (P extends `${infer H}:${infer T}` ? H extends "{}" ?
          | ("{}" extends keyof N ? crossFrom<N["{}"], T, Side, `${Pre}{}:`> : never)
          | crossTexts<N, T, Side extends "Found" | "Both" ? "Both" : "Given", Pre>
      :
        | (H extends keyof N ? crossFrom<N[H], T, Side, `${Pre}${H}:`> : never)
        | ("{}" extends keyof N ? crossFrom<N["{}"], T, Side extends "Given" | "Both" ? "Both" : "Found", `${Pre}{}:`>
          : never)
      : P extends "{}" ? crossEnds<N, Side, Pre>
      :
        | (Side extends "Both" ? findEnd<N, P, never, Pre> : never)
        | (Side extends "Given" | "Both" ? findEnd<N, "{}", never, Pre> : never))

type CrossingSide = "Given" | "Found" | "Both"
type TextsOf<N> = Exclude<keyof N & string, "" | "{}" | "*">

type crossTexts<N, T extends string, Side extends CrossingSide, Pre extends string> = {
  [S in TextsOf<N>]: crossFrom<N[S], T, Side, `${Pre}${S}:`>
}[TextsOf<N>]

type crossEnds<N, Side, Pre extends string> =
  | (Side extends "Both" ? findEnd<N, "{}", never, Pre> : never)
  | (Side extends "Found" | "Both" ? { [S in TextsOf<N>]: findEnd<N, S, never, Pre> }[TextsOf<N>] : never)

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
