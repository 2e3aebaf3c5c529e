/**
 * The requests for leases, in the order of asking: who is in whose way, and who may go when one of them leaves.
 *
 * A request is in the way of a later one where they share a key and are not both shared, be it granted or waiting. Each
 * pattern that some request names has a line of its requests, and knows the patterns that share a key with it. So the
 * first of a line, or its first exclusive one, says whether a request is blocked there; and when one leaves, only those
 * are looked at that it alone may have blocked. A request whose patterns are keys costs as much for one waiter as for
 * many. One with parameters costs as many steps as there are patterns with which it shares a key.
 */
import { type KeyPattern, overlaps } from "../../pattern/KeyPattern.ts"

/** A request, from asking to leaving. */
export interface Request {
  readonly patterns: ReadonlyArray<KeyPattern>
  readonly isExclusive: boolean
}

/** Where a request stands in one line: a link of the chain of all, and one of the chain of exclusive ones. */
interface Place {
  readonly request: Request
  readonly order: number
  readonly line: Line
  before: Place | undefined
  after: Place | undefined
  exclusiveBefore: Place | undefined
  exclusiveAfter: Place | undefined
}

/** The requests that name one pattern, the earliest first. */
class Line {
  readonly pattern: KeyPattern
  /** The lines of the patterns that share a key with this one, itself among them. */
  readonly crossing = new Set<Line>([this])
  first: Place | undefined
  firstExclusive: Place | undefined
  private last: Place | undefined
  private lastExclusive: Place | undefined

  constructor(pattern: KeyPattern) {
    this.pattern = pattern
  }

  join(request: Request, order: number): Place {
    const place: Place = {
      request,
      order,
      line: this,
      before: this.last,
      after: undefined,
      exclusiveBefore: this.lastExclusive,
      exclusiveAfter: undefined
    }
    if (this.last === undefined) this.first = place
    else this.last.after = place
    this.last = place
    if (!request.isExclusive) return place
    if (this.lastExclusive === undefined) this.firstExclusive = place
    else this.lastExclusive.exclusiveAfter = place
    this.lastExclusive = place
    return place
  }

  leave(place: Place): void {
    if (place.before === undefined) this.first = place.after
    else place.before.after = place.after
    if (place.after === undefined) this.last = place.before
    else place.after.before = place.before
    if (!place.request.isExclusive) return
    if (place.exclusiveBefore === undefined) this.firstExclusive = place.exclusiveAfter
    else place.exclusiveBefore.exclusiveAfter = place.exclusiveAfter
    if (place.exclusiveAfter === undefined) this.lastExclusive = place.exclusiveBefore
    else place.exclusiveAfter.exclusiveBefore = place.exclusiveBefore
  }

  /** The earliest request that keeps one of this kind from going. */
  blocker(isExclusive: boolean): Place | undefined {
    return isExclusive ? this.first : this.firstExclusive
  }
}

export class LeaseQueues {
  private readonly lines = new Map<string, Line>()
  /** The lines of patterns with parameters, which may share keys with any other. */
  private readonly wide = new Set<Line>()
  private readonly places = new Map<Request, ReadonlyArray<Place>>()
  private order = 0

  /** Takes a request in, behind all others. */
  join(request: Request): void {
    const order = this.order++
    const lines = new Set(request.patterns.map((pattern) => this.lineOf(pattern)))
    this.places.set(request, Array.from(lines, (line) => line.join(request, order)))
  }

  /** Whether an earlier request is in the way. */
  isBlocked(request: Request): boolean {
    return this.places.get(request)!.some(({ line, order }) => {
      for (const crossing of line.crossing) {
        const blocker = crossing.blocker(request.isExclusive)
        if (blocker !== undefined && blocker.order < order) return true
      }
      return false
    })
  }

  /** Takes a request out; the answer is who may go now, if nothing else is in the way. */
  leave(request: Request): ReadonlyArray<Request> {
    const places = this.places.get(request)
    if (places === undefined) return []
    this.places.delete(request)
    const left = places.map((place) => {
      const { first, firstExclusive } = place.line
      place.line.leave(place)
      return {
        place,
        isFreeing: first === place || firstExclusive === place,
        wasFirstExclusive: firstExclusive === place
      }
    })
    const freed = new Map<Request, number>()
    for (const { isFreeing, place, wasFirstExclusive } of left) {
      if (isFreeing) { for (const crossing of place.line.crossing) freedIn(crossing, place, wasFirstExclusive, freed) }
    }
    for (const { line } of places) if (line.first === undefined) this.forget(line)
    // In the order of asking: of those who are in each other's way, the earliest goes.
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

/** Collects the requests of a line that may go now that a place was left in a line which shares keys with it. */
const freedIn = (
  line: Line,
  left: Place,
  wasFirstExclusive: boolean,
  freed: Map<Request, number>
): void => {
  const exclusive = line.firstExclusive
  // Only the very first can be an exclusive one that goes.
  if (exclusive !== undefined && exclusive === line.first) freed.set(exclusive.request, exclusive.order)
  if (!wasFirstExclusive) return
  // Shared ones were blocked by the exclusive one that left as far as the next one, which blocks the rest.
  const end = Math.min(exclusive?.order ?? Infinity, left.line.firstExclusive?.order ?? Infinity)
  const start = line === left.line ? left.after : line.first
  for (let place = start; place !== undefined && place.order < end; place = place.after) {
    if (place.order > left.order) freed.set(place.request, place.order)
  }
}
