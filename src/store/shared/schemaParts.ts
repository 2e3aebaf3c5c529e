/**
 * Finds out whether a schema, or any schema inside it, has a property.
 *
 * Not here: how a schema is encoded. A caller who asks for the encoded side gives that.
 */
import type * as SchemaAST from "effect/SchemaAST"

/** Whether a schema or one of its parts, at any depth, passes a test. A schema that refers to itself is seen once. */
export const somePart = (ast: SchemaAST.AST, test: (part: SchemaAST.AST) => boolean): boolean => {
  const seen = new Set([ast])
  // The loop also visits the parts that are added while it runs.
  for (const one of seen) {
    if (test(one)) return true
    for (const part of partsOf(one)) seen.add(part)
  }
  return false
}

const partsOf = (ast: SchemaAST.AST): ReadonlyArray<SchemaAST.AST> => {
  switch (ast._tag) {
    case "Arrays":
      return [...ast.elements, ...ast.rest]
    case "Objects":
      return [...ast.propertySignatures, ...ast.indexSignatures].map(({ type }) => type)
    case "Union":
      return ast.types
    case "Suspend":
      return [ast.thunk()]
    case "Declaration":
      return ast.typeParameters
    default:
      return []
  }
}
