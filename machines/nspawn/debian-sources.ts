import { KeelsonError } from "../../errors.ts";
import { runLocal } from "./command.ts";

/** One apt source of Debian itself. */
export interface DebianSource {
  readonly uri: string;
  /** `bookworm`, `bookworm-security`, … */
  readonly release: string;
}

/** The Debian release of local machines: its systemd accepts cgroup v1 and v2. */
export const debianRelease = "bookworm";

const format = "$(CREATED_BY)|$(REPO_URI)|$(RELEASE)|$(COMPONENT)";

/** The sources of the machines' Debian release in what `apt-get indextargets` prints, the release itself first. */
export function parseIndexTargets(text: string): readonly DebianSource[] {
  const rows = text.split("\n").map((line) => line.split("|"));
  const sources = rows.flatMap(([createdBy, uri, release, component]) => {
    const isDebian =
      createdBy === "Packages" && component === "main" && /\/debian(-security)?\/?$/.test(uri ?? "");
    return isDebian && uri !== undefined && release !== undefined ? [{ uri, release }] : [];
  });
  const base = sources.find(({ uri }) => /\/debian\/?$/.test(uri));
  if (base === undefined) return [];
  const others = sources.filter(({ release }) => release.startsWith(`${debianRelease}-`));
  return [{ uri: base.uri, release: debianRelease }, ...others];
}

/**
 * Where this computer gets Debian packages from, by its own apt configuration.
 * KEELSON_DEBIAN_MIRROR names another mirror, which a computer without Debian needs.
 *
 * Throws KEELSON_NOT_SUPPORTED if there is none
 */
export async function debianSources(
  environment: NodeJS.ProcessEnv = process.env,
): Promise<readonly DebianSource[]> {
  const mirror = environment["KEELSON_DEBIAN_MIRROR"];
  if (mirror !== undefined) return [{ uri: mirror, release: debianRelease }];
  const sources = parseIndexTargets(await runLocal("apt-get", ["indextargets", "--format", format]));
  if (sources.length > 0) return sources;
  throw new KeelsonError(
    "KEELSON_NOT_SUPPORTED",
    "Cannot find a Debian mirror: the apt configuration of this computer names none",
    { fix: "Set KEELSON_DEBIAN_MIRROR to the address of a Debian mirror" },
  );
}

/** The proxy of apt as an environment for programs that don't read apt's configuration. */
export async function aptProxy(): Promise<Readonly<Record<string, string>>> {
  const text = await runLocal("apt-config", ["dump", "--format", "%F=%v%n", "Acquire::http::Proxy"]);
  const proxy = /^Acquire::http::Proxy=(.+)$/m.exec(text)?.[1];
  return proxy === undefined || proxy === "DIRECT" ? {} : { http_proxy: proxy };
}
