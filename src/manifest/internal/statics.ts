/**
 * Lists the members that a manifest class has at run time, for `manifest.ts` and, where it has mistakes, for
 * `broken.ts`.
 */
import type * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import type * as Stream from "effect/Stream"
import type { CacheError } from "../../cache/CacheError.ts"
import type { CacheEvent } from "../../cache/CacheEvent.ts"
import type { FamilyStats } from "../../cache/CacheMetrics.ts"
import type { Within } from "../../cache/transactions/transaction.ts"
import type { SetOptions } from "../../cache/types/setOptions.ts"
import type { Lease } from "../../capability/Lease.ts"
import type { Declared } from "../../ownership/Definition.ts"
import type { DependencyGraph } from "../../ownership/DependencyGraph.ts"
import type { InvalidateOptions } from "../Family.ts"
import type { Accessor, Write } from "./accessor.ts"
import type { Lookups, OwnerOptions } from "./ownerOptions.ts"

export type AnyLayer = Layer.Layer<any, any, any>
export type AnyBody = (...args: ReadonlyArray<any>) => Generator<any, any, any>
export type AnyMethod = (this: unknown, ...args: ReadonlyArray<any>) => Effect.Effect<any, any, any>

export interface Statics {
  readonly keys: { readonly [family: string]: Accessor }
  readonly graph: DependencyGraph
  readonly layer: AnyLayer
  readonly owner: (name: string, options?: OwnerOptions) => AnyLayer
  readonly borrower: (name: string) => AnyLayer
  readonly delegate: (name: string, options?: Lookups) => AnyLayer
  readonly modules: (given: unknown) => AnyLayer
  readonly get: (key: string) => Effect.Effect<unknown, unknown, any>
  readonly getOption: (key: string) => Effect.Effect<unknown, unknown, any>
  readonly set: (key: string, value: unknown, options?: SetOptions<Lease>) => Effect.Effect<void, CacheError, any>
  readonly delete: (key: string) => Effect.Effect<void, CacheError, any>
  readonly batch: (writes: ReadonlyArray<Write>) => Effect.Effect<void, CacheError, any>
  readonly transaction: (within: Within) => Within
  readonly invalidate: (pattern: string, options?: InvalidateOptions) => Effect.Effect<void, CacheError, any>
  readonly events: Stream.Stream<CacheEvent, CacheError, any>
  readonly stats: Effect.Effect<{ readonly [family: string]: FamilyStats }, CacheError, any>
  readonly watermark: Effect.Effect<string, CacheError, any>
  readonly reach: (watermark: string) => Effect.Effect<void, CacheError, any>
  readonly fn: (name: string, declaration: Declared) => (body: AnyBody) => AnyMethod
  readonly method: (declaration: Declared) => (method: AnyMethod) => AnyMethod
  readonly inLayer: (layer: string) => <A>(effect: A) => A
}
