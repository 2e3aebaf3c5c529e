/**
 * A database for tests of transactions: rows with locks, readers that see committed rows only, and commits whose answer
 * may be lost. It takes its time from the test clock and its chance from `Random`.
 */
import * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Random from "effect/Random"

/**
 * What becomes of a COMMIT: it is done; it is refused; or its answer is lost, and it was done, not done, or is later.
 */
export type Fate = "done" | "refused" | "lostAfter" | "lostBefore" | "lostLate"

class Session {
  readonly writes = new Map<string, number>()
  readonly locks = new Set<string>()
}

/** The session, and how many savepoints are open in it. */
type Level = readonly [session: Session, depth: number]

/** Named and shaped as Effect's SQL clients do it. */
export const Connection = Context.Service<Level, Level>("effect/sql/SqlClient/TransactionConnection/test")

export class DatabaseError {
  readonly _tag = "DatabaseError"
  readonly why: string
  constructor(why: string) {
    this.why = why
  }
}

// How long a lost commit may take to happen.
const lateMillisMax = 500

export class Database {
  readonly rows = new Map<string, number>()
  /** All values that a row had, in the order of their commits. */
  readonly history = new Map<string, Array<number>>()
  private readonly locks = new Map<string, { readonly by: Session; readonly free: Deferred.Deferred<void> }>()
  private readonly sessions = new Set<Session>()
  private isAlive = true
  private readonly delayMax: number
  late = 0

  constructor(delayMax: number) {
    this.delayMax = delayMax
  }

  private readonly pause: Effect.Effect<void> = Effect.suspend(() =>
    this.delayMax === 0
      ? Effect.yieldNow
      : Effect.flatMap(Random.nextIntBetween(0, this.delayMax), (millis) => Effect.sleep(millis))
  )

  private whileAlive<A, E, R>(work: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> {
    return Effect.suspend(() => this.isAlive ? work : Effect.never)
  }

  read(key: string): Effect.Effect<number> {
    return this.whileAlive(Effect.flatMap(Effect.serviceOption(Connection), (level) =>
      Effect.andThen(
        this.pause,
        Effect.andThen(
          Effect.sync(() => {
            const own = level._tag === "Some" ? level.value[0].writes.get(key) : undefined
            return own ?? this.rows.get(key) ?? 0
          }),
          (value) => Effect.as(this.pause, value)
        )
      )))
  }

  /** Within the transaction of the fiber, or in one of its own. */
  write(key: string, value: number): Effect.Effect<void> {
    return this.whileAlive(Effect.flatMap(Effect.serviceOption(Connection), (level) => {
      const session = level._tag === "Some" ? level.value[0] : new Session()
      const write = Effect.andThen(this.lock(session, key), Effect.sync(() => void session.writes.set(key, value)))
      if (level._tag === "Some") return Effect.andThen(this.pause, write)
      return Effect.uninterruptible(Effect.andThen(write, Effect.sync(() => this.commit(session))))
    }))
  }

  private lock(session: Session, key: string): Effect.Effect<void> {
    return Effect.suspend(() => {
      const held = this.locks.get(key)
      if (held?.by === session) return Effect.void
      if (held !== undefined) return Effect.andThen(Deferred.await(held.free), this.lock(session, key))
      this.locks.set(key, { by: session, free: Deferred.makeUnsafe<void>() })
      session.locks.add(key)
      return Effect.void
    })
  }

  private commit(session: Session): void {
    for (const [key, value] of session.writes) {
      this.rows.set(key, value)
      const known = this.history.get(key)
      if (known === undefined) this.history.set(key, [value])
      else known.push(value)
    }
    this.end(session)
  }

  private end(session: Session): void {
    this.sessions.delete(session)
    for (const key of session.locks) {
      const { free } = this.locks.get(key)!
      this.locks.delete(key)
      Deferred.doneUnsafe(free, Exit.void)
    }
    session.locks.clear()
  }

  /** The database's own combinator; a nested one sets a savepoint. */
  withTransaction(fate: Effect.Effect<Fate> = Effect.succeed("done")) {
    return <A, E, R>(body: Effect.Effect<A, E, R>): Effect.Effect<A, E | DatabaseError, R> =>
      Effect.flatMap(
        Effect.serviceOption(Connection),
        (level) => level._tag === "Some" ? this.savepoint(level.value, body) : this.outermost(fate, body)
      )
  }

  private savepoint<A, E, R>([session, depth]: Level, body: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> {
    return Effect.suspend(() => {
      const before = new Map(session.writes)
      return Effect.onExit(
        Effect.provideService(body, Connection, [session, depth + 1]),
        (exit) =>
          Effect.sync(() => {
            if (Exit.isSuccess(exit)) return
            session.writes.clear()
            for (const [key, value] of before) session.writes.set(key, value)
          })
      )
    })
  }

  private outermost<A, E, R>(
    fate: Effect.Effect<Fate>,
    body: Effect.Effect<A, E, R>
  ): Effect.Effect<A, E | DatabaseError, R> {
    return Effect.uninterruptibleMask((restore) =>
      Effect.suspend(() => {
        const session = new Session()
        this.sessions.add(session)
        const run = restore(Effect.provideService(body, Connection, [session, 0]))
        return Effect.flatMap(Effect.exit(run), (exit): Effect.Effect<A, E | DatabaseError> => {
          if (!this.isAlive) return Effect.never
          if (!Exit.isSuccess(exit)) return Effect.andThen(Effect.sync(() => this.end(session)), exit)
          return Effect.flatMap(fate, (drawn) => Effect.as(this.committing(session, drawn), exit.value))
        })
      })
    )
  }

  private committing(session: Session, fate: Fate): Effect.Effect<void, DatabaseError> {
    const end = Effect.suspend(() => {
      if (!this.isAlive) return Effect.never
      if (fate === "done" || fate === "lostAfter") this.commit(session)
      else if (fate === "lostLate") {
        this.late++
        return Effect.asVoid(Effect.forkDetach(Effect.andThen(
          Effect.flatMap(Random.nextIntBetween(1, lateMillisMax), (millis) => Effect.sleep(millis)),
          Effect.sync(() => {
            this.late--
            this.commit(session)
          })
        )))
      } else this.end(session)
      return Effect.void
    })
    const answered = Effect.andThen(this.pause, Effect.andThen(end, this.pause))
    return this.whileAlive(Effect.andThen(
      answered,
      Effect.suspend(() => {
        if (!this.isAlive) return Effect.never
        return fate === "done" ? Effect.void : Effect.fail(new DatabaseError(fate))
      })
    ))
  }

  /** The process that uses it ends: what was not committed is rolled back, and none of its operations returns. */
  crash(): Database {
    this.isAlive = false
    const next = new Database(this.delayMax)
    for (const session of Array.from(this.sessions)) this.end(session)
    for (const [key, value] of this.rows) next.rows.set(key, value)
    return next
  }
}
