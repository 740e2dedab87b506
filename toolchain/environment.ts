import { delimiter, dirname } from "node:path";
import type { ResolvedArtifact } from "./artifact.ts";

export interface PulumiEnvironmentOptions {
  /** The engine, its language host and the Kubernetes provider. */
  readonly tools: readonly Pick<ResolvedArtifact, "directory">[];
  /** Where Pulumi keeps its own files. */
  readonly home: string;
  /** `file:///…` for a folder. @default - the user's own choice */
  readonly backendUrl?: string;
  /** Opens the stack's secrets. @default - the user's own choice */
  readonly passphrase?: string;
  /** @default - the environment of this process */
  readonly env?: NodeJS.ProcessEnv;
}

/** The environment in which Pulumi finds its plugins and this Node, and asks the network for nothing. */
export function pulumiEnvironment(options: PulumiEnvironmentOptions): Record<string, string> {
  const env = options.env ?? process.env;
  const folders = [dirname(process.execPath), ...options.tools.map(({ directory }) => directory)];
  const inherited = Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return {
    ...Object.fromEntries(inherited),
    PATH: [...new Set(folders), env["PATH"] ?? ""].join(delimiter),
    PULUMI_HOME: options.home,
    PULUMI_SKIP_UPDATE_CHECK: "true",
    PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
    ...(options.backendUrl === undefined ? {} : { PULUMI_BACKEND_URL: options.backendUrl }),
    ...(options.passphrase === undefined ? {} : { PULUMI_CONFIG_PASSPHRASE: options.passphrase }),
  };
}
