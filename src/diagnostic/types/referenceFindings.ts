/**
 * References that `derives` and `borrows` may not list.
 *
 * @since 0.1.0
 */
import type { message } from "../Diagnostic.ts"
import { finding, say } from "../internal/finding.ts"

/**
 * E0402: `derives` or `borrows` with a pattern that no family declares.
 *
 * @category manifests
 * @since 0.1.0
 */
export type referenceUnknown<
  Family extends string,
  Verb extends string,
  Pattern extends string,
  Help extends string = "declare a pattern that covers it, or check its spelling"
> = message<"E0402", `'${Family}' ${Verb} '${Pattern}', but no family declares it`, Help>
export const referenceUnknown = (
  family: string,
  verb: "derives" | "borrows",
  pattern: string,
  help = "declare a pattern that covers it, or check its spelling"
) =>
  verb === "derives"
    ? finding("E0402", "ReferenceUnknown", say`${family} derives ${pattern}, but no family declares it`, help)
    : finding("E0402", "ReferenceUnknown", say`${family} borrows ${pattern}, but no family declares it`, help)

/**
 * E0206: a borrow of only a part of a declared pattern.
 *
 * @category ownership
 * @since 0.1.0
 */
export type referenceTooNarrow<Pattern extends string, Outer extends string, Family extends string> = message<
  "E0206",
  `'${Pattern}' is only a part of '${Outer}' of family '${Family}', and rights exist for declared patterns`,
  `name '${Outer}', or declare a family for '${Pattern}' with partOf: '${Family}'`
>
export const referenceTooNarrow = (pattern: string, outer: string, family: string) =>
  finding(
    "E0206",
    "ReferenceTooNarrow",
    say`${pattern} is only a part of ${outer} of family ${family}, and rights exist for declared patterns`,
    say`name ${outer}, or declare a family for ${pattern} with partOf: ${family}`
  )

/**
 * E0403: `derives` or `borrows` with a family in a layer that the own layer does not read.
 *
 * @category manifests
 * @since 0.1.0
 */
export type referenceOutOfReach<
  Family extends string,
  Here extends string,
  Pattern extends string,
  Home extends string
> = message<
  "E0403",
  `'${Family}' in deployment layer '${Here}' cannot reach '${Pattern}' of '${Home}', which '${Here}' does not read`,
  `add '${Home}' to reads of layer '${Here}'`
>
export const referenceOutOfReach = (family: string, here: string, pattern: string, home: string) =>
  finding(
    "E0403",
    "ReferenceOutOfReach",
    say`${family} in deployment layer ${here} cannot reach ${pattern} of ${home}, which ${here} does not read`,
    say`add ${home} to reads of layer ${here}`
  )

/**
 * E0401: families that invalidate each other in a circle. `path` lists their names, and the first one again at the end.
 *
 * @category manifests
 * @since 0.1.0
 */
export type dependencyCycle<Path extends string> = message<
  "E0401",
  `invalidation never ends: ${Path}`,
  "remove one of these from derives"
>
export const dependencyCycle = (path: ReadonlyArray<string>) =>
  finding(
    "E0401",
    "DependencyCycle",
    `invalidation never ends: ${showPath(path)}`,
    "remove one of these from derives"
  )

/**
 * E0401: a circle whose first family lies inside another one. A reference to the whole has this family, too.
 *
 * @category manifests
 * @since 0.1.0
 */
export type dependencyCycleInside<Path extends string, Inner extends string, Whole extends string> = message<
  "E0401",
  `invalidation never ends: ${Path}, and '${Inner}' lies inside '${Whole}'`,
  "remove one of these from derives; in place of the whole, derive from the families inside it"
>
export const dependencyCycleInside = (path: ReadonlyArray<string>, inner: string, whole: string) =>
  finding(
    "E0401",
    "DependencyCycle",
    `invalidation never ends: ${showPath(path)}, ${say`and ${inner} lies inside ${whole}`}`,
    "remove one of these from derives; in place of the whole, derive from the families inside it"
  )

// The start, ten more, and the start again: the types name as many, within what a compiler shows of a message.
const pathNamesMax = 12

const showPath = (path: ReadonlyArray<string>): string => {
  const names = path.map((name) => `\`${name}\``)
  return names.length <= pathNamesMax ?
    names.join(" -> ")
    : [...names.slice(0, pathNamesMax - 1), "...", names.at(-1)].join(" -> ")
}

/**
 * E0411: a reference that lacks a parameter of its source, so that one change drops many entries, and a family without
 * `fanout`.
 *
 * @category manifests
 * @since 0.1.0
 */
export type fanoutUnsaid<
  Family extends string,
  Pattern extends string,
  Unbound extends string,
  Free extends string
> = message<
  "E0411",
  `'${Family}' derives '${Pattern}' without its '${Unbound}': one change there drops '${Family}' for every '${Free}'`,
  "name the parameters alike, or add fanout: true if that is meant"
>
export const fanoutUnsaid = (family: string, pattern: string, unbound: string, free: string) =>
  finding(
    "E0411",
    "FanoutUnsaid",
    say`${family} derives ${pattern} without its ${unbound}: one change there drops ${family} for every ${free}`,
    "name the parameters alike, or add fanout: true if that is meant"
  )

/**
 * E0416: a parameter whose value two families on an edge turn into different texts.
 *
 * @category manifests
 * @since 0.1.0
 */
export type speltOtherwise<Family extends string, Pattern extends string, Name extends string, Source extends string> =
  message<
    "E0416",
    `'${Family}' derives '${Pattern}', and spells '${Name}' in another way than '${Source}'`,
    `give both the same codec in params, so that its changes reach '${Family}'`
  >
export const speltOtherwise = (family: string, pattern: string, name: string, source: string) =>
  finding(
    "E0416",
    "SpeltOtherwise",
    say`${family} derives ${pattern}, and spells ${name} in another way than ${source}`,
    say`give both the same codec in params, so that its changes reach ${family}`
  )
