/**
 * Represents one run of the body of a transaction. The Context of the body's fibers holds it, and it collects their
 * changes. It ends with the body: a fiber that outlives the body changes the cache directly.
 */
import * as Context from "effect/Context"
import * as Exit from "effect/Exit"
import type { CacheError } from "../CacheError.ts"
import type { Reached } from "./cacheContext.ts"
import { type Change, Collected } from "./collected.ts"
import { bodies, type HeldKey } from "./holds.ts"
import { lookups } from "./load.ts"

/** One run of the body of a transaction. */
export class Frame {
  readonly realm: string
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
  isOpen = true
  /** How the body ended; `undefined` while it runs. */
  ending: "done" | "failed" | undefined = undefined

  constructor(
    manifest: { readonly id: string; readonly realm: string },
    parent: Frame | undefined,
    around: Frame | undefined,
    given: Context.Context<never>,
    context: Context.Context<never>
  ) {
    this.realm = manifest.realm
    this.parent = parent
    this.around = around
    this.connections = connectionsIn(context)
    this.given = parent === undefined ? given : Context.merge(parent.given, given)
    this.changesBefore = (parent ?? around)?.changesBefore ?? bodies.changes
    this.collected = new Collected(manifest.id, this.changesBefore)
    bodies.open++
    // While a body runs, a handle that reads outside of Effect must check which fiber reads.
    lookups.open++
  }

  close(): void {
    if (!this.isOpen) return
    this.isOpen = false
    bodies.open--
    lookups.open--
  }

  /** The state of a key in the transaction. A change in a savepoint comes before a change around it. */
  stateOf(family: Reached, key: string): HeldKey | "changed" | undefined {
    return this.collected.stateOf(family, key) ?? this.parent?.stateOf(family, key)
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
   * does not set the value.
   */
  put(changes: ReadonlyArray<Change>, isKnown: boolean): Exit.Exit<void, CacheError> {
    const refused = this.collected.collect(
      isKnown ? changes : changes.map((change) => change._tag === "Key" ? { ...change, judged: undefined } : change)
    )
    return refused === undefined ? Exit.void : Exit.fail(refused)
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

/** The innermost transaction whose body a fiber runs. */
export const CurrentTransaction = Context.Reference<Frame | undefined>(
  "effect-stateless/cache/internal/transaction/CurrentTransaction",
  { defaultValue: () => undefined }
)

/** The innermost open transaction in a Context: of the given manifest, or of any. */
export const frameIn = (context: Context.Context<never>, realm?: string): Frame | undefined => {
  if (lookups.open === 0) return undefined
  const isWanted = (frame: Frame) => frame.isOpen && (realm === undefined || frame.realm === realm)
  let frame = Context.getOrUndefined(context, CurrentTransaction)
  while (frame !== undefined && !isWanted(frame)) frame = frame.around
  return frame
}
