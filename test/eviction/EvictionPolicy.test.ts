/**
 * Each policy evicts exactly what its plain reference evicts, on random work, and keeps to its maximum.
 */
import { type EvictionPolicyName, names } from "../../src/eviction/EvictionPolicy.ts"
import * as AdaptiveReference from "../support/eviction/adaptiveReference.ts"
import * as LruReference from "../support/eviction/lruReference.ts"
import * as S3FifoReference from "../support/eviction/s3FifoReference.ts"
import * as SieveReference from "../support/eviction/sieveReference.ts"
import * as EvictionPolicySuite from "../support/eviction/suite.ts"
import * as WTinyLfuReference from "../support/eviction/wTinyLfuReference.ts"

// A policy without a reference does not compile.
const references: { readonly [Name in EvictionPolicyName]: EvictionPolicySuite.MakeReference } = {
  lru: LruReference.make,
  sieve: SieveReference.make,
  s3Fifo: S3FifoReference.make,
  wTinyLfu: WTinyLfuReference.make,
  adaptive: AdaptiveReference.make
}

for (const name of names) EvictionPolicySuite.run(name, references[name])
