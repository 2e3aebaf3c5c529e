/**
 * What every simulation has: a source whose rows only grow, the least that a reader must see of it, the lookups that
 * run, the engines that are open, and the clock that runs until all fibers have ended.
 *
 * A world of a simulation extends it with its families and with what its fibers do. What it does not have: tiers
 * (`tiers.ts`), chances (`simulate.ts`).
 */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Scope from "effect/Scope"
import { drive } from "./effects.ts"
import { type App, checkFamilies, checkInvariants, type RunningOf } from "./engine.ts"
import { Floors, Lookups } from "./rows.ts"
import { pick } from "./simulate.ts"

/** An engine with a Scope of its own. */
export interface Opened<A> extends RunningOf<A> {
  readonly scope: Scope.Closeable
}

// How long what runs behind the readers may take.
const quietMillis = 400

export class SimulatedWorld<A = App> {
  /** The rows of the source, by id. An id without one has row 0. */
  readonly rows = new Map<string, number>()
  /** What the last write has said of an id that has returned. */
  readonly floors = new Floors()
  readonly lookups = new Lookups()
  readonly engines: Array<Opened<A>> = []
  /** How many rows have been written. */
  writes = 0

  rowOf(id: string): number {
    return this.rows.get(id) ?? 0
  }

  /** The source has a new row, which all these ids get. */
  write(...ids: ReadonlyArray<string>): number {
    const row = ++this.writes
    for (const id of ids) this.rows.set(id, row)
    return row
  }

  // --- engines ------------------------------------------------------------------------------------------------------

  /** Opens an engine in a Scope of its own. */
  open<E>(start: Effect.Effect<RunningOf<A>, E, Scope.Scope>): Effect.Effect<Opened<A>, E> {
    return Effect.gen({ self: this }, function*() {
      const scope = yield* Scope.make()
      const opened = { ...yield* Scope.provide(start, scope), scope }
      this.engines.push(opened)
      return opened
    })
  }

  /** One of the engines that are open now. */
  readonly anyEngine: Effect.Effect<Opened<A>> = Effect.suspend(() => pick(this.engines))

  /** Closes the engine that was opened first, after a while in which those who have begun with it come to an end. */
  closeFirst(millis = 0): Effect.Effect<void> {
    return Effect.suspend(() => {
      const { scope } = this.engines.shift()!
      return Effect.andThen(Effect.sleep(millis), Scope.close(scope, Exit.void))
    })
  }

  /** Closes the engines one after the other. What memory has pushed out may still be on its way below. */
  readonly closeAll: Effect.Effect<void> = Effect.suspend(() => {
    for (const running of this.engines) checkFamilies(running, true)
    return drive(Effect.forEach([...this.engines], () => this.closeFirst(), { discard: true }), 3)
  })

  // --- the clock ----------------------------------------------------------------------------------------------------

  /** Runs fibers together, and the clock in small steps until all have ended. */
  together<E, R>(fibers: ReadonlyArray<Effect.Effect<unknown, E, R>>, stepMillis: number): Effect.Effect<void, E, R> {
    return drive(Effect.all(fibers, { concurrency: "unbounded", discard: true }), stepMillis)
  }

  /** Waits until everything that runs behind the readers has ended: nothing is left then. */
  quiet(running: RunningOf<unknown>): Effect.Effect<void> {
    return Effect.andThen(
      drive(Effect.sleep(quietMillis), 20),
      Effect.sync(() => {
        checkInvariants(running)
        this.lookups.checkNone()
      })
    )
  }
}
