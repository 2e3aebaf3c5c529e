export * as Diagnostic from "./Diagnostic.ts"
export * as Explanations from "./Explanations.ts"
