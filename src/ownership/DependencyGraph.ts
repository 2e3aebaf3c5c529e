/**
 * The graph of a manifest: which family owns, borrows and derives from which other family, and what a write of each
 * family invalidates. A manifest class has it as `graph`.
 *
 * Not here: how it is made and compiled (`shared/graph.ts`), and its drawings (`GraphDrawing.ts`).
 *
 * @since 0.1.0
 */
/**
 * A manifest as a graph: families and readers, and the edges between them.
 *
 * @stability experimental
 * @category models
 * @since 0.1.0
 */
export interface DependencyGraph {
  readonly id: string
  readonly nodes: ReadonlyArray<Node>
  /** All edges. There is one edge of kind `Invalidates` for each step of each plan; they are made at the first use. */
  readonly edges: ReadonlyArray<Edge>
  /** The edges that the manifest declares: all edges but those of kind `Invalidates`. */
  readonly declared: ReadonlyArray<Edge>
  /** The plan of each family, by its index in the manifest: the entries that a change of one of its keys drops. */
  readonly plans: ReadonlyArray<Plan>
  /** The families that derive directly from a family, by index, each once. */
  dependentsOf(source: number): ReadonlyArray<number>
  /**
   * Compiles the plan of a family again. With a `target`, it returns only the steps that concern that family, and
   * visits only the families between the two.
   */
  compile(source: number, target?: number): Plan
  /**
   * The families of a plan, by index, found without compiling the plan. `undefined` if a text in a pattern or a
   * reference narrows the entries that a step drops.
   */
  concerned(source: number): ReadonlyArray<number> | undefined
}

/**
 * A node of the graph: a family, or a reader. A reader has no pattern.
 *
 * @stability experimental
 * @category models
 * @since 0.1.0
 */
export interface Node {
  readonly name: string
  readonly kind: "Family" | "Reader"
  readonly pattern: string | undefined
  readonly layer: string | undefined
}

/**
 * One edge of the graph: `kind` says how `from` and `to` are related.
 *
 * - `Owns`: the owner of `from` also owns `to`, which is a part of `from`.
 * - `Borrows`: `from` may read `to`.
 * - `Derives`: entries of `from` are computed from entries of `to`.
 * - `Invalidates`: a change in `from` drops entries of `to`, directly or through other families.
 *
 * @stability experimental
 * @category models
 * @since 0.1.0
 */
export interface Edge {
  readonly kind: EdgeKind
  readonly from: string
  readonly to: string
  /** For `Borrows` and `Derives`, the reference as the manifest spells it; for `Invalidates`, the entries dropped. */
  readonly label: string | undefined
}

/**
 * The kinds of edges.
 *
 * @stability experimental
 * @category models
 * @since 0.1.0
 */
export type EdgeKind = "Owns" | "Borrows" | "Derives" | "Invalidates"

/**
 * The plan of a family: the entries that a change of one key drops, nearest dependents first.
 *
 * @stability experimental
 * @category invalidation
 * @since 0.1.0
 */
export type Plan = ReadonlyArray<Step>

/**
 * One step of a plan. It drops from one family every entry whose parameters agree with `bound` and `constants`, if the
 * changed key passes all `conditions`. It is plain data: segments and holes are numbers.
 *
 * @stability experimental
 * @category invalidation
 * @since 0.1.0
 */
export interface Step {
  /** The family that loses entries, by name and by index. */
  readonly family: string
  readonly index: number
  /** Holes of the family that must equal a segment of the changed key. */
  readonly bound: ReadonlyArray<readonly [hole: number, segment: number]>
  /** Holes of the family that must equal a text. */
  readonly constants: ReadonlyArray<readonly [hole: number, text: string]>
  readonly conditions: ReadonlyArray<StepCondition>
  /** The number of free holes. If none is free, the step drops one entry; if all are free, the whole family. */
  readonly free: number
}

/**
 * A condition on the segments of the changed key: a segment equals a text, or the key has exactly this number of
 * segments, or at least this number.
 *
 * @stability experimental
 * @category invalidation
 * @since 0.1.0
 */
export type StepCondition =
  | { readonly _tag: "Equals"; readonly segment: number; readonly text: string }
  | { readonly _tag: "Length"; readonly segments: number }
  | { readonly _tag: "MinLength"; readonly segments: number }
