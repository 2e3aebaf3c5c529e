/**
 * Writes that a caller awaits until the tier below has them: memory over LMDB, beside a `redis-server` that flushes
 * each write (`appendfsync always`) on the same disk. Callers write one after the other, and all at once.
 *
 *     node --conditions=@effect-stateless/source bench/throughput/confirmed.ts
 *
 * Prints JSON: writes a second, and the CPU time of a write in microseconds, of the main thread and of the process.
 * Without `redis-server`, its rows are missing.
 */
import * as Manifest from "effect-stateless/manifest/Manifest"
import * as LmdbStore from "effect-stateless/store/LmdbStore"
import * as MemoryStore from "effect-stateless/store/MemoryStore"
import * as TieredStore from "effect-stateless/store/TieredStore"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as ManagedRuntime from "effect/ManagedRuntime"
import * as Schema from "effect/Schema"
import { spawn, spawnSync } from "node:child_process"
import { mkdtempSync, rmSync } from "node:fs"
import { connect, createServer, type Socket } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { median } from "./measure.ts"

const millisOfTurn = 500
const turns = 7
const keyCount = 10_000
const text = "x".repeat(100)
const callerCounts = [1, 16, 64]
const answerBytes = "+OK\r\n".length

interface Rate {
  readonly perSecond: number
  readonly mainMicros: number
  readonly processMicros: number
}

type Write = (caller: number, key: string) => Promise<unknown>

const cpuOf = ({ system, user }: { readonly system: number; readonly user: number }) => system + user

/** What some callers reach together in a turn. */
const turn = async (callers: number, write: Write): Promise<Rate> => {
  const [start, main, all] = [performance.now(), cpuOf(process.threadCpuUsage()), cpuOf(process.cpuUsage())]
  let done = 0
  const one = async (caller: number) => {
    for (; performance.now() - start < millisOfTurn; done++) await write(caller, `${(done * 7) % keyCount}`)
  }
  await Promise.all(Array.from({ length: callers }, (_, caller) => one(caller)))
  return {
    perSecond: 1_000 * done / (performance.now() - start),
    mainMicros: (cpuOf(process.threadCpuUsage()) - main) / done,
    processMicros: (cpuOf(process.cpuUsage()) - all) / done
  }
}

class Texts extends Manifest.Service<Texts>()("bench/Texts", {
  families: { text: { pattern: "text:{id}", value: Schema.String } }
}) {}

const folder = mkdtempSync(join(tmpdir(), "stateless-confirmed-"))

const ours = async (durability: "process" | "flushed"): Promise<Write> => {
  const store = TieredStore.layer([
    MemoryStore.layer({ capacity: 2 * keyCount }),
    LmdbStore.layer({ path: join(folder, durability), durability })
  ])
  const runtime = ManagedRuntime.make(
    Texts.modules({ text: Texts.owner("text") }).pipe(Layer.provideMerge(store))
  )
  const writer = await runtime.runPromise(Texts.keys.text.writer)
  return (_, id) => Effect.runPromise(writer.set({ id }, text))
}

const freePort = (): Promise<number> =>
  new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const address = server.address()
      server.close(() => resolve(typeof address === "object" && address !== null ? address.port : 0))
    })
  })

const redis = async (): Promise<{ readonly write: Write; readonly pipelined: Write; readonly end: () => void }> => {
  const port = await freePort()
  const server = spawn("redis-server", [
    "--port",
    `${port}`,
    "--bind",
    "127.0.0.1",
    "--save",
    "",
    "--dir",
    folder,
    "--appendonly",
    "yes",
    "--appendfsync",
    "always"
  ], { stdio: ["ignore", "pipe", "inherit"] })
  for await (const lines of server.stdout.iterator({ destroyOnReturn: false })) {
    if (String(lines).includes("Ready to accept connections")) break
  }
  server.stdout.resume()
  const command = (key: string) => `*3\r\n$3\r\nSET\r\n$${key.length}\r\n${key}\r\n$${text.length}\r\n${text}\r\n`
  // A connection of each caller: its next answer is that of its write.
  const sockets: Array<Socket> = []
  const write: Write = (caller, key) =>
    new Promise((resolve) => {
      const socket = sockets[caller] ??= connect(port, "127.0.0.1").setNoDelay()
      socket.once("data", resolve)
      socket.write(command(key))
    })
  // One connection of all callers: what they write in one step goes in one chunk, and each answer has five bytes.
  const shared = connect(port, "127.0.0.1").setNoDelay()
  const waiting: Array<(value: unknown) => void> = []
  let bytes = 0
  shared.on("data", (chunk) => {
    for (bytes += chunk.length; bytes >= answerBytes; bytes -= answerBytes) waiting.shift()!(undefined)
  })
  let chunk = ""
  const pipelined: Write = (_, key) =>
    new Promise((resolve) => {
      waiting.push(resolve)
      if (chunk === "") {
        setImmediate(() => {
          shared.write(chunk)
          chunk = ""
        })
      }
      chunk += command(key)
    })
  return {
    write,
    pipelined,
    end: () => {
      shared.destroy()
      for (const socket of sockets) socket.destroy()
      server.kill("SIGKILL")
    }
  }
}

const hasRedis = spawnSync("redis-server", ["--version"]).status === 0
const server = hasRedis ? await redis() : undefined
const contestants: ReadonlyArray<readonly [name: string, write: Write]> = [
  ["LMDB, process", await ours("process")],
  ["LMDB, flushed", await ours("flushed")],
  ...(server === undefined ? [] : [
    ["redis-server, appendfsync always", server.write] as const,
    ["the same, by one connection", server.pipelined] as const
  ])
]
const rows: Array<Rate & { readonly name: string; readonly callers: number }> = []
for (const callers of callerCounts) {
  const rates = contestants.map((): Array<Rate> => [])
  for (let i = 0; i <= turns; i++) {
    for (const [at, [, write]] of contestants.entries()) {
      const rate = await turn(callers, write)
      // The first turn warms up.
      if (i > 0) rates[at]!.push(rate)
    }
  }
  for (const [at, [name]] of contestants.entries()) {
    const of = (figure: keyof Rate) => median(rates[at]!.map((rate) => rate[figure]))
    const [perSecond, mainMicros, processMicros] = [of("perSecond"), of("mainMicros"), of("processMicros")]
    rows.push({ name, callers, perSecond, mainMicros, processMicros })
  }
}
server?.end()
rmSync(folder, { recursive: true, force: true })
console.log(JSON.stringify({ rows }))
process.exit(0)
