import { KeelsonError } from "../errors.ts";
import { quote } from "./quote.ts";

/** How a command becomes root on a host. */
export type RootMethod =
  | { readonly how: "already" }
  | ({ readonly how: "sudo" } & Terminal)
  | ({ readonly how: "sudoWithPassword"; readonly password: string } & Terminal)
  | { readonly how: "doas" };

interface Terminal {
  /** Whether sudo insists on a terminal (`requiretty`). */
  readonly wantsTerminal: boolean;
}

/** Prints the ways to root that the host offers, one a line. Touches nothing. */
export const rootProbe = [
  `[ "$(id -u)" = 0 ] && { echo root; exit 0; }`,
  "if command -v sudo >/dev/null 2>&1; then",
  "  said=$(sudo -n true 2>&1 </dev/null) && echo sudo",
  `  case $said in *"have a tty"*)`,
  "    command -v script >/dev/null 2>&1 && echo wants-terminal",
  `    SHELL=/bin/sh script -qec "sudo -n true" /dev/null </dev/null >/dev/null 2>&1 && echo sudo`,
  "  esac",
  `  echo has-sudo; printf '%s\\n' "$said" >&2`,
  "fi",
  "if command -v doas >/dev/null 2>&1; then doas -n true </dev/null >/dev/null && echo doas; fi",
  "exit 0",
].join("\n");

/**
 * Chooses the way to root from the probe's output.
 *
 * @throws KeelsonError KEELSON_HOST_SUDO_FAILED if there is none
 */
export function rootMethod(
  host: string,
  probe: { readonly stdout: string; readonly stderr: string },
  password: string | undefined,
): RootMethod {
  const offers = new Set(probe.stdout.split("\n"));
  if (offers.has("root")) return { how: "already" };
  const wantsTerminal = offers.has("wants-terminal");
  if (offers.has("sudo")) return { how: "sudo", wantsTerminal };
  if (offers.has("has-sudo") && password !== undefined)
    return { how: "sudoWithPassword", password, wantsTerminal };
  if (offers.has("doas")) return { how: "doas" };
  const said = probe.stderr.trimEnd().split("\n").at(-1) ?? "";
  throw sudoFailed(host, said === "" ? "there is neither sudo nor doas" : said);
}

/** The command line that runs a script as root. sudo prints `prompt` when it wants the password. */
export function asRoot(method: RootMethod, script: string, prompt: string): string {
  const line = `sh -c ${quote(script)}`;
  switch (method.how) {
    case "already":
      return `exec ${line}`;
    case "sudo":
      return inTerminal(method, `sudo -n -- ${line}`);
    case "sudoWithPassword":
      return inTerminal(method, `sudo -S -p ${quote(prompt)} -- ${line}`);
    case "doas":
      return `exec doas -n -- ${line}`;
  }
}

/** The terminal is there for sudo to see; the command's input and output pass by it, so that every byte arrives. */
function inTerminal({ wantsTerminal }: Terminal, line: string): string {
  if (!wantsTerminal) return `exec ${line}`;
  const aside = quote(`exec ${line} <&3 >&4 2>&5 3<&- 4>&- 5>&-`);
  return `exec 3<&0 4>&1 5>&2; SHELL=/bin/sh exec script -qec ${aside} /dev/null </dev/null >/dev/null 2>&1`;
}

/** The error of a host on which a command cannot become root. */
export function sudoFailed(host: string, reason: string): KeelsonError {
  return new KeelsonError("KEELSON_HOST_SUDO_FAILED", `Cannot become root on ${host}: ${reason}`);
}
