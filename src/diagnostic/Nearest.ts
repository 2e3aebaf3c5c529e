/**
 * What somebody may have meant who misspelt a name, as types: a name that is one letter away. Asked in the failing
 * branch only, so a program that compiles pays nothing.
 *
 * @since 0.1.0
 */
import type * as Several from "./Several.ts"

/**
 * The help for a name that nobody declares: the one that is near, or else `Help`.
 *
 * @category type level
 * @since 0.1.0
 */
export type help<Name extends string, Known, Help extends string> = [findNear<Name, Known>] extends [never] ? Help
  : Several.one<findNear<Name, Known>> extends infer Near extends string ? `did you mean '${Near}'?`
  : Help

type findNear<Name extends string, Known> = Known extends string ? isNear<Name, Known> extends true ? Known : never
  : never

// After what both begin with: a letter more, a letter less, another letter, or two in the other order.
type isNear<A extends string, B extends string> = A extends `${infer X}${infer As}`
  ? B extends `${infer Y}${infer Bs}` ? X extends Y ? isNear<As, Bs>
    : [As, Bs] extends [Bs, As] ? true
    : A extends Bs ? true
    : As extends B ? true
    : [As, Bs] extends [`${Y}${infer At}`, `${X}${infer Bt}`] ? [At] extends [Bt] ? true : false
    : false
  : As extends "" ? true
  : false
  : B extends `${infer _}${infer Bs}` ? Bs extends "" ? true : false
  : false
