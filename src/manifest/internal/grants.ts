/**
 * Finds the right of a program to a family at run time: what grants are, where they lie in a Context, and when they
 * end.
 *
 * - A Context holds grants by declared pattern and mode. An accessor knows the names of all grants that cover its
 *   family, and takes the first active one of the Context's own engine.
 * - An accessor remembers the last Context that it has seen, until the engine ends, because nearly every operation
 *   comes from the same Context.
 * - A grant counts only for the class of its manifest, for the engine that gave it, and as the object that was made
 *   here. A copy, an object of its shape, or a grant under another name gives no right.
 *
 * Not here: the layers that make grants, in `owners.ts` and `modules.ts`.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type * as Latch from "effect/Latch"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import { CacheError, NotOwner, Revoked, type Verb } from "../../cache/CacheError.ts"
import type { Cache } from "../../cache/engine/cache.ts"
import { CacheFamily } from "../../cache/engine/cacheFamily.ts"
import * as Transaction from "../../cache/transactions/transaction.ts"
import type { ValidFamily, ValidManifest } from "../../ownership/shared/validation.ts"
import type { HotPartition } from "../../store/Store.ts"

/** A running engine: the cache, and the grants of its owners. */
export interface Engine {
  readonly cache: Cache
  readonly owners: Map<string, CacheGrant>
  /** A latch for each family, open while the family has an owner with a lookup. */
  readonly loadable: Map<string, Latch.Latch>
  /** The token of the latest grant. */
  tokens: number
}

/** The value that a program finds in its Context under the manifest: the members of the class. It gives no right. */
export type Face = object

const engines = new WeakMap<Face, Engine>()

export const faceOf = (engine: Engine, members: object): Face => {
  const face = Object.freeze({ ...members })
  engines.set(face, engine)
  return face
}

/** Returns the engine of a face. Types admit only a face; a value that was cast throws here. */
export const engineOf = ({ id }: ValidManifest, face: Face): Engine => {
  const found = engines.get(face)
  if (found === undefined) {
    throw new TypeError(`the value that is provided for ${id} is not its engine; help: provide its layer`)
  }
  return found
}

/** The operations that read a family: those of the cache, or of a transaction if the fiber is in the body of one. */
export type Reads = ReturnType<typeof Transaction.readsOf>
/** The operations that write a family: those of the cache, or of a transaction if the fiber is in the body of one. */
export type Writes = ReturnType<typeof Transaction.writesOf>
export type GrantMode = "own" | "borrow"

// The grants and words that were made here. Any other object gives no right, whatever its shape.
const made = new WeakSet<object>()
const isMade = (value: unknown): value is object => typeof value === "object" && value !== null && made.has(value)

/** The value behind a capability, for one engine. Each layer that gives a right makes one. */
export class CacheGrant {
  declare readonly family: string
  declare readonly mode: GrantMode
  declare readonly engine: Engine
  /** The number of the grant in its engine, as messages show it. No outside system may compare it. */
  declare readonly token: number
  /** Becomes `false`, for ever, when the Scope that acquired the grant closes, or when the grant of the lender ends. */
  active = true
  /** Whether the owner of the whole has lent it to a delegate: the family has an owner after its end, too. */
  isLent = false
  /** The functions that end the grants of parts which this grant has lent. */
  readonly lent = new Set<() => void>()

  constructor(family: string, mode: GrantMode, engine: Engine) {
    this.family = family
    this.mode = mode
    this.engine = engine
    this.token = ++engine.tokens
    made.add(this)
  }

  /** Returns whether a value is a grant of this family and mode that was made here. */
  static speaksFor(value: unknown, { family, mode }: GrantKey): value is CacheGrant {
    return isMade(value) && (value as CacheGrant).mode === mode && (value as CacheGrant).family === family
  }
}

/**
 * The borrows that one `modules` layer lends to its modules: one grant for each family, made when it is first read. All
 * of them end with the layer.
 */
export class Lending {
  declare private readonly engine: Engine
  private readonly grants = new Map<string, CacheGrant>()
  private isOver = false

  constructor(engine: Engine) {
    this.engine = engine
  }

  of(family: string): CacheGrant {
    let grant = this.grants.get(family)
    if (grant === undefined) {
      this.grants.set(family, grant = new CacheGrant(family, "borrow", this.engine))
      if (this.isOver) grant.active = false
    }
    return grant
  }

  end(): void {
    this.isOver = true
    for (const grant of this.grants.values()) grant.active = false
  }
}

