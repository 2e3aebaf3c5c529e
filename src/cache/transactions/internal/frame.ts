/**
 * Represents one run of the body of a transaction. The Context of the body's fibers holds it, and it collects their
 * changes. It ends with the body: a fiber that outlives the body changes the cache directly.
 */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Exit from "effect/Exit"
import { CacheError, TransactionRefused } from "../../CacheError.ts"
import type { Reached } from "../../internal/entries/cacheContext.ts"
import { bodies, type KeyState } from "../../internal/entries/holds.ts"
import { openWork } from "../../internal/loads/load.ts"
import { type Change, Collected } from "./collected.ts"

/** One run of the body of a transaction. */
export class Frame {
  readonly manifestKey: string
  private readonly manifest: string
  /** The transaction of the same manifest in which this one is a savepoint. */
  readonly parent: Frame | undefined
  /** The open transaction around it, of the same manifest or of another one. */
  readonly around: Frame | undefined
  readonly collected: Collected
  /** How many changes there were in this process when the outermost body around it began. */
  private readonly changesBefore: number
  /** The services that the combinator gave to the body, such as the connection. */
  readonly given: Context.Context<never>
  /** The connections on which the body runs, by the keys of their services. */
  private readonly connections: ReadonlyMap<string, unknown>
  /** The connections that the combinator opened. */
  private readonly opened: ReadonlyMap<string, unknown>
  isOpen = true
  /** How the body ended; `undefined` while it runs. */
  ending: "done" | "failed" | undefined = undefined

  constructor(
    manifest: { readonly id: string; readonly manifestKey: string },
    parent: Frame | undefined,
    around: Frame | undefined,
    given: Context.Context<never>,
    context: Context.Context<never>
  ) {
    this.manifestKey = manifest.manifestKey
    this.manifest = manifest.id
    this.parent = parent
    this.around = around
    this.connections = connectionsIn(context)
    this.opened = connectionsIn(given)
    this.given = parent === undefined ? given : Context.merge(parent.given, given)
    this.changesBefore = (parent ?? around)?.changesBefore ?? bodies.changes
    this.collected = new Collected(manifest.id, this.changesBefore)
    if (bodies.open === 0) bodies.since = Context.get(context, Clock.Clock).currentTimeMillisUnsafe()
    bodies.open++
    // While a body runs, a handle that reads outside of Effect must check which fiber reads.
    openWork.count++
  }

  close(): void {
    if (!this.isOpen) return
    this.isOpen = false
    bodies.open--
    openWork.count--
  }

  /** The state of a key in the transaction. A change in a savepoint comes before a change around it. */
  stateOf(family: Reached, key: string): KeyState | "changed" | undefined {
    return this.collected.stateOf(family, key) ?? this.parent?.stateOf(family, key)
  }

  /**
   * Whether a Context is still in this transaction: it has the connections that the combinator opened, or savepoints on
   * them. A combinator whose connections have no known name opens none: its transaction is left where the one around it
   * is left.
   */
  contains(context: Context.Context<never>): boolean {
    if (this.opened.size === 0) return this.around?.contains(context) !== false
    for (const [key, connection] of this.opened) {
      if (!isSameSession(context.mapUnsafe.get(key), connection)) return false
    }
    return true
  }

  /**
   * Whether a Context has the same connections as the body. If not, the database has set a savepoint there, or begun a
   * transaction of another database, and the cache does not learn how that ends.
   */
  isOn(context: Context.Context<never>): boolean {
    const connections = connectionsIn(context)
    if (connections.size !== this.connections.size) return false
    for (const [key, connection] of connections) if (this.connections.get(key) !== connection) return false
    return true
  }

  /**
   * Collects changes. If the cache does not learn the outcome of a change, it removes the key after the commit, and
   * does not set the value. A change that was on its way when the body ended is refused, because the others are applied
   * without it.
   */
  put(changes: ReadonlyArray<Change>, isKnown: boolean): Exit.Exit<void, CacheError> {
    if (!this.isOpen) return Exit.fail(this.late)
    const refused = this.collected.collect(
      isKnown ? changes : changes.map((change) => change._tag === "Key" ? { ...change, judged: undefined } : change)
    )
    return refused === undefined ? Exit.void : Exit.fail(refused)
  }

