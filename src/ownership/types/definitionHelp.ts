/**
 * The help for a text or a name that the manifest does not declare.
 *
 * The checks ask for it in the failing branch only.
 *
 * @since 0.1.0
 */
import type * as Nearest from "../../diagnostic/types/nearest.ts"
import type { normalizePattern } from "../../pattern/KeyPattern.ts"
import type { Definition } from "../Definition.ts"
import type { DeclaredPattern, NameOf, Route, Touching } from "./definitionFacts.ts"
import type { FamilyName, FamilyOf, PatternOf } from "./definitionParts.ts"
import type { isChoice } from "./typeQuestions.ts"

/**
 * The help for a text that no family declares: the pattern of the family with this name, or a similar declared text, or
 * else `Help`. A text with another first segment is suggested if a family covers it; with `Many`, if a family shares
 * keys with it.
 *
 * @category suggestions
 * @since 0.1.0
 */
export type helpWith<
  D extends Definition,
  P extends string,
  Help extends string = Undeclared,
  Many = false
> = [FamilyOf<D, P>] extends [never] ? helpNear<D, P, Nearest.help<P, DeclaredPattern<D>, Help>, Help, Many>
  : `name its pattern, '${PatternOf<FamilyOf<D, P>>}'`

type helpNear<D extends Definition, P extends string, Near extends string, Help extends string, Many> = Near extends
  Help ? helpRespelt<D, Nearest.respelt<P, DeclaredPattern<D>>, Help, Many>
  : Near

type helpRespelt<D extends Definition, P, Help extends string, Many> = [P] extends [never] ? Help
  : P extends string
    ? [Many extends true ? Touching<D, P> : Route<D, P>] extends [never] ? Help : `did you mean '${P}'?`
  : Help

/**
 * The help for a key that matches no family. It is the help of {@link helpWith}; but for the name of a family, it
 * suggests the accessor.
 *
 * @category type level
 * @since 0.1.0
 */
export type helpWithKey<D extends Definition, K extends string> = [FamilyOf<D, K>] extends [never]
  ? helpWith<D, K, "declare a pattern for it, or check its spelling">
  : `use keys.${K}, or give a key of its pattern '${PatternOf<FamilyOf<D, K>>}'`

/**
 * The help for a name that no family has: the family with this pattern, or a similar name.
 *
 * @category type level
 * @since 0.1.0
 */
export type helpWithName<D extends Definition, K extends string> = [NameOf<D, normalizePattern<K>>] extends [never]
  ? Nearest.help<K, FamilyName<D>, "declare it, or check its spelling">
  : `name the family, '${NameOf<D, normalizePattern<K>> & string}'`

/**
 * For a reference that is wider than a declared pattern: the only pattern that shares keys with it. A family cannot
 * derive from itself, so a suggestion of its own pattern does not help.
 *
 * @category type level
 * @since 0.1.0
 */
export type helpOther<D extends Definition, K, Help extends string> = Help extends
  `${string}, '${infer P}'` | `${string} '${infer P}'?` ? Route<D, P> extends K ? Undeclared : Help
  : Help

/**
 * The help for a reference that is wider than a declared pattern: the pattern, if it is the only one that shares keys
 * with the reference, or else `Help`.
 *
 * @category type level
 * @since 0.1.0
 */
export type helpTouched<P, Help extends string = Undeclared> = [P] extends [never] ? Help
  : isChoice<P> extends true ? Help
  : `did you mean '${P & string}'?`

type Undeclared = "declare a pattern that covers it, or check its spelling"
