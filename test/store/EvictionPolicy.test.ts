import * as EvictionPolicySuite from "./evictionPolicySuite.ts"
import * as LruReference from "./lruReference.ts"

EvictionPolicySuite.run("lru", LruReference.make)
