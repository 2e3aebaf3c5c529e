/**
 * Suggests what a caller may have meant by an unknown name: a declared name that differs in one letter, in the order of
 * two letters, or in capitals. A type and a function of one name give the same answer.
 *
 * - If two declared names are equally near, there is no suggestion, because each would be a guess. A name of one letter
 *   is not near to any name.
 * - Only failing branches ask for it, so a program that compiles pays nothing.
 *
 * @since 0.1.0
 */
import { inClient, insteadOf, onDisk, otherNames, placeOf } from "./otherCaches.ts"

/**
 * The help for a name that nothing declares: the one that is near, or else `Help`.
 *
 * @category type level
 * @since 0.1.0
 */
export type help<Name extends string, Known, Help extends string> = suggest<findNear<Name, Known>, Help>

type suggest<Near, Help extends string, All = Near> = [Near] extends [never] ? Help
  : Near extends string ? [All] extends [Near] ? `did you mean '${Near}'?` : Help
  : never

/**
 * The help for a name that nothing declares: the one that is near, or else `otherwise`.
 *
 * @category type level
 * @since 0.1.0
 */
export const help = (name: string, known: Iterable<string>, otherwise: string): string => {
  const near = findNear(name, known)
  return near === undefined ? otherwise : `did you mean \`${near}\`?`
}

/**
 * The help for an option that does not exist: the one that has this name in other caches, or one that is near, or where
 * the option is given that was meant, or else `Help`.
 *
 * @category type level
 * @since 0.1.0
 */
export type optionHelp<Option extends string, Known, Help extends string> = [Extract<ourName<Option>, Known>] extends
  [never] ? help<Option, Known, elsewhere<Option, Known, Help>>
  : `did you mean '${Extract<ourName<Option>, Known> & string}'?`
type ourName<Option> = Option extends keyof typeof otherNames ? inItsPlace<typeof otherNames[Option]>
  : Option extends keyof typeof placeOf ? inItsPlace<Option>
  : never
type inItsPlace<Option> = Option | (Option extends keyof typeof onDisk ? typeof onDisk[Option] : never)
type elsewhere<Option, Known, Help extends string> = Option extends keyof typeof otherNames
  ? optionOf<typeof otherNames[Option]>
  : Option extends keyof typeof placeOf ? optionOf<Option>
  : Option extends keyof typeof insteadOf ? typeof insteadOf[Option]
  : Option extends keyof typeof inClient ? "client" extends Known ? partOfClient<Option> : Help
  : Help
type optionOf<Option extends keyof typeof placeOf> = `'${Option}' is an option of ${typeof placeOf[Option]}`
type partOfClient<Option extends string> = `give url, or client: { ${Option}: ... }`

/**
 * The help for an option that does not exist: the one that has this name in other caches, or one that is near, or where
 * the option is given that was meant, or else `otherwise`.
 *
 * @category type level
 * @since 0.1.0
 */
export const optionHelp = (option: string, known: Iterable<string>, otherwise: string): string => {
  const names = new Set(known)
  const ours = of(otherNames, option) ?? option
  const meant = [ours, of(onDisk, ours)].find((name) => name !== undefined && names.has(name))
  return meant === undefined ? help(option, names, elsewhere(option, names, otherwise)) : `did you mean \`${meant}\`?`
}

const elsewhere = (option: string, known: ReadonlySet<string>, otherwise: string): string => {
  const ours = of(otherNames, option) ?? option
  const place = of(placeOf, ours)
  if (place !== undefined) return `\`${ours}\` is an option of ${place}`
  const isInClient = Object.hasOwn(inClient, option) && known.has("client")
  return of(insteadOf, option) ?? (isInClient ? `give url, or client: { ${option}: ... }` : otherwise)
}

// An own property: `toString` of an object that is a table is none of its entries.
const of = <A extends string>(table: { readonly [name: string]: A }, name: string): A | undefined =>
  Object.hasOwn(table, name) ? table[name] : undefined

/**
 * The first option of a call that does not exist, and what to do about it. One that is `undefined` was not given. An
 * instance of a class may have other members besides the options.
 *
 * @category suggestions
 * @since 0.1.0
 */
