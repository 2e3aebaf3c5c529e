/**
 * Checks what a lookup, or the load of a `getOr`, may read: which of its requirements are too much, and what each of
 * them does.
 *
 * Not here: where the messages stand (`ownerChecks.ts`, `loads.ts`).
 */
import type { Admits, Appoints, BorrowsCapability, OwnsCapability } from "../../capability/Capability.ts"
import type { BorrowsEach } from "../../capability/types/rights.ts"
import type * as LookupFindings from "../../diagnostic/types/lookupFindings.ts"
import type * as ReferenceFindings from "../../diagnostic/types/referenceFindings.ts"
import type { Definition } from "../../ownership/Definition.ts"
import type { isDeclared, Route } from "../../ownership/types/definitionFacts.ts"
import type { Reachable, Readable } from "../../ownership/types/definitionLayers.ts"
import type { DefinitionOf, FamilyOf, HomeOf, ListOf, PatternOf } from "../../ownership/types/definitionParts.ts"

/**
 * The requirements in `R` that read more than family `K` derives from.
 *
 * **Details**
 *
 * Sources count at any distance, because a change also reaches the family through a chain of sources.
 */
export type undeclared<D extends Definition, K extends string, Self, R> = [R] extends [never] ? never
  : Exclude<R, BorrowsEach<PatternOf<FamilyOf<D, Readable<D, K>>>, Self>>

/** The finding for each requirement that is too much. */
export type findLookupProblem<K extends string, Self, R> = R extends BorrowsCapability<infer P, any, any, Self>
  ? nameRead<DefinitionOf<Self>, K, P>
  : R extends BorrowsCapability<infer P, any, any, any> ? LookupFindings.lookupReadsAbroad<K, P>
  : R extends OwnsCapability<infer P, any, any, any> ? LookupFindings.lookupWrites<K, P>
  : R extends Admits<infer P, any> ? LookupFindings.lookupReads<K, P>
  : R extends Appoints<infer P, any> ? LookupFindings.lookupWrites<K, P>
  : never
// A family that derives from this one cannot be added to its `derives`: that would be a cycle. So the help is another.
type nameRead<D extends Definition, K extends string, P extends string> = Route<D, P> extends infer F
  ? F extends K ? LookupFindings.lookupReadsOwn<K, P>
  : K extends Readable<D, F> ? LookupFindings.lookupReadsBack<K, P>
  : nameReadApart<D, K, P, HomeOf<D, FamilyOf<D, K>>, HomeOf<D, FamilyOf<D, F>>>
  : never
// To add a family of a layer out of reach to `derives` would be refused, too.
type nameReadApart<D extends Definition, K extends string, P extends string, Here extends string, Home extends string> =
  [Here] extends [never] ? LookupFindings.lookupReads<K, P>
    : [Home] extends [Reachable<D, Here>] ? LookupFindings.lookupReads<K, P>
    : ReferenceFindings.referenceOutOfReach<K, Here, P, Home>

/** The patterns that the lookup of family `K` may read: the declared ones in its `derives`. */
export type SourceOf<D extends Definition, K> = onlyDeclared<D, ListOf<FamilyOf<D, K>, "derives">>
type onlyDeclared<D extends Definition, P> = P extends string ? isDeclared<D, P> extends true ? P : never : never
