import { execFile } from "node:child_process";
import { homedir, userInfo } from "node:os";
import { promisify } from "node:util";
import { KeelsonError } from "../errors.ts";

const lookupMs = 10_000;

/** What OpenSSH's configuration says about one host, as `ssh -G` prints it. */
export interface OpenSshConfig {
  readonly hostName: string;
  readonly user: string;
  readonly port: number;
  /** Absolute paths, whether the files are there or not. */
  readonly identityFiles: readonly string[];
  readonly certificateFiles: readonly string[];
  /** Whether an agent may offer the identity files' keys only. */
  readonly identitiesOnly: boolean;
  /** Path of the agent's socket; undefined for the environment's, empty for none. */
  readonly identityAgent: string | undefined;
  /** The hosts on the way, the first one dialled first. */
  readonly proxyJump: readonly Jump[];
  readonly proxyCommand: string | undefined;
  readonly knownHostsFiles: readonly string[];
  /** The name under which known hosts are looked up. */
  readonly hostKeyAlias: string | undefined;
  /** Whether a host whose key is not known is refused. */
  readonly isStrict: boolean;
}

/** One hop of ProxyJump: what it does not say comes from the hop's own configuration. */
export interface Jump {
  readonly address: string;
  readonly user?: string;
  readonly port?: number;
}

export interface OpenSshQuery {
  readonly address: string;
  readonly user?: string | undefined;
  readonly port?: number | undefined;
}

/**
 * Asks this computer's `ssh` what it would do to reach a host: no other program resolves Include, Match and tokens
 * exactly as it does.
 *
 * @throws KeelsonError KEELSON_TOOL_MISSING without an OpenSSH client, KEELSON_INVALID_INPUT if the configuration is wrong
 */
export async function readOpenSshConfig(query: OpenSshQuery): Promise<OpenSshConfig> {
  const { address, user, port } = query;
  const settings = [
    ...(user === undefined ? [] : ["-l", user]),
    ...(port === undefined ? [] : ["-p", String(port)]),
  ];
  try {
    const asked = promisify(execFile)("ssh", ["-G", "-T", ...settings, "--", address], {
      timeout: lookupMs,
    });
    return parseOpenSshConfig((await asked).stdout, query);
  } catch (error) {
    throw lookupFailed(address, error);
  }
}

/** Reads what `ssh -G` printed. */
export function parseOpenSshConfig(text: string, { address }: OpenSshQuery): OpenSshConfig {
  const settings = new Map<string, string[]>();
  for (const line of text.split("\n")) {
    const [key = "", ...words] = line.split(" ");
    settings.set(key, [...(settings.get(key) ?? []), words.join(" ")]);
  }
  const last = (key: string): string | undefined => settings.get(key)?.at(-1);
  const hostName = last("hostname") ?? address;
  const user = last("user") ?? userInfo().username;
  const port = Number(last("port") ?? 22);
  const path = expander({ h: hostName, n: address, p: String(port), r: user, u: userInfo().username });
  const files = (key: string): string[] => (settings.get(key) ?? []).filter(isSet).map(path);
  return {
    hostName,
    user,
    port,
    identityFiles: files("identityfile"),
    certificateFiles: files("certificatefile"),
    identitiesOnly: last("identitiesonly") === "yes",
    identityAgent: parseAgent(last("identityagent"), path),
    proxyJump: parseJumps(last("proxyjump")),
    proxyCommand: settings.get("proxycommand")?.find(isSet),
    knownHostsFiles: ["userknownhostsfile", "globalknownhostsfile"].flatMap((key) =>
      (last(key) ?? "").split(" ").filter(isSet).map(path),
    ),
    hostKeyAlias: last("hostkeyalias"),
    isStrict: ["yes", "true"].includes(last("stricthostkeychecking") ?? ""),
  };
}

function parseAgent(agent: string | undefined, path: (text: string) => string): string | undefined {
  if (agent === undefined || agent === "SSH_AUTH_SOCK") return undefined;
  return isSet(agent) ? path(agent) : "";
}

function isSet(value: string): boolean {
  return value !== "" && value !== "none";
}

/** Expands `~` and the tokens of paths; `ssh -G` prints most of them as they are written. */
function expander(tokens: Readonly<Record<string, string>>): (path: string) => string {
  const home = homedir();
  const known: Readonly<Record<string, string>> = { ...tokens, d: home, "%": "%" };
  return (path) =>
    path
      .replace(/^"(.*)"$/, "$1")
      .replace(/^~(?=\/)/, home)
      .replace(/%(.)/g, (whole, token: string) => known[token] ?? whole);
}

function parseJumps(text: string | undefined): Jump[] {
  if (text === undefined || !isSet(text)) return [];
  return text.split(",").map((hop) => {
    const [, user, bracketed, plain, port] =
      /^(?:ssh:\/\/)?(?:(.*)@)?(?:\[([^\]]*)\]|([^:]*))(?::(\d+))?$/.exec(hop.trim()) ?? [];
    return {
      address: bracketed ?? plain ?? hop,
      ...(user === undefined ? {} : { user }),
      ...(port === undefined ? {} : { port: Number(port) }),
    };
  });
}

function lookupFailed(address: string, error: unknown): KeelsonError {
  const { code, stderr = "" } = error as { code?: unknown; stderr?: string };
  if (code === "ENOENT") {
    return new KeelsonError(
      "KEELSON_TOOL_MISSING",
      `Cannot look up "${address}" in the configuration of OpenSSH: there is no ssh on the PATH`,
      { fix: "Install the OpenSSH client, or give the settings in the program instead of sshConfig" },
    );
  }
  const said = stderr.trim().split("\n").at(-1) ?? "";
  return new KeelsonError(
    "KEELSON_INVALID_INPUT",
    `Cannot look up "${address}" in the configuration of OpenSSH: ${said === "" ? String(error) : said}`,
  );
}