export const unknownOption = (
  given: object,
  known: object
): { readonly option: string; readonly why: string } | undefined => {
  const prototype: unknown = Object.getPrototypeOf(given)
  if (prototype !== null && Object.getPrototypeOf(prototype) !== null) return undefined
  // Each write with options comes this way: a list of its entries would be made for nothing.
  for (const option in given) {
    if (Object.hasOwn(known, option) || (given as Record<string, unknown>)[option] === undefined) continue
    const names = Object.keys(known)
    const all = names.map((name) => `\`${name}\``).join(", ")
    return { option, why: `is not an option; ${optionHelp(option, names, `the options are ${all}`)}` }
  }
  return undefined
}

/**
 * A key or pattern with its first segment replaced by the one of `Known` that is near; `never` if there is none, or if
 * it is that segment.
 *
 * @category type level
 * @since 0.1.0
 */
export type respelt<Text extends string, Known> = Text extends `${infer Head}:${infer Rest}`
  ? prefix<findNear<Head, headOf<Known>>, Head, Rest>
  : never
type headOf<Text> = Text extends `${infer Head}:${string}` ? Head : Text
type prefix<Near, Head, Rest extends string, All = Near> = Near extends Head ? never
  : Near extends string ? [All] extends [Near] ? `${Near}:${Rest}` : never
  : never

/**
 * A key or pattern with its first segment replaced by the one of `known` that is near, if there is one, and if it is
 * another segment.
 *
 * @category type level
 * @since 0.1.0
 */
export const respelt = (text: string, known: Iterable<string>): string | undefined => {
  const [head, ...rest] = text.split(":")
  const near = rest.length === 0 ? undefined : findNear(head!, new Set([...known].map((one) => one.split(":")[0]!)))
  return near === undefined || near === head ? undefined : [near, ...rest].join(":")
}

/**
 * The help for a key or a pattern that no family matches: the pattern of the family that has this name, a declared
 * pattern that is near, the text with the first segment of one that is near, or else `otherwise`.
 *
 * @category suggestions
 * @since 0.1.0
 */
export const helpWith = (
  text: string,
  declared: Iterable<readonly [family: string, pattern: string]>,
  isMatched: (text: string) => boolean,
  otherwise: string
): string => {
  const patterns = new Map(declared)
  const named = patterns.get(text)
  if (named !== undefined) return `name its pattern, \`${named}\``
  const near = findNear(text, patterns.values())
  if (near !== undefined) return `did you mean \`${near}\`?`
  const other = respelt(text, patterns.values())
  return other !== undefined && isMatched(other) ? `did you mean \`${other}\`?` : otherwise
}

type findNear<Name extends string, Known> = Name extends `${infer _}${infer Rest}` ? Rest extends "" ? never
  : Known extends string ? isNear<Name, Known> extends true ? Known : never
  : never
  : never
const findNear = (name: string, known: Iterable<string>): string | undefined => {
  const near = [...new Set(known)].filter((one) => name.length > 1 && isNear(name, one))
  return near.length === 1 ? near[0] : undefined
}

type isNear<A extends string, B extends string> = Lowercase<A> extends Lowercase<B> ? true : isOneOff<A, B>
// After what both begin with: a letter more, a letter less, another letter, or two in the other order.
type isOneOff<A extends string, B extends string> = A extends `${infer FirstA}${infer RestA}`
  ? B extends `${infer FirstB}${infer RestB}` ? FirstA extends FirstB ? isOneOff<RestA, RestB>
    : RestA extends RestB ? true
    : A extends RestB ? true
    : RestA extends B ? true
    : [RestA, RestB] extends [`${FirstB}${infer AfterA}`, `${FirstA}${infer AfterB}`] ?
      AfterA extends AfterB ? true : false
    : false
  : RestA extends "" ? true
  : false
  : B extends `${infer _}${infer RestB}` ? RestB extends "" ? true : false
  : false

const isNear = (a: string, b: string): boolean => {
  if (a.toLowerCase() === b.toLowerCase()) return true
  let at = 0
  while (at < a.length && a[at] === b[at]) at++
  const [as, bs] = [a.slice(at), b.slice(at)]
  return as.slice(1) === bs.slice(1) || as === bs.slice(1) || as.slice(1) === bs ||
    (as.length > 1 && as[0] === bs[1] && as[1] === bs[0] && as.slice(2) === bs.slice(2))
}
