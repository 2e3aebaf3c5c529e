/**
 * Every mistake that Stateless can name: its code, its sentence, its repair.
 *
 * A finding is written twice, side by side: as a type, whose text the compiler prints where the mistake is, and as a
 * function, which the run time calls for manifests built from data and for programs with casts. Both say the same
 * sentence; the type puts code in single quotes (compilers print a message inside double quotes) and starts with the
 * code, the function puts code in backticks and keeps the code in a field.
 *
 * - A code never changes its meaning and is never used again.
 * - A message has at most 300 characters as long as the names in it are of ordinary length: compilers cut at 320.
 * - Codes: `E01xx` patterns and keys, `E02xx` ownership and capabilities, `E03xx` stores, `E04xx` manifests, `E05xx`
 *   the engine. Those of stores and of the engine are defined beside their errors, as is `E0218` (nobody owns the
 *   family now).
 *
 * @since 0.1.0
 */
import { finding, say } from "./internal/finding.ts"
import * as Nearest from "./Nearest.ts"

/**
 * One finding: what was refused and why (`sentence`), and what to do about it (`help`).
 *
 * @category models
 * @since 0.1.0
 */
export interface Diagnostic<out Tag extends string = string, out Code extends string = string> {
  readonly _tag: Tag
  readonly code: Code
  readonly sentence: string
  readonly help: string
}

/**
 * The sentence and the help in one line, as an error's `message` shows them.
 *
 * @category formatting
 * @since 0.1.0
 */
export const format = (diagnostic: Diagnostic): string => `${diagnostic.sentence}; help: ${diagnostic.help}`

/**
 * The line that the compiler prints for the same finding: code first, single quotes instead of backticks.
 *
 * @category formatting
 * @since 0.1.0
 */
export const formatAsType = (diagnostic: Diagnostic): string =>
  `${diagnostic.code}: ${format(diagnostic).replaceAll("`", "'")}`

/**
 * The text of a finding as the compiler prints it.
 *
 * @category type level
 * @since 0.1.0
 */
export type message<Code extends string, Sentence extends string, Help extends string> =
  `${Code}: ${Sentence}; help: ${Help}`

// --- E01xx: patterns and keys ----------------------------------------------------------------------------------------

/**
 * E0101: a raw key that no family of the manifest matches.
 *
 * @category patterns and keys
 * @since 0.1.0
 */
export type keyUnknown<
  Id extends string,
  Key extends string,
  Help extends string = "declare a pattern for it, or check its spelling"
> = message<"E0101", `no family of '${Id}' matches the key '${Key}'`, Help>
/**
 * E0101 at run time.
 *
 * @category patterns and keys
 * @since 0.1.0
 */
export const keyUnknown = (id: string, key: string, help = "declare a pattern for it, or check its spelling") =>
  finding("E0101", "KeyUnknown", say`no family of ${id} matches the key ${key}`, help)

/**
 * E0102: a pattern inside another one, without a word about who owns it.
 *
 * @category patterns and keys
 * @since 0.1.0
 */
export type patternOwned<Pattern extends string, Outer extends string, Family extends string> = message<
  "E0102",
  `'${Pattern}' is already owned through '${Outer}' of family '${Family}'`,
  `add partOf: '${Family}' (same owner) or carvedFrom: '${Family}' (an owner of its own)`
>
/**
 * E0102 at run time.
 *
 * @category patterns and keys
 * @since 0.1.0
 */
export const patternOwned = (pattern: string, outer: string, family: string) =>
  finding(
    "E0102",
    "PatternOwned",
    say`${pattern} is already owned through ${outer} of family ${family}`,
    say`add partOf: ${family} (same owner) or carvedFrom: ${family} (an owner of its own)`
  )

/**
 * E0104: two families of the same keys, spelt differently or not.
 *
 * @category patterns and keys
 * @since 0.1.0
 */
export type patternRespelt<Pattern extends string, Other extends string, Family extends string> = message<
  "E0104",
  `'${Pattern}' denotes the same keys as '${Other}' of family '${Family}'`,
  "keep one of the two families"
>
/**
 * E0104 at run time.
 *
 * @category patterns and keys
 * @since 0.1.0
 */
export const patternRespelt = (pattern: string, other: string, family: string) =>
  finding(
    "E0104",
    "PatternRespelt",
    say`${pattern} denotes the same keys as ${other} of family ${family}`,
    "keep one of the two families"
  )

