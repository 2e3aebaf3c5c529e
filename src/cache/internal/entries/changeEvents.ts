/**
 * Makes the events of changes. For a sensitive family, they show no key, no segment and no tag.
 *
 * Not here: the events of reads and of lookups, which are made where these happen.
 */
import { CacheEvent, type Target } from "../../CacheEvent.ts"
import { end, shownValue } from "../../shared/scopes.ts"
import type { EngineFamilySpec } from "../family/familySpec.ts"
import type { Noted } from "./history.ts"

/** The event of a change; `undefined` for a change that is an event of its load, or none. */
export const eventOf = (spec: EngineFamilySpec<any>, change: Noted): CacheEvent | undefined => {
  const { family, scope, what } = change
  switch (what) {
    case "Set":
      return CacheEvent.Set({ family, key: spec.show(scope as string) })
    case "Refused":
      return CacheEvent.Refused({ family, key: spec.show(scope as string) })
    case "Deleted":
    case "Evicted":
    case "Expired":
      return CacheEvent.Removed({ family, key: spec.show(scope as string), cause: what })
    case "Invalidated":
      return invalidated(spec, change)
    default:
      return undefined
  }
}

const invalidated = (spec: EngineFamilySpec<any>, { family, mode, scope, stamp, through }: Noted): CacheEvent => {
  const target = targetOf(spec, scope)
  return CacheEvent.Invalidated({
    family,
    scope: textOf(spec, target),
    target,
    through: through ?? family,
    mode: mode ?? "hide",
    stamp
  })
}

const targetOf = ({ hide, show }: EngineFamilySpec<any>, scope: Noted["scope"]): Target => {
  // All listeners get the same object.
  if (typeof scope === "string") return Object.freeze({ _tag: "Key", key: show(scope) })
  if ("tag" in scope) return Object.freeze({ _tag: "Tag", tag: hide(scope.tag) })
  const positions = Object.freeze([...scope.positions])
  return Object.freeze({
    _tag: "Keys",
    positions,
    values: Object.freeze(scope.values.map((each) => shownValue(each, hide)))
  })
}

const textOf = ({ pattern }: EngineFamilySpec<any>, target: Target): string => {
  if (target._tag === "Key") return target.key
  if (target._tag === "Tag") return target.tag
  const values = target.values.filter((value) => value !== end)
  return values.length === 0 ? pattern : values.join(":")
}