/** The rights of a module: the families that it owns, and those that it may read. */
export interface Rights {
  readonly module: string
  readonly owns: ReadonlySet<string>
  readonly reads: (family: string) => boolean
  readonly lending: Lending
}

/**
 * The value behind `Appoints` and `Admits`: it says which owners and borrowers may be built in a Context.
 *
 * `layer` gives an appointment for all families. `modules` gives each module its own appointment, which hides the
 * appointment of the root, and lends the module the families that it may read.
 */
export class Appointment {
  declare readonly engine: Engine
  declare private readonly rights: Rights | undefined

  constructor(engine: Engine, rights?: Rights) {
    this.engine = engine
    this.rights = rights
    made.add(this)
  }

  /** The module that has this appointment; `undefined` for the composition root, which may appoint every owner. */
  get module(): string | undefined {
    return this.rights?.module
  }

  allows(mode: GrantMode, family: string): boolean {
    const { rights } = this
    return rights === undefined || rights.owns.has(family) || (mode === "borrow" && rights.reads(family))
  }

  /** Returns the grant by which the module reads a family, if it may. */
  lent({ family, mode }: GrantKey): CacheGrant | undefined {
    const { rights } = this
    return mode === "borrow" && rights?.reads(family) === true ? rights.lending.of(family) : undefined
  }

  static in(context: Context.Context<never>, appointment: Context.Service<any, Appointment>): Appointment | undefined {
    const found: unknown = Context.getOrUndefined(context, appointment)
    return isMade(found) && found instanceof Appointment ? found : undefined
  }
}

/**
 * Returns whether a value of a Context is an appointment or a borrow of this engine: rights that a module keeps for
 * itself.
 */
export const isLent = (value: unknown, engine: Engine): boolean =>
  isMade(value) && (value as Appointment | CacheGrant).engine === engine &&
  (value instanceof Appointment || (value as CacheGrant).mode === "borrow")

/** Where a grant lies in a Context, and of which family and mode a grant in this place must be. */
export interface GrantKey {
  readonly key: Context.Service<any, CacheGrant>
  /** Where the appointment lies that may lend the right if there is no grant under `key`. */
  readonly appointment: Context.Service<any, Appointment>
  readonly mode: GrantMode
  readonly family: string
}

/** Spells the name of a right in a Context. A manifest's name may contain any character, so its length precedes it. */
export const nameOf = (kind: string, manifest: string, pattern = ""): string =>
  `effect-stateless/manifest/${kind}/${manifest.length}/${manifest}/${pattern}`

export const keyOf = (manifest: ValidManifest, mode: GrantMode, family: string): GrantKey => {
  const { pattern: { source } } = manifest.families.get(family)!
  const key = Context.Service<any, CacheGrant>(nameOf(mode, manifest.key, source))
  return { key, appointment: appointmentOf(manifest), mode, family }
}

/** The key of the manifest's appointment in a Context. */
export const appointmentOf = (manifest: ValidManifest): Context.Service<any, Appointment> =>
  Context.Service<any, Appointment>(nameOf("appointment", manifest.key))

/** The key in a Context of the engine whose rights count: the one whose layer was provided last. */
export const engineKey = (key: string): Context.Service<any, Engine> =>
  Context.Service<any, Engine>(nameOf("engine", key))

/** Builds a layer inside the build of another one, without its memo map, which is not a service of the layer. */
export const buildInto = <A, E, R>(
  layer: Layer.Layer<A, E, R>,
  memoMap: Layer.MemoMap,
  scope: Scope.Scope
): Effect.Effect<Context.Context<A>, E, R> =>
  Effect.map(Layer.buildWithMemoMap(layer, memoMap, scope), Context.omit(Layer.CurrentMemoMap)) as Effect.Effect<
    Context.Context<A>,
    E,
    R
  >

// --- classes of one name ---------------------------------------------------------------------------------------------

const laterKeys = "effect-stateless/manifest/class/"
// How many classes have a name. It grows with the names of manifests in a program, not with engines.
const classes = new Map<string, number>()
// An error looks at the latest of them, up to this number.
const classesToldMax = 16

const keyOfNth = (id: string, n: number): string => n === 1 && !id.startsWith(laterKeys) ? id : `${laterKeys}${n}/${id}`

/**
 * Makes the key of a new class of this name. The first class has the name itself as its key, and each later one has
 * another key, so that their rights are not mixed. A class whose module is loaded twice is two classes.
 */