/**
 * E0105: two patterns that share keys, neither inside the other.
 *
 * @category patterns and keys
 * @since 0.1.0
 */
export type patternsCross<Pattern extends string, Other extends string, Family extends string, Key extends string> =
  message<
    "E0105",
    `'${Pattern}' and '${Other}' of family '${Family}' both own '${Key}' and neither is more specific`,
    "change a segment so that they share no key, or that one lies inside the other"
  >
/**
 * E0105 at run time.
 *
 * @category patterns and keys
 * @since 0.1.0
 */
export const patternsCross = (pattern: string, other: string, family: string, key: string) =>
  finding(
    "E0105",
    "PatternsCross",
    say`${pattern} and ${other} of family ${family} both own ${key} and neither is more specific`,
    "change a segment so that they share no key, or that one lies inside the other"
  )

/**
 * E0106: a key with nothing between two colons, or at an end.
 *
 * @category patterns and keys
 * @since 0.1.0
 */
export type keySegmentEmpty<Key extends string> = message<
  "E0106",
  `the key '${Key}' has an empty segment`,
  "put one ':' between segments and none at the ends"
>
/**
 * E0106 at run time, for an empty segment.
 *
 * @category patterns and keys
 * @since 0.1.0
 */
export const keySegmentEmpty = (key: string) =>
  finding(
    "E0106",
    "KeyMalformed",
    say`the key ${key} has an empty segment`,
    say`put one ${":"} between segments and none at the ends`
  )

/**
 * E0106: a pattern where one key is expected.
 *
 * @category patterns and keys
 * @since 0.1.0
 */
export type keyIsPattern<Key extends string> = message<
  "E0106",
  `'${Key}' is a pattern, not a key`,
  "name one key, or use the family's invalidateWhere for many"
>
/**
 * E0106 at run time, for a key with a wildcard in it.
 *
 * @category patterns and keys
 * @since 0.1.0
 */
export const keyIsPattern = (key: string) =>
  finding(
    "E0106",
    "KeyMalformed",
    say`${key} is a pattern, not a key`,
    "name one key, or use the family's invalidateWhere for many"
  )

/**
 * E0109: a parameter whose value is missing, is refused by its codec, or is not exactly one segment of a key.
 *
 * **Details**
 *
 * Found at run time only. The value is not part of the sentence: it may be secret.
 *
 * @category patterns and keys
 * @since 0.1.0
 */
export const parameterNotSegment = (pattern: string, name: string) =>
  finding(
    "E0109",
    "KeyMalformed",
    say`the parameter ${name} of ${pattern} does not spell one segment of a key`,
    say`give a value that its codec accepts, and whose text is non-empty and without ${":"}, ${"{"}, ${"}"} and ${"*"}`
  )

/**
 * E0109: a parameter whose text its codec refuses. Found at run time only; the value is not part of the sentence.
 *
 * @category patterns and keys
 * @since 0.1.0
 */
export const parameterRefused = (pattern: string, name: string) =>
  finding(
    "E0109",
    "KeyMalformed",
    say`the parameter ${name} of ${pattern} does not fit its codec`,
    "give a value that its codec accepts"
  )

/**
 * E0109: parameters that make a longer key than any tier keeps. Found at run time only.
 *
 * @category patterns and keys
 * @since 0.1.0
 */
export const keyTooLong = (pattern: string, bytesMax: number) =>
  finding(
    "E0109",
    "KeyMalformed",
    say`the parameters of ${pattern} make a key of more than ${String(bytesMax)} bytes`,
    say`use a digest of what is long`
  )

/**
 * E0110: parameters that spell a key of a more specific family. Found at run time only.
 *
 * @category patterns and keys
 * @since 0.1.0
 */
export const keyOfOtherFamily = (pattern: string, inner: string, family: string) =>
  finding(
    "E0110",
    "KeyMalformed",
    say`these parameters of ${pattern} spell a key of ${inner}, which family ${family} decides about`,
    say`use the accessor of ${family}`
  )

// --- E02xx: ownership and capabilities -------------------------------------------------------------------------------

/**
 * E0201: a family with two answers to who owns it.
 *
 * @category ownership
 * @since 0.1.0
 */
export type enclosersBoth<Family extends string> = message<
  "E0201",
  `family '${Family}' gives both partOf and carvedFrom`,
  "keep partOf (same owner) or carvedFrom (an owner of its own)"
