/** Enters the gate of a folder, says so, and stays within its opening or within a commit: its second argument. */
import { enter } from "../../ledger/openGate.ts"

const [path, stays] = process.argv.slice(2)

const stayForEver = (): void => {
  process.send!("stays")
  for (;;);
}

const { member } = await enter(path!, () => stays === "opening" ? stayForEver() : undefined)
await member.commit(() => {
  process.send!("stays")
  return new Promise(() => setInterval(() => {}, 1_000))
})
