/**
 * What the worlds of the simulations are made of: what a reader must at least see of a source whose rows only grow, and
 * the lookups that run.
 *
 * A row is a number that grows with each write, and every value carries the number of its row. So "this or something
 * newer" is `>=`, for derived values as for their source.
 */
import { assert } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type { AnyFamily, App } from "./engine.ts"

/** By id, the greatest row that some change has promised or some reader has seen: an older one is not served. */
export class Floors {
  private readonly rows = new Map<string, number>()

  of(id: string): number {
    return this.rows.get(id) ?? 0
  }

  raise(id: string, row: number): void {
    this.rows.set(id, Math.max(row, this.of(id)))
  }
}

/** A reader that began when this floor held got this row. */
export const see = (id: string, row: unknown, floor: number, how: string): void => {
  assert.isAtLeast(row as number, floor, `${how} of id ${id} saw a value from before a write that had returned`)
}

/** The lookups that run, by their keys. */
export class Lookups {
  private readonly running: Array<string> = []

  /** How many run, of a key or of all keys that a filter lets through. */
  count(isMeant: (key: string) => boolean = () => true): number {
    return this.running.filter(isMeant).length
  }

  /** Runs a lookup. `begins` gets the number of lookups of the key that run already. */
  run<A, E, R>(
    key: string,
    lookup: () => Effect.Effect<A, E, R>,
    { begins, ends }: { readonly begins?: (others: number) => void; readonly ends?: () => void }
  ): Effect.Effect<A, E, R> {
    return Effect.acquireUseRelease(
      Effect.sync(() => {
        begins?.(this.count((other) => other === key))
        this.running.push(key)
      }),
      lookup,
      () =>
        Effect.sync(() => {
          this.running.splice(this.running.indexOf(key), 1)
          ends?.()
        })
    )
  }

  /** A lookup that runs when all readers have gone is a leak. */
  checkNone(): void {
    assert.deepStrictEqual(this.running, [], "no lookup runs without a reader")
  }
}

/** What a read showed of each id that it was asked for; nothing of an id that it found absent. */
export type Shown = ReadonlyArray<readonly [id: string, row: unknown]>

interface Asked {
  readonly id: string
  readonly params: object
}

/** The reads of a simulation, by their names. Each asks for one id, and `getMany` for further ones, too. */
export const rowReads = {
  get: (of: AnyFamily, { id, params }: Asked) => Effect.map(of.get(params), (row): Shown => [[id, row]]),
  getOption: (of: AnyFamily, { id, params }: Asked) =>
    Effect.map(of.getOption(params), (found): Shown => Option.isSome(found) ? [[id, found.value]] : []),
  getMany: (of: AnyFamily, one: Asked, further: ReadonlyArray<Asked>) =>
    Effect.map(
      of.getMany([one, ...further].map(({ params }) => params)),
      (rows): Shown => [one, ...further].map(({ id }, i) => [id, rows[i]])
    ),
  has: (of: AnyFamily, { params }: Asked) => Effect.as(of.has(params), [] as Shown)
}

/** The changes of a row that carry no value, by their names: the next reader asks the source. */
export const rowDrops = {
  delete: ({ user }: App<"user">["keys"], id: string) => user.delete({ id }),
  invalidate: ({ user }: App<"user">["keys"], id: string) => user.invalidate({ id }),
  markStale: ({ user }: App<"user">["keys"], id: string) => user.invalidate({ id }, { mode: "markStale" }),
  where: ({ user }: App<"user">["keys"], id: string) => user.invalidateWhere({ id }),
  all: ({ user }: App<"user">["keys"], _id: string) => user.invalidateAll(),
  tag: ({ user }: App<"user">["keys"], id: string) => user.invalidateTag(`t${id}`),
  refresh: ({ user }: App<"user">["keys"], id: string) => user.refresh({ id })
}
