import type { Places } from "./settings.ts";
import type { Expected } from "./verify.ts";

/** A system that programs run on, in Go's words. */
export interface Target {
  readonly os: "linux" | "darwin";
  readonly arch: "amd64" | "arm64";
}

/** Programs that are versioned, downloaded and built together. */
export interface Artifact {
  readonly name: string;
  readonly version: string;
  readonly target: Target;
  /** File names of the programs. */
  readonly files: readonly string[];
  /** How an installed program is recognised. @default - programs on the PATH are not used */
  readonly installed?: Installed;
  /** @default - there is no official download */
  readonly download?: (places: Places) => Download;
  readonly build: GoBuild;
}

export interface Installed {
  /** The program that is looked for, and asked for its version. */
  readonly program: string;
  readonly args: readonly string[];
  /** The wanted version is at least this one, within the same major version. */
  readonly atLeast: string;
}

/** Either single files, each with its checksum, or an archive that holds them. */
export type Download =
  | { readonly kind: "files"; readonly files: Readonly<Record<string, Checked>> }
  | {
      readonly kind: "archive";
      readonly archive: Checked;
      readonly members: Readonly<Record<string, string>>;
    }
  | { readonly kind: "image"; readonly image: string; readonly members: Readonly<Record<string, string>> };

export interface Checked {
  readonly url: string;
  /** A list of checksums, or a file that holds nothing but the one. */
  readonly checksums: string;
}

/** How a Go module of `toolchain/modules` becomes the artifact's programs. */
export interface GoBuild {
  /** Folder below `toolchain/modules`. */
  readonly module: string;
  /** The main package of each file; the module's own is `.`. */
  readonly packages: Readonly<Record<string, string>>;
  readonly tags?: readonly string[];
  /** Values for the linker's `-X`. */
  readonly values?: Readonly<Record<string, string>>;
  /** Links C statically; needs these Debian packages. @default - no C at all */
  readonly c?: readonly string[];
  /** The oldest Go that builds it. */
  readonly go: string;
  /** About how long it takes on two processors with empty caches. */
  readonly minutes: number;
}

/** The system that this process runs on. */
export function thisTarget(): Target {
  return {
    os: process.platform === "darwin" ? "darwin" : "linux",
    arch: process.arch === "arm64" ? "arm64" : "amd64",
  };
}

/** What hosts run: Linux, on the same processor as this machine. */
export function hostTarget(): Target {
  return { ...thisTarget(), os: "linux" };
}

/** An artifact that is here and verified. */
export interface ResolvedArtifact {
  readonly name: string;
  /** Without leading `v`. */
  readonly version: string;
  /** Where it came from when it was new. */
  readonly source: "path" | "download" | "build";
  /** True if this run found it in the cache. */
  readonly isCached: boolean;
  /** Absolute path of the folder that holds the programs. */
  readonly directory: string;
  readonly files: Readonly<Record<string, Expected>>;
}
