/**
 * A client for the language server of TypeScript 7. Like an editor, it opens a text and asks about places in it.
 */
import { type ChildProcess, spawn } from "node:child_process"
import * as path from "node:path"
import { pathToFileURL } from "node:url"
import * as Compiler from "./compiler.ts"

export interface Position {
  readonly line: number
  readonly character: number
}

interface Message {
  readonly id?: number | string
  readonly method?: string
  readonly params?: { readonly items?: ReadonlyArray<unknown> }
  readonly result?: any
  readonly error?: { readonly message: string }
}

/** A text with `/*|*\/` where the cursor is. */
export const split = (marked: string): { readonly text: string; readonly at: Position } => {
  const [before, after] = marked.split("/*|*/") as [string, string]
  const lines = before.split("\n")
  return { text: before + after, at: { line: lines.length - 1, character: lines.at(-1)!.length } }
}

export class LanguageServer {
  private readonly process: ChildProcess
  private readonly waiting = new Map<number, { readonly done: (a: any) => void; readonly failed: (e: Error) => void }>()
  private received = Buffer.alloc(0)
  private requests = 0
  private texts = 0

  private constructor() {
    this.process = spawn(Compiler.executable, ["--lsp", "-stdio"], { cwd: Compiler.root, stdio: "pipe" })
    this.process.stdout!.on("data", (chunk: Buffer) => this.receive(chunk))
    this.process.on("exit", () => {
      for (const { failed } of this.waiting.values()) failed(new Error("the language server ended"))
    })
  }

  static async start(): Promise<LanguageServer> {
    const server = new LanguageServer()
    const root = pathToFileURL(Compiler.root).href
    await server.request("initialize", {
      processId: process.pid,
      rootUri: root,
      workspaceFolders: [{ uri: root, name: "root" }],
      capabilities: {
        textDocument: {
          hover: { contentFormat: ["markdown"] },
          completion: { completionItem: { deprecatedSupport: true, tagSupport: { valueSet: [1] } } }
        }
      }
    })
    server.send({ method: "initialized", params: {} })
    return server
  }

  async stop(): Promise<void> {
    await this.request("shutdown")
    this.send({ method: "exit" })
  }

  /** Opens a text beside the fixture, and gives its address. */
  open(text: string): string {
    const uri = pathToFileURL(path.join(Compiler.root, `dtslint/open${++this.texts}.tst.ts`)).href
    this.send({
      method: "textDocument/didOpen",
      params: { textDocument: { uri, languageId: "typescript", version: 1, text } }
    })
    return uri
  }

  /** The texts offered at the cursor. */
  async complete(marked: string): Promise<ReadonlyArray<string>> {
    const { at, text } = split(marked)
    const result = await this.request("textDocument/completion", {
      textDocument: { uri: this.open(text) },
      position: at,
      context: { triggerKind: 1 }
    })
    return (result?.items ?? result ?? []).map((item: { readonly label: string }) => item.label.replace(/\?$/, ""))
  }

  /** The texts offered at the cursor that are not struck out. */
  async completeUsable(marked: string): Promise<ReadonlyArray<string>> {
    const { at, text } = split(marked)
    const result = await this.request("textDocument/completion", {
      textDocument: { uri: this.open(text) },
      position: at,
      context: { triggerKind: 1 }
    })
    return (result?.items ?? result ?? [])
      .filter((item: { readonly tags?: ReadonlyArray<number>; readonly deprecated?: boolean }) =>
        item.deprecated !== true && item.tags?.includes(1) !== true
      )
      .map((item: { readonly label: string }) => item.label.replace(/\?$/, ""))
  }

  /** What is shown about the name under the cursor. */
  async hover(marked: string): Promise<string> {
    const { at, text } = split(marked)
    const result = await this.request("textDocument/hover", { textDocument: { uri: this.open(text) }, position: at })
    return typeof result?.contents === "string" ? result.contents : result?.contents?.value ?? ""
  }

  /** What is shown about each of several names of one text. */
  async hovers(text: string, places: ReadonlyArray<Position>): Promise<ReadonlyArray<string>> {
    const uri = this.open(text)
    const shown: Array<string> = []
    for (const position of places) {
      const result = await this.request("textDocument/hover", { textDocument: { uri }, position })
      shown.push(typeof result?.contents === "string" ? result.contents : result?.contents?.value ?? "")
    }
    return shown
  }

  /** Where the name under the cursor is defined: the file's name, and the line. */
  async define(marked: string): Promise<ReadonlyArray<{ readonly file: string; readonly line: number }>> {
    const { at, text } = split(marked)
    const result = await this.request("textDocument/definition", {
      textDocument: { uri: this.open(text) },
      position: at
    })
    const all: ReadonlyArray<any> = Array.isArray(result) ? result : result === null ? [] : [result]
    return all.map((place) => ({
      file: path.basename(place.targetUri ?? place.uri),
      line: (place.targetSelectionRange ?? place.targetRange ?? place.range).start.line + 1
    }))
  }

  private request(method: string, params?: unknown): Promise<any> {
    const id = ++this.requests
    return new Promise((done, failed) => {
      this.waiting.set(id, { done, failed })
      this.send({ id, method, params })
    })
  }

  private send(message: unknown): void {
    const body = JSON.stringify({ jsonrpc: "2.0", ...message as object })
    this.process.stdin!.write(`Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`)
  }

  private receive(chunk: Buffer): void {
    this.received = Buffer.concat([this.received, chunk])
    for (;;) {
      const head = this.received.indexOf("\r\n\r\n")
      if (head < 0) return
      const length = Number(/Content-Length: (\d+)/i.exec(this.received.subarray(0, head).toString())![1])
      if (this.received.length < head + 4 + length) return
      const body = this.received.subarray(head + 4, head + 4 + length).toString()
      this.received = this.received.subarray(head + 4 + length)
      this.handle(JSON.parse(body))
    }
  }

  private handle(message: Message): void {
    if (message.method !== undefined) {
      // The server asks for settings and registrations; it does without both.
      if (message.id !== undefined) {
        this.send({ id: message.id, result: message.params?.items?.map(() => null) ?? null })
      }
      return
    }
    const waiting = this.waiting.get(Number(message.id))
    if (waiting === undefined) return
    this.waiting.delete(Number(message.id))
    if (message.error === undefined) waiting.done(message.result)
    else waiting.failed(new Error(message.error.message))
  }
}
