import { join } from "node:path";
import { resolve } from "./resolve.ts";
import type { ResolvedArtifact } from "./resolve.ts";
import type { ToolchainOptions } from "./settings.ts";

/** Pulumi with what it needs to run a TypeScript program that speaks to Kubernetes. */
export interface Pulumi {
  /** Absolute path of the engine. */
  readonly program: string;
  /** The engine, its language host and the Kubernetes provider, for `pulumiEnvironment`. */
  readonly tools: readonly ResolvedArtifact[];
}

/** Finds the engine, the Node language host and the Kubernetes provider. Throws as `resolve` does. */
export async function resolvePulumi(options: ToolchainOptions = {}): Promise<Pulumi> {
  const engine = await resolve("pulumi", options);
  const language = await resolve("pulumi-language-nodejs", options);
  const kubernetes = await resolve("pulumi-resource-kubernetes", options);
  return { program: join(engine.directory, "pulumi"), tools: [engine, language, kubernetes] };
}
