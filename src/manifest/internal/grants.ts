/**
 * The run-time side of capabilities: where grants come from, how they are found, when they end.
 *
 * A Context holds grants by declared pattern and mode. An accessor knows the names of all grants that cover its
 * family, and takes the first active one of the Context's own engine. It remembers the last Context that it saw, until
 * the engine ends: nearly every operation comes from the same one.
 *
 * Rights go by the class of a manifest, by the engine that gave them, and by the object itself: a copy, a literal of
 * the same shape, or a grant that was put under another name gives no right.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type * as Latch from "effect/Latch"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import type { Cache } from "../../cache/Cache.ts"
import { CacheError, NotOwner, Revoked, type Verb } from "../../cache/CacheError.ts"
import { CacheFamily } from "../../cache/CacheFamily.ts"
import * as Transaction from "../../cache/Transaction.ts"
import type { ValidFamily, ValidManifest } from "../../ownership/Validation.ts"
import type { HotPartition } from "../../store/Store.ts"

/** A running cache and who owns what in it. */
export interface Runtime {
  readonly cache: Cache
  readonly owners: Map<string, CacheGrant>
  /** By family: open while it has an owner who loads it. */
  readonly loadable: Map<string, Latch.Latch>
  /** The token of the latest grant. */
  tokens: number
}

/** An engine as a program finds it under the manifest: the members of the class, and nothing that gives a right. */
export type Face = object

const runtimes = new WeakMap<Face, Runtime>()

export const faceOf = (runtime: Runtime, members: object): Face => {
  const face = Object.freeze({ ...members })
  runtimes.set(face, runtime)
  return face
}

/** What is behind a face. Types admit no other value; what was cast ends here. */
export const runtimeOf = ({ id }: ValidManifest, face: Face): Runtime => {
  const found = runtimes.get(face)
  if (found === undefined) throw new TypeError(`what is provided for ${id} is no engine of it; help: provide its layer`)
  return found
}

/** The reading and the writing operations of a family, as the Context of a fiber decides them. */
export type Reads = ReturnType<typeof Transaction.readsOf>
export type Writes = ReturnType<typeof Transaction.writesOf>
export type Mode = "own" | "borrow"

// The grants and words that were made here. What is not among them gives no right, however it looks.
const made = new WeakSet<object>()
const isMade = (value: unknown): value is object => typeof value === "object" && value !== null && made.has(value)

/** The value behind a capability, one per acquisition. It carries the engine that it speaks for. */
export class CacheGrant {
  declare readonly family: string
  declare readonly mode: Mode
  declare readonly engine: Runtime
  /** Grows with every change of owner: the fencing token. */
  declare readonly token: number
  /** Ends for good when the scope that acquired it closes, or when the grant ends that a part was lent from. */
  active = true
  /** Ends the grants of parts that were lent from this one. */
  readonly lent = new Set<() => void>()

  constructor(family: string, mode: Mode, engine: Runtime) {
    this.family = family
    this.mode = mode
    this.engine = engine
    this.token = ++engine.tokens
    made.add(this)
  }

  /** Whether a value is a grant of this kind, and not something that was put in its place. */
  static speaksFor(value: unknown, { family, mode }: GrantKey): value is CacheGrant {
    return isMade(value) && (value as CacheGrant).mode === mode && (value as CacheGrant).family === family
  }
}

/**
 * The borrows of the modules of one layer: one grant for each family that is read, made when it is first asked for.
 * All end with the layer.
 */
export class Lending {
  declare private readonly engine: Runtime
  private readonly grants = new Map<string, CacheGrant>()
  private isOver = false

