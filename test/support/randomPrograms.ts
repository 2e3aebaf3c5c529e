/**
 * Random patterns, manifests and programs from one seed, over an alphabet so small that they often meet.
 */
import type { FamilySpec } from "../../src/ownership/Definition.ts"

export class Random {
  readonly seed: number
  private state: number

  constructor(seed: number) {
    this.seed = seed
    this.state = seed >>> 0
  }

  below(n: number): number {
    this.state = (Math.imul(this.state, 1664525) + 1013904223) >>> 0
    return Math.floor((this.state / 2 ** 32) * n)
  }

  pick<A>(all: ReadonlyArray<A>): A {
    return all[this.below(all.length)]!
  }

  list<A>(max: number, make: () => A): ReadonlyArray<A> {
    return Array.from({ length: this.below(max + 1) }, make)
  }

  pattern(lengthMax = 4): string {
    const free = ["x", "y", "z", "w"]
    const segments = Array.from(
      { length: this.below(lengthMax + 1) },
      () => this.below(3) === 0 ? `{${free.splice(this.below(free.length), 1)[0]}}` : this.pick(["a", "b"])
    )
    if (segments.length === 0 || this.below(3) === 0) segments.push("*")
    return segments.join(":")
  }

  /** Nearly a pattern. */
  text(): string {
    const segments = [
      "a",
      "",
      "{x}",
      "*",
      "{}",
      "a{x}",
      "{x*}",
      "b",
      "a b",
      " a",
      "{ x}",
      "{x y}",
      "{x?}",
      "{...x}"
    ]
    return Array.from({ length: 1 + this.below(3) }, () => this.pick(segments)).join(":")
  }

  /** A name that may be near to another one. */
  name(): string {
    return Array.from({ length: 1 + this.below(4) }, () => this.pick(["a", "b", "A", ":"])).join("")
  }

  key(): string {
    return Array.from({ length: 1 + this.below(4) }, () => this.pick(["a", "b", "c", "c", this.pick(["", "{x}", "a"])]))
      .join(":")
  }

  family(names: ReadonlyArray<string>): FamilySpec & { readonly [option: string]: unknown } {
    const rarely = (odds: number, spec: () => object) => this.below(odds) === 0 ? spec() : {}
    return {
      pattern: this.below(25) === 0 ? this.text() : this.pattern(3),
      ...rarely(2, () => ({ layer: this.pick(["near", "far", "near", "fr"]) })),
      ...rarely(3, () => ({ partOf: this.reference(names) })),
      ...rarely(5, () => ({ carvedFrom: this.reference(names) })),
      ...rarely(2, () => ({ derives: this.list(2, () => this.pattern(3)) })),
      ...rarely(4, () => ({ borrows: this.list(2, () => this.pattern(3)) })),
      ...rarely(2, () => ({ fanout: true })),
      ...rarely(20, () => ({ typo: 1 }))
    }
  }

  /** A declared name, or seldom one that nothing declares. */
  private reference(names: ReadonlyArray<string>): string {
    return this.below(8) > 0 ? this.pick(names) : this.pick(["g0", "F1", "other"])
  }

  manifest() {
    const names = Array.from({ length: 2 + this.below(6) }, (_, index) => `f${index}`)
    return {
      layers: { near: { reads: ["far"] }, far: {}, ...(this.below(10) === 0 ? { none: {} } : {}) },
      families: Object.fromEntries(names.map((name) => [name, this.family(names)])),
      ...(this.below(3) === 0
        ? { readers: { [this.pick(["r", "r", "f0"])]: { borrows: this.list(2, () => this.pattern(3)) } } }
        : {})
    }
  }
}