>
/**
 * E0201 at run time.
 *
 * @category ownership
 * @since 0.1.0
 */
export const enclosersBoth = (family: string) =>
  finding(
    "E0201",
    "EnclosersBoth",
    say`family ${family} gives both partOf and carvedFrom`,
    "keep partOf (same owner) or carvedFrom (an owner of its own)"
  )

/**
 * E0202: `partOf` or `carvedFrom` of a family that lies inside no other.
 *
 * @category ownership
 * @since 0.1.0
 */
export type encloserNone<Pattern extends string, Option extends string> = message<
  "E0202",
  `'${Pattern}' lies inside no other pattern`,
  Pattern extends `${infer Head}:${infer Rest}` ? Rest extends "*" ? `remove ${Option}`
    : `remove ${Option}, or let it name a family whose pattern covers '${Pattern}', such as '${Head}:*'`
    : `remove ${Option}`
>
/**
 * E0202 at run time.
 *
 * @category ownership
 * @since 0.1.0
 */
export const encloserNone = (pattern: string, option: "partOf" | "carvedFrom") => {
  const [head, ...rest] = pattern.split(":")
  const cover = `${head}:*`
  return finding(
    "E0202",
    "EncloserNone",
    say`${pattern} lies inside no other pattern`,
    rest.length === 0 || pattern === cover
      ? `remove ${option}`
      : `remove ${option}, or let it name a family whose pattern covers ${say`${pattern}`}, such as ${say`${cover}`}`
  )
}

/**
 * E0203: a write where only a borrow is held.
 *
 * @category ownership
 * @since 0.1.0
 */
export type writeThroughBorrow<Pattern extends string, Family extends string> = message<
  "E0203",
  `cannot write '${Pattern}' through a borrow; it is owned by family '${Family}'`,
  `do it in the owner of '${Family}', or require 'Owns'`
>

/**
 * E0204: `partOf` or `carvedFrom` that names another family than the nearest enclosing one.
 *
 * @category ownership
 * @since 0.1.0
 */
export type encloserWrong<Pattern extends string, Named extends string, Outer extends string, Family extends string> =
  message<
    "E0204",
    `'${Pattern}' does not lie directly inside family '${Named}', but in '${Outer}' of family '${Family}'`,
    `name '${Family}'`
  >
/**
 * E0204 at run time.
 *
 * @category ownership
 * @since 0.1.0
 */
export const encloserWrong = (pattern: string, named: string, outer: string, family: string) =>
  finding(
    "E0204",
    "EncloserWrong",
    say`${pattern} does not lie directly inside family ${named}, but in ${outer} of family ${family}`,
    say`name ${family}`
  )

/**
 * E0205: an operation without the capability for it, met at run time: a cast, a remote client, a dynamic manifest.
 *
 * **Details**
 *
 * `key` is the family's pattern where a key must not be shown.
 *
 * @category ownership
 * @since 0.1.0
 */
export const notOwner = (operation: "read" | "write" | "lease", key: string, pattern: string, family: string) =>
  operation === "read"
    ? finding(
      "E0205",
      "NotOwner",
      say`cannot read ${key} (${pattern}): it is owned by ${family}, and the caller neither owns nor borrows it`,
      say`require ${"Borrows"}, and provide it with borrower or modules`
    )
    : operation === "write"
    ? finding(
      "E0205",
      "NotOwner",
      say`cannot write ${key} (${pattern}): it is owned by ${family}, and the caller does not own it`,
      say`do it in the owner of ${family}, or require ${"Owns"}`
    )
    : finding(
      "E0205",
      "NotOwner",
      say`cannot lease ${key} (${pattern}): it is owned by ${family}, and the caller does not own it`,
      say`do it in the owner of ${family}, or require ${"Owns"}`
    )

/**
 * E0206: a borrow of something that is only a part of a declared pattern.
 *
 * @category ownership
 * @since 0.1.0
 */
export type referenceTooNarrow<Pattern extends string, Outer extends string, Family extends string> = message<
  "E0206",
  `'${Pattern}' is only a part of '${Outer}' of family '${Family}', and rights exist for declared patterns`,
  `name '${Outer}', or declare a family for '${Pattern}' with partOf: '${Family}'`
>
/**
 * E0206 at run time.
 *
 * @category ownership
 * @since 0.1.0
 */
