/**
 * One message for several mistakes, because the compiler shows only one.
 *
 * @since 0.1.0
 */

/**
 * One of several messages. The compiler would print all of them in a row, and cut the row. After the repair it prints
 * the next one.
 *
 * **Details**
 *
 * A union of functions taken as an intersection is one function with overloads, and inference reads the last of them.
 *
 * @category type level
 * @since 0.1.0
 */
export type one<Messages> = (Messages extends unknown ? (_: () => Messages) => void : never) extends
  (_: infer Overloads) => void ? Overloads extends () => infer Last ? Last : never : never

/**
 * Several phrases in a row, `'a', 'b'`: three at most, as a message must not be long.
 *
 * @category type level
 * @since 0.1.0
 */
export type enumerate<Phrases, Trail extends string = ""> = [Phrases] extends [never] ? Trail
  : Trail extends `${string}, ${string}, ${string}` ? `${Trail} and more`
  : one<Phrases> extends infer First extends string
    ? enumerate<Exclude<Phrases, First>, Trail extends "" ? First : `${Trail}, ${First}`>
  : never
