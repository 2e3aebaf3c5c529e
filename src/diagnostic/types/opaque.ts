/**
 * Types that the compiler cannot check, because it does not know them: plain strings, templates with a hole, unions,
 * computed names, requirements of `any`. It refuses them. Only the compiler finds these mistakes.
 *
 * @since 0.1.0
 */
import type { message } from "../Diagnostic.ts"

/**
 * E0103: a pattern whose text the compiler does not know.
 *
 * @category patterns and keys
 * @since 0.1.0
 */
export type pattern = message<
  "E0103",
  "the text of this pattern is not known, so nothing can be checked about it",
  "write it as a literal, put 'as const' after the object that holds it, or let it be a template of constants"
>

/**
 * E0103: a union of patterns where a family has one.
 *
 * @category patterns and keys
 * @since 0.1.0
 */
export type patternChoice = message<
  "E0103",
  "this is a union of patterns, but a family has one pattern",
  "declare a family for each of them"
>

/**
 * E0103: a union of patterns in a list. A list must say which patterns it has.
 *
 * @category patterns and keys
 * @since 0.1.0
 */
export type referenceChoice = message<
  "E0103",
  "this is a union of patterns, and it is not known which of them holds",
  "list each of them, or only the one you mean"
>

/**
 * E0103 of patterns, E0404 of deployment layers: a list of unknown length, or a union of lists.
 *
 * @category manifests
 * @since 0.1.0
 */
export type list<Code extends "E0103" | "E0404", What extends string> = message<
  Code,
  `it is not known which ${What} this list holds, so nothing can be checked about it`,
  "write one list in place, or put 'as const' after it"
>

/**
 * E0404: a union of deployment layers.
 *
 * @category manifests
 * @since 0.1.0
 */
export type layerChoice = message<
  "E0404",
  "this is a union of deployment layers, and it is not known which of them is meant",
  "name one; for two programs that differ declare two manifests"
>

/**
 * E0404: a value that is not the name of a deployment layer, in a manifest that declares none.
 *
 * @category manifests
 * @since 0.1.0
 */
export type layers = message<
  "E0404",
  "this manifest declares no deployment layers",
  "declare them, layers: { server: {}, client: { reads: ['server'] } }"
>

/**
 * E0417: a part of a manifest, or a declaration, that is one of several.
 *
 * @category manifests
 * @since 0.1.0
 */
export type choice<What extends string> = message<
  "E0417",
  `${What} is a union, so the compiler cannot check it`,
  "write one value, or declare two manifests"
>

/**
 * E0414: a manifest whose families the compiler does not know by name.
 *
 * @category manifests
 * @since 0.1.0
 */
export type families = message<
  "E0414",
  "the names of these families are not known, so nothing can be checked about them",
  "write each as a literal property, or cast the manifest to never: it is then checked when its layers are built"
>

/**
 * E0414: a family of a manifest that was cast, so that the compiler knows none of its families.
 *
 * @category manifests
 * @since 0.1.0
 */
export type familiesCast = message<
  "E0414",
  "this manifest was cast, so its families are not known, and nothing can be checked about this one",
  "write the manifest as a literal, or cast its class, too: its layers are checked when they are built"
>

/**
 * E0417: an option of a manifest, or a family, a reader or a layer, that may be given or not.
 *
 * @category manifests
 * @since 0.1.0
 */
export type option<Option extends string> = strictly<
  message<
    "E0417",
    `it is not known whether '${Option}' is given, so nothing can be checked about it`,
    "give it in every build, or in none; for two programs that differ declare two manifests"
  >
>
// Without `strict` every type has `undefined` in it, and every option may be missing.
type strictly<Message> = undefined extends string ? message<
    "E0417",
    "the compiler runs without strict, so it is not known which options are given",
    "set compilerOptions.strict to true in the tsconfig"
  >
  : Message

/**
 * E0107: a key whose text the compiler does not know, so its owner is unknown, too.
 *
 * @category patterns and keys
 * @since 0.1.0
 */
