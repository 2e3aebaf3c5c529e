/**
 * Options of calls, checked before anything changes. An option that is `undefined` was not given; one that has a value
 * of another kind is refused with `InvalidOption`, which names the family and the option.
 *
 * Not here: the options that are stored with a value (`timeToLive`, `tags`, `revision`), which the judgement of a write
 * reads, and those of owners and families, which are read when the layer is built.
 */
import * as Effect from "effect/Effect"
import { CacheError, InvalidOption } from "../../cache/CacheError.ts"
import type { SetOptions } from "../../cache/FamilySpec.ts"
import type { Lease, LeaseOptions } from "../../capability/Lease.ts"
import { millisOf } from "../../ownership/FamilyPolicy.ts"

/** Why an option is refused, or nothing. */
type Refusal = CacheError | undefined

const refusal = (family: string | undefined, option: string, why: string): CacheError =>
  new CacheError({ reason: new InvalidOption({ family, option, why }) })

const unless = (holds: boolean, family: string | undefined, option: string, why: string): Refusal =>
  holds ? undefined : refusal(family, option, why)

/** Runs what follows, or refuses. */
export const checked = <A, E, R>(
  refused: Refusal,
  next: () => Effect.Effect<A, E, R>
): Effect.Effect<A, E | CacheError, R> => refused === undefined ? next() : Effect.fail(refused)

export const mode = (family: string | undefined, given: unknown): Refusal =>
  unless(given === "hide" || given === "markStale", family, "mode", "must be \"hide\" or \"markStale\"")

export const tag = (family: string, given: unknown): Refusal =>
  unless(typeof given === "string", family, "tag", "must be a text")

export const count = (family: string, option: string, given: unknown): Refusal =>
  unless(Number.isSafeInteger(given) && Number(given) >= 1, family, option, "must be a whole number of at least 1")

/** What a write compares with what it finds. */
export const conditions = (family: string, options: SetOptions<Lease> | undefined): Refusal => {
  if (options === undefined) return undefined
  if (typeof options !== "object" || options === null) return refusal(family, "options", "must be an object")
  const { ifVersion, lease } = options
  const isVersion = ifVersion === undefined || ifVersion === null || (typeof ifVersion === "number" && ifVersion >= 0)
  if (!isVersion) return refusal(family, "ifVersion", "must be a version, or null for a key that has no value")
  const isLease = lease === undefined || typeof (lease as Lease | null)?.isHeldUnsafe === "function"
  return unless(isLease, family, "lease", "must be a lease of this manifest")
}

export const lease = (family: string, { deadline, mode, timeToLive }: LeaseOptions): Refusal =>
  unless(
    mode === undefined || mode === "shared" || mode === "exclusive",
    family,
    "mode",
    "must be \"shared\" or \"exclusive\""
  ) ?? unless(
    deadline === undefined || millisOf(deadline) >= 0,
    family,
    "deadline",
    "must be a duration that is not negative"
  ) ?? unless(
    timeToLive === undefined || millisOf(timeToLive) > 0,
    family,
    "timeToLive",
    "must be a duration above zero"
  )