export const keyOfClass = (id: string): string => {
  const n = (classes.get(id) ?? 0) + 1
  classes.set(id, n)
  return keyOfNth(id, n)
}

/** Returns whether a Context holds a right that another class of the same name gave. */
const holdsOfOtherClass = (
  context: Context.Context<never>,
  manifest: ValidManifest,
  names: ReadonlyArray<GrantKey>
): boolean => {
  const last = classes.get(manifest.id) ?? 0
  for (let n = last; n > Math.max(0, last - classesToldMax); n--) {
    const key = keyOfNth(manifest.id, n)
    if (key === manifest.key) continue
    const other = { ...manifest, key }
    const isHeld = ({ family, mode }: GrantKey) => {
      const name = keyOf(other, mode, family)
      return Context.getOrUndefined(context, name.key) !== undefined || lentAt(context, name) !== undefined
    }
    if (names.some(isHeld)) return true
  }
  return false
}

/** A Context in which the right to a family was found, with the grant and the family that it leads to. */
class Remembered {
  declare readonly context: Context.Context<never>
  declare readonly grant: CacheGrant
  declare readonly family: CacheFamily
  // The same object as `family.hot`, one step nearer for a hit.
  declare readonly hot: HotPartition<unknown> | undefined

  constructor(
    context: Context.Context<never>,
    grant: CacheGrant,
    family: CacheFamily,
    hot: HotPartition<unknown> | undefined
  ) {
    this.context = context
    this.grant = grant
    this.family = family
    this.hot = hot
  }
}

// No fiber has this Context, so its grant and its family are never read. So a hit does not ask whether it is there.
const nothing = new Remembered(Context.makeUnsafe(new Map()), undefined as never, undefined as never, undefined)

/** Finds the grants of one family in the Contexts of fibers. */
export class FamilyGrants {
  declare readonly manifest: ValidManifest
  declare private readonly family: ValidFamily
  declare private readonly engine: Context.Service<any, Engine>
  declare private readonly own: ReadonlyArray<GrantKey>
  declare private readonly read: ReadonlyArray<GrantKey>
  private lastRead: Remembered = nothing
  private lastWrite: Remembered = nothing

  constructor(manifest: ValidManifest, family: ValidFamily) {
    this.manifest = manifest
    this.family = family
    this.engine = engineKey(manifest.key)
    this.own = family.covering.map((name) => keyOf(manifest, "own", name))
    this.read = [...this.own, ...family.covering.map((name) => keyOf(manifest, "borrow", name))]
  }

  /**
   * Returns the family in memory if the Context may read it. Returns `undefined` for a lookup and for the body of a
   * transaction, whose reads are tracked.
   */
  hotOf(context: Context.Context<never>): HotPartition<unknown> | undefined {
    const last = this.lastRead
    return last.context === context && last.grant.active ? last.hot : this.resolve(context)
  }

  /** Forgets the Context of the last caller when an engine has ended, so that its memory can be freed. */
  forget(): void {
    this.lastRead = nothing
    this.lastWrite = nothing
  }

  /** Finds the right to read, and remembers the Context in which it was found. */
  private resolve(context: Context.Context<never>): HotPartition<unknown> | undefined {
    if (Transaction.isLookupOrBody(context)) return undefined
    const grant = this.readGrantOf(context)
    if (grant === undefined) return undefined
    const family = this.familyOf(grant)
    this.lastRead = new Remembered(context, grant, family, family.hot)
    return family.hot
  }

  /** Returns the operations that read the family, if the Context may read it. */
  readsOf(context: Context.Context<never>): Reads | undefined {
    const last = this.lastRead
    if (last.context === context && last.grant.active) return last.family
    // A Context whose reads are not tracked is remembered, as by a hit.
    this.resolve(context)
    if (this.lastRead.context === context && this.lastRead.grant.active) return this.lastRead.family
    const grant = this.readGrantOf(context)
    return grant && Transaction.readsOf(this.familyOf(grant), context)
  }

  /** Returns the operations that write the family, if the Context may write it. */
  writesOf(context: Context.Context<never>): Writes | undefined {
    const family = this.familyToWrite(context)
    // A Context that is remembered is in no transaction.
    const isRemembered = this.lastWrite.context === context
    return family === undefined || isRemembered ? family : Transaction.writesOf(family, context)
  }

