/**
 * Makes the layers of owners, borrowers and delegates, which give the grants. They are built where the manifest's
 * appointment allows it.
 *
 * - An owner has a family, with its parts, from the moment its layer is built until its Scope closes.
 * - When the Scope closes, its grant ends and its running lookups are interrupted. Nothing of the family is served
 *   until it has an owner again.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { hasProperty } from "effect/Predicate"
import type * as Scope from "effect/Scope"
import { CacheError, InvalidOption, OwnershipConflict } from "../../cache/CacheError.ts"
import { CacheFamily } from "../../cache/engine/cacheFamily.ts"
import type { LookupContext } from "../../cache/Lookup.ts"
import type { Loader } from "../../cache/shared/loader.ts"
import { isPromise, returnedPromise } from "../../cache/shared/unrun.ts"
import * as Transaction from "../../cache/transactions/transaction.ts"
import { outside } from "../../capability/shared/outside.ts"
import { textOf } from "../../ownership/shared/texts.ts"
import type { ValidManifest } from "../../ownership/shared/validation.ts"
import type { FamilyGate } from "./familyGate.ts"
import {
  Appointment,
  appointmentOf,
  buildInto,
  CacheGrant,
  type Engine,
  engineKey,
  type GrantMode,
  keyOf
} from "./grants.ts"
import type { Params } from "./keys.ts"
import { problemOf, refused } from "./names.ts"
import * as ownerOptions from "./ownerOptions.ts"
import type { Lookups, OwnerOptions } from "./ownerOptions.ts"
import type { AnyLayer } from "./statics.ts"
import * as warm from "./warm.ts"

// `hasOwn`, because a part may have the name of a member that every object inherits.
const partOf = ({ parts }: OwnerOptions, name: string): Lookups =>
  parts !== undefined && Object.hasOwn(parts, name) ? parts[name]! : {}

export class Owners {
  private readonly manifest: ValidManifest
  private readonly gates: ReadonlyMap<string, FamilyGate>
  private readonly engine: Context.Service<any, Engine>
  private readonly appointment: Context.Service<any, Appointment>
  // From each owner to the families that it owns: its own, and the parts of it.
  private readonly owned = new Map<string, Array<string>>()
  // One borrower's layer for each family, so that a layer graph that contains it twice builds it once.
  private readonly lenders = new Map<string, AnyLayer>()

  constructor(manifest: ValidManifest, gates: ReadonlyMap<string, FamilyGate>) {
    this.manifest = manifest
    this.gates = gates
    this.engine = engineKey(manifest.key)
    this.appointment = appointmentOf(manifest)
    for (const { name, owner } of manifest.families.values()) {
      const known = this.owned.get(owner)
      if (known === undefined) this.owned.set(owner, [name])
      else known.push(name)
    }
  }

  readonly owner = (name: string, options: OwnerOptions = {}): AnyLayer =>
    this.refused("owner", name, "own", options) ?? this.appointed(
      "own",
      name,
      this.layer("own", name, (context) =>
        Effect.gen({ self: this }, function*() {
          const engine = yield* this.engine
          const grant = yield* this.acquire(engine, name, "own")
          const owned = this.owned.get(name)!.map((family) =>
            [family, family === name ? options : partOf(options, family)] as const
          )
          for (const [family, lookups] of owned) yield* this.load(engine, family, lookups, context)
          for (const [family, lookups] of owned) yield* this.warm(engine, family, lookups, context)
          return grant
        }))
    )

  readonly borrower = (name: string): AnyLayer =>
    this.refused("borrower", name, "borrow") ?? this.appointed("borrow", name, this.lend(name))

  private lend(name: string): AnyLayer {
    const made = this.lenders.get(name) ??
      this.layer("borrow", name, () => Effect.flatMap(this.engine, (engine) => this.acquire(engine, name, "borrow")))
    this.lenders.set(name, made)
    return made
  }

  readonly delegate = (name: string, options: Lookups = {}): AnyLayer =>
    this.refused("delegate", name, "delegate", options) ??
      this.layer("own", name, (context) =>
        Effect.gen({ self: this }, function*() {
          const gate = this.gates.get(name)!
          const whole = gate.writeGrantOf(context)
          if (whole === undefined) return yield* Effect.fail(gate.refusal(context, "delegate"))
          const grant = yield* this.acquire(whole.engine, name, "own")
          grant.isLent = true
          const loads = options.lookup !== undefined || options.lookupMany !== undefined
          const loader = loads ? yield* this.load(whole.engine, name, options, context) : undefined
          yield* this.endWith(whole, grant, loader)
          yield* this.warm(whole.engine, name, options, context)
          return grant
        }))

  /** Returns a layer that fails, for a name that cannot be used so and for wrong options; otherwise `undefined`. */
  private refused(
    method: "owner" | "borrower" | "delegate",
    name: string,
    use: GrantMode | "delegate",
    options?: unknown
  ): AnyLayer | undefined {
    const problem = problemOf(this.manifest, name, use)
    if (problem !== undefined) return refused(this.manifest.id, [{ ...problem, path: [method, textOf(name)] }])
    const wrong = method === "borrower" ? [] : ownerOptions.findProblems(this.manifest, method, name, options)
    return wrong.length === 0 ? undefined : refused(this.manifest.id, wrong)
  }

  /**
   * Wraps a layer, so that it is built only where the manifest's appointment allows it. The appointment is checked in
   * each place that uses the layer, even if the layer has been built for another place.
   */
  private appointed(mode: GrantMode, name: string, layer: AnyLayer): AnyLayer {
    return Layer.fromBuild((memoMap, scope) =>
      Effect.withFiber((fiber): Effect.Effect<Context.Context<any>, any, any> => {
        const appointment = Appointment.in(fiber.context, this.appointment)
        const isAllowed = appointment?.allows(mode, name) === true &&
          appointment.engine === Context.getOrUndefined(fiber.context, this.engine)
        // A lookup may build a borrower, because its reads are tracked. It may not build an owner, which would write.
        if (isAllowed && (mode === "borrow" || !CacheFamily.isLookup(fiber.context))) {
          return buildInto(layer, memoMap, scope)
        }
        return Effect.fail(this.gates.get(name)!.refusal(fiber.context, "appoint"))
      })
    )
  }

  /** Makes the layer of a grant. It also names the grant's engine, so that rights of several engines are not mixed. */
  private layer(
    mode: GrantMode,
    name: string,
    build: (context: Context.Context<any>) => Effect.Effect<CacheGrant, CacheError, any>
  ): AnyLayer {
    const { key } = keyOf(this.manifest, mode, name)
    return Layer.effectContext(
      Effect.map(
        Effect.flatMap(Effect.context<any>(), build),
        (grant) => Context.add(Context.make(key, grant), this.engine, grant.engine)
      )
    )
  }

  /** Acquires a grant for the family until the Scope closes. Fails if the family has another owner. */
  private acquire(engine: Engine, name: string, mode: GrantMode) {
    const acquired = Effect.suspend(() => {
      const current = mode === "own" ? engine.owners.get(name) : undefined
      if (current !== undefined) {
        const { pattern: { source: pattern } } = this.manifest.families.get(name)!
        const reason = new OwnershipConflict({ pattern, family: name, token: current.token })
        return Effect.fail(new CacheError({ reason }))
      }
      const grant = new CacheGrant(name, mode, engine)
      if (mode === "own") engine.owners.set(name, grant)
      return Effect.succeed(grant)
    })
    return Effect.acquireRelease(acquired, (grant) => Effect.sync(() => this.end(grant)))
  }

  private end(grant: CacheGrant): void {
    const { owners } = grant.engine
    grant.active = false
    if (owners.get(grant.family) === grant) owners.delete(grant.family)
    for (const endLent of Array.from(grant.lent)) endLent()
  }

  /** Ends a lent right when the lender's right ends, even if the Scope of the lent right is still open. */
  private endWith(whole: CacheGrant, grant: CacheGrant, loader: Loader<unknown> | undefined) {
    const endLent = () => {
      const rest = loader === undefined ? Effect.void : this.unload(grant.engine, grant.family, loader)
      this.end(grant)
      outside(() => Effect.runFork(rest))
    }
    return Effect.acquireRelease(
      Effect.sync(() => whole.active ? whole.lent.add(endLent) : endLent()),
      () => Effect.sync(() => whole.lent.delete(endLent))
    )
  }

  private unload(engine: Engine, name: string, loader: Loader<unknown>): Effect.Effect<void> {
    const family = engine.cache.families.get(name)!
    const rest = family.disown(loader)
    if (!family.isOwned) warm.loadable(engine, name).closeUnsafe()
    return rest
  }

  /** Gives the family its loader until the Scope closes. Lookups run in the Context of the owner. */
  private load(engine: Engine, name: string, lookups: Lookups, context: Context.Context<any>) {
    const family = engine.cache.families.get(name)!
    return Effect.acquireRelease(
      Effect.sync(() => {
        const loader = family.own(this.loader(this.gates.get(name)!, lookups, Transaction.outside(context)))
        warm.loadable(engine, name).openUnsafe()
        return loader
      }),
      (loader) => Effect.suspend(() => this.unload(engine, name, loader))
    )
  }

  /** Starts the loads that the options `warm` and `predict` ask for, until the Scope closes. */
  private warm(
    engine: Engine,
    name: string,
    lookups: Lookups,
    context: Context.Context<any>
  ): Effect.Effect<void, CacheError, Scope.Scope> {
    if (lookups.warm === undefined && lookups.predict === undefined) return Effect.void
    if (lookups.lookup === undefined && lookups.lookupMany === undefined) {
      const option = lookups.warm === undefined ? "predict" : "warm"
      const why = "needs a lookup or a lookupMany, which loads the keys"
      return Effect.fail(new CacheError({ reason: new InvalidOption({ family: name, option, why }) }))
    }
    const sources = new Set(this.manifest.families.get(name)!.lookupReads)
    // The loop also visits the sources that it adds, because a Set iterates in order of insertion.
    for (const source of sources) {
      for (const further of this.manifest.families.get(source)!.lookupReads) sources.add(further)
    }
    return warm.start(engine, this.gates.get(name)!, [...sources], lookups, context)
  }

  private loader(gate: FamilyGate, lookups: Lookups, context: Context.Context<any>): Loader<unknown> {
    // Called with `call`, because the options may be an instance of a class whose methods use `this`.
    const { lookup, lookupMany } = lookups
    const decode = (key: string): Effect.Effect<Params, CacheError> => {
      const params = gate.keys.decode(key)
      return params._tag === "Some"
        ? Effect.succeed(params.value)
        : Effect.fail(gate.undecodable(key))
    }
    const many = lookupMany === undefined ?
      undefined :
      (keys: ReadonlyArray<string>, about: ReadonlyArray<LookupContext<unknown>>) =>
        Effect.flatMap(
          Effect.forEach(keys, decode),
          (params) => answered(gate.name, "lookupMany", lookupMany.call(lookups, params, about))
        )
    if (lookup !== undefined) {
      const one: Loader<unknown>["lookup"] = (key, about) => {
        const params = gate.keys.decode(key)
        return params._tag === "Some"
          ? answered(gate.name, "lookup", lookup.call(lookups, params.value, about))
          : Effect.fail(gate.undecodable(key))
      }
      return { context, lookup: one, lookupMany: many }
    }
    const one: Loader<unknown>["lookup"] = many &&
      ((key, about) => Effect.map(many([key], [about]), ([answer]) => answer))
    return { context, lookup: one, lookupMany: many, named: "lookupMany" }
  }
}

// Every Effect is iterable, and has no `next`.
const isGenerator = (answer: unknown): boolean => hasProperty(answer, "next") && hasProperty(answer, Symbol.iterator)
const returnedGenerator = "returned a generator: wrap the function in Effect.fnUntraced, or its body in Effect.gen"

// Without this check, an answer that is not an Effect would end the fiber with a message that does not name the family.
const answered = <A, E, R>(
  family: string,
  option: "lookup" | "lookupMany",
  answer: Effect.Effect<A, E, R>
): Effect.Effect<A, E | CacheError, R> =>
  Effect.isEffect(answer) ? answer : Effect.fail(
    new CacheError({
      reason: new InvalidOption({
        family,
        option,
        why: isPromise(answer)
          ? returnedPromise
          : isGenerator(answer)
          ? returnedGenerator
          : "must return an Effect"
      })
    })
  )
