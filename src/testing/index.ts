export * as FaultyStore from "./FaultyStore.ts"
export * as PromiseBroken from "./PromiseBroken.ts"
export * as SeededScheduler from "./SeededScheduler.ts"
export * as StoreSuite from "./StoreSuite.ts"