export const referenceTooNarrow = (pattern: string, outer: string, family: string) =>
  finding(
    "E0206",
    "ReferenceTooNarrow",
    say`${pattern} is only a part of ${outer} of family ${family}, and rights exist for declared patterns`,
    say`name ${outer}, or declare a family for ${pattern} with partOf: ${family}`
  )

/**
 * E0207: a choice of families where one must be named.
 *
 * @category ownership
 * @since 0.1.0
 */
export type familyChoice = message<
  "E0207",
  "this names a choice of families, and would promise the rights of each",
  "name one family"
>

/**
 * E0208: an owner for a family that another family owns.
 *
 * @category ownership
 * @since 0.1.0
 */
export type familyIsPart<Family extends string, Whole extends string> = message<
  "E0208",
  `family '${Family}' is part of '${Whole}', whose owner owns it, too`,
  `use delegate('${Family}'), or give its lookup in parts of owner('${Whole}')`
>
/**
 * E0208 at run time.
 *
 * @category ownership
 * @since 0.1.0
 */
export const familyIsPart = (family: string, whole: string) =>
  finding(
    "E0208",
    "FamilyIsPart",
    say`family ${family} is part of ${whole}, whose owner owns it, too`,
    say`use delegate(${family}), or give its lookup in parts of owner(${whole})`
  )

/**
 * E0209: a delegation of a family that is no part of another.
 *
 * @category ownership
 * @since 0.1.0
 */
export type familyIsWhole<Family extends string> = message<
  "E0209",
  `family '${Family}' is not part of another family, so nobody can delegate it`,
  `use owner('${Family}')`
>
/**
 * E0209 at run time.
 *
 * @category ownership
 * @since 0.1.0
 */
export const familyIsWhole = (family: string) =>
  finding(
    "E0209",
    "FamilyIsWhole",
    say`family ${family} is not part of another family, so nobody can delegate it`,
    say`use owner(${family})`
  )

/**
 * E0210: a name that the manifest does not declare.
 *
 * @category ownership
 * @since 0.1.0
 */
export type familyUnknown<
  Id extends string,
  Family extends string,
  Help extends string = "declare it, or check its spelling"
> = message<"E0210", `'${Id}' declares no family '${Family}'`, Help>
/**
 * E0210 at run time.
 *
 * @category ownership
 * @since 0.1.0
 */
export const familyUnknown = (id: string, family: string, known: Iterable<string> = []) =>
  finding(
    "E0210",
    "FamilyUnknown",
    say`${id} declares no family ${family}`,
    Nearest.help(family, known, "declare it, or check its spelling")
  )

/**
 * E0228: a module whose name is no family and no reader.
 *
 * @category ownership
 * @since 0.1.0
 */
export type moduleUnknown<Id extends string, Module extends string, Known = never> = message<
  "E0228",
  `'${Id}' declares no family and no reader '${Module}'`,
  Nearest.help<Module, Known, "declare it, or check its spelling">
>
/**
 * E0228 at run time.
 *
 * @category ownership
 * @since 0.1.0
 */
export const moduleUnknown = (id: string, module: string, known: Iterable<string> = []) =>
  finding(
    "E0228",
    "ModuleUnknown",
    say`${id} declares no family and no reader ${module}`,
    Nearest.help(module, known, "declare it, or check its spelling")
  )

/**
 * E0211: a lookup that reads what its family does not derive from.
 *
 * @category ownership
 * @since 0.1.0
 */
export type lookupReads<Family extends string, Source extends string> = message<
  "E0211",
  `the lookup of family '${Family}' reads '${Source}', which '${Family}' does not derive from`,
  `add '${Source}' to derives of '${Family}', or its changes would not reach '${Family}'`
>
/**
 * E0211: a lookup that reads another manifest, which its family cannot derive from.
 *
 * @category ownership
 * @since 0.1.0
 */
export type lookupReadsAbroad<Family extends string, Source extends string> = message<
  "E0211",
  `the lookup of family '${Family}' reads '${Source}' of another manifest, whose changes do not reach '${Family}'`,
  `declare both families in one manifest, or read what '${Source}' is made from`
>
/**
 * E0211: a lookup that reads its own family, from which that cannot derive.
 *
 * @category ownership
 * @since 0.1.0
 */
export type lookupReadsOwn<Family extends string, Source extends string> = message<
  "E0211",
  `the lookup of family '${Family}' reads '${Source}', its own family, which cannot derive from itself`,
  `read what '${Source}' is made from; what was held before is in the lookup's second argument`
