/**
 * A duration as a program writes it, in each option that takes one: as Effect does, or as a short text such as `"30m"`.
 *
 * - One parser reads all of them. Options of a family, of one value, of a lease and of a store take the same forms.
 * - A text that is none of the forms is refused where the option is checked, with the name of the option.
 *
 * Not here: points in time, and the words of a lifetime that are not durations (`"never"`, `"doNotStore"`).
 *
 * @since 0.1.0
 */
import * as Duration from "effect/Duration"
import * as Option from "effect/Option"

/**
 * A short text for a duration: a number and a unit, such as `"30m"` or `"30 m"`. The units are `ms`, `s`, `m`
 * (minutes), `h`, `d` and `w`.
 *
 * **Example** (Two and a half hours)
 *
 * ```ts
 * import { DurationInput } from "effect-stateless"
 *
 * const lifetime: DurationInput.DurationText = "2.5h"
 * DurationInput.millisOf(lifetime) // => 9000000
 * ```
 *
 * @stability stable
 * @category models
 * @since 0.1.0
 */
export type DurationText = `${number}${"ms" | "s" | "m" | "h" | "d" | "w"}`

/**
 * What every option that is a duration takes: an Effect `Duration` and what Effect makes one of (a number of
 * milliseconds, `"5 minutes"`, `{ seconds: 30 }`), or a {@link DurationText} such as `"30m"`.
 *
 * @stability stable
 * @category models
 * @since 0.1.0
 */
export type DurationInput = Duration.Input | DurationText

const unitMillis: { readonly [unit: string]: number } = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000
}

// The same texts as those of `Duration`: a number without a sign, and no exponent.
const shortText = /^(\d+(?:\.\d+)?) ?(ms|[smhdw])$/

const units = ["weeks", "days", "hours", "minutes", "seconds", "milliseconds", "microseconds", "nanoseconds"]

// `Duration` takes NaN for 0 and ignores a unit that it does not know.
const isMeasure = (input: object): boolean => {
  if (Array.isArray(input)) return !input.some(Number.isNaN)
  const given = units.map((unit) => (input as { readonly [unit: string]: unknown })[unit])
  return Object.keys(input).every((unit) => units.includes(unit)) && given.some((amount) => amount !== undefined) &&
    given.every((amount) => amount === undefined || (typeof amount === "number" && !Number.isNaN(amount)))
}

/**
 * Decodes a duration that a caller gave, in milliseconds, 0 or more. `NaN` for a negative duration, for an object with
 * an unknown unit, and for an input that is not a duration, or that throws when it is read.
 *
 * **When to use**
 *
 * For durations of your own options that are written as those of a family. `Duration.toMillis` of Effect does not read
 * `"30m"`.
 *
 * **Example** (One parser for all forms)
 *
 * ```ts
 * import { DurationInput } from "effect-stateless"
 *
 * DurationInput.millisOf("30m") // => 1800000
 * DurationInput.millisOf("5 minutes") // => 300000
 * DurationInput.millisOf({ seconds: 30 }) // => 30000
 * DurationInput.millisOf("half an hour") // => NaN
 * ```
 *
 * @stability stable
 * @category arithmetic
 * @since 0.1.0
 */
export const millisOf = (input: unknown): number => {
  // Numbers are the commonest form. `Duration` would take NaN for 0.
  if (typeof input === "number") return input >= 0 ? input : NaN
  const short = typeof input === "string" ? shortText.exec(input) : null
  if (short !== null) return Number(short[1]) * unitMillis[short[2]!]!
  try {
    if (typeof input === "object" && input !== null && !Duration.isDuration(input) && !isMeasure(input)) return NaN
    const millis = Option.match(Duration.fromInput(input as Duration.Input), {
      onNone: () => NaN,
      onSome: Duration.toMillis
    })
    return millis >= 0 ? millis : NaN
  } catch {
    // A getter of the object, or a Proxy, throws.
    return NaN
  }
}
