import * as Stateless from "effect-stateless"

const names: ReadonlyArray<string> = Object.keys(Stateless)
console.log(`modules of the main entry: ${names.length}`)
