/**
 * The defect of a structure whose law does not hold: a mistake in this library, or a caller that broke a contract. It
 * is thrown and never a typed error, because no caller can handle it.
 */
export class BrokenInvariant extends Error {
  override readonly name = "BrokenInvariant"
  readonly structure: string
  readonly law: string
  /** The slot (or other number) where the law does not hold. */
  readonly at: number

  constructor(structure: string, law: string, at: number) {
    super(`broken invariant of \`${structure}\` at ${at}: ${law}`)
    this.structure = structure
    this.law = law
    this.at = at
  }
}

export const invariant = (holds: boolean, structure: string, law: string, at: number): void => {
  if (!holds) throw new BrokenInvariant(structure, law, at)
}
