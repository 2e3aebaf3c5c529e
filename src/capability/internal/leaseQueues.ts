/**
 * The requests for leases, in the order of asking. It finds out which requests block which, and which may go when one
 * leaves.
 *
 * A request blocks a later one if they share a key and are not both shared; this holds for granted requests and for
 * waiting ones. Each requested pattern has a line of its requests, and knows the patterns that share a key with it. So
 * the first request of a line, or its first exclusive one, shows whether a request is blocked there. When a request
 * leaves, only the requests that it alone may have blocked are checked. A request whose patterns are keys costs the
 * same for one waiter and for many. A request with parameters costs as many steps as there are patterns that share a
 * key with it.
 */
import { type KeyPattern, overlaps } from "../../pattern/KeyPattern.ts"

/** A request, from asking to leaving. */
export interface Request {
  readonly patterns: ReadonlyArray<KeyPattern>
  readonly isExclusive: boolean
}

/** A request in one line: a link of the chain of all requests, and a link of the chain of exclusive ones. */
interface Link {
  readonly request: Request
  readonly order: number
  readonly line: Line
  before: Link | undefined
  after: Link | undefined
  exclusiveBefore: Link | undefined
  exclusiveAfter: Link | undefined
}

/** The requests that name one pattern, the earliest first. */
class Line {
  readonly pattern: KeyPattern
  /** The lines of the patterns that share a key with this one, including its own. */
  readonly crossing = new Set<Line>([this])
  first: Link | undefined
  firstExclusive: Link | undefined
  private last: Link | undefined
  private lastExclusive: Link | undefined

  constructor(pattern: KeyPattern) {
    this.pattern = pattern
  }

  join(request: Request, order: number): Link {
    const link: Link = {
      request,
      order,
      line: this,
      before: this.last,
      after: undefined,
      exclusiveBefore: this.lastExclusive,
      exclusiveAfter: undefined
    }
    if (this.last === undefined) this.first = link
    else this.last.after = link
    this.last = link
    if (!request.isExclusive) return link
    if (this.lastExclusive === undefined) this.firstExclusive = link
    else this.lastExclusive.exclusiveAfter = link
    this.lastExclusive = link
    return link
  }

  leave(link: Link): void {
    if (link.before === undefined) this.first = link.after
    else link.before.after = link.after
    if (link.after === undefined) this.last = link.before
    else link.after.before = link.before
    if (!link.request.isExclusive) return
    if (link.exclusiveBefore === undefined) this.firstExclusive = link.exclusiveAfter
    else link.exclusiveBefore.exclusiveAfter = link.exclusiveAfter
    if (link.exclusiveAfter === undefined) this.lastExclusive = link.exclusiveBefore
    else link.exclusiveAfter.exclusiveBefore = link.exclusiveBefore
  }

  /** The earliest request that blocks a request of this kind. */
  blocker(isExclusive: boolean): Link | undefined {
    return isExclusive ? this.first : this.firstExclusive
  }
}

export class LeaseQueues {
  private readonly lines = new Map<string, Line>()
  /** The lines of patterns with parameters, which may share keys with any other pattern. */
  private readonly wide = new Set<Line>()
  private readonly links = new Map<Request, ReadonlyArray<Link>>()
  private order = 0

  /** Adds a request behind all others. */
  join(request: Request): void {
    const order = this.order++
    const lines = new Set(request.patterns.map((pattern) => this.lineOf(pattern)))
    this.links.set(request, Array.from(lines, (line) => line.join(request, order)))
  }

  /** Whether an earlier request blocks this one. */
  isBlocked(request: Request): boolean {
    return this.links.get(request)!.some(({ line, order }) => {
      for (const crossing of line.crossing) {
        const blocker = crossing.blocker(request.isExclusive)
        if (blocker !== undefined && blocker.order < order) return true
      }
      return false
    })
  }

  /** Removes a request; returns the requests that may go now, if no other request blocks them. */
  leave(request: Request): ReadonlyArray<Request> {
    const links = this.links.get(request)
    if (links === undefined) return []
    this.links.delete(request)
    const left = links.map((link) => {
      const { first, firstExclusive } = link.line
      link.line.leave(link)
      return {
        link,
        isFreeing: first === link || firstExclusive === link,
        wasFirstExclusive: firstExclusive === link
      }
    })
    const freed = new Map<Request, number>()
    for (const { isFreeing, link, wasFirstExclusive } of left) {
      if (isFreeing) { for (const crossing of link.line.crossing) freedIn(crossing, link, wasFirstExclusive, freed) }
    }
    for (const { line } of links) if (line.first === undefined) this.forget(line)
    // In the order of asking: of requests that block each other, the earliest goes.
    return Array.from(freed).toSorted(([, a], [, b]) => a - b).map(([other]) => other)
  }

  private lineOf(pattern: KeyPattern): Line {
    const known = this.lines.get(pattern.normal)
    if (known !== undefined) return known
    const line = new Line(pattern)
    const isWide = pattern.rest || pattern.holes.length > 0
    for (const other of isWide ? this.lines.values() : this.wide) {
      if (!overlaps(pattern, other.pattern)) continue
      line.crossing.add(other)
      other.crossing.add(line)
    }
    this.lines.set(pattern.normal, line)
    if (isWide) this.wide.add(line)
    return line
  }

  private forget(line: Line): void {
    for (const crossing of line.crossing) crossing.crossing.delete(line)
    this.lines.delete(line.pattern.normal)
    this.wide.delete(line)
  }
}

/** Collects the requests of a line that may go now, after a request has left a line that shares keys with it. */
const freedIn = (
  line: Line,
  left: Link,
  wasFirstExclusive: boolean,
  freed: Map<Request, number>
): void => {
  const exclusive = line.firstExclusive
  // Only the very first request of a line can be an exclusive one that goes.
  if (exclusive !== undefined && exclusive === line.first) freed.set(exclusive.request, exclusive.order)
  if (!wasFirstExclusive) return
  // The exclusive request that left had blocked the shared ones up to the next exclusive one, which blocks the rest.
  const end = Math.min(exclusive?.order ?? Infinity, left.line.firstExclusive?.order ?? Infinity)
  const start = line === left.line ? left.after : line.first
  for (let link = start; link !== undefined && link.order < end; link = link.after) {
    if (link.order > left.order) freed.set(link.request, link.order)
  }
}
