import { KeelsonError } from "../errors.ts";
import { quote } from "./quote.ts";

/** How a command becomes root on a host. */
export type RootMethod =
  | { readonly how: "already" }
  | { readonly how: "sudo" }
  | { readonly how: "sudoWithPassword"; readonly password: string }
  | { readonly how: "doas" };

/** Prints the ways to root that the host offers, one a line. Touches nothing. */
export const rootProbe = [
  `[ "$(id -u)" = 0 ] && { echo root; exit 0; }`,
  "if command -v sudo >/dev/null 2>&1; then sudo -n true </dev/null >/dev/null && echo sudo; echo has-sudo; fi",
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
  if (offers.has("sudo")) return { how: "sudo" };
  if (offers.has("has-sudo") && password !== undefined) return { how: "sudoWithPassword", password };
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
      return `exec sudo -n -- ${line}`;
    case "sudoWithPassword":
      return `exec sudo -S -p ${quote(prompt)} -- ${line}`;
    case "doas":
      return `exec doas -n -- ${line}`;
  }
}

/** The error of a host on which a command cannot become root. */
export function sudoFailed(host: string, reason: string): KeelsonError {
  return new KeelsonError("KEELSON_HOST_SUDO_FAILED", `Cannot become root on ${host}: ${reason}`);
}
