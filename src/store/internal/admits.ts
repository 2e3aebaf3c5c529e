/**
 * What types cannot see of a value: that it is an instance of its schema's class, and that its checks hold.
 *
 * A plain object has the type of a class without methods, and 1.5 that of an integer. A tier that encodes refuses
 * them; memory keeps the value itself, and would serve what another arrangement of tiers refuses. So a schema that has
 * a class or a check in it is asked before a write. Any other schema costs a write nothing.
 *
 * Not here: properties that a schema does not mention, which only encoding finds.
 */
import * as Schema from "effect/Schema"
import type * as SchemaAST from "effect/SchemaAST"
import { fieldsOfClass } from "./schemaShape.ts"

/** Whether a value fits the schema, or `undefined` where its type says all that there is to say. */
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
