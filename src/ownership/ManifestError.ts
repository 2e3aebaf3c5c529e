/**
 * The mistakes of a manifest: one of them with its place, and the error that holds them all.
 *
 * Not here: how a mistake is found (`internal/check*.ts`), and the words for it (`diagnostic/types/`).
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"
import * as Diagnostic from "../diagnostic/Diagnostic.ts"

/**
 * One mistake of a manifest, with the path of the wrong property, such as `["families", "profile", "derives", "0"]`.
 *
 * @stability stable
 * @category models
 * @since 0.1.0
 */
export interface ManifestProblem extends Diagnostic.Diagnostic {
  readonly path: ReadonlyArray<string>
}

const ManifestProblem = Schema.Struct({
  _tag: Schema.String,
  code: Schema.String,
  sentence: Schema.String,
  help: Schema.String,
  path: Schema.Array(Schema.String)
})

/**
 * The error for a manifest that cannot be used. `reason` is the first mistake, and `problems` is the list of all
 * mistakes.
 *
 * @stability stable
 * @category errors
 * @since 0.1.0
 */
export class ManifestError extends Schema.TaggedError<ManifestError>()("ManifestError", {
  manifest: Schema.String,
  reason: ManifestProblem,
  problems: Schema.Array(ManifestProblem)
}) {
  override get message() {
    const others = this.problems.length - 1
    const more = others === 0 ? "" : ` (and ${others} more)`
    const place = this.reason.path.length === 0 ? "" : `, ${this.reason.path.join(".")}`
    return `${this.reason.code}: manifest \`${this.manifest}\`${place}: ${Diagnostic.format(this.reason)}${more}`
  }
}