export type key = message<
  "E0107",
  "the text of this key is not known, so its owner is not known",
  "use the accessors of 'keys', a literal, or a template of segments (Key.segmentUnsafe); inside pipe, add 'as const'"
>

/**
 * E0107: a pattern of keys to invalidate whose text the compiler does not know.
 *
 * @category patterns and keys
 * @since 0.1.0
 */
export type keyPattern = message<
  "E0107",
  "the compiler does not know the text of this pattern, so it cannot tell which families it concerns",
  "write it as a literal, or use invalidateWhere of the family; inside pipe, add 'as const'"
>

/**
 * E0108: a union of keys that belong to different families.
 *
 * @category patterns and keys
 * @since 0.1.0
 */
export type keyChoice = message<
  "E0108",
  "this key may belong to several families",
  "handle them one by one, so that each has its own value type and owner"
>

/**
 * E0210: a value that is not the name of a family, or a name that the compiler does not know.
 *
 * @category manifests
 * @since 0.1.0
 */
export type family = message<
  "E0210",
  "the compiler cannot tell which family this names",
  "write its name as a literal; inside pipe, add 'as const'"
>

/**
 * E0111: a text in the template of a raw key. It could contain a colon, and then the key belongs to another family.
 *
 * @category patterns and keys
 * @since 0.1.0
 */
export type keyTemplate<Key extends string> = message<
  "E0111",
  `a text in the template '${Key}' may hold ':' and name a key of another family`,
  "use the accessors of 'keys', or make the text a segment with Key.segmentUnsafe"
>

/**
 * E0220: a body whose requirements the compiler does not know.
 *
 * @category ownership
 * @since 0.1.0
 */
export type body = message<
  "E0220",
  "this body is not a generator function, or what it requires is not known",
  `write function*() { ... }, and yield nothing whose requirements are ${Unknowable}`
>

/**
 * E0220: a decorated member that is not a method, or a method that does not return an Effect.
 *
 * @category ownership
 * @since 0.1.0
 */
export type method = message<
  "E0220",
  "the compiler cannot tell what this method does",
  "decorate a method that returns an Effect, and not a field, a getter, an async or a generator function"
>

/**
 * E0220: a method under the compiler's option `experimentalDecorators`, whose decorators do not get the method.
 *
 * @category ownership
 * @since 0.1.0
 */
export type methodDecorator = message<
  "E0220",
  "a decorator of experimentalDecorators cannot check a method",
  "turn the option off in tsconfig.json, so that decorators are the standard ones, or declare the method with fn"
>

/**
 * E0220: a method whose requirements are `any`, `unknown` or a type parameter, which may stand for any right.
 *
 * @category ownership
 * @since 0.1.0
 */
export type methodRights = message<
  "E0220",
  "the compiler cannot tell what this method does: its requirements are any, unknown, object or a type parameter",
  "name them in its type, or let the caller run the Effect that it passes"
>

/**
 * E0220: a program whose requirements are `any`, `unknown` or a type parameter, so what it does is unknown.
 *
 * @category ownership
 * @since 0.1.0
 */
export type program = message<
  "E0220",
  "the compiler cannot tell what this program does: its requirements are any, unknown, object or a type parameter",
  "name them in its type; for R extends Db write Db"
>
type Unknowable = "any, unknown, object or a type parameter; for R extends Db write Db"

/**
 * E0211: a lookup whose requirements are a type parameter, which may stand for any right.
 *
 * @category patterns and keys
 * @since 0.1.0
 */
export type lookup = message<
  "E0211",
  "the compiler cannot tell what this lookup reads: its requirements are a type parameter",
  "name them in its type, or let the helper take the layer that 'owner' makes of it"
>

/**
 * E0214: a module whose requirements the compiler does not know.
 *
 * @category ownership
 * @since 0.1.0
 */
export type module = message<
  "E0214",
  "the compiler cannot tell what this module requires",
  "give a Layer whose requirements are not any, unknown, object or a type parameter"
>

