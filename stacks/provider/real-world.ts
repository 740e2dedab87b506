import { join } from "node:path";
import * as bootstrap from "../../bootstrap/index.ts";
import { runLeases } from "../../bootstrap/run-leases.ts";
import * as delivery from "../../delivery/index.ts";
import { localMachines } from "../../machines/index.ts";
import { SshPool } from "../../remote/pool.ts";
import { type Bundle, resolveBundle } from "../../toolchain/index.ts";
import { openReleases } from "../engine/releases.ts";
import { stateDirectory } from "../engine/state.ts";
import { lingering } from "./lingering-clients.ts";
import { watchedClusters } from "./watched.ts";
import type { World } from "./world.ts";

/** The world as it is: real hosts, real machines, the real toolchain. */
export function realWorld(): World {
  const bundles = new Map<string, Promise<Bundle>>();
  return {
    bootstrap,
    createIdentity: bootstrap.createIdentity,
    mintKubeconfig: bootstrap.mintKubeconfig,
    machines: localMachines,
    leases: runLeases(),
    bundle(kubernetes, options) {
      const key = JSON.stringify([kubernetes, options.extraImages]);
      const known = bundles.get(key);
      if (known !== undefined) return known;
      const bundle = resolveBundle(kubernetes, options);
      bundles.set(key, bundle);
      // A failure is not remembered: the cause may be mended before the next call.
      bundle.catch(() => bundles.delete(key));
      return bundle;
    },
    delivery: {
      ...delivery,
      openStore: openReleases,
      connect: lingering(delivery.connectCluster),
      isWatched: watchedClusters(),
      silences: new Map(),
    },
    openPool: (masker) => new SshPool({ masker, knownHosts: join(stateDirectory(), "known_hosts") }),
  };
}
