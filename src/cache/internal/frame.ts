/**
 * One run of the body of a transaction, as the Context of its fibers names it: what they change is collected there. It
 * ends with the body; what a fiber does that outlives it, is done directly.
 */
import * as Context from "effect/Context"
import * as Exit from "effect/Exit"
import type { CacheError } from "../CacheError.ts"
import { type Change, Collected } from "./collected.ts"
import type { Reached } from "./engine.ts"
import { lookups } from "./flight.ts"
import { bodies, type HeldKey } from "./holds.ts"

/** One run of the body of a transaction. */
export class Frame {
  readonly realm: string
  /** The transaction of the same manifest that this one is a savepoint of. */
  readonly parent: Frame | undefined
  /** The transaction that is open around it, of whatever manifest. */
  readonly around: Frame | undefined
  readonly collected: Collected
  /** How many changes there were in this process when the outermost body around it began. */
  private readonly changesBefore: number
  /** What the combinator gave to the body, the connection above all. */
  readonly given: Context.Context<never>
  isOpen = true
  /** How the body ended; `undefined` while it runs. */
  ending: "done" | "failed" | undefined = undefined

  constructor(
    manifest: { readonly id: string; readonly realm: string },
    parent: Frame | undefined,
    around: Frame | undefined,
    given: Context.Context<never>
  ) {
    this.realm = manifest.realm
    this.parent = parent
    this.around = around
    this.given = parent === undefined ? given : Context.merge(parent.given, given)
    this.changesBefore = (parent ?? around)?.changesBefore ?? bodies.changes
    this.collected = new Collected(manifest.id, this.changesBefore)
    bodies.open++
    // A handle that reads outside of Effect asks who reads as long as a body runs.
    lookups.open++
  }

  close(): void {
    if (!this.isOpen) return
    this.isOpen = false
    bodies.open--
    lookups.open--
  }

  /** What the transaction has made of a key, its savepoints before what was there. */
  stateOf(family: Reached, key: string): HeldKey | "changed" | undefined {
    return this.collected.stateOf(family, key) ?? this.parent?.stateOf(family, key)
  }

  put(changes: ReadonlyArray<Change>): Exit.Exit<void, CacheError> {
    const refused = this.collected.collect(changes)
    return refused === undefined ? Exit.void : Exit.fail(refused)
  }
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
