#!/usr/bin/env node
/**
 * Runs the command line, `npx stateless`: it explains codes, and it checks a project and shows both parties of each
 * finding.
 */
import { version } from "./node.ts"

import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as NodeServices from "@effect/platform-node/NodeServices"
import * as Argument from "effect/cli/Argument"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Runtime from "effect/Runtime"
import * as Schema from "effect/Schema"
import { check } from "./check.ts"
import { explain } from "./explain.ts"
import { colored, plain } from "./render.ts"

const json = Flag.Boolean("json").pipe(Flag.withDefault(false), Flag.withDescription("Print JSON, for tools"))

const exitCodes = `Exit codes
  0  the project has no errors, or the command did its work
  1  the project has errors: the compiler's, or our findings
  2  the command could not do its work: no such project, code, flag or compiler`

const endWith = (code: number) =>
  Effect.sync(() => {
    process.exitCode = code
  })
const orFail = <A, E extends { readonly message: string }, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.catch(effect, (error) => Effect.andThen(Console.error(`stateless: ${error.message}`), endWith(2)))

// In a project with more files, only this many are searched for second parties and for operations that nothing runs.
const filesMax = 5_000

const explainCommand = Command.make(
  "explain",
  {
    codes: Argument.String("code").pipe(
      Argument.withDescription("E0203, e0203, 203, or the message of an error, in quotes"),
      Argument.atLeast(1)
    ),
    json
  },
  ({ codes, json }) => orFail(explain(codes, json))
).pipe(Command.withDescription("Explains codes such as E0203, with a program that fails and its repair"))

/** A project is named by the argument and by the flag, and the two differ. */
class ProjectTwice extends Schema.TaggedError<ProjectTwice>()("ProjectTwice", {
  named: Schema.String,
  flagged: Schema.String
}) {
  override get message() {
    return `two projects are named, \`${this.named}\` and \`${this.flagged}\`; help: name one, as in ` +
      "`stateless check tsconfig.json`; projects that it references are checked, too"
  }
}

const projectOf = (named: Option.Option<string>, flagged: Option.Option<string>) => {
  const [one = "tsconfig.json", other = one] = [...Option.toArray(named), ...Option.toArray(flagged)]
  return one === other ? Effect.succeed(one) : Effect.fail(new ProjectTwice({ named: one, flagged: other }))
}

const checkCommand = Command.make(
  "check",
  {
    named: Argument.String("tsconfig").pipe(
      Argument.withDescription("The project's tsconfig; tsconfig.json, if none is named"),
      Argument.optional
    ),
    flagged: Flag.String("project").pipe(
      Flag.withAlias("p"),
      Flag.withDescription("The same as the argument, since tsc names its project so"),
      Flag.optional
    ),
    json
  },
  ({ flagged, json, named }) =>
    orFail(Effect.flatMap(
      Effect.flatMap(projectOf(named, flagged), (project) =>
        check({
          project,
          isJson: json,
          style: process.stdout.isTTY && process.env["NO_COLOR"] === undefined ? colored : plain,
          node: process.execPath,
          folder: process.cwd(),
          filesMax
        })),
      (errors) => endWith(errors === 0 ? 0 : 1)
    ))
).pipe(
  Command.withDescription(`Runs the project's own tsc, and shows each ownership error with both of its parties

Projects that the tsconfig references are checked, too.

${exitCodes}`),
  Command.withShortDescription("Runs the project's own tsc, and shows each ownership error with both of its parties")
)

Command.make("stateless").pipe(
  Command.withDescription(`Ownership for caches\n\n${exitCodes}`),
  Command.withSubcommands([explainCommand, checkCommand]),
  Command.run({ version }),
  Effect.provide(NodeServices.layer),
  // A failure here is a wrong command line, for which the help is printed, or a defect.
  NodeRuntime.runMain({
    teardown: (exit, onExit) => Runtime.defaultTeardown(exit, (code) => onExit(code === 1 ? 2 : code))
  })
)