  /** Returns the family, if the Context may write it. */
  familyToWrite(context: Context.Context<never>): CacheFamily | undefined {
    const last = this.lastWrite
    if (last.context === context && last.grant.active) return last.family
    const grant = this.writeGrantOf(context)
    if (grant === undefined) return undefined
    const family = this.familyWrittenBy(grant)
    if (!Transaction.isDirect(context)) return family
    this.lastWrite = new Remembered(context, grant, family, family.hot)
    return family
  }

  /** Returns the active grant by which the Context may write the family. A lookup may never write. */
  writeGrantOf(context: Context.Context<never>): CacheGrant | undefined {
    if (CacheFamily.isLookup(context)) return undefined
    const grant = find(context, this.engine, this.own)
    return grant?.active ? grant : undefined
  }

  familyOf(grant: CacheGrant): CacheFamily {
    return grant.engine.cache.families.get(this.family.name)!
  }

  /** Returns the family as the holder of a grant writes it. */
  familyWrittenBy(grant: CacheGrant): CacheFamily {
    const family = this.familyOf(grant)
    if (!grant.isLent) return family
    const { pattern: { source: pattern } } = this.family
    const ended = () => new CacheError({ reason: new Revoked({ verb: "write", pattern, token: grant.token }) })
    return family.lentTo({
      get active() {
        return grant.active
      },
      ended
    })
  }

  /** Returns the active grant by which the Context may read the family. */
  readGrantOf(context: Context.Context<never>): CacheGrant | undefined {
    const grant = find(context, this.engine, this.read)
    return grant?.active ? grant : undefined
  }

  /** Returns the error for a Context that has no active grant. */
  refusal(context: Context.Context<never>, verb: Verb): CacheError {
    if (verb !== "read" && CacheFamily.isLookup(context)) return this.notOwner(verb, "a lookup")
    const wanted = verb === "read" ? this.read : this.own
    const ended = find(context, this.engine, wanted)
    if (ended !== undefined) return this.ended(verb, ended, "write")
    if (find(context, this.engine, this.read) !== undefined) return this.notOwner(verb, "a borrow")
    if (wanted.some((name) => (grantAt(context, name) ?? lentAt(context, name)) !== undefined)) {
      return this.notOwner(verb, "another engine")
    }
    if (holdsOfOtherClass(context, this.manifest, wanted)) return this.notOwner(verb, "another class")
    const ofLookup = CacheFamily.lookupFamily(context)
    if (ofLookup === this.family.name && verb === "read") return this.notOwner(verb, "its own lookup")
    return this.notOwner(verb, ofLookup === undefined ? "nothing" : "a lookup")
  }

  notOwner(verb: Verb, holds: NotOwner["holds"]): CacheError {
    const { owner, pattern: { source: pattern } } = this.family
    return new CacheError({ reason: new NotOwner({ verb, pattern, family: owner, holds }) })
  }

  /** Returns the error for a grant that cannot be used: it has ended, or it is a borrow and the operation writes. */
  ended(verb: Verb, grant: CacheGrant, as: Verb): CacheError {
    const { pattern: { source: pattern } } = this.family
    return grant.active && as === "read"
      ? this.notOwner(verb, "a borrow")
      : new CacheError({ reason: new Revoked({ verb, pattern, token: grant.token }) })
  }
}

const grantAt = (context: Context.Context<never>, name: GrantKey): CacheGrant | undefined => {
  const found: unknown = Context.getOrUndefined(context, name.key)
  return CacheGrant.speaksFor(found, name) ? found : undefined
}

const lentAt = (context: Context.Context<never>, name: GrantKey): CacheGrant | undefined =>
  name.mode === "borrow" ? Appointment.in(context, name.appointment)?.lent(name) : undefined

/**
 * Returns the first active grant under these names, or else one that has ended. Only grants of the Context's own engine
 * count. Grants in the Context come before those that a module's appointment lends.
 *
 * Each layer that gives a right also names its engine in the Context. So where one engine is built inside another one,
 * or beside it, a program has the rights of the engine that was provided last, and never some of each: one engine does
 * not learn of the other's writes.
 */
export const find = (
  context: Context.Context<never>,
  engine: Context.Service<any, Engine>,
  names: ReadonlyArray<GrantKey>
): CacheGrant | undefined => {
  const own = Context.getOrUndefined(context, engine)
  let ended: CacheGrant | undefined
  for (const at of [grantAt, lentAt]) {
    for (const name of names) {
      const grant = at(context, name)
      if (grant === undefined || grant.engine !== own) continue
      if (grant.active) return grant
      ended ??= grant
    }
  }
  return ended
}
