/**
 * Makes the events of changes. For a sensitive family, they show no key, no segment and no tag.
 *
 * Not here: the events of reads and of lookups, which are made where these happen.
 */
import { CacheEvent, type Target } from "../../CacheEvent.ts"
import { end, shownValue } from "../../shared/slices.ts"
import type { EngineFamilySpec } from "../family/familySpec.ts"
import type { Noted } from "./history.ts"

/** The event of a change; `undefined` for a change that is an event of its load, or none. */
export const eventOf = (spec: EngineFamilySpec<any>, change: Noted): CacheEvent | undefined => {
  const { family, target, what } = change
  switch (what) {
    case "Set":
      return CacheEvent.Set({ family, key: spec.show(target as string) })
    case "Refused":
      return CacheEvent.Refused({ family, key: spec.show(target as string) })
    case "Deleted":
    case "Evicted":
    case "Expired":
      return CacheEvent.Removed({ family, key: spec.show(target as string), cause: what })
    case "Invalidated":
      return invalidated(spec, change)
    default:
      return undefined
  }
}

const invalidated = (
  spec: EngineFamilySpec<any>,
  { family, mode, stamp, target: changed, through }: Noted
): CacheEvent => {
  const target = targetOf(spec, changed)
  return CacheEvent.Invalidated({
    family,
    scope: textOf(spec, target),
    target,
    through: through ?? family,
    mode: mode ?? "hide",
    stamp
  })
}

const targetOf = ({ hide, show }: EngineFamilySpec<any>, changed: Noted["target"]): Target => {
  // All listeners get the same object.
  if (typeof changed === "string") return Object.freeze({ _tag: "Key", key: show(changed) })
  if ("tag" in changed) return Object.freeze({ _tag: "Tag", tag: hide(changed.tag) })
  const positions = Object.freeze([...changed.positions])
  return Object.freeze({
    _tag: "Keys",
    positions,
    values: Object.freeze(changed.values.map((each) => shownValue(each, hide)))
  })
}

const textOf = ({ pattern }: EngineFamilySpec<any>, target: Target): string => {
  if (target._tag === "Key") return target.key
  if (target._tag === "Tag") return target.tag
  const values = target.values.filter((value) => value !== end)
  return values.length === 0 ? pattern : values.join(":")
}
