import type { DeploymentProps } from "../application/deployment.ts";
import type { Scale } from "../application/scale.ts";
import type { Metrics } from "../application/metrics.ts";
import type { Access } from "../core/access.ts";
import type { Patch } from "../core/user-patch.ts";
import type {
  Container,
  Deployment,
  HorizontalPodAutoscaler,
  NetworkPolicy,
  PodDisruptionBudget,
  PodSpec,
  Service,
  ServiceAccount,
} from "../kubernetes/types.ts";
import type { PodMonitor } from "../kubernetes/types-custom.ts";
import type { Health } from "../pod/props.ts";

/** What a web service is made from. Only the image and the port must be said. */
export type WebServiceProps = WebServiceOptions & Scale;

export interface WebServiceOptions extends DeploymentProps {
  /** The port that the program listens on, 1 to 65535. The service itself answers on port 80. */
  readonly port: number;
  /** More ports of the program by name; the service has them under the same numbers. @default - none */
  readonly ports?: Readonly<Record<string, number>>;
  /** How to see that a pod can serve. @default - the port accepts connections, with a warning */
  readonly health?: Health;
  /** Who outside of the cluster reaches the service. @default "cluster" - nobody */
  readonly expose?: "cluster" | "clusterSet" | NodePort;
  /** Who may call the service, and whom it may call. @default - nobody may call it, it may call anyone */
  readonly access?: Access;
  /** Where the program tells its metrics. Only those who read metrics may come there. @default - nowhere */
  readonly metrics?: Metrics;
  /** Changes the objects themselves, for what has no property here. @default - none */
  readonly patch?: WebServicePatch;
}

/** Opens a port on every node. */
export interface NodePort {
  /** 30000 to 32767, or `any` to let the cluster choose. */
  readonly nodePort: number | "any";
  /** Whether the service is exported to the other clusters of the set, too. @default false */
  readonly clusterSet?: boolean;
}

/** Patches of the objects, applied in this order: what a later one says, holds. */
export interface WebServicePatch {
  readonly container?: Patch<Container>;
  readonly pod?: Patch<PodSpec>;
  readonly deployment?: Patch<Deployment>;
  readonly service?: Patch<Service>;
  readonly serviceAccount?: Patch<ServiceAccount>;
  readonly networkPolicy?: Patch<NetworkPolicy>;
  readonly podMonitor?: Patch<PodMonitor>;
  readonly podDisruptionBudget?: Patch<PodDisruptionBudget>;
  readonly autoscaler?: Patch<HorizontalPodAutoscaler>;
}
