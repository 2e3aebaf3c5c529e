/**
 * A `redis-server` of a test's own: on a free port of the loopback, with a folder of its own, ended by its process.
 */
import { describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { Redis } from "ioredis"
import { type ChildProcess, spawn, spawnSync } from "node:child_process"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { createServer } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"

const hasServer: boolean = spawnSync("redis-server", ["--version"]).status === 0
if (!hasServer) console.error("DID NOT RUN: redis-server is not installed; it is in Debian's package redis-server")

export interface RedisServer {
  readonly port: number
  readonly connect: (options?: object) => Redis
  /** Ends the server as a crash does, and starts it again on its port and folder. */
  readonly restart: Effect.Effect<void, Error>
  /** Stops its process, or lets it go on; or ends it for good. */
  readonly signal: (signal: "SIGSTOP" | "SIGCONT" | "SIGKILL") => Effect.Effect<void>
}

const freePort: Effect.Effect<number> = Effect.callback((resume) => {
  const server = createServer()
  server.listen(0, "127.0.0.1", () => {
    const address = server.address()
    const port = typeof address === "object" && address !== null ? address.port : 0
    server.close(() => resume(Effect.succeed(port)))
  })
})

/** Starts a server that saves nothing by itself, until the Scope ends. */
export const start = (...args: ReadonlyArray<string>): Effect.Effect<RedisServer, Error, Scope.Scope> =>
  begun((port, folder) => ["--port", `${port}`, "--bind", "127.0.0.1", "--save", "", "--dir", folder, ...args])

/** Starts a Sentinel, until the Scope ends. It writes its state into its file of configuration. */
export const startSentinel = (lines: ReadonlyArray<string>): Effect.Effect<RedisServer, Error, Scope.Scope> =>
  begun((port, folder) => {
    const file = join(folder, "sentinel.conf")
    writeFileSync(file, [`port ${port}`, "bind 127.0.0.1", `dir ${folder}`, ...lines].join("\n"))
    return [file, "--sentinel"]
  }, "+monitor")

const begun = (
  configOf: (port: number, folder: string) => ReadonlyArray<string>,
  isReady = "Ready to accept connections"
): Effect.Effect<RedisServer, Error, Scope.Scope> =>
  Effect.gen(function*() {
    const folder = yield* Effect.acquireRelease(
      Effect.sync(() => mkdtempSync(join(tmpdir(), "redis-"))),
      (folder) => Effect.sync(() => rmSync(folder, { recursive: true, force: true }))
    )
    const port = yield* freePort
    const config = configOf(port, folder)
    let child: ChildProcess
    const begin = Effect.tryPromise({
      try: async () => {
        child = spawn("redis-server", config, { stdio: ["ignore", "pipe", "inherit"] })
        for await (const lines of child.stdout!.iterator({ destroyOnReturn: false })) {
          if (String(lines).includes(isReady)) break
        }
        child.stdout!.resume()
      },
      catch: (cause) => new Error("redis-server did not start", { cause })
    })
    const end = Effect.callback<void>((resume) => {
      if (child.exitCode !== null || child.signalCode !== null) return resume(Effect.void)
      child.once("exit", () => resume(Effect.void))
      child.kill("SIGKILL")
    })
    yield* Effect.acquireRelease(begin, () => end)
    return {
      port,
      connect: (options) => new Redis(port, "127.0.0.1", options ?? {}),
      restart: Effect.andThen(end, begin),
      signal: (signal) => Effect.sync(() => void child.kill(signal))
    }
  })

/** A connection for what a test does beside its engines. It connects again to a server that comes back. */
export const adminOf = ({ connect }: Pick<RedisServer, "connect">): Effect.Effect<Redis, never, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.sync(() => {
      const redis = connect({ retryStrategy: () => 20 })
      redis.on("error", () => undefined)
      return redis
    }),
    (redis) => Effect.sync(() => redis.disconnect())
  )

/** Runs a suite where the machine has a server. Elsewhere it is skipped, and the output says that it did not run. */
export const whereServed = (name: string, suite: () => void): void => {
  if (hasServer) suite()
  else describe.skip(`${name}, without redis-server`, () => undefined)
}

/** Declares a test that has a server of its own, started with these arguments. */
export const live = (
  name: string,
  body: (server: RedisServer) => Effect.Effect<void, unknown, Scope.Scope>,
  ...args: ReadonlyArray<string>
): void => it.live(name, () => Effect.flatMap(start(...args), body), 30_000)
