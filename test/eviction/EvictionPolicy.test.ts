import * as AdaptiveReference from "./adaptiveReference.ts"
import * as EvictionPolicySuite from "./evictionPolicySuite.ts"
import * as LruReference from "./lruReference.ts"
import * as S3FifoReference from "./s3FifoReference.ts"
import * as SieveReference from "./sieveReference.ts"
import * as WTinyLfuReference from "./wTinyLfuReference.ts"

EvictionPolicySuite.run("lru", LruReference.make)
EvictionPolicySuite.run("sieve", SieveReference.make)
EvictionPolicySuite.run("s3Fifo", S3FifoReference.make)
EvictionPolicySuite.run("wTinyLfu", WTinyLfuReference.make)
EvictionPolicySuite.run("adaptive", AdaptiveReference.make)
