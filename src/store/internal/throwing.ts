/**
 * Finds the part of a value at which a function of its schema throws.
 *
 * An exception has no path. So each part that has a schema of its own is encoded and decoded alone, from the outside to
 * the inside, until no part throws as the whole does. This runs after a failure only, and within bounds.
 *
 * Not here: parts behind a transformation, whose encoded side only the transformation knows, and members of a union.
 */
import * as Cause from "effect/Cause"
import * as Exit from "effect/Exit"
import * as Schema from "effect/Schema"
import type * as SchemaAST from "effect/SchemaAST"
import { nameOfThrown } from "../shared/misfit.ts"

// How many parts of a value are tried, and how deep, before no further place is named.
const partsMax = 1_000
const levelsMax = 64

/** Returns the path to the innermost part that throws an error of this name; empty if it is not found. */
export const throwingIn = (ast: SchemaAST.AST, value: unknown, name: string): ReadonlyArray<PropertyKey> => {
  const path: Array<PropertyKey> = []
  let tried = 0
  try {
    let [node, part] = [ast, value]
    while (path.length < levelsMax) {
      const found = partsOf(node, part).find(([, inner, held]) => tried++ < partsMax && throws(inner, held, name))
      if (found === undefined) break
      path.push(found[0])
      node = found[1]
      part = found[2]
    }
  } catch {
    // A getter of the value, or a function that makes a recursive schema, threw.
  }
  return path
}

type Part = readonly [key: PropertyKey, ast: SchemaAST.AST, value: unknown]

const partsOf = (node: SchemaAST.AST, value: unknown): ReadonlyArray<Part> => {
  if (node.encoding !== undefined) return []
  if (node._tag === "Suspend") return partsOf(node.thunk(), value)
  if (node._tag === "Objects" && typeof value === "object" && value !== null) {
    return node.propertySignatures
      .filter(({ name }) => Object.hasOwn(value, name))
      .map(({ name, type }) => [name, type, (value as Record<PropertyKey, unknown>)[name]])
  }
  if (node._tag === "Arrays" && Array.isArray(value)) {
    return value.slice(0, partsMax).flatMap((held, index): ReadonlyArray<Part> => {
      const inner = node.elements[index] ?? node.rest[0]
      return inner === undefined ? [] : [[index, inner, held]]
    })
  }
  return []
}

const throws = (ast: SchemaAST.AST, value: unknown, name: string): boolean => {
  try {
    const codec = Schema.toCodecJson(Schema.make<Schema.Codec<unknown>>(ast))
    const encoded = Schema.encodeUnknownExit(codec)(value)
    const after = Exit.isSuccess(encoded) ? Schema.decodeUnknownExit(codec)(encoded.value) : encoded
    return Exit.isFailure(after) &&
      after.cause.reasons.some((reason) => Cause.isDieReason(reason) && nameOfThrown(reason.defect) === name)
  } catch (error) {
    return nameOfThrown(error) === name
  }
}