  constructor(engine: Runtime) {
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

/** What a module may do. */
export interface Rights {
  readonly module: string
  readonly owns: ReadonlySet<string>
  readonly reads: (family: string) => boolean
  readonly lending: Lending
}

/**
 * The manifest's word: which owners and borrowers may be built in a Context. `layer` gives it for all families,
 * `modules` gives each module one of its own, which hides that of the root, and lends the module what it may read.
 */
export class Word {
  declare readonly engine: Runtime
  declare private readonly rights: Rights | undefined

  constructor(engine: Runtime, rights?: Rights) {
    this.engine = engine
    this.rights = rights
    made.add(this)
  }

  /** The module that it was given to; undefined for the composition root, which may appoint all. */
  get module(): string | undefined {
    return this.rights?.module
  }

  allows(mode: Mode, family: string): boolean {
    const { rights } = this
    return rights === undefined || rights.owns.has(family) || (mode === "borrow" && rights.reads(family))
  }

  /** The module's right to read a family. */
  lent({ family, mode }: GrantKey): CacheGrant | undefined {
    const { rights } = this
    return mode === "borrow" && rights?.reads(family) === true ? rights.lending.of(family) : undefined
  }

  static in(context: Context.Context<never>, word: Context.Service<any, Word>): Word | undefined {
    const found: unknown = Context.getOrUndefined(context, word)
    return isMade(found) && found instanceof Word ? found : undefined
  }
}

/** The name of a grant in a Context, and what a grant under this name must be. */
export interface GrantKey {
  readonly key: Context.Service<any, CacheGrant>
  /** Where the word is found that may lend what the name has not. */
  readonly word: Context.Service<any, Word>
  readonly mode: Mode
  readonly family: string
}

/** The name of a right in a Context. A name may hold any sign, so what follows a name says how long it is. */
export const nameOf = (kind: string, manifest: string, pattern = ""): string =>
  `effect-stateless/manifest/${kind}/${manifest.length}/${manifest}/${pattern}`

export const keyOf = (manifest: ValidManifest, mode: Mode, family: string): GrantKey => {
  const { pattern: { source } } = manifest.families.get(family)!
  const key = Context.Service<any, CacheGrant>(nameOf(mode, manifest.key, source))
  return { key, word: wordOf(manifest), mode, family }
}

/** Where the manifest's word is found. */
export const wordOf = (manifest: ValidManifest): Context.Service<any, Word> =>
  Context.Service<any, Word>(nameOf("word", manifest.key))

/** Where the engine is found whose rights count: that of the layer of the manifest that was provided last. */
export const engineOf = (key: string): Context.Service<any, Runtime> =>
  Context.Service<any, Runtime>(nameOf("engine", key))

/** Builds a layer beneath another one, where that has been asked for; its memo map is no service of the layer. */
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
// As many of them are looked at when an error is made.
const classesToldMax = 16

const keyOfNth = (id: string, n: number): string => n === 1 && !id.startsWith(laterKeys) ? id : `${laterKeys}${n}/${id}`

/**
 * The key of a new class of this name. The first has the name itself. A later one has a key of its own, so that neither
 * is taken for the other; a class that is loaded twice is two.
 */
export const keyOfClass = (id: string): string => {
  const n = (classes.get(id) ?? 0) + 1
  classes.set(id, n)
  return keyOfNth(id, n)
}

/** Whether a Context holds a right that another class of the same name gave. */
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

/** The way from the Context of a fiber to one family of a running cache. */
export class Access {
  declare readonly manifest: ValidManifest
  declare private readonly family: ValidFamily
  declare private readonly engine: Context.Service<any, Runtime>
  declare private readonly own: ReadonlyArray<GrantKey>
  declare private readonly read: ReadonlyArray<GrantKey>
  private readContext: Context.Context<never> | undefined = undefined
  private readGrant: CacheGrant | undefined = undefined
  private readFamily: CacheFamily | undefined = undefined
  private readHot: HotPartition<unknown> | undefined = undefined
  private writeContext: Context.Context<never> | undefined = undefined
  private writeGrant: CacheGrant | undefined = undefined
  private writeFamily: CacheFamily | undefined = undefined

  constructor(manifest: ValidManifest, family: ValidFamily) {
    this.manifest = manifest
    this.family = family
    this.engine = engineOf(manifest.key)
    this.own = family.covering.map((name) => keyOf(manifest, "own", name))
    this.read = [...this.own, ...family.covering.map((name) => keyOf(manifest, "borrow", name))]
  }

  /** The family in memory, if the Context may read it without a second look; what a lookup reads has to be tracked. */
  readable(context: Context.Context<never>): HotPartition<unknown> | undefined {
    return context === this.readContext && this.readGrant!.active ? this.readHot : this.resolve(context)
  }

  /** An engine has ended: the Context of the last caller, and all that he had in it, may go. */
  forget(): void {
    this.readContext = undefined
    this.readGrant = undefined
    this.readFamily = undefined
    this.readHot = undefined
    this.writeContext = undefined
    this.writeGrant = undefined
    this.writeFamily = undefined
  }

  /** Looks for the right to read, and remembers where it was found. */
  private resolve(context: Context.Context<never>): HotPartition<unknown> | undefined {
    if (Transaction.isApart(context)) return undefined
    const grant = this.grantToRead(context)
    if (grant === undefined) return undefined
    this.readContext = context
    this.readGrant = grant
    this.readFamily = this.familyOf(grant)
    return this.readHot = this.readFamily.hot
  }

  /** The reading operations of the family, if the Context may read it. */
  readsOf(context: Context.Context<never>): Reads | undefined {
    if (context === this.readContext && this.readGrant!.active) return this.readFamily
    const grant = this.grantToRead(context)
    return grant && Transaction.readsOf(this.familyOf(grant), context)
  }

  /** The writing operations of the family, if the Context may write it. */
  writesOf(context: Context.Context<never>): Writes | undefined {
    const family = this.writableFamily(context)
    // A Context that was remembered is not that of a transaction's body.
    return family === undefined || context === this.writeContext ? family : Transaction.writesOf(family, context)
  }

  /** The family, if the Context may write it. */
  writableFamily(context: Context.Context<never>): CacheFamily | undefined {
    if (context === this.writeContext && this.writeGrant!.active) return this.writeFamily
    const grant = this.writable(context)
    if (grant === undefined) return undefined
    const family = this.familyOf(grant)
    if (Transaction.isApart(context)) return family
    this.writeContext = context
    this.writeGrant = grant
    return this.writeFamily = family
  }

  /** The grant by which the Context may write the family. A lookup may not, whatever right it brings along. */
  writable(context: Context.Context<never>): CacheGrant | undefined {
    if (CacheFamily.isLookup(context)) return undefined
    const grant = find(context, this.engine, this.own)
    return grant?.active ? grant : undefined
  }

  familyOf(grant: CacheGrant): CacheFamily {
    return grant.engine.cache.families.get(this.family.name)!
  }

  grantToRead(context: Context.Context<never>): CacheGrant | undefined {
    const grant = find(context, this.engine, this.read)
    return grant?.active ? grant : undefined
  }

  /** Why the Context was refused. */
  refusal(context: Context.Context<never>, verb: Verb): CacheError {
    if (verb !== "read" && CacheFamily.isLookup(context)) return this.notOwner(verb, "a lookup")
    const wanted = verb === "read" ? this.read : this.own
    const ended = find(context, this.engine, wanted)
    if (ended !== undefined) return this.ended(verb, ended, "write")
    if (find(context, this.engine, this.read) !== undefined) return this.notOwner(verb, "a borrow")
    if (wanted.some((name) => (grantAt(context, name) ?? lentAt(context, name)) !== undefined)) {
      return this.notOwner(verb, "another engine")
    }
    return this.notOwner(verb, holdsOfOtherClass(context, this.manifest, wanted) ? "another class" : "nothing")
  }

  notOwner(verb: Verb, holds: NotOwner["holds"]): CacheError {
    const { owner, pattern: { source: pattern } } = this.family
    return new CacheError({ reason: new NotOwner({ verb, pattern, family: owner, holds }) })
  }

  /** Why a grant that was given is of no use: it has ended, or it is a borrow and the operation writes. */
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
  name.mode === "borrow" ? Word.in(context, name.word)?.lent(name) : undefined

/**
 * The first active grant under these names, or else one that has ended; of the Context's own engine alone. What a
 * module's word lends comes after what the Context has by name.
 *
 * Each layer of a manifest that gives a right names its engine. So where one engine is built inside another, or beside
 * it, a program has the rights of the one that was provided last, and not some of each: a write of the one would be no
 * news to the other.
 */
export const find = (
  context: Context.Context<never>,
  engine: Context.Service<any, Runtime>,
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
