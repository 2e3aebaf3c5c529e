import { Effect } from "effect"
import { AppCache } from "../fixture.ts"

const { feed, prefs } = AppCache.keys
const dark = { dark: true }
const lookup = () => Effect.succeed(dark)
declare const either: typeof feed | typeof prefs
declare const writer: Effect.Success<typeof prefs.writer>

export const givenTexts = [
  prefs.get("1"),
  prefs.getOption("1"),
  prefs.getAnswer("1"),
  prefs.getAnswerOption("1"),
  prefs.getMany(["1"]),
  prefs.has("1"),
  prefs.explain("1"),
  prefs.refresh("1"),
  prefs.warm(["1"]),
  prefs.select("1", (value) => value.dark),
  prefs.getOr("1", Effect.succeed(dark)),
  prefs.set("prefs:1", dark),
  prefs.setMany([["1", dark]]),
  prefs.setIfAbsent("1", dark),
  prefs.setting("1", dark),
  prefs.update("1", (was) => was),
  prefs.patch("1", (was) => was),
  prefs.reschedule("1", { timeToLive: "1 minute" }),
  prefs.invalidate("1"),
  prefs.delete("1"),
  prefs.deleteMany(["1"]),
  prefs.deleting("1"),
  prefs.lease("1", { timeToLive: "1 minute" }),
  prefs.key("1"),
  writer.getPromise("1"),
  writer.getUnsafe("1"),
  writer.setUnsafe("1", dark),
  writer.deleteUnsafe("1"),
  writer.patchUnsafe("1", (was) => was),
  AppCache.owner("prefs", { lookup, warm: { keys: ["1"] } })
]

export const givenOthers = [prefs.get(1), prefs.get(["1"]), prefs.get(null), either.get("1"), either.get({ id: "1" })]
