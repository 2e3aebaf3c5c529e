/**
 * Prepares an operation of one family: finds the grant in the Context, and makes the key from the parameters.
 */
import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import { CacheError, InvalidKey } from "../../cache/CacheError.ts"
import type * as Diagnostic from "../../diagnostic/Diagnostic.ts"
import * as Misfit from "../../diagnostic/types/misfit.ts"
import { isBag, type ValidFamily, type ValidManifest } from "../../ownership/shared/validation.ts"
import { type CacheGrant, FamilyGrants } from "./grants.ts"
import type { Keys, Params } from "./keys.ts"

/** One family as accessors and handles reach it: its grants, its keys, and the errors for both. */
export class FamilyGate extends FamilyGrants {
  declare readonly name: string
  declare readonly pattern: string
  declare readonly keys: Keys
  declare readonly isSensitive: boolean
  declare private readonly codecs: object
  declare readonly textOf: Keys["textOf"]

  constructor(manifest: ValidManifest, family: ValidFamily, keys: Keys) {
    super(manifest, family)
    this.name = family.name
    this.pattern = family.pattern.source
    this.keys = keys
    this.isSensitive = family.isSensitive
    this.codecs = family.spec.params ?? {}
    this.textOf = keys.textOf
  }

  invalid(problem: Diagnostic.Diagnostic): CacheError {
    return new CacheError({ reason: InvalidKey.of(this.pattern, problem) })
  }

  /** The error for a key whose text the codecs of the parameters cannot decode. */
  undecodable(key: string): CacheError {
    return this.invalid(this.keys.unread(key))
  }

  /** Makes the key within the family, and checks that it may be loaded and stored. */
  keyOf(params: Params): Exit.Exit<string, CacheError> {
    return this.checked(this.textOf(params), params)
  }

  checked(key: string, params: unknown): Exit.Exit<string, CacheError> {
    const refused = this.keyRefusal(key, params)
    return refused === undefined ? Exit.succeed(key) : Exit.fail(refused)
  }

  /**
   * Returns why nothing may be loaded or stored under a key, or `undefined`. A program without types may have given
   * parameters that are not an object.
   */
  keyRefusal(key: string, params: unknown): CacheError | undefined {
    const problem = this.keys.check(key)
    return problem === undefined ? undefined : this.refusalBy(problem, params)
  }

  private refusalBy(problem: Diagnostic.Diagnostic, params: unknown): CacheError {
    try {
      if (!isBag(params)) return this.invalid(Misfit.parametersNotObject(this.pattern, this.keys.names))
      return this.invalid(problem.code === "E0109" ? this.parameterProblem(params) ?? problem : problem)
    } catch {
      return this.invalid(Misfit.parametersThrow(this.pattern))
    }
  }

  /** Returns what is wrong with the names of parameters, or with one of them, if that is why they spell no key. */
  private parameterProblem(params: object): Diagnostic.Diagnostic | undefined {
    const { names } = this.keys
    const missing = names.find((name) => !(name in params))
    if (missing !== undefined) {
      const unknown = Object.keys(params).find((name) => !names.includes(name))
      return unknown === undefined
        ? Misfit.parameterMissing(this.pattern, missing)
        : Misfit.parameterOfKeyUnknown(this.pattern, unknown, names)
    }
    for (const name of names) {
      const kind = this.kindOf(name, (params as Params)[name])
      if (kind !== undefined) return Misfit.parameterNoText(this.pattern, name, kind)
    }
    return this.keys.findUnfit(params as Params)
  }

  /** Returns what a parameter is that no key can spell; `undefined` if a codec or the key itself may refuse it. */
  private kindOf(name: string, value: unknown): string | undefined {
    if (value === undefined || value === null) return String(value)
    if (typeof value === "number") return Number.isFinite(value) ? undefined : String(value)
    if (Object.hasOwn(this.codecs, name) || typeof value === "string" || typeof value === "bigint") return undefined
    return name === "*" && Array.isArray(value) ? undefined : typeof value
  }

  /** Returns the parameters as lists show them: for a sensitive family, the hashes of their texts. */
  shownParams(key: string, params: Params): Params {
    if (!this.isSensitive) return params
    const texts = key.split(":").map(this.keys.hide)
    return Object.fromEntries(
      Object.keys(params).map((name, at) => [name, name === "*" ? texts.slice(at).join(":") : texts[at]])
    )
  }

  /** Returns the grant that lets a Context write the family, or fails with the reason why there is none. */
  requireWriteGrant(context: Context.Context<never>): Effect.Effect<CacheGrant, CacheError> {
    const grant = this.writeGrantOf(context)
    return grant === undefined ? Effect.fail(this.refusal(context, "write")) : Effect.succeed(grant)
  }

  /** Reads a key that was not a hit: checks the right and the key, and asks the engine. */
  readSlowly(context: Context.Context<never>, key: string, params: unknown): Effect.Effect<unknown, unknown> {
    const family = this.readsOf(context)
    if (family === undefined) return Effect.fail(this.refusal(context, "read"))
    const refused = this.keyRefusal(key, params)
    return refused === undefined ? family.read(key, true) : Effect.fail(refused)
  }
}
