/**
 * Each policy evicts exactly what its plain reference evicts, on random work, and keeps to its maximum.
 */
import * as AdaptiveReference from "../support/eviction/adaptiveReference.ts"
import * as LruReference from "../support/eviction/lruReference.ts"
import * as S3FifoReference from "../support/eviction/s3FifoReference.ts"
import * as SieveReference from "../support/eviction/sieveReference.ts"
import * as EvictionPolicySuite from "../support/eviction/suite.ts"
import * as WTinyLfuReference from "../support/eviction/wTinyLfuReference.ts"

EvictionPolicySuite.run("lru", LruReference.make)
EvictionPolicySuite.run("sieve", SieveReference.make)
EvictionPolicySuite.run("s3Fifo", S3FifoReference.make)
EvictionPolicySuite.run("wTinyLfu", WTinyLfuReference.make)
EvictionPolicySuite.run("adaptive", AdaptiveReference.make)