/**
 * E0214: a value that is not an object with a module for each name.
 *
 * @category ownership
 * @since 0.1.0
 */
export type modules = message<
  "E0214",
  "this is not an object with a module for each family or reader",
  "give an object, { user: owner('user', ...), ... }"
>

/**
 * E0417: a module that may be given or not.
 *
 * @category ownership
 * @since 0.1.0
 */
export type moduleOption<Module extends string> = strictly<
  message<
    "E0417",
    `it is not known whether the module '${Module}' is given, so nothing can be checked about it`,
    "give it in every build; for a program without it, Layer.empty does nothing"
  >
>

/**
 * E0417: an option of an owner that only some of several objects have, so that the compiler would not look at it.
 *
 * @category ownership
 * @since 0.1.0
 */
export type ownerOption<Family extends string, Option extends string> = message<
  "E0417",
  `it is not known whether '${Option}' is given to the owner of family '${Family}', so nothing can be checked about it`,
  "choose the value and not the object, { lookup: flag ? load : undefined }"
>

/**
 * E0414: modules, options or parts whose names the compiler does not know.
 *
 * @category ownership
 * @since 0.1.0
 */
export type names<What extends string> = message<
  "E0414",
  `the names of these ${What} are not known, so nothing can be checked about them`,
  "write each as a literal property"
>

/**
 * E0220: a lookup whose type is that of all lookups, so the compiler does not know what it requires.
 *
 * @category ownership
 * @since 0.1.0
 */
export type anyLookup<Family extends string> = message<
  "E0220",
  `the compiler cannot tell what the lookup of family '${Family}' does`,
  "write 'satisfies OwnerOptions<...>' in the place of ': OwnerOptions<...>', which forgets the lookup"
>

/**
 * E0220: a lookup, or the option `warm`, whose requirements are `any`, so that the owner's would be, too.
 *
 * @category ownership
 * @since 0.1.0
 */
export type anyRequired<What extends string> = message<
  "E0220",
  `the compiler cannot tell what ${What} requires: it is any`,
  "name the requirements in its type; for options written apart, write 'satisfies' in the place of the annotation"
>

/**
 * E0220: a lookup, or the load of a `getOr`, whose requirements are `object` or `{}`, which may stand for any right.
 *
 * @category ownership
 * @since 0.1.0
 */
export type objectRequired<What extends string> = message<
  "E0220",
  `the compiler cannot tell what ${What} requires: it is object, {} or a type without members`,
  "name the requirements in its type"
>

/**
 * E0220: a lookup that returns `any`: any Effect, with any error and any requirements.
 *
 * @category ownership
 * @since 0.1.0
 */
export type anyAnswer<What extends string> = message<
  "E0220",
  `the compiler cannot tell what ${What} does: its type is any`,
  "give it the type of an Effect, such as Effect.Effect<User, DbError>"
>

/**
 * E0213: a lookup, or the load of a `getOr`, that fails with `any`, so a reader could get an error that its type
 * denies.
 *
 * @category ownership
 * @since 0.1.0
 */
export type anyFailure<What extends string> = message<
  "E0213",
  `the compiler cannot tell with what ${What} fails: it is any`,
  "give the error a type, as in catch: (cause) => new DbError({ cause })"
>

/**
 * E0408: the combinator of a transaction that is a function without type parameters, `(body) => ...`, so that the types
 * of the body are lost.
 *
 * @category ownership
 * @since 0.1.0
 */
export type combinator = message<
  "E0408",
  "this combinator takes a body of unknown types, so the types of the transaction are unknown, too",
  "give 'sql.withTransaction' itself, or write <A, E, R>(body: Effect.Effect<A, E, R>) => sql.withTransaction(body)"
>

/**
 * E0215: owners in a list of unknown length, so the compiler does not know whether two of them own one key.
 *
 * @category ownership
 * @since 0.1.0
 */
export type owners = message<
  "E0215",
  "the compiler cannot tell which owners this list holds",
  "give each owner as an argument of its own, or put 'as const' after the list"
>
