import { SshPool } from "../remote/pool.ts";
import { resolveBundle } from "../toolchain/index.ts";
import type { Operation } from "./operation.ts";

/** An operation over SSH with the toolchain's bundles, for programs without Pulumi. Close its pool at the end. */
export function openOperation(options: Partial<Operation> = {}): Operation {
  return {
    pool: new SshPool(),
    signal: new AbortController().signal,
    preview: false,
    log: () => undefined,
    onIntent: () => undefined,
    bundle: (kubernetes) => resolveBundle(kubernetes),
    ...options,
  };
}
