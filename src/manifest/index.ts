export * as Family from "./Family.ts"
export * as Manifest from "./Manifest.ts"
export * as Owner from "./Owner.ts"
export * as Remote from "./Remote.ts"
