/**
 * Loops that read, each a function of its own.
 *
 * This is like a program, in which one place reads one family. V8 compiles a function for the one closure of it that it
 * has seen. One function that six families share reads each of them 10 to 15 ns later. The name in the text makes each
 * function different for V8.
 */
import type { Case } from "./measure.ts"
import { sequenceMask } from "./workload.ts"

const ownFunction = (name: string, body: string, scope: { readonly [name: string]: unknown }): any =>
  new Function(...Object.keys(scope), `// ${name}\n return ${body}`)(...Object.values(scope))

/** Loops over these ids. */
export const over = (reads: ReadonlyArray<string>) => ({
  synchronous: (name: string, read: (id: string) => unknown): Case => {
    const body = `function(count) {
      let found = 0
      for (let i = 0; i < count; i++) if (read(reads[i & mask]) !== undefined) found++
      return found
    }`
    return { name, work: ownFunction(name, body, { read, reads, mask: sequenceMask }) }
  },
  /** `get` makes the yielded operation from `{ id }`; `run` runs the generator. */
  inGenerator: (name: string, get: unknown, run: (body: () => any) => number): Case => {
    const body = `function*(count) {
      let found = 0
      for (let i = 0; i < count; i++) if ((yield* keys.get({ id: reads[i & mask] })) !== undefined) found++
      return found
    }`
    const read = ownFunction(name, body, { keys: { get }, reads, mask: sequenceMask })
    return { name, work: (count) => run(() => read(count)) }
  }
})
