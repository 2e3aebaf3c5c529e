/**
 * Connections to a Redis server, and whether it can be used.
 *
 * - A connection sends nothing later than its caller waits for: nothing is queued while it is away, and the driver
 *   sends nothing again.
 * - A connection that is lost is made again, after a pause that grows up to `pauseMillisMax` and has a random part.
 * - A server that refuses the caller, or that the scripts cannot run on, is an error when the tier is opened. A server
 *   that is away, or that is starting or changing its role, is none.
 */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import type { Redis } from "ioredis"
import { refused } from "../../internal/given.ts"
import * as AnswerTime from "../../shared/answerTime.ts"
import type { StoreError } from "../../StoreError.ts"

/** The name of this tier in answers and errors. */
export const tierName = "redis"

/** The longest timer of JavaScript; a longer one fires at once. */
export const timerMillisMax = 2_147_483_647

const pauseMillisMin = 50
const pauseMillisMax = 2_000

/** A connection on which an answer is due is given up after the time of so many answers, or after `leastMillis`. */
const silentAnswersMax = 4
const leastMillis = 2_000

/** What every connection of a place has. `waitMillis` is how long the server may wait by itself before it answers. */
export const connectionOptions = (random: () => number, answerMillis: number, waitMillis: number) => {
  const pause = (times: number) =>
    Math.min(pauseMillisMax, pauseMillisMin * 2 ** Math.min(times, 10)) * (0.5 + random() / 2)
  return {
    lazyConnect: true,
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    autoResendUnfulfilledCommands: false,
    enableAutoPipelining: false,
    connectTimeout: Math.min(timerMillisMax, Math.ceil(answerMillis)),
    // A server that hangs does not close its connections. Another one may have taken over.
    socketTimeout: Math.min(
      timerMillisMax,
      waitMillis + Math.max(leastMillis, Math.ceil(silentAnswersMax * answerMillis))
    ),
    // The store ends a wait itself. A command that the driver gives up stays under way, and others queue up behind it.
    commandTimeout: undefined,
    blockingTimeout: undefined,
    // Answers are read as the driver gives them by default.
    stringNumbers: false,
    replyMapping: "legacy" as const,
    // Commands of the caller's own could have the names of those that the store calls.
    scripts: undefined,
    himportFieldsets: undefined,
    readOnly: false,
    retryStrategy: pause,
    // Without a next try, a connection ends for good.
    sentinelRetryStrategy: pause,
    // A primary that became a replica does not close its connections.
    reconnectOnError: ({ message }: Error) => message.includes("READONLY")
  }
}

/** The option of a client that cannot be one of a store, and why. `hasUrl` says that an address is given beside it. */
export const clientMisfit = (
  client: object,
  hasUrl: boolean
): readonly [option: string, why: string] | undefined => {
  const { monitor, role } = client as { readonly monitor?: unknown; readonly role?: unknown }
  if (monitor === true) return ["monitor", "makes a connection that takes no commands"]
  if (role !== undefined && role !== "master") return ["role", "must be \"master\", because a replica takes no writes"]
  for (const [option, value] of Object.entries(client)) {
    if (/(?:Timeout|^keepAlive)$/.test(option) && typeof value === "number" && value > timerMillisMax) {
      return [option, `must be at most ${timerMillisMax} ms, the longest timer of JavaScript`]
    }
    if (hasUrl && places.has(option) && value !== undefined && value !== null) {
      return [option, "says where the server is, and so does `url`: one of the two is needed"]
    }
  }
  return undefined
}

const places: ReadonlySet<string> = new Set(["host", "port", "path", "sentinels"])

/** Makes a connection that is not connected yet. */
export type Connect = (options: ReturnType<typeof connectionOptions>) => Redis

// What a server says of its state, and not of the caller.
const passing = /(?:^|-)(LOADING|BUSY|READONLY|MASTERDOWN|NOREPLICAS|OOM|MISCONF|TRYAGAIN|CLUSTERDOWN|UNBLOCKED)\b/

const isRefusal = (error: unknown): error is Error =>
  error instanceof Error && error.name === "ReplyError" && !passing.test(error.message)

/** Connects, until the Scope ends. It does not wait longer than for one try, and goes on by itself. */
export const open = (
  connect: Connect,
  random: () => number,
  answerMillis: number,
  waitMillis = 0
): Effect.Effect<Redis, StoreError, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.try({
      try: () => connect(connectionOptions(random, answerMillis, waitMillis)),
      catch: (cause) => refused(tierName, "client", `makes no connection: ${textOf(cause)}`)
    }),
    (redis) => Effect.sync(() => redis.disconnect())
  ).pipe(Effect.tap((redis) => {
    let reply: Error | undefined
    // Calls report errors of the connection, too.
    redis.on("error", (error) => {
      if (isRefusal(error)) reply = error
    })
    // It goes on by itself. Until it is connected, calls fail at once.
    const connected = Effect.ignore(Effect.tryPromise(() => redis.connect()))
    return Effect.flatMap(
      AnswerTime.timeoutOption(connected, answerMillis),
      () => reply === undefined ? Effect.void : Effect.fail(refusedBy(reply))
    )
  }))

/** Fails if the server cannot be used. A server that is away may be used later. */
export const check = (redis: Redis, answerMillis: number): Effect.Effect<void, StoreError> => {
  const asked = Effect.promise(async () => {
    if (redis.status !== "ready") return undefined
    try {
      return faultOf(await redis.info("server"), await redis.info("cluster"))
    } catch (error) {
      return isRefusal(error) ? refusedBy(error) : undefined
    }
  })
  return Effect.flatMap(AnswerTime.timeoutOption(asked, answerMillis), (answered) => {
    const fault = Option.getOrUndefined(answered)
    return fault === undefined ? Effect.void : Effect.fail(fault)
  })
}

const faultOf = (server: string, cluster: string): StoreError | undefined => {
  const [, major, minor] = /redis_version:(\d+)\.(\d+)/.exec(server) ?? []
  if (!/run_id:\w/.test(server) || major === undefined) {
    return refused(tierName, "url", "leads to a server that does not say which one it is: INFO has no `run_id`")
  }
  if (Number(major) * 100 + Number(minor) < 602) {
    return refused(tierName, "url", `leads to Redis ${major}.${minor}, and 6.2 is needed`)
  }
  return /cluster_enabled:1/.test(cluster)
    ? refused(tierName, "url", "leads to a cluster, and the tier needs one primary")
    : undefined
}

const refusedBy = ({ message }: Error): StoreError => refused(tierName, "url", `was refused by the server: ${message}`)

const textOf = (cause: unknown): string => cause instanceof Error ? cause.message : String(cause)

/** The error for an answer that says that the server cannot be used; `undefined` for any other. */
export const refusalIn = (cause: unknown): StoreError | undefined => isRefusal(cause) ? refusedBy(cause) : undefined