>

/**
 * E0211: a lookup that reads what derives from its own family.
 *
 * @category ownership
 * @since 0.1.0
 */
export type lookupReadsBack<Family extends string, Source extends string> = message<
  "E0211",
  `the lookup of family '${Family}' reads '${Source}', which derives from '${Family}' itself`,
  `read what '${Family}' is made from, for two families cannot derive from each other`
>

/**
 * E0211 at run time: a read that was tracked while a lookup ran.
 *
 * @category ownership
 * @since 0.1.0
 */
export const lookupReads = (family: string, source: string) =>
  finding(
    "E0211",
    "LookupReads",
    say`the lookup of family ${family} reads ${source}, which ${family} does not derive from`,
    say`add ${source} to derives of ${family}, or its changes would not reach ${family}`
  )

/**
 * E0211 at run time: a lookup that reads its own family.
 *
 * @category ownership
 * @since 0.1.0
 */
export const lookupReadsOwn = (family: string, source: string) =>
  finding(
    "E0211",
    "LookupReads",
    say`the lookup of family ${family} reads ${source}, its own family, which cannot derive from itself`,
    say`read what ${source} is made from; what was held before is in the lookup's second argument`
  )

/**
 * E0211 at run time: a lookup that reads another engine: of another manifest, or a second one of its own.
 *
 * @category ownership
 * @since 0.1.0
 */
export const lookupReadsElsewhere = (family: string, source: string) =>
  finding(
    "E0211",
    "LookupReads",
    say`the lookup of family ${family} reads ${source} of another engine, whose changes do not reach ${family}`,
    "read by the engine that runs the lookup, or declare both families in one manifest"
  )

/**
 * E0232: a lookup that reads another key than those that its family derives from. Found at run time only: types cannot
 * tell `user:1` from `user:2`.
 *
 * @category ownership
 * @since 0.1.0
 */
export const lookupReadsKey = (family: string, key: string, read: string, source: string) =>
  finding(
    "E0232",
    "LookupReadsKey",
    say`the lookup of ${key} reads ${read}, but a change of ${read} would not reach ${key}`,
    say`read the key of ${source} that the parameters of ${family} bind, or let ${family} derive from more of it`
  )

/**
 * E0212: a lookup that writes.
 *
 * @category ownership
 * @since 0.1.0
 */
export type lookupWrites<Family extends string, Target extends string> = message<
  "E0212",
  `the lookup of family '${Family}' writes '${Target}', but a lookup only answers with its own value`,
  `write '${Target}' where the change happens, or let it derive from '${Family}'`
>
/**
 * E0212 at run time.
 *
 * @category ownership
 * @since 0.1.0
 */
export const lookupWrites = (family: string, target: string) =>
  finding(
    "E0212",
    "LookupWrites",
    say`the lookup of family ${family} writes ${target}, but a lookup only answers with its own value`,
    say`write ${target} where the change happens, or let it derive from ${family}`
  )

/**
 * E0213: a lookup that fails with an error that its family does not declare.
 *
 * @category ownership
 * @since 0.1.0
 */
export type lookupFails<Family extends string> = message<
  "E0213",
  `the lookup of family '${Family}' fails with an error that its family does not declare`,
  `give its schema as error of '${Family}', or handle it in the lookup`
>

/**
 * E0229: a lookup for something that is no part of the owned family.
 *
 * @category ownership
 * @since 0.1.0
 */
export type partUnknown<Family extends string, Part extends string, Known = never> = message<
  "E0229",
  `'${Part}' is no part of family '${Family}', so the owner of '${Family}' cannot give its lookup`,
  Nearest.help<Part, Known, `give it in owner('${Part}'), or declare it with partOf: '${Family}'`>
>
/**
 * E0229 at run time.
 *
 * @category ownership
 * @since 0.1.0
 */
export const partUnknown = (family: string, part: string, known: Iterable<string>) =>
  finding(
    "E0229",
    "PartUnknown",
    say`${part} is no part of family ${family}, so the owner of ${family} cannot give its lookup`,
    Nearest.help(part, known, say`give it in owner(${part}), or declare it with partOf: ${family}`)
  )

/**
 * E0215: two owners of one key, merged.
 *
 * @category ownership
 * @since 0.1.0
 */
export type ownersMerged<Pattern extends string, Other extends string, Key extends string> = message<
  "E0215",
  `two owners: '${Pattern}' and '${Other}' both own '${Key}'`,
  "keep one of the two layers, or delegate the part"
