/**
 * Checks what types cannot show of a value: that it is an instance of its schema's class, and that its checks hold.
 *
 * A plain object has the type of a class without methods, and 1.5 has the type of an integer. A tier that encodes
 * refuses both; memory keeps the value itself, and would serve a value that another arrangement of tiers refuses. So a
 * schema with a class or a check is tested before a write. Any other schema adds no cost to a write.
 *
 * Not here: properties that a schema does not mention, which only encoding finds.
 */
import * as Schema from "effect/Schema"
import type * as SchemaAST from "effect/SchemaAST"
import { fieldsOfClass } from "./schemaShape.ts"

/** A test whether a value fits the schema; `undefined` where its type already guarantees it. */
export const admitsOf = (schema: Schema.Schema<any>): ((value: unknown) => boolean) | undefined => {
  if (!needsLook(schema.ast, new Set())) return undefined
  const is = Schema.is(schema)
  return (value) => {
    try {
      return is(value)
    } catch {
      // A check or a getter threw.
      return false
    }
  }
}

const needsLook = (ast: SchemaAST.AST, seen: Set<SchemaAST.AST>): boolean => {
  if (seen.has(ast)) return false
  seen.add(ast)
  if (ast.checks !== undefined || fieldsOfClass(ast) !== undefined) return true
  const any = (all: ReadonlyArray<SchemaAST.AST>) => all.some((each) => needsLook(each, seen))
  switch (ast._tag) {
    case "Arrays":
      return any(ast.elements) || any(ast.rest)
    case "Objects":
      return any(ast.propertySignatures.map(({ type }) => type)) || any(ast.indexSignatures.map(({ type }) => type))
    case "Union":
      return any(ast.types)
    case "Suspend":
      return needsLook(ast.thunk(), seen)
    case "Declaration":
      return any(ast.typeParameters)
    default:
      return false
  }
}
