/**
 * Writes the explanations of codes: prose, and two programs of which only the lines that matter are spelt out.
 */
import type { Explained } from "../types/explained.ts"

// A module with one manifest. Each line of `families` is one family; `rest` follows the class.
export const module = (
  families: ReadonlyArray<string>,
  rest: ReadonlyArray<string> = [],
  sections = "",
  imports = ""
) =>
  [
    `import * as Manifest from "effect-stateless/manifest/Manifest"`,
    ...(rest.some((line) => line.includes("Effect.")) ? [`import * as Effect from "effect/Effect"`] : []),
    ...(rest.some((line) => line.includes("Layer.")) ? [`import * as Layer from "effect/Layer"`] : []),
    ...(imports === "" ? [] : [imports]),
    "",
    `export class AppCache extends Manifest.Service<AppCache>()("AppCache", {`,
    ...(sections === "" ? [] : [`  ${sections},`]),
    "  families: {",
    ...families.map((line, index) => `    ${line}${index === families.length - 1 ? "" : ","}`),
    "  }",
    "}) {}",
    ...(rest.length === 0 ? [] : ["", ...rest]),
    ""
  ].join("\n")

export const user = `user: { pattern: "user:{id}", value: Manifest.type<string>() }`
export const profile = `profile: { pattern: "profile:{id}", value: Manifest.type<string>(), derives: ["user:{id}"] }`
export const serverUser = `user: { pattern: "user:{id}", layer: "server" }`
export const files = `files: { pattern: "files:*" }`
export const serverFiles = `files: { pattern: "files:*", layer: "server" }`
export const facts = `facts: { pattern: "files:{id}", partOf: "files" }`

export const explain = (
  code: string,
  what: string,
  why: string,
  repair: string,
  failing: string,
  repaired: string,
  foundBy: Explained["foundBy"] = "the compiler"
): Explained => ({ code, what, why, repair, foundBy, failing, repaired })

export const atRunTime = (
  code: string,
  what: string,
  why: string,
  repair: string,
  failing?: string,
  repaired?: string
): Explained => ({ code, what, why, repair, foundBy: "the run time", failing, repaired })
