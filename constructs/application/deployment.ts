import type { Deployment, DeploymentStrategy } from "../kubernetes/types.ts";
import { type PodPlan, podLabels, podTemplateOf } from "../pod/pod-template.ts";
import type { PodProps, Spread } from "../pod/props.ts";
import type { Draft } from "../core/draft.ts";
import { isTiedToNode } from "../volume/mounts.ts";
import { autoscalerOf } from "./autoscaler.ts";
import { disruptionBudgetOf } from "./companions.ts";
import type { Context, Render } from "./recipe.ts";
import { leastReplicas, type Scale } from "./scale.ts";

/** What a Deployment is made from. */
export interface DeploymentProps extends PodProps {
  /** How pods keep apart: over nodes and zones. @default "preferred" */
  readonly spread?: Spread;
}

/** The path of the pods' spec in a Deployment. */
export const deploymentPods = "deployment.spec.template.spec";

/** The Deployment of a workload that keeps a number of equal pods running, and what belongs to that number. */
export function deploymentObjects(
  context: Context,
  props: DeploymentProps & Scale,
  pods: Pick<PodPlan, "probes" | "drains">,
): Readonly<Record<"deployment" | "podDisruptionBudget" | "autoscaler", Render | undefined>> {
  const { draft, identity } = context;
  const { autoscale } = props;
  const deployment = deploymentOf(context, props, pods);
  const autoscaler = autoscale && autoscalerOf(draft, identity, { kind: "Deployment", autoscale });
  const isMany = leastReplicas(props) > 1;
  return {
    deployment: () => deployment,
    podDisruptionBudget: isMany ? () => disruptionBudgetOf(identity) : undefined,
    autoscaler: autoscaler && (() => autoscaler),
  };
}

function deploymentOf(
  { draft, identity, profile, pods: { ports, annotations } }: Context,
  props: DeploymentProps & Scale,
  pods: Pick<PodPlan, "probes" | "drains">,
): Deployment {
  const { name, selector } = identity;
  const why = "the service outlives one pod and one node";
  const replicas = props.autoscale ? undefined : draft.fill("replicas", props.replicas, 2, why);
  const template = podTemplateOf(
    {
      draft,
      identity,
      path: deploymentPods,
      ports,
      annotations,
      ...pods,
      // Counting by template keeps the pods of the old version out of the balance while a new one rolls out.
      spread: { given: props.spread, countBy: ["pod-template-hash"] },
    },
    props,
  );
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name, labels: podLabels(identity, props) },
    spec: {
      ...(replicas !== undefined && { replicas }),
      selector: { matchLabels: selector },
      strategy: strategyOf(draft, isTiedToNode(props, profile())),
      template,
    },
  };
}

function strategyOf(draft: Draft, isTied: boolean): DeploymentStrategy {
  const path = "deployment.spec.strategy";
  if (isTied) {
    const why = "the old pod must leave the volume before the new one can mount it";
    return draft.fill(path, undefined, { type: "Recreate" } as const, why);
  }
  const rolling = { type: "RollingUpdate", rollingUpdate: { maxSurge: "25%", maxUnavailable: 0 } } as const;
  return draft.fill(path, undefined, rolling, "a new pod is ready before an old one goes");
}
