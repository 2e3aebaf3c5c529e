/**
 * Explains each code at length: the mistake, the smallest program that makes it, why it is one, and the repair.
 *
 * - Both programs of an explanation are complete modules; the failing one has exactly this finding.
 * - Codes that the outside world causes (stores, time, load) have no program: none fails by itself.
 *
 * @since 0.1.0
 */

import { engine } from "./internal/engine.ts"
import { manifests } from "./internal/manifests.ts"
import { ownership } from "./internal/ownership.ts"
import { patterns } from "./internal/patterns.ts"
import type { Explained } from "./types/explained.ts"

/**
 * One code, explained: what was refused, why, and the repair, in prose and as programs.
 *
 * @stability experimental
 * @category models
 * @since 0.1.0
 */
export interface CodeExplanation extends Explained {}

/**
 * Finds the explanation of a code; `undefined` for a text that is not a code.
 *
 * **When to use**
 *
 * To show more than the line of an error, as `stateless explain` does.
 *
 * **Example** (The explanation of an error's code)
 *
 * ```ts
 * import { Explanations } from "effect-stateless"
 *
 * Explanations.find("E0205")?.code // => "E0205"
 * Explanations.find("E9999") // => undefined
 * ```
 *
 * @see {@link all} for every code
 * @stability experimental
 * @category getters
 * @since 0.1.0
 */
export const find = (code: string): CodeExplanation | undefined => all.find((explanation) => explanation.code === code)

/**
 * Every code, in order of groups: patterns and keys, ownership, manifests, stores and engine.
 *
 * **When to use**
 *
 * For a page that lists the codes.
 *
 * **Example** (Every code has one explanation)
 *
 * ```ts
 * import { Explanations } from "effect-stateless"
 *
 * const codes = Explanations.all.map(({ code }) => code)
 * new Set(codes).size === codes.length // => true
 * ```
 *
 * @see {@link find} for one code
 * @stability experimental
 * @category getters
 * @since 0.1.0
 */
export const all: ReadonlyArray<CodeExplanation> = [...patterns, ...ownership, ...manifests, ...engine]
