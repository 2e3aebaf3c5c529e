/**
 * The operations that list the keys of a family: pages, the streams that read page after page, samples and counts.
 */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Random from "effect/Random"
import * as Stream from "effect/Stream"
import type { CacheError } from "../../cache/CacheError.ts"
import type { FamilyGate } from "./familyGate.ts"
import type { Reads } from "./grants.ts"
import type { Params } from "./keys.ts"
import * as options from "./options.ts"

/** How many entries a stream reads at a time. Between two pages it lets others run. */
const streamedMax = 256

export interface Held {
  readonly params: Params
  readonly value: unknown
  readonly version: number
}

export interface Page {
  readonly entries: ReadonlyArray<Held>
  readonly next: string | undefined
}

type Find = <A, E, R>(f: (family: Reads) => Effect.Effect<A, E, R>) => Effect.Effect<A, E | CacheError, R>

export const iterations = (gate: FamilyGate, find: Find) => {
  const page = (cursor: string | undefined, max: number): Effect.Effect<Page, CacheError> =>
    find((family): Effect.Effect<Page, CacheError> => {
      const refused = options.page(gate.name, cursor, max)
      return refused === undefined
        ? Effect.mapEager(family.page(cursor, max), ({ entries, next }) => ({ entries: heldOf(gate, entries), next }))
        : Effect.fail(refused)
    })
  const entries = () =>
    Stream.paginate(
      undefined as string | undefined,
      (cursor) =>
        Effect.andThen(
          cursor === undefined ? Effect.void : Effect.yieldNow,
          Effect.map(page(cursor, streamedMax), ({ entries, next }) => [entries, Option.fromUndefinedOr(next)] as const)
        )
    )
  return {
    page,
    entries,
    keys: () => Stream.map(entries(), ({ params }) => params),
    sample: (max: number) =>
      find((family) =>
        options.checked(
          options.pageSize(gate.name, max),
          () =>
            Effect.flatMap(Random.Random, (random) =>
              Effect.map(family.sample(max, () => random.nextDoubleUnsafe()), (keys) =>
                keys.flatMap((key) => Option.toArray(gate.keys.decode(key)))))
        )
      ),
    count: () => find((family) => family.count())
  }
}

/** A key whose text no codec of the parameters reads any more, such as one of an older release, is left out. */
const heldOf = (
  gate: FamilyGate,
  all: ReadonlyArray<readonly [key: string, entry: { readonly value: unknown; readonly version: number }]>
): ReadonlyArray<Held> => {
  const held: Array<Held> = []
  for (const [key, { value, version }] of all) {
    const params = gate.keys.decode(key)
    if (params._tag === "Some") held.push({ params: params.value, value, version })
  }
  return held
}
