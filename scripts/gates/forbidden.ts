import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

/** A text that must not stand in the repository, and why. */
export interface Forbidden {
  readonly text: string;
  readonly why: string;
}

/** Every place where a forbidden text stands, as lines `path:line: Cannot contain …`. */
export function findForbidden(
  files: ReadonlyMap<string, string>,
  forbidden: readonly Forbidden[],
): readonly string[] {
  return [...files].flatMap(([path, content]) =>
    forbidden
      .filter(({ text }) => content.includes(text))
      .map(({ text, why }) => {
        const line = content.slice(0, content.indexOf(text)).split("\n").length;
        return `${path}:${line}: Cannot contain "${text}": ${why}`;
      }),
  );
}

/** What this computer's own settings make forbidden: its package registries and its private paths. */
export function forbiddenHere(root: string): readonly Forbidden[] {
  return [
    ...[...publicRegistries(), ...configuredRegistries()].map((text) => ({
      text,
      why: "package registries come from the computer's own settings",
    })),
    ...privatePaths(root).map((text) => ({ text, why: "it is a path of one computer" })),
  ];
}

/** Put together here, since this file is checked as well. */
function publicRegistries(): readonly string[] {
  const names = [
    "registry npmjs org",
    "registry yarnpkg com",
    "proxy golang org",
    "deb debian org",
    "pypi org",
  ];
  return names.map((name) => name.replaceAll(" ", "."));
}

function configuredRegistries(): readonly string[] {
  const settings = [
    output("npm", ["config", "get", "registry"]),
    process.env["GOPROXY"] ?? output("go", ["env", "GOPROXY"]),
    process.env["PIP_INDEX_URL"] ?? "",
    ...aptSources(),
  ];
  const hosts = settings.flatMap((text) => [...text.matchAll(/https?:\/\/(?:[^@/\s]*@)?([^:/\s,|]+)/g)]);
  // A mirror on this very computer has no name worth hiding, and "localhost" stands in many texts for good reason.
  return [...new Set(hosts.map((match) => match[1] ?? ""))].filter(
    (host) => host.includes(".") && !isLoopback(host),
  );
}

function isLoopback(host: string): boolean {
  return host.startsWith("127.");
}

function aptSources(): readonly string[] {
  const folder = "/etc/apt/sources.list.d";
  const more = existsSync(folder) ? readdirSync(folder).map((name) => join(folder, name)) : [];
  return ["/etc/apt/sources.list", ...more]
    .filter((path) => existsSync(path))
    .map((path) => readFileSync(path, "utf8"));
}

function output(program: string, args: readonly string[]): string {
  try {
    return execFileSync(program, args, { stdio: ["ignore", "pipe", "ignore"] }).toString();
  } catch {
    // Without the program there is no setting of it to leak.
    return "";
  }
}

/** Folders that any computer may have at its top. */
const commonFolders =
  /^\/(bin|boot|dev|etc|home|lib\w*|media|mnt|opt|proc|root|run|sbin|srv|sys|tmp|usr|var|Users|Volumes)\//;

/** The checkout, an unusual folder above it and the user's caches; hosts have a `/root` of their own, so that alone says nothing. */
function privatePaths(root: string): readonly string[] {
  const caches = [".cache", ".local", ".npm", "go"].map((name) => join(homedir(), name));
  const top = `${root.split("/", 2).join("/")}/`;
  return [`${root}/`, ...(commonFolders.test(top) ? [] : [top]), ...caches];
}
