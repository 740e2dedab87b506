import { parallel } from "../remote/parallel.ts";
import type { ResetHosts } from "./operation.ts";
import { resetHost } from "./reset-host.ts";

/** Ends a cluster on all hosts that carry its owner token, in parallel. Silent hosts are passed over and named. */
export const resetHosts: ResetHosts = async (operation, { clusterId, hosts }) => {
  const outcomes = await parallel(
    hosts,
    { what: "reset the hosts", where: ({ name }) => name, limit: 16, signal: operation.signal },
    (host) => resetHost(operation, clusterId, host),
  );
  const named = (outcome: string): string[] =>
    hosts.filter((_, index) => outcomes[index] === outcome).map(({ name }) => name);
  return { reset: named("reset"), silent: named("silent") };
};
