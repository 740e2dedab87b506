import * as bootstrap from "../../bootstrap/index.ts";
import { localMachines } from "../../machines/index.ts";
import { openRunnerPool } from "../../remote/index.ts";
import { resolveBundle } from "../../toolchain/index.ts";
import type { World } from "./world.ts";

/** The world as it is: real hosts, real machines, the real toolchain. */
export function realWorld(): World {
  return {
    bootstrap,
    createIdentity: bootstrap.createIdentity,
    machines: localMachines,
    bundle: (kubernetes, onProgress) => resolveBundle(kubernetes, { onProgress }),
    openPool: openRunnerPool,
  };
}