  private get late(): CacheError {
    return new CacheError({
      reason: new TransactionRefused({
        code: "E0528",
        manifest: this.manifest,
        why: "the body of its transaction has ended while it was on its way",
        help: "wait in the body for the fibers that it forks, or fork them after the transaction"
      })
    })
  }
}

// How Effect's SQL clients name the connection of a transaction in a Context. Those of other clients are not known.
const connectionKey = "effect/sql/SqlClient/TransactionConnection/"

/** The connections of transactions that are open in a Context. */
export const connectionsIn = (context: Context.Context<never>): ReadonlyMap<string, unknown> => {
  const connections = new Map<string, unknown>()
  for (const [key, service] of context.mapUnsafe) if (key.startsWith(connectionKey)) connections.set(key, service)
  return connections
}

/** Whether two services are one session of a database: a client pairs the session with the depth of its savepoints. */
const isSameSession = (one: unknown, other: unknown): boolean =>
  one === other || (Array.isArray(one) && Array.isArray(other) && one[0] === other[0])

/** A Context without transactions. */
export const withoutTransaction = <R>(context: Context.Context<R>): Context.Context<R> => {
  const services = new Map(context.mapUnsafe)
  for (const key of context.mapUnsafe.keys()) {
    if (key === CurrentTransaction.key || key.startsWith(connectionKey)) services.delete(key)
  }
  return Context.makeUnsafe(services)
}

/** The innermost transaction whose body a fiber runs. */
export const CurrentTransaction = Context.Reference<Frame | undefined>(
  "effect-stateless/cache/internal/transaction/CurrentTransaction",
  { defaultValue: () => undefined }
)

// The last services among which no connection is. Most Contexts of a program have the same ones below their own.
let unconnected: ReadonlyMap<string, unknown> | undefined

/** Forgets the remembered services. */
export const forgetUnconnected = (): void => {
  unconnected = undefined
}

/** The parts of a Context that Effect keeps apart until `mapUnsafe` copies them into one map. */
interface Layered {
  readonly base?: ReadonlyMap<string, unknown>
  readonly overlay?: Overlay | undefined
}

interface Overlay {
  readonly key: string
  readonly parent: Overlay | undefined
}

/** Whether a Context holds a connection. It is not copied for that, because it may live for one write only. */
export const hasConnection = (context: Context.Context<never>): boolean => {
  const { base, overlay } = context as Layered
  for (let at = overlay; at !== undefined; at = at.parent) if (at.key.startsWith(connectionKey)) return true
  const services = base ?? context.mapUnsafe
  if (services === unconnected) return false
  for (const key of services.keys()) if (key.startsWith(connectionKey)) return true
  unconnected = services
  return false
}

/**
 * Whether a write in this Context is part of a transaction that does not collect it: one that the database alone has
 * opened, or one of another manifest. A transaction of the cache that has ended does not count.
 */
export const isInUnknown = (context: Context.Context<never>): boolean => {
  if (frameIn(context) !== undefined) return true
  return hasConnection(context) && Context.get(context, CurrentTransaction)?.isOn(context) !== true
}

/**
 * The innermost open transaction in which a Context is: of the given manifest, or of any. A program that takes the
 * connection out of the Context of a body, or replaces it, has left the transaction.
 */
export const frameIn = (context: Context.Context<never>, manifestKey?: string): Frame | undefined => {
  if (openWork.count === 0) return undefined
  const isWanted = (frame: Frame) =>
    frame.isOpen && (manifestKey === undefined || frame.manifestKey === manifestKey) && frame.contains(context)
  let frame = Context.getOrUndefined(context, CurrentTransaction)
  while (frame !== undefined && !isWanted(frame)) frame = frame.around
  return frame
}
