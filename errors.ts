/**
 * Every error code of keelson with the advice that goes with it by default.
 * The pages of `docs/errors.md` and this table are tied by a test.
 */
export const errorCodes = {
  KEELSON_INVALID_INPUT: "Correct the value named in the message",
  KEELSON_ABORTED: "Run the same command again: it goes on where it stopped",
  KEELSON_COMMAND_FAILED: "Read the command's own output, which the error carries",
  KEELSON_TIMEOUT: "Read the diagnosis in the message, mend the cause and run the same command again",
  KEELSON_TOOL_MISSING: "Install the tool that the message names",
  KEELSON_PRIVILEGE_MISSING: "Run the command as root",
  KEELSON_DISK_FULL: "Free disk space or point KEELSON_CACHE at a larger disk",
  KEELSON_DOWNLOAD_FAILED: "Check the network or a proxy, or install the tool so that it is on the PATH",
  KEELSON_CHECKSUM_MISMATCH: "Run the command again; if it repeats, the mirror serves a changed file",
  KEELSON_ARTIFACT_UNAVAILABLE: "Choose a version that the message lists",
  KEELSON_BUILD_FAILED: "Read the end of the build log that the message names",
  KEELSON_LOCKED: "Wait for the named owner to finish, or end it",
  KEELSON_MACHINE_FAILED: "Read the machine's log that the message names",
  KEELSON_HOST_UNREACHABLE: "Check the address, the port and that sshd runs",
  KEELSON_HOST_AUTH_FAILED: "Check the user and the private key",
  KEELSON_HOST_KEY_CHANGED:
    "If the host was installed anew on purpose, change its hostKey; otherwise find out who answers",
  KEELSON_HOST_SUDO_FAILED: "Allow the user to become root with sudo or doas, or give the password",
  KEELSON_HOST_UNSUPPORTED: "Use a supported operating system and architecture",
  KEELSON_HOST_FOREIGN_CLUSTER: "Reset the host with its own cluster's tools first, or use another host",
  KEELSON_HOST_OWNED: "Remove the host from the cluster that owns it first",
  KEELSON_HOST_PORT_TAKEN: "Stop the process that listens on the port",
  KEELSON_HOST_DUPLICATE: "Give each host its own machine-id, host name and address",
  KEELSON_HOST_TOO_SMALL: "Use a host with more memory, processors or disk",
  KEELSON_HOST_CLOCK_SKEW: "Synchronise the host's clock, with chrony for example",
  KEELSON_HOST_MISSING_CAPABILITY: "Use a kernel that has what the message names",
  KEELSON_HOST_NO_PACKAGES: "Give the host a package repository that it can reach",
  KEELSON_NETWORK_OVERLAP: "Choose pod and service ranges that no host network uses",
  KEELSON_CLUSTER_MAY_EXIST:
    "Bring back the control-plane host that has the data, or set allowNewCluster if the cluster is lost for certain",
  KEELSON_PARTIAL_INIT: "Reset the hosts that the message names",
  KEELSON_SETTING_REFUSED: "Correct the setting in the program: the message carries what was said about it",
  KEELSON_HOOK_FAILED: "Mend the hook, or what it works on, and run the same command again",
  KEELSON_QUORUM_LOST: "Bring back the control-plane hosts that the message names",
  KEELSON_ETCD_FULL: "Delete objects that nobody needs, or give etcd a larger quota",
  KEELSON_IDENTITY_MISMATCH: "Restore the identity that made this cluster from the stack's backup",
  KEELSON_DRAIN_BLOCKED: "Do what stands next to the pod, then run the same command again",
  KEELSON_NODE_NOT_READY: "Read the diagnosis in the message",
  KEELSON_API_UNAVAILABLE: "Bring a control-plane host of the cluster back",
  KEELSON_API_REFUSED:
    "Read what the API server answered; check the rights and the object that the message names",
  KEELSON_NOT_SUPPORTED: "Use one of the values that the message lists",
  KEELSON_PROBLEMS: "Correct the problems that the message lists and run the same command again",
  KEELSON_PROVIDER_MISMATCH: "Install matching versions: the provider and the SDK come from one package",
  KEELSON_INVALID_CONSTRUCT: "Correct the findings that the message lists",
  KEELSON_REMOVAL_REFUSED: "Allow the removal if it is meant; otherwise correct the fleet or the placement",
  KEELSON_FIELD_CONFLICT: "Leave the fields to their owners, or take them over with force",
  KEELSON_OBJECT_FOREIGN: "Give the object another name, or allow to adopt it",
  KEELSON_DRIFT: "Put the change into the program, or apply once with drift set to correct",
  KEELSON_STORE_UNAVAILABLE: "Check the address of the release store, its credentials and the network",
  KEELSON_RELEASE_MISSING: "Use the release store that has it, or run the program that renders it",
  KEELSON_RELEASE_UNREADABLE: "Use the key that the release store was made with (KEELSON_STORE_KEY)",
  KEELSON_INTERNAL: "Report this as a fault of keelson, with the message",
} as const;

