import type { HostFacts } from "../clusters/facts.ts";
import { type Problem, ProblemsError } from "../errors.ts";
import type { ApplyControlPlane } from "./operation.ts";
import { paths } from "./paths.ts";
import { heldState } from "./seat-state.ts";

type Request = Pick<Parameters<ApplyControlPlane>[1], "cluster" | "identity" | "exists" | "allowNewCluster">;

/** A declared control-plane host with what it holds; undefined if it does not answer. */
export interface Candidate {
  readonly name: string;
  readonly facts: HostFacts | undefined;
  /** Whether a quorum of etcd says that the host votes, although nothing was completed there. */
  readonly votes?: boolean;
}

/**
 * The host on which kubeadm makes the cluster, or completes its making; undefined if the cluster is there already. A
 * cluster is made only if every declared host answers and none holds anything of it, save the one whose making was cut
 * off: otherwise a second, empty cluster of the same identity could begin beside a living one. A cluster whose first host was lost while
 * others joined lives on in the votes of those. Pure.
 *
 * @throws ProblemsError that names each host on which a cluster may exist
 */
export function chooseBeginning(
  { cluster, identity, exists = false, allowNewCluster = false }: Request,
  candidates: readonly Candidate[],
): string | undefined {
  const { clusterId } = identity;
  const held = candidates.map(({ name, facts }) => ({
    name,
    facts,
    state: facts && heldState(facts, clusterId),
  }));
  if (held.some(({ state }) => state === "whole")) return undefined;
  const begun = held.filter(({ facts }) => facts?.files[paths.initConfig] !== undefined);
  const lives = begun.length === 0 && candidates.some(({ votes }) => votes === true);
  if (lives && !allowNewCluster) return undefined;
  const wasUp = exists || held.some(({ facts }) => facts?.kubernetes.initialized === clusterId);
  const mayExist = `cluster "${cluster.name}" (${clusterId})`;
  const problems = held.flatMap(({ name, facts, state }): readonly Problem[] => {
    const problem = (code: Problem["code"], message: string): readonly Problem[] => [
      { code, where: name, message },
    ];
    if (facts === undefined) {
      return problem("KEELSON_CLUSTER_MAY_EXIST", `does not answer, and ${mayExist} may live there`);
    }
    const isBegun = facts.files[paths.initConfig] !== undefined;
    if (isBegun && begun.length > 1) {
      return problem(
        "KEELSON_PARTIAL_INIT",
        `is one of ${String(begun.length)} hosts on which ${mayExist} began`,
      );
    }
    if (state === "partial" && !isBegun && !allowNewCluster) {
      return problem(
        "KEELSON_CLUSTER_MAY_EXIST",
        `holds parts of ${mayExist}, and no host holds it as a whole`,
      );
    }
    if (!wasUp || allowNewCluster || facts.kubernetes.etcdData) return [];
    const message = `holds no etcd data, but ${mayExist} was up before: a second, empty one would begin here`;
    return problem("KEELSON_CLUSTER_MAY_EXIST", message);
  });
  if (problems.length > 0) throw new ProblemsError(`begin cluster "${cluster.name}"`, problems);
  return (begun[0] ?? held[0])?.name;
}
