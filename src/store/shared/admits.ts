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
import { somePart } from "./schemaParts.ts"
import { fieldsOfClass } from "./schemaShape.ts"

/** A test whether a value fits the schema; `undefined` where its type already guarantees it. */
export const admitsOf = (schema: Schema.Schema<any>): ((value: unknown) => boolean) | undefined => {
  if (!somePart(schema.ast, needsLook)) return undefined
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

const needsLook = (ast: SchemaAST.AST): boolean => ast.checks !== undefined || fieldsOfClass(ast) !== undefined
