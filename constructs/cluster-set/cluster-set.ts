import type { IConstruct } from "constructs";
import type { Late } from "../late.ts";

/** What a program must know of the other clusters of its set. */
export interface ClusterSetContext {
  /** Where their node ports answer, `192.0.2.10/32` for example: their nodes, or what stands before them. */
  readonly cidrs: readonly (string | Late<string>)[];
}

const clusterSetMark = Symbol.for("keelson.cluster-set");

/**
 * Says where the other clusters of the set answer, so that the network policies in a scope let programs reach the
 * services that they import by node ports. A Workload of `keelson/stacks` says it for its charts.
 */
export function useClusterSet(scope: IConstruct, context: ClusterSetContext): void {
  Object.defineProperty(scope, clusterSetMark, { value: context, configurable: true });
}

/** What the nearest scope that knows says of the other clusters of the set. */
export function clusterSetOf(construct: IConstruct): ClusterSetContext | undefined {
  const scopes = construct.node.scopes as readonly { [clusterSetMark]?: ClusterSetContext }[];
  return scopes.findLast((scope) => clusterSetMark in scope)?.[clusterSetMark];
}
