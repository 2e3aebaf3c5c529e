/**
 * The manifest that a killed process and its successor share.
 */
import { Schema } from "effect"
import * as Manifest from "effect-stateless/manifest/Manifest"

/** What the killed process and its successor share. */
export class CrashCache extends Manifest.Service<CrashCache>()("CrashCache", {
  families: {
    user: { pattern: "user:{id}", value: Schema.String },
    note: { pattern: "note:{id}", value: Schema.String },
    profile: { pattern: "profile:{id}", value: Schema.String, derives: ["user:{id}"] },
    slow: { pattern: "slow:{id}", value: Schema.String, timeToLive: "1 hour", staleWhileRevalidate: "1 hour" }
  }
}) {}
