export * as Key from "./Key.ts"
export * as KeyPattern from "./KeyPattern.ts"
export * as SensitiveKey from "./SensitiveKey.ts"
