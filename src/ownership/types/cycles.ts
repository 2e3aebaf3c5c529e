/**
 * Families that derive from each other in a circle: E0401.
 */
import type * as ReferenceFindings from "../../diagnostic/types/referenceFindings.ts"
import type { Definition } from "../Definition.ts"
import type { Dependents, Sources, Touching } from "./definitionFacts.ts"
import type { isChoice } from "./typeQuestions.ts"

// `never` for a family that is above a cycle, and not on one.
export type findCycle<D extends Definition, K extends string, F, P extends string> = K extends Knot<D>
  ? nameCycle<findPathBack<D, Sources<D>, Knot<D>, K, Touching<D, P>, `'${K}'`, K>, K, F>
  : never
// A reference to a whole has the families inside it, too, so such a circle may close where no line of the manifest
// names its family.
type nameCycle<Path, K extends string, F> = Path extends string
  ? F extends { readonly partOf: string } | { readonly carvedFrom: string } ? nameInside<Path, K, F>
  : ReferenceFindings.dependencyCycle<Path>
  : never
type nameInside<Path extends string, K extends string, F> = F extends
  { readonly partOf: infer Whole extends string } | { readonly carvedFrom: infer Whole extends string }
  ? ReferenceFindings.dependencyCycleInside<Path, K, Whole>
  : never

// The families on, or above, an invalidation cycle.
export type Cyclic<D extends Definition> = D extends unknown ? findCore<amongThemselves<Sources<D>>> : never

// The families on a cycle, and those between two cycles.
type Knot<D extends Definition> = D extends unknown ? Cyclic<D> & findCore<amongThemselves<Dependents<D>>> : never

// Whether each cycle is apart from the others: two cycles neither share a family nor are linked.
type areCyclesApart<D extends Definition> = D extends unknown
  ? true extends { [K in Knot<D>]: isChoice<Sources<D>[K & keyof Sources<D>] & Knot<D>> }[Knot<D>] ? false : true
  : never

// A family with a chain of sources that is longer than any manifest is on a cycle, or above one. Each round doubles the
// length, so a chain of a thousand families takes ten rounds. A graph without a cycle is empty before that.
type findCore<Graph, Rounds extends ReadonlyArray<unknown> = []> = namesIn<Graph> extends infer Left
  ? [Left] extends [never] ? never : Rounds["length"] extends 11 ? Left : findCore<twiceAsFar<Graph>, [...Rounds, 1]>
  : never

type namesIn<Graph> = { [K in keyof Graph]: [Graph[K]] extends [never] ? never : K }[keyof Graph]

// Keeps the sources that have sources themselves, so that each source is a name of the graph.
type amongThemselves<Graph> = { readonly [K in keyof Graph]: Extract<Graph[K], keyof Graph> }

type twiceAsFar<Graph> = { readonly [K in keyof Graph]: Graph[Graph[K] & keyof Graph] }

// Names ten families of the path, as `dependencyCycle` does. The compiler would cut a longer path, and each family of
// the cycle would walk the whole path.
type findPathBack<
  D extends Definition,
  Graph,
  Left,
  Start extends string,
  From,
  Trail extends string,
  Seen,
  Named extends ReadonlyArray<unknown> = []
> = From extends Left ? From extends Start ? `${Trail} -> '${Start}'`
  : From extends Seen ? never
  : Named["length"] extends 10
    // If the cycles are apart, each family of the knot is on a cycle.
    ? areCyclesApart<D> extends true ? `${Trail} -> ... -> '${Start}'`
    : isReached<Graph, Start, From> extends true ? `${Trail} -> ... -> '${Start}'`
    : never
  : findPathBack<
    D,
    Graph,
    Left,
    Start,
    Graph[From & keyof Graph],
    `${Trail} -> '${From & string}'`,
    Seen | From,
    [...Named, 1]
  >
  : never

type isReached<Graph, Start, From, Seen = From> = Start extends From ? true
  : [Exclude<Graph[From & keyof Graph], Seen>] extends [infer Next]
    ? [Next] extends [never] ? false : isReached<Graph, Start, Next, Seen | Next>
  : never
