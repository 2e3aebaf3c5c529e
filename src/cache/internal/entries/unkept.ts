/**
 * Logs that no tier below memory keeps a value: its codec refuses it, or there is no room, or a round has failed.
 *
 * The caller of a write gets that as an error, but a reader of a loaded value has what it asked for. Without memory,
 * each read then loads the value again. So the first failure of each kind is logged, and then one in each `restMillis`
 * of `RareLog`. A value is never in the log, and a key only where the family is not sensitive. `explain` shows which
 * keys were refused.
 */
import * as Effect from "effect/Effect"
import { outside } from "../../../capability/shared/outside.ts"
import { RareLog } from "../../../store/shared/rareLog.ts"
import type { StoreError } from "../../../store/StoreError.ts"
import type { EngineFamilySpec } from "../family/familySpec.ts"
import type { CacheContext } from "./cacheContext.ts"

export class Unkept {
  private readonly cache: CacheContext
  private readonly spec: EngineFamilySpec<any>
  // By the name of the reason, of which a store has a few.
  private readonly logs = new Map<string, RareLog>()
  /** The error of the last round that failed. */
  private failed: StoreError | undefined = undefined
  /** Starts a fiber. While the family has an owner, it runs in the owner's Context, with the loggers there. */
  fork: (work: Effect.Effect<void>) => unknown = (work) => outside(() => Effect.runFork(work))

  constructor(cache: CacheContext, spec: EngineFamilySpec<any>) {
    this.cache = cache
    this.spec = spec
  }

  /** The value of a key was refused as it was prepared, or a round has failed with it. */
  note(key: string, operation: "prepare" | "write", error: StoreError): void {
    if (operation === "prepare") {
      const { changes, stamp, time } = this.cache
      changes.history.add("Unkept", this.spec.name, key, stamp, time.now(), undefined, undefined, undefined)
      this.log(error, this.spec.isSensitive ? undefined : this.spec.show(key))
    } else if (error !== this.failed) {
      // One error for all keys of the round, which would push everything else out of the history.
      this.failed = error
      this.log(error, undefined)
    }
  }

  private log({ reason }: StoreError, key: string | undefined): void {
    const known = this.logs.get(reason._tag)
    const log = known ?? new RareLog()
    if (known === undefined) this.logs.set(reason._tag, log)
    const what = key === undefined ? `values of family \`${this.spec.name}\`` : `the value of \`${key}\``
    const where = "tier" in reason ? `the ${reason.tier} tier` : "a tier below memory"
    this.fork(log.say((since) =>
      Effect.logWarning(
        `${reason.code}: ${where} did not keep ${what} (${reason._tag}); what memory does not hold is loaded again ` +
          `by each read${since}`
      )
    ))
  }
}
