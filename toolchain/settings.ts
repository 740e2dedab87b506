import { homedir } from "node:os";
import { join } from "node:path";
import { KeelsonError } from "../errors.ts";
import { Downloader } from "./download.ts";

/** Where an artifact may come from, in the order that is tried. */
export const allSources = ["path", "cache", "download", "build"] as const;
export type Source = (typeof allSources)[number];

/** How artifacts are found; everything has a default. */
export interface ToolchainOptions {
  /** @default - KEELSON_CACHE, then the XDG cache folder's `keelson` */
  readonly cache?: string;
  /** @default - KEELSON_SOURCES, a list with commas, then all */
  readonly sources?: readonly Source[];
  /** One line of progress. */
  readonly onProgress?: (line: string) => void;
  readonly signal?: AbortSignal;
  /** @default - the environment of this process */
  readonly env?: NodeJS.ProcessEnv;
  /** Base addresses of the official places, for mirrors and tests. */
  readonly places?: Partial<Places>;
}

/** Base addresses that artifacts are downloaded from, without a slash at the end. */
export interface Places {
  readonly pulumi: string;
  readonly kubernetes: string;
  readonly github: string;
  /** Replaces `https://<registry host>` for images. @default - each registry's own address */
  readonly registry: string | undefined;
}

/** The options with their defaults filled in, made once for a run. */
export interface Toolchain {
  readonly cache: string;
  readonly sources: readonly Source[];
  readonly progress: (line: string) => void;
  readonly signal: AbortSignal | undefined;
  readonly env: NodeJS.ProcessEnv;
  readonly places: Places;
  readonly downloader: Downloader;
}

const official: Places = {
  pulumi: "https://get.pulumi.com",
  kubernetes: "https://dl.k8s.io",
  github: "https://github.com",
  registry: undefined,
};

/** Fills in the defaults of the options. Throws KEELSON_INVALID_INPUT for an unknown source in KEELSON_SOURCES. */
export function settings(options: ToolchainOptions = {}): Toolchain {
  const env = options.env ?? process.env;
  const progress = options.onProgress ?? (() => undefined);
  return {
    cache: options.cache ?? cacheDirectory(env),
    sources: options.sources ?? sourcesOf(env),
    progress,
    signal: options.signal,
    env,
    places: { ...official, ...options.places },
    downloader: new Downloader({ env }),
  };
}

/** The folder that artifacts are kept in: KEELSON_CACHE, or `keelson` below the XDG cache folder. */
export function cacheDirectory(env: NodeJS.ProcessEnv = process.env): string {
  if (env["KEELSON_CACHE"]) return env["KEELSON_CACHE"];
  return join(env["XDG_CACHE_HOME"] || join(env["HOME"] || homedir(), ".cache"), "keelson");
}

function sourcesOf(env: NodeJS.ProcessEnv): readonly Source[] {
  const words = (env["KEELSON_SOURCES"] ?? "").split(",").map((word) => word.trim());
  const named = words.filter((word) => word !== "");
  const unknown = named.find((word) => !allSources.some((source) => source === word));
  if (unknown !== undefined) {
    throw new KeelsonError(
      "KEELSON_INVALID_INPUT",
      `Cannot read KEELSON_SOURCES: "${unknown}" is none of "${allSources.join('", "')}"`,
    );
  }
  return named.length === 0 ? allSources : allSources.filter((source) => named.includes(source));
}
