export * as EvictionPolicy from "./EvictionPolicy.ts"
