/**
 * Patterns against the truth by enumeration: which keys a pattern has, and which patterns cover or overlap each other.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import * as fc from "fast-check"
import * as Diagnostic from "../../src/diagnostic/Diagnostic.ts"
import * as KeyPattern from "../../src/pattern/KeyPattern.ts"
import { expressionOf, keysOf, parseKey, pattern, universe } from "../support/patternTruth.ts"

const parse = KeyPattern.parsePatternUnsafe

const messageOf = (source: string) =>
  Result.match(KeyPattern.parsePattern(source), { onFailure: Diagnostic.formatAsType, onSuccess: () => "" })

// The annotation makes the compiler compute the message; the value must be the run time's.
const twin = <const P extends string>(source: P, message: KeyPattern.patternProblem<P>) =>
  assert.strictEqual(messageOf(source), message)

// The suggestion of the compiler, and that of the run time.
const meant = <const P extends string, const Q extends string>(
  source: P,
  suggested: KeyPattern.patternProblem<P> extends `E0103: ${string}; help: did you mean '${Q}'?` ? Q : never
) => assert.include(messageOf(source), `help: did you mean '${suggested}'?`)

describe("parsePattern", () => {
  it("a pattern is split into texts, holes and a rest", () => {
    const parsed = parse("user:{id}:*")
    assert.deepStrictEqual(parsed.segments, [{ _tag: "Text", text: "user" }, { _tag: "Hole", name: "id" }])
    assert.isTrue(parsed.rest)
    assert.deepStrictEqual(parsed.holes, ["id", "*"])
    assert.strictEqual(parsed.normal, "user:{}:*")
  })

  it("an invalid pattern is refused in the words of the compiler", () => {
    twin(
      "a::b",
      "E0103: the pattern 'a::b' has an empty segment; help: put one ':' between segments and none at the ends"
    )
    twin("a:", "E0103: the pattern 'a:' has an empty segment; help: put one ':' between segments and none at the ends")
    twin("", "E0103: the pattern '' has an empty segment; help: put one ':' between segments and none at the ends")
    twin(
      "x:*:y",
      "E0103: the pattern 'x:*:y' has '*' before its last segment; help: write {name} for one segment; '*' stands for the segments that follow"
    )
    twin(
      "a:{}",
      "E0103: '{}' in the pattern 'a:{}' is not a parameter; help: write {name} for one segment, or a last '*' for the segments that follow"
    )
    twin(
      "a:{b*}",
      "E0103: '{b*}' in the pattern 'a:{b*}' is not a parameter; help: write {name} for one segment, or a last '*' for the segments that follow"
    )
    twin(
      "a:{x}:{x}",
      "E0103: the pattern 'a:{x}:{x}' names the parameter 'x' twice; help: give each parameter a name of its own"
    )
    twin(
      "a:b{x}",
      "E0103: 'b{x}' in the pattern 'a:b{x}' mixes text with a wildcard; help: a segment is text, {name}, or a last '*'"
    )
    twin(
      "a:b*",
      "E0103: 'b*' in the pattern 'a:b*' mixes text with a wildcard; help: a segment is text, {name}, or a last '*'"
    )
    twin(
      "a:{",
      "E0103: '{' in the pattern 'a:{' mixes text with a wildcard; help: a segment is text, {name}, or a last '*'"
    )
    twin(
      "a:b:c:d:e:f:g:h:i:j:k:l:m:n:o:p:q",
      "E0103: the pattern 'a:b:c:d:e:f:g:h:i:j:k:l:m:n:o:p:q' has more than 16 segments; help: join segments, or end it with '*'"
    )
  })

  it("a pattern in the spelling of another library is refused, with the pattern that is meant", () => {
    twin(
      "user/:id",
      "E0103: the pattern 'user/:id' spells a parameter in another way than {name}; help: did you mean 'user:{id}'?"
    )
    meant("/users/:id/posts/:post", "users:{id}:posts:{post}")
    meant("user:all/:id", "user:all:{id}")
    meant("a/{id}", "a:{id}")
    meant("users.:id", "users:{id}")
    meant("users.{id}.posts", "users:{id}:posts")
    meant("user:$id", "user:{id}")
    meant("user:${id}", "user:{id}")
    meant("user:<id>:*", "user:{id}:*")
    meant("user:[id]:name", "user:{id}:name")
    meant("org:{org}:$id", "org:{org}:{id}")
  })

  it("a text with the signs of a parameter stays a text where they name none", () => {
    const constants = [
      "a:$",
      "a:<",
      "a:[x",
      "a:<x>y",
      "a:[]",
      "$a",
      "$a:{id}",
      "<a>",
      "[a]:b",
      "a/b",
      "a.b:c",
      "a/b:$",
      "http://a",
      "http://a/:b",
      "file:/a/b",
      "v1.2:x",
      "a:b/c",
      "a:b$c"
    ] as const
    const problems: Array<KeyPattern.patternProblem<typeof constants[number]>> = []
    assert.deepStrictEqual(problems, [])
    for (const each of constants) assert.strictEqual(messageOf(each), "", each)
    twin(
      "a:$x:$x",
      "E0103: the pattern 'a:$x:$x' spells a parameter in another way than {name}; help: write {name} for one segment, and ':' between two"
    )
    twin(
      "user/:id?",
      "E0103: the pattern 'user/:id?' spells a parameter in another way than {name}; help: write {name} for one segment, and ':' between two"
    )
    twin(
      "a:$x:b*",
      "E0103: 'b*' in the pattern 'a:$x:b*' mixes text with a wildcard; help: a segment is text, {name}, or a last '*'"
    )
  })

  it("a pattern has at most as many segments as the bound", () => {
    const longest = "a:b:c:d:e:f:g:h:i:j:k:l:m:n:o:*"
    const problem: Array<KeyPattern.patternProblem<typeof longest>> = []
    assert.deepStrictEqual(problem, [])
    assert.strictEqual(longest.split(":").length, KeyPattern.segmentsMax)
    assert.strictEqual(messageOf(longest), "")
  })
})

describe("two patterns", () => {
  it("covers, overlaps and matches agree with the sets of keys", () => {
    fc.assert(
      fc.property(pattern, pattern, (p, q) => {
        const [left, right, a, b] = [keysOf(p), keysOf(q), parse(p), parse(q)]
        const shared = [...left].filter((key) => right.has(key))
        assert.strictEqual(KeyPattern.overlaps(a, b), shared.length > 0, "overlaps")
        assert.strictEqual(KeyPattern.covers(a, b), shared.length === right.size, "covers")
        assert.deepStrictEqual(universe.filter((key) => KeyPattern.matches(key, a)), [...left])
        if (shared.length > 0) {
          const witness = KeyPattern.findWitness(a, b)
          assert.isTrue(KeyPattern.matches(witness, a) && KeyPattern.matches(witness, b), witness)
        }
        if (KeyPattern.covers(a, b) && !KeyPattern.covers(b, a)) {
          assert.isTrue(KeyPattern.isMoreSpecific(b, a), "the narrow one is more specific")
          assert.isFalse(KeyPattern.isMoreSpecific(a, b), "the wide one is not")
        }
      }),
      { numRuns: 2_000 }
    )
  })

  it("two patterns have the same normal form exactly when they have the same keys", () => {
    fc.assert(
      fc.property(pattern, pattern, (p, q) => {
        const [a, b] = [parse(p), parse(q)]
        assert.strictEqual(a.normal === b.normal, KeyPattern.covers(a, b) && KeyPattern.covers(b, a))
      }),
      { numRuns: 1_000 }
    )
  })
})

describe("key", () => {
  it("matches agrees with a regular expression", () => {
    fc.assert(
      fc.property(pattern, fc.constantFrom(...universe), (source, key) => {
        const parsed = parse(source)
        assert.strictEqual(Option.isSome(parseKey(parsed, key)), expressionOf(source).test(key))
        assert.strictEqual(KeyPattern.matches(key, parsed), expressionOf(source).test(key))
      })
    )
  })

  it("the problem of a key is described in the words of the compiler", () => {
    const twin = <const K extends string>(key: K, message: KeyPattern.keyProblem<K>) =>
      assert.strictEqual(Diagnostic.formatAsType(KeyPattern.keyProblem(key)!), message)
    twin(
      "user::1",
      "E0106: the key 'user::1' has an empty segment; help: put one ':' between segments and none at the ends"
    )
    twin(
      "user:*",
      "E0106: 'user:*' is a pattern, not a key; help: name one key, or use the family's invalidateWhere for many"
    )
    assert.isUndefined(KeyPattern.keyProblem("user:1"))
  })
})
