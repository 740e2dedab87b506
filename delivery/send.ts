import { KeelsonError } from "../errors.ts";
import { hasStatus, KubeError } from "../kube/errors.ts";
import { nameOf, type KubeObject } from "../kube/object.ts";
import { withPatience } from "./patience.ts";
import { type Session, signalOf } from "./session.ts";

/** A field that another manager owns with another value. */
export interface FieldConflict {
  /** As the server writes it: `.spec.replicas`. */
  readonly field: string;
  readonly owner: string;
}

/** An object was not applied, since others own fields of it. */
export class ConflictError extends KeelsonError {
  readonly conflicts: readonly FieldConflict[];

  constructor(what: string, conflicts: readonly FieldConflict[]) {
    const list = conflicts.map(({ field, owner }) => `${field} of "${owner}"`).join(", ");
    super("KEELSON_FIELD_CONFLICT", `Cannot ${what}: fields belong to others: ${list}`);
    this.name = "ConflictError";
    this.conflicts = conflicts;
  }
}

/** The API server refused an object. */
export class RefusedError extends KeelsonError {
  /** HTTP status code; undefined if the kind is not served at all. */
  readonly status: number | undefined;

  constructor(what: string, error: KeelsonError, mask: (text: string) => string) {
    // The server quotes what it does not accept, secrets too.
    const said = mask(error.message.slice(error.message.indexOf(": ") + 2));
    super(error.code, `Cannot ${what}: ${said}`, { fix: error.fix });
    this.name = "RefusedError";
    this.status = error instanceof KubeError ? error.status : undefined;
  }
}

export interface Sending {
  /** Who owns the fields that are sent. */
  readonly manager: string;
  /** Whether to take over the fields of others. */
  readonly force: boolean;
  /** Whether the server only says what would become of it. @default false */
  readonly dryRun?: boolean;
  /** Whether this run itself makes the kind or the namespace. @default false */
  readonly isExpected?: boolean;
}

/**
 * Applies one object server-side and returns what it has become. A field that the server does not know is refused, so
 * that nothing is dropped in silence.
 *
 * @throws ConflictError; RefusedError with the server's own words, without the values of Secrets
 */
export async function sendObject(
  session: Session,
  object: KubeObject,
  sending: Sending,
): Promise<KubeObject> {
  const { manager, force, dryRun = false, isExpected = false } = sending;
  const what = `apply ${nameOf(object)} on "${session.cluster}"`;
  const attempt = async (): Promise<KubeObject> =>
    session.client.request<KubeObject>({
      method: "PATCH",
      path: await session.paths.of(object, session.signal),
      query: {
        fieldManager: manager,
        force: String(force),
        fieldValidation: "Strict",
        ...(dryRun && { dryRun: "All" }),
      },
      contentType: "application/apply-patch+yaml",
      body: object,
      ...signalOf(session),
    });
  try {
    return await withPatience({
      what,
      send: attempt,
      isExpected,
      signal: session.signal,
      onWaiting: (why) => {
        session.emit({ type: "waiting", why: session.mask(`${nameOf(object)}: ${why}`) });
      },
    });
  } catch (error) {
    if (hasStatus(error, 409) && isFieldConflict(error)) throw conflictOf(what, error);
    throw isRefusal(error) ? new RefusedError(what, error, session.mask) : error;
  }
}

const ownerInQuotes = /^conflict with "(.*?)"/u;

function isFieldConflict({ causes }: KubeError): boolean {
  return causes.some(({ reason }) => reason === "FieldManagerConflict");
}

function conflictOf(what: string, { causes }: KubeError): ConflictError {
  const conflicts = causes
    .filter(({ reason }) => reason === "FieldManagerConflict")
    .map(({ field, message }) => ({ field, owner: ownerInQuotes.exec(message)?.[1] ?? message }));
  return new ConflictError(what, conflicts);
}

function isRefusal(error: unknown): error is KeelsonError {
  return KeelsonError.is(error) && error.code === "KEELSON_API_REFUSED";
}