>

/**
 * E0216: a second owner of a pattern, met at run time.
 *
 * @category ownership
 * @since 0.1.0
 */
export const ownerTwice = (pattern: string, family: string) =>
  finding(
    "E0216",
    "OwnershipConflict",
    say`${pattern} of family ${family} already has an owner`,
    "build its owner layer once, and share that layer"
  )

/**
 * E0217: an operation through a grant whose scope has closed. Found at run time only.
 *
 * @category ownership
 * @since 0.1.0
 */
export const grantRevoked = (pattern: string, family: string) =>
  finding(
    "E0217",
    "Revoked",
    say`the right to ${pattern} of family ${family} has ended with the scope that gave it`,
    "use it inside that scope only"
  )

/**
 * E0230: a capability, written by hand, for a pattern that the manifest does not declare: nothing could provide it.
 *
 * @category ownership
 * @since 0.1.0
 */
export type capabilityUnknown<
  Id extends string,
  Pattern extends string,
  Help extends string = "name a declared pattern, or check its spelling"
> = message<
  "E0230",
  `'${Id}' declares no family with exactly the pattern '${Pattern}', so nothing can provide this right`,
  Help
>

/**
 * E0233: a program that is run without a right that it requires.
 *
 * **Details**
 *
 * Effect's own runners show the right alone (`Type 'Owns<...>' is not assignable to type 'never'`); `stateless check`
 * and `Manifest.provided` say this.
 *
 * @category ownership
 * @since 0.1.0
 */
export type capabilityUnprovided<
  Id extends string,
  Verb extends "read" | "write",
  Pattern extends string,
  Owner extends string
> = message<
  "E0233",
  `nothing provides the right to ${Verb} '${Pattern}', which this program requires`,
  `provide owner('${Owner}') of '${Id}', or its modules, before it runs, or let its caller provide it`
>
/**
 * E0233 for a compiler's output.
 *
 * @category ownership
 * @since 0.1.0
 */
export const capabilityUnprovided = (id: string, verb: "read" | "write", pattern: string, owner: string) =>
  finding(
    "E0233",
    "CapabilityUnprovided",
    `nothing provides the right to ${verb} ${say`${pattern}`}, which this program requires`,
    say`provide owner(${owner}) of ${id}, or its modules, before it runs, or let its caller provide it`
  )

/**
 * E0238: an operation that is written down and never run. Found by `stateless check` alone: TypeScript accepts an
 * expression whose value is not used.
 *
 * @category ownership
 * @since 0.1.0
 */
export const neverRun = (operation: string) =>
  finding(
    "E0238",
    "NeverRun",
    say`${operation} is never run, so it does nothing`,
    say`write yield* before it, return it or run it; if it is meant to do nothing, write ${"void"} before it`
  )

/**
 * E0207: a write through a choice of families, each of which has values of its own. Found by `stateless check` alone:
 * the compiler shows what the values of all of them would have in common.
 *
 * @category ownership
 * @since 0.1.0
 */
export const writeChoice = () =>
  finding(
    "E0207",
    "FamilyChoice",
    "this writes to a choice of families, and each has values of its own",
    "choose one family before you write"
  )

// --- E04xx: manifests ------------------------------------------------------------------------------------------------

/**
 * E0401: families that invalidate each other in a circle.
 *
 * @category manifests
 * @since 0.1.0
 */
export type dependencyCycle<Path extends string> = message<
  "E0401",
  `invalidation never ends: ${Path}`,
  "remove one of these from derives"
>
/**
 * E0401 at run time. `path` lists family names, the first again at the end; a long one is shown without its middle.
 *
 * @category manifests
 * @since 0.1.0
 */
