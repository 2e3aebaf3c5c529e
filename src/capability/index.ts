export * as Capability from "./Capability.ts"
export * as Lease from "./Lease.ts"