export type ErrorCode = keyof typeof errorCodes;

const kind = Symbol.for("keelson.error");

/**
 * An error that a caller can decide on by its `code`. Messages follow one grammar:
 * `Cannot <do> <what>: <current state>`, values in double quotes, no final period.
 */
export class KeelsonError extends Error {
  readonly code: ErrorCode;
  /** What the reader can do about it. */
  readonly fix: string;
  readonly [kind] = true;

  constructor(code: ErrorCode, message: string, options: { fix?: string; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = "KeelsonError";
    this.code = code;
    this.fix = options.fix ?? errorCodes[code];
  }

  /** True for a keelson error of any copy of this package. */
  static is(value: unknown): value is KeelsonError {
    return typeof value === "object" && value !== null && kind in value;
  }
}

/** A command on a host ended with a non-zero exit status. The command is shown without its secrets. */
export class CommandError extends KeelsonError {
  readonly host: string;
  readonly command: string;
  readonly exitCode: number;
  readonly stdout: string;
  /** Everything that the command wrote to stderr; the message carries only its last line. */
  readonly stderr: string;

  constructor(details: { host: string; command: string; exitCode: number; stdout: string; stderr: string }) {
    const { host, command, exitCode, stdout, stderr } = details;
    const lastLine = (stderr.trimEnd() || stdout.trimEnd()).split("\n").at(-1) ?? "";
    const shown = command.length > 120 ? `${command.slice(0, 117)}...` : command;
    super(
      "KEELSON_COMMAND_FAILED",
      `Cannot run "${shown}" on ${host}: exit code ${String(exitCode)}${lastLine ? ` (${lastLine})` : ""}`,
    );
    this.name = "CommandError";
    this.host = host;
    this.command = command;
    this.exitCode = exitCode;
    this.stdout = stdout;
    this.stderr = stderr;
  }
}

/** One thing that is wrong, found before anything was touched. */
export interface Problem {
  readonly code: ErrorCode;
  /** The host, or the path of the property, that is wrong. */
  readonly where: string;
  /** What is wrong: the current state, and the wanted one. */
  readonly message: string;
  /** @default - the advice of the code */
  readonly fix?: string;
}

/** Several problems at once: a run names everything that it found before it touches anything. */
export class ProblemsError extends KeelsonError {
  readonly problems: readonly Problem[];

  constructor(what: string, problems: readonly Problem[]) {
    const lines = problems.map(
      ({ code, where, message, fix }) => `- ${where}: ${message} [${code}]\n  ${fix ?? errorCodes[code]}`,
    );
    const noun = problems.length === 1 ? "problem" : "problems";
    super("KEELSON_PROBLEMS", `Cannot ${what}: ${String(problems.length)} ${noun}\n${lines.join("\n")}`);
    this.name = "ProblemsError";
    this.problems = problems;
  }
}

/** Throws a KEELSON_ABORTED error if the signal has been aborted. */
export function throwIfAborted(signal: AbortSignal | undefined, what: string): void {
  if (signal?.aborted === true)
    throw new KeelsonError("KEELSON_ABORTED", `Cannot ${what}: the run was cancelled`);
}