export const dependencyCycle = (path: ReadonlyArray<string>) =>
  finding(
    "E0401",
    "DependencyCycle",
    `invalidation never ends: ${showPath(path)}`,
    "remove one of these from derives"
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
 * E0402: `derives` or `borrows` of something that no family declares.
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
/**
 * E0402 at run time.
 *
 * @category manifests
 * @since 0.1.0
 */
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
 * E0403: `derives` or `borrows` of something in a layer that the family's layer does not read.
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
  `'${Family}' in layer '${Here}' cannot reach '${Pattern}' of layer '${Home}', which '${Here}' does not read`,
  `add '${Home}' to reads of layer '${Here}'`
>
/**
 * E0403 at run time.
 *
 * @category manifests
 * @since 0.1.0
 */
export const referenceOutOfReach = (family: string, here: string, pattern: string, home: string) =>
  finding(
    "E0403",
    "ReferenceOutOfReach",
    say`${family} in layer ${here} cannot reach ${pattern} of layer ${home}, which ${here} does not read`,
    say`add ${home} to reads of layer ${here}`
  )

/**
 * E0404: a layer that the manifest does not declare.
 *
 * @category manifests
 * @since 0.1.0
 */
export type layerUnknown<Layer extends string, Known = never> = message<
  "E0404",
  `no layer is called '${Layer}'`,
  Nearest.help<Layer, Known, "declare it in layers, or check its spelling">
>
/**
 * E0404 at run time.
 *
 * @category manifests
 * @since 0.1.0
 */
export const layerUnknown = (layer: string, known: Iterable<string> = []) =>
  finding(
    "E0404",
    "LayerUnknown",
    say`no layer is called ${layer}`,
    Nearest.help(layer, known, "declare it in layers, or check its spelling")
  )

/**
 * E0405: a layer without a use.
 *
 * @category manifests
 * @since 0.1.0
 */
export type layerUnreachable<Layer extends string> = message<
  "E0405",
  `layer '${Layer}' is unreachable: no family or reader lives in it and no layer in use reads it`,
  "remove it, or place a family in it"
>
/**
 * E0405 at run time.
 *
 * @category manifests
 * @since 0.1.0
 */
export const layerUnreachable = (layer: string) =>
  finding(
    "E0405",
    "LayerUnreachable",
    say`layer ${layer} is unreachable: no family or reader lives in it and no layer in use reads it`,
    "remove it, or place a family in it"
  )

/**
 * E0406: an option that does not exist.
 *
 * @category manifests
 * @since 0.1.0
 */
export type optionUnknown<Option extends string, Place extends string, Known = never> = message<
  "E0406",
  `unknown option '${Option}' in ${Place}`,
  Nearest.help<meantBy<Option, Known>, Known, "remove it, or check its spelling">
>
// What a word of daily speech means, where it means one thing: of what a family reads, its lookup derives or borrows.
type meantBy<Option extends string, Known> = Option extends "reads" ? "derives" extends Known ? Option : "borrows"
  : Option extends "writes" ? "owns"
  : Option
const meantBy = (option: string, known: ReadonlySet<string>): string =>
  option === "reads" && !known.has("derives") ? "borrows" : option === "writes" ? "owns" : option
/**
 * E0406 at run time. `place` is a phrase such as "family `user`".
 *
 * @category manifests
 * @since 0.1.0
 */
export const optionUnknown = (option: string, place: string, known: Iterable<string> = []) =>
  finding(
    "E0406",
    "OptionUnknown",
    `${say`unknown option ${option}`} in ${place}`,
    Nearest.help(meantBy(option, new Set(known)), known, "remove it, or check its spelling")
  )

/**
 * E0407: a name that is both a family and a reader, so a module of that name would be either.
 *
 * @category manifests
 * @since 0.1.0
 */
export type readerIsFamily<Name extends string> = message<
  "E0407",
  `'${Name}' is a family and a reader`,
  `rename the reader, or list what it reads in borrows of family '${Name}'`
>
/**
 * E0407 at run time.
 *
 * @category manifests
 * @since 0.1.0
 */
export const readerIsFamily = (name: string) =>
  finding(
    "E0407",
    "ReaderIsFamily",
    say`${name} is a family and a reader`,
    say`rename the reader, or list what it reads in borrows of family ${name}`
  )

/**
 * E0408 at run time: data that has not the shape of a manifest. What the compiler says of it is in `Misfit`.
 *
 * @category manifests
 * @since 0.1.0
 */
export const shapeWrong = (path: string, expected: string, type = "Definition") =>
  finding("E0408", "ShapeWrong", `${say`${path}`} must be ${expected}`, say`see the type ${type}`)

/**
 * E0409: a parameter codec for a name that the pattern does not have.
 *
 * @category manifests
 * @since 0.1.0
 */
export type parameterUnknown<Name extends string, Pattern extends string, Family extends string, Known = never> =
  message<
    "E0409",
    `params of family '${Family}' names '${Name}', which is no parameter of '${Pattern}'`,
    Nearest.help<Name, Known, "remove it, or check its spelling">
  >
/**
 * E0409 at run time.
 *
 * @category manifests
 * @since 0.1.0
 */
export const parameterUnknown = (name: string, pattern: string, family: string, known: Iterable<string> = []) =>
  finding(
    "E0409",
    "ParameterUnknown",
    say`params of family ${family} names ${name}, which is no parameter of ${pattern}`,
    Nearest.help(name, known, "remove it, or check its spelling")
  )

/**
 * E0410: a manifest of more families than the bound allows. Found at run time only.
 *
 * @category manifests
 * @since 0.1.0
 */
export const familiesTooMany = (count: number, max: number) =>
  finding(
    "E0410",
    "FamiliesTooMany",
    say`the manifest declares ${count} families, and at most ${max} are supported`,
    "split it into several manifests"
  )

/**
 * E0411: a reference without the parameters that would tell which entries it means, and without a word that all are
 * meant.
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
/**
 * E0411 at run time.
 *
 * @category manifests
 * @since 0.1.0
 */
export const fanoutUnsaid = (family: string, pattern: string, unbound: string, free: string) =>
  finding(
    "E0411",
    "FanoutUnsaid",
    say`${family} derives ${pattern} without its ${unbound}: one change there drops ${family} for every ${free}`,
    "name the parameters alike, or add fanout: true if that is meant"
  )

/**
 * E0412: two manifests over one store that share a key.
 *
 * @category manifests
 * @since 0.1.0
 */
export type manifestsOverlap<
  Id extends string,
  Pattern extends string,
  Other extends string,
  OtherPattern extends string,
  Key extends string
> = message<
  "E0412",
  `'${Id}' and '${Other}' both own '${Key}': by '${Pattern}' and by '${OtherPattern}'`,
  "declare it in one of the two manifests, or give them stores of their own"
>
/**
 * E0412 at run time.
 *
 * @category manifests
 * @since 0.1.0
 */
export const manifestsOverlap = (id: string, pattern: string, other: string, otherPattern: string, key: string) =>
  finding(
    "E0412",
    "ManifestsOverlap",
    say`${id} and ${other} both own ${key}: by ${pattern} and by ${otherPattern}`,
    "declare it in one of the two manifests, or give them stores of their own"
  )

/**
 * E0413: two manifests of one name, which programs could not tell apart.
 *
 * @category manifests
 * @since 0.1.0
 */
export type manifestsAlike<Id extends string> = message<
  "E0413",
  `two manifests are called '${Id}', so one would be taken for the other`,
  "give each manifest a name of its own"
>
/**
 * E0413 at run time.
 *
 * @category manifests
 * @since 0.1.0
 */
export const manifestsAlike = (id: string) =>
  finding(
    "E0413",
    "ManifestsAlike",
    say`two manifests are called ${id}, so one would be taken for the other`,
    "give each manifest a name of its own"
  )

/**
 * E0413 at run time, for two engines of one manifest.
 *
 * @category manifests
 * @since 0.1.0
 */
export const enginesAlike = (id: string) =>
  finding(
    "E0413",
    "EnginesAlike",
    say`two engines of ${id} are over one store, and neither would hear of the changes of the other`,
    "build the layers of the manifest once, and share the runtime"
  )

/**
 * E0415: a manifest that was given another class than its own, so that its rights would be those of that class.
 *
 * @category manifests
 * @since 0.1.0
 */
export type selfWrong<Id extends string> = message<
  "E0415",
  `the rights of '${Id}' are given to another class`,
  `write class ${Id} extends Manifest.Service<${Id}>()('${Id}', ...)`
>

/**
 * E0416: a parameter that two families on an edge spell in different ways.
 *
 * @category manifests
 * @since 0.1.0
 */
export type speltOtherwise<Family extends string, Pattern extends string, Name extends string, Source extends string> =
  message<
    "E0416",
    `'${Family}' derives '${Pattern}', and spells '${Name}' otherwise than '${Source}' does`,
    `give both the same codec in params, or its changes would not reach '${Family}'`
  >

/**
 * E0416 at run time.
 *
 * @category manifests
 * @since 0.1.0
 */
export const speltOtherwise = (family: string, pattern: string, name: string, source: string) =>
  finding(
    "E0416",
    "SpeltOtherwise",
    say`${family} derives ${pattern}, and spells ${name} otherwise than ${source} does`,
    say`give both the same codec in params, or its changes would not reach ${family}`
  )
