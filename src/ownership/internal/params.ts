/**
 * Finds the codecs of a family that have no parameter in its pattern, and those that encode to no text.
 */
import * as Schema from "effect/Schema"
import * as AST from "effect/SchemaAST"
import type * as Diagnostic from "../../diagnostic/Diagnostic.ts"
import * as ManifestFindings from "../../diagnostic/types/manifestFindings.ts"
import * as Misfit from "../../diagnostic/types/misfit.ts"
import type { KeyPattern } from "../../pattern/KeyPattern.ts"
import type { FamilySpec } from "../Definition.ts"

const spelt: ReadonlySet<AST.AST["_tag"]> = new Set(
  ["String", "Number", "BigInt", "Boolean", "Enum", "TemplateLiteral", "Literal", "Never", "Any"]
)

const isSpelt = (ast: AST.AST): boolean => ast._tag === "Union" ? ast.types.every(isSpelt) : spelt.has(ast._tag)

// A codec that is not a Schema does not change the texts of a key.
const encodesToText = (codec: unknown): boolean => !Schema.isSchema(codec) || isSpelt(AST.toEncoded(codec.ast))

export const findParamProblems = (
  { name, pattern, spec }: { readonly name: string; readonly pattern: KeyPattern; readonly spec: FamilySpec }
): ReadonlyMap<string, Diagnostic.Diagnostic> => {
  const found = new Map<string, Diagnostic.Diagnostic>()
  for (const [param, codec] of Object.entries(spec.params ?? {})) {
    if (!pattern.holes.includes(param)) {
      found.set(param, ManifestFindings.parameterUnknown(param, pattern.source, name, pattern.holes))
    } else if (!encodesToText(codec)) found.set(param, Misfit.parameterEncoding())
  }
  return found
}
