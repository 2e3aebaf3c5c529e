/**
 * How findings are made at run time.
 */
export const finding = <const Code extends string, const Tag extends string>(
  code: Code,
  tag: Tag,
  sentence: string,
  help: string
): { readonly _tag: Tag; readonly code: Code; readonly sentence: string; readonly help: string } => ({
  _tag: tag,
  code,
  sentence,
  help
})

// A template tag that puts names in backticks, and leaves numbers alone.
export const say = (strings: TemplateStringsArray, ...names: ReadonlyArray<string | number>): string =>
  names.reduce<string>(
    (text, name, index) => `${text}${typeof name === "number" ? name : `\`${name}\``}${strings[index + 1]!}`,
    strings[0]!
  )
