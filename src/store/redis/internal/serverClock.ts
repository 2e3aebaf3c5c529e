/**
 * The clock of the server, as this process knows it from the answers of scripts.
 *
 * Entries in the server have times of its clock, because the machines that read them may have other ones. Each answer
 * of a script says what time it was there, between the question and the answer. As long as the difference that is known
 * fits, it stays: clocks that do not differ by more than a round trip count as equal.
 *
 * Not here: the order of changes, which needs no clock.
 */
import type * as Clock from "effect/Clock"
import type { Entry } from "../../Entry.ts"

/** The times of an entry. */
type Timed = Pick<Entry<unknown>, "freshUntil" | "expiresAt">

/** The server keeps a time for ever that a number of a script cannot show exactly. */
const endMax = Number.MAX_SAFE_INTEGER

export class ServerClock {
  /** By how many milliseconds the server is ahead. */
  ahead = 0
  private readonly clock: Clock.Clock

  constructor(clock: Clock.Clock) {
    this.clock = clock
  }

  /** The time of this process. */
  now(): number {
    return this.clock.currentTimeMillisUnsafe()
  }

  /** A question that was sent at a time of this process was answered at a time of the server; the answer is here. */
  answered(sentAt: number, serverMillis: number): void {
    // The server shows whole milliseconds, and so does this process.
    const least = serverMillis - this.now() - 1
    const most = serverMillis - sentAt + 1
    if (this.ahead < least || this.ahead > most) this.ahead = Math.round((least + most) / 2)
  }

  /** An entry of this process with the times of the server. */
  there<E extends Timed>(entry: E): E {
    return shifted(entry, this.ahead)
  }

  /** An entry of the server with the times of this process. */
  here<E extends Timed>(entry: E): E {
    return shifted(entry, -this.ahead)
  }
}

const shifted = <E extends Timed>(entry: E, millis: number): E =>
  millis === 0 ? entry : { ...entry, freshUntil: entry.freshUntil + millis, expiresAt: entry.expiresAt + millis }

/** When the server removes an entry by itself, in whole milliseconds of its clock; `undefined` if it does not. */
export const endThere = ({ expiresAt }: Timed): number | undefined =>
  expiresAt < endMax ? Math.ceil(expiresAt) : undefined
