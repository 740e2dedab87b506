import { addressBy, describePolicy, policyProblems } from "../clusters/address-policy.ts";
import type { ClusterSpec } from "../clusters/define-cluster.ts";
import { ProblemsError } from "../errors.ts";
import type { Problem } from "../errors.ts";
import type { Connection } from "../remote/runner.ts";
import { parallel } from "../remote/parallel.ts";
import { factsRequest, gatherFacts } from "./facts/gather.ts";
import type { Operation } from "./operation.ts";

/**
 * Fills in the node address of every host that does not name one, by the cluster's `network.nodeAddresses`, from what
 * the host has. For hosts with several interfaces; run it before `defineCluster`. Touches nothing.
 *
 * @throws ProblemsError with every host that has no such address
 */
export async function findNodeAddresses(
  operation: Pick<Operation, "pool" | "signal">,
  spec: ClusterSpec,
  connections: Readonly<Record<string, Connection>> = {},
): Promise<ClusterSpec> {
  const policy = spec.network?.nodeAddresses;
  if (policy === undefined) return spec;
  const problems: Problem[] = [...policyProblems(policy)];
  const unnamed = Object.entries(spec.hosts).filter(([, { nodeAddress }]) => nodeAddress === undefined);
  const found: Record<string, { readonly nodeAddress: string }> = {};
  const work = { what: "find the hosts' addresses", where: hostName, signal: operation.signal };
  await parallel(problems.length > 0 ? [] : unnamed, work, async ([name, { role, address }]) => {
    const runner = operation.pool.get(name, connections[name] ?? { address });
    const { addresses } = await gatherFacts(runner, factsRequest(role), operation.signal);
    const nodeAddress = addressBy(policy, addresses);
    if (nodeAddress !== undefined) found[name] = { nodeAddress };
    else problems.push({ code: "KEELSON_INVALID_INPUT", where: name, message: noneOf(policy, addresses) });
  });
  if (problems.length > 0) throw new ProblemsError(`find the node addresses of "${spec.name}"`, problems);
  const hosts = Object.entries(spec.hosts).map(
    ([name, host]) => [name, { ...host, ...found[name] }] as const,
  );
  return { ...spec, hosts: Object.fromEntries(hosts) };
}

function hostName([name]: readonly [string, unknown]): string {
  return name;
}

function noneOf(
  policy: Parameters<typeof describePolicy>[0],
  addresses: Parameters<typeof addressBy>[1],
): string {
  const has = addresses.map((entry) => `${entry.address} (${entry.interface})`).join(", ") || "none";
  return `no address of ${describePolicy(policy)}, but ${has}`;
}
