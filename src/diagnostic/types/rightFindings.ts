/**
 * Rights that a program lacks, or that nothing can provide; operations that are never run.
 *
 * @since 0.1.0
 */
import type { message } from "../Diagnostic.ts"
import { finding, say } from "../internal/finding.ts"

/**
 * E0203: a write through a borrow.
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
 * E0205: an operation without the right to it. Found at run time only: after a cast, or in a manifest from data.
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
 * E0217: an operation through a grant whose Scope has closed. Found at run time only.
 *
 * @category ownership
 * @since 0.1.0
 */
export const grantRevoked = (pattern: string, family: string) =>
  finding(
    "E0217",
    "Revoked",
    say`the right to ${pattern} of family ${family} has ended with the Scope that gave it`,
    "use it inside that Scope only"
  )

/**
 * E0230: a capability, written by hand, for a pattern that the manifest does not declare. No layer can provide it.
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
 * E0230: a capability whose pattern is any text. A layer provides a right to one pattern.
 *
 * @category ownership
 * @since 0.1.0
 */
export type capabilityOpen = message<
  "E0230",
  "a right has one pattern, and this is any text, so nothing can provide it",
  "name a declared pattern; code that is generic in the pattern uses Capability.Owns"
>

/**
 * E0230: a union of patterns within one capability. A layer provides a right for each pattern, and none for several.
 *
 * @category ownership
 * @since 0.1.0
 */
export type capabilityChoice = message<
  "E0230",
  "a right has one pattern, and this is a union of several, so nothing can provide it",
  "write a union of rights, each with one pattern"
>

type PassesOn = "the right on (Layer.provideMerge)"
const passesOn: PassesOn = "the right on (Layer.provideMerge)"
const caller = "let its caller provide it"

/**
 * When a program gets what it lacks. `Manifest.provided` sees its argument alone, so what is provided to the program
 * that it returns comes too late.
 *
 * @category ownership
 * @since 0.1.0
 */
export type Before = "before Manifest.provided and not after it"

/**
 * E0233: a program that is run without a right that it requires.
 *
 * **Details**
 *
 * Effect's own runners show the right alone (`Type 'Owns<...>' is not assignable to type 'never'`); `stateless check`
 * and `Manifest.provided` say this. Only the type knows that it was said by `Manifest.provided`.
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
  `provide owner('${Owner}') of '${Id}', or modules where '${Owner}' passes ${PassesOn}, ${Before}`
>
export const capabilityUnprovided = (id: string, verb: "read" | "write", pattern: string, owner: string) =>
  finding(
    "E0233",
    "CapabilityUnprovided",
    `nothing provides the right to ${verb} ${say`${pattern}`}, which this program requires`,
    say`provide owner(${owner}) of ${id}, or modules where ${owner} passes ` + `${passesOn}, or ${caller}`
  )

/**
 * E0238: an operation that a program makes and never runs. Only `stateless check` finds it, because TypeScript accepts
 * an expression whose value is not used.
 *
 * @category ownership
 * @since 0.1.0
 */
export const neverRun = (operation: string) =>
  finding(
    "E0238",
    "NeverRun",
    say`${operation} is never run, so it does nothing`,
    say`write yield* before it, return it or run it: ${"runPromise"} of a runtime runs it, and ${"await"} or ` +
      say`${"void"} alone does not`
  )

/**
 * E0238: a write for a batch that no batch takes.
 *
 * @category ownership
 * @since 0.1.0
 */
export const neverBatched = (write: string) =>
  finding(
    "E0238",
    "NeverRun",
    say`${write} returns a write for a batch, and no batch takes it, so it does nothing`,
    say`give it to ${"batch"} of the manifest, or write yield* before ${"set"} or ${"delete"} of the family`
  )

/**
 * E0238: `arrived` of a handle that is awaited and not called.
 *
 * @category ownership
 * @since 0.1.0
 */
export const arrivedNotCalled = (arrived: string) =>
  finding(
    "E0238",
    "NeverRun",
    say`${arrived} is a function that nothing calls, so nothing waits for the tiers below memory`,
    "pass it the result of the write without an Effect"
  )

/**
 * E0238: an operation in the place of a condition. It is an Effect, and an Effect is always truthy.
 *
 * @category ownership
 * @since 0.1.0
 */
export const neverRunTested = (operation: string) =>
  finding(
    "E0238",
    "NeverRun",
    say`${operation} is an Effect, which is always truthy, and it is never run`,
    "write yield* before it, in parentheses, to test its answer"
  )

/**
 * E0207: a write to one of several families, each with its own values. Only `stateless check` finds it: the compiler
 * shows the intersection of the values of all of them.
 *
 * @category ownership
 * @since 0.1.0
 */
export const writeChoice = () =>
  finding(
    "E0207",
    "FamilyChoice",
    "this writes to one of several families (a union type), and each has values of its own",
    "choose one family before you write"
  )
