import { networkProblems, sharedNames } from "../clusters/define-cluster.ts";
import { endpointProblems } from "../clusters/endpoint.ts";
import type { Endpoint } from "../clusters/endpoint.ts";
import type { HostFacts } from "../clusters/facts.ts";
import { KeelsonError, ProblemsError } from "../errors.ts";
import type { Problem } from "../errors.ts";
import { blankFacts } from "./facts/blank.ts";
import { factsRequest, gatherFacts } from "./facts/gather.ts";
import { caHash } from "./identity.ts";
import { hostWarnings } from "./host-warnings.ts";
import { judgeHost, judgeTogether } from "./judge.ts";
import type { InspectHosts, Operation, ReachableHost } from "./operation.ts";
import { waitForCloudInit } from "./phases/first-boot.ts";

/**
 * Reads all hosts in parallel and judges them one by one and together. What is no problem but worth knowing is told by
 * the way.
 *
 * @throws ProblemsError with every problem of every host; nothing was touched
 */
export const inspectHosts: InspectHosts = async (operation, request) => {
  const { cluster, identity, hosts, declared = hosts, known, maySilent = [] } = request;
  const caSha256 = identity.caCertificate === "" ? undefined : caHash(identity.caCertificate);
  const outcomes = await Promise.all(
    hosts.map(async (host): Promise<HostFacts | readonly Problem[]> => {
      try {
        return await look(operation, host, cluster.endpoint);
      } catch (error) {
        return maySilent.includes(host.name) && isSilence(error) ? [] : [problemOf(host.name, error)];
      }
    }),
  );
  const problems: Problem[] = [
    ...networkProblems(cluster.network),
    ...endpointProblems(cluster.endpoint, declared),
    ...sharedNames(declared),
  ];
  const read: Record<string, HostFacts> = {};
  for (const [index, host] of hosts.entries()) {
    const facts = outcomes[index] ?? [];
    if (!("hostname" in facts)) {
      problems.push(...facts);
      continue;
    }
    read[host.name] = facts;
    problems.push(...judgeHost({ cluster, clusterId: identity.clusterId, caSha256, host, facts }));
  }
  problems.push(...judgeTogether({ ...known, ...existing(hosts, read) }));
  if (problems.length > 0) throw new ProblemsError(`use the hosts of cluster "${cluster.name}"`, problems);
  for (const warning of hostWarnings(declared, { ...known, ...existing(hosts, read) }, cluster.network)) {
    if (warning.host in read) operation.onWarning?.(warning);
  }
  return read;
};

/** A host that is still being set up gets its name and its addresses from that: it is read again afterwards. */
async function look(operation: Operation, host: ReachableHost, endpoint: Endpoint): Promise<HostFacts> {
  if (host.connection === undefined) return blankFacts(host);
  const { signal, preview } = operation;
  const runner = operation.pool.get(host.name, host.connection);
  const names = endpoint.mode === "external" ? [endpoint.host] : [];
  // A preview writes nothing at all, not even for a measurement.
  const syncLatency = host.role === "controlPlane" && !preview;
  const request = { ...factsRequest(host.role), names, syncLatency };
  const facts = await gatherFacts(runner, request, signal);
  if (!facts.firstBoot || preview) return facts;
  const log = (line: string): void => {
    operation.log(host.name, line);
  };
  await waitForCloudInit({ runner, signal, log });
  return gatherFacts(runner, request, signal);
}

/** Hosts that do not exist yet cannot be anybody's clone. */
function existing(
  hosts: readonly ReachableHost[],
  read: Readonly<Record<string, HostFacts>>,
): Record<string, HostFacts> {
  const real = new Set(hosts.filter(({ connection }) => connection).map(({ name }) => name));
  return Object.fromEntries(Object.entries(read).filter(([name]) => real.has(name)));
}

function isSilence(error: unknown): boolean {
  return KeelsonError.is(error) && error.code === "KEELSON_HOST_UNREACHABLE";
}

/** What keeps one host from being read is a problem among others; an abort or a fault of ours is not. */
function problemOf(where: string, error: unknown): Problem {
  if (!KeelsonError.is(error) || error.code === "KEELSON_ABORTED") throw error;
  return { code: error.code, where, message: error.message, fix: error.fix };
}
