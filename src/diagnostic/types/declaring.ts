/**
 * Functions, methods and programs with a wrong declaration, or that do more than they declare.
 *
 * @since 0.1.0
 */
import type { message } from "../Diagnostic.ts"
import { finding, say } from "../internal/finding.ts"

/**
 * E0224: a write to a family of another layer.
 *
 * @category ownership
 * @since 0.1.0
 */
export type layerWrite<Pattern extends string, Home extends string, Here extends string> = message<
  "E0224",
  `cannot write '${Pattern}' in deployment layer '${Here}': layer '${Home}' owns it`,
  `move the write to layer '${Home}'`
>
export const layerWrite = (pattern: string, home: string, here: string) =>
  finding(
    "E0224",
    "LayerWrite",
    say`cannot write ${pattern} in deployment layer ${here}: layer ${home} owns it`,
    say`move the write to layer ${home}`
  )

/**
 * E0225: a read from a layer that the program's layer does not read.
 *
 * @category ownership
 * @since 0.1.0
 */
export type layerRead<Pattern extends string, Home extends string, Here extends string> = message<
  "E0225",
  `cannot read '${Pattern}' in deployment layer '${Here}': it is in layer '${Home}', which '${Here}' does not read`,
  `add '${Home}' to reads of layer '${Here}'`
>
export const layerRead = (pattern: string, home: string, here: string) =>
  finding(
    "E0225",
    "LayerRead",
    say`cannot read ${pattern} in deployment layer ${here}: it is in layer ${home}, which ${here} does not read`,
    say`add ${home} to reads of layer ${here}`
  )

/**
 * E0220: a function or method that does more than it declares.
 *
 * @category ownership
 * @since 0.1.0
 */
export type bodyExceeds<Does extends string, Declared extends string> = message<
  "E0220",
  `the body ${Does}, but declares: ${Declared}`,
  "declare it, or move it to a function that declares it"
>

/**
 * E0221: `invalidates` without families that derive from the owned families. `dependents` is a list such as
 * "`profile:{id}`, `feed:{id}`".
 *
 * @category ownership
 * @since 0.1.0
 */
export type invalidatesIncomplete<Dependents extends string> = message<
  "E0221",
  `invalidates lacks families that derive from the owned ones: ${Dependents}`,
  "list each of them, or leave invalidates out"
>
export const invalidatesIncomplete = (dependents: string) =>
  finding(
    "E0221",
    "InvalidatesIncomplete",
    `invalidates lacks families that derive from the owned ones: ${dependents}`,
    "list each of them, or leave invalidates out"
  )

/**
 * E0239: `invalidates` with a pattern of another owner that does not derive from what the declaration owns. `owned` is
 * a list such as "`user:{id}`", or "nothing".
 *
 * @category ownership
 * @since 0.1.0
 */
export type invalidatesForeign<
  Pattern extends string,
  Family extends string,
  Owned extends string,
  Declared extends string
> = message<
  "E0239",
  `the owner of family '${Family}' owns '${Pattern}', which does not derive from what this declaration owns: ${Owned}`,
  `remove it from invalidates, or list '${Declared}' in owns and drop its keys in the body`
>
export const invalidatesForeign = (pattern: string, family: string, owned: string, declared: string) =>
  finding(
    "E0239",
    "InvalidatesForeign",
    say`the owner of family ${family} owns ${pattern}` +
      `, which does not derive from what this declaration owns: ${owned}`,
    say`remove it from invalidates, or list ${declared} in owns and drop its keys in the body`
  )

/**
 * E0239: `invalidates` with a pattern that the declaration owns, and that does not derive from what it owns.
 *
 * @category ownership
 * @since 0.1.0
 */
export type invalidatesOwned<Pattern extends string> = message<
  "E0239",
  `this declaration owns '${Pattern}', which does not derive from what it owns`,
  "remove it from invalidates, and drop its keys in the body with delete, invalidate or invalidateAll"
>
export const invalidatesOwned = (pattern: string) =>
  finding(
    "E0239",
    "InvalidatesOwned",
    say`this declaration owns ${pattern}, which does not derive from what it owns`,
    "remove it from invalidates, and drop its keys in the body with delete, invalidate or invalidateAll"
  )

/**
 * E0222: `invalidates` with a pattern that no family declares.
 *
 * @category ownership
 * @since 0.1.0
 */
export type invalidatesUnknown<
  Id extends string,
  Pattern extends string,
  Help extends string = "declare a pattern that covers it, or check its spelling"
> = message<"E0222", `no family of '${Id}' declares '${Pattern}', so it cannot be invalidated`, Help>
export const invalidatesUnknown = (id: string, pattern: string, help: string) =>
  finding(
    "E0222",
    "InvalidatesUnknown",
    say`no family of ${id} declares ${pattern}, so it cannot be invalidated`,
    help
  )

/**
 * E0223: a declared right to a pattern that no family declares.
 *
 * @category ownership
 * @since 0.1.0
 */
export type rightUnknown<
  Id extends string,
  Option extends string,
  Pattern extends string,
  Help extends string = "declare a pattern that covers it, or check its spelling"
> = message<"E0223", `no family of '${Id}' declares '${Pattern}' of ${Option}`, Help>
export const rightUnknown = (id: string, option: string, pattern: string, help: string) =>
  finding("E0223", "RightUnknown", `${say`no family of ${id} declares ${pattern}`} of ${option}`, help)
