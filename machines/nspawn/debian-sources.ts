import { KeelsonError } from "../../errors.ts";
import { runLocal } from "./command.ts";

/** One apt source of Debian itself. */
export interface DebianSource {
  readonly uri: string;
  /** `bookworm`, `bookworm-security`, … */
  readonly release: string;
}

/** The Debian releases that local machines can be: 12 and 13. */
export const debianReleases = ["bookworm", "trixie"] as const;
export type DebianRelease = (typeof debianReleases)[number];

/**
 * The release of this process's machines: KEELSON_DEBIAN_RELEASE, or Debian 12.
 *
 * @throws KeelsonError KEELSON_INVALID_INPUT if it is another one
 */
export function debianRelease(environment: NodeJS.ProcessEnv = process.env): DebianRelease {
  const name = environment["KEELSON_DEBIAN_RELEASE"] || debianReleases[0];
  const release = debianReleases.find((each) => each === name);
  if (release !== undefined) return release;
  throw new KeelsonError(
    "KEELSON_INVALID_INPUT",
    `Cannot make local machines of Debian "${name}": KEELSON_DEBIAN_RELEASE is none of ${debianReleases.join(", ")}`,
  );
}

const format = "$(CREATED_BY)|$(REPO_URI)|$(RELEASE)|$(COMPONENT)";

/** The sources of a Debian release in what `apt-get indextargets` prints, the release itself first. */
export function parseIndexTargets(text: string, wanted: DebianRelease): readonly DebianSource[] {
  const rows = text.split("\n").map((line) => line.split("|"));
  const sources = rows.flatMap(([createdBy, uri, release, component]) => {
    const isDebian =
      createdBy === "Packages" && component === "main" && /\/debian(-security)?\/?$/.test(uri ?? "");
    return isDebian && uri !== undefined && release !== undefined ? [{ uri, release }] : [];
  });
  const base = sources.find(({ uri }) => /\/debian\/?$/.test(uri));
  if (base === undefined) return [];
  const others = sources.filter(({ release }) => release.startsWith(`${wanted}-`));
  return [{ uri: base.uri, release: wanted }, ...others];
}

/**
 * Where this computer gets Debian packages from, by its own apt configuration.
 * KEELSON_DEBIAN_MIRROR names another mirror, which a computer without Debian needs.
 *
 * Throws KEELSON_NOT_SUPPORTED if there is none
 */
export async function debianSources(
  release: DebianRelease,
  environment: NodeJS.ProcessEnv = process.env,
): Promise<readonly DebianSource[]> {
  const mirror = environment["KEELSON_DEBIAN_MIRROR"];
  if (mirror !== undefined) return [{ uri: mirror, release }];
  const sources = parseIndexTargets(await runLocal("apt-get", ["indextargets", "--format", format]), release);
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
