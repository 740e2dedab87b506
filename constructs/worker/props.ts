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
  ServiceAccount,
} from "../kubernetes/types.ts";
import type { PodMonitor } from "../kubernetes/types-custom.ts";
import type { Health } from "../pod/props.ts";

/** What a worker is made from. Only the image must be said. */
export type WorkerProps = WorkerOptions & Scale;

export interface WorkerOptions extends DeploymentProps {
  /** How to see that the program works, by a command or by a port that is named in full. @default - it runs */
  readonly health?: Health;
  /** Whom the program may call. @default - anyone */
  readonly access?: Pick<Access, "to">;
  /** Where the program tells its metrics. Only those who read metrics may come there. @default - nowhere */
  readonly metrics?: Metrics;
  /** Changes the objects themselves, for what has no property here. @default - none */
  readonly patch?: WorkerPatch;
}

/** Patches of the objects, applied in this order: what a later one says, holds. */
export interface WorkerPatch {
  readonly container?: Patch<Container>;
  readonly pod?: Patch<PodSpec>;
  readonly deployment?: Patch<Deployment>;
  readonly serviceAccount?: Patch<ServiceAccount>;
  readonly networkPolicy?: Patch<NetworkPolicy>;
  readonly podMonitor?: Patch<PodMonitor>;
  readonly podDisruptionBudget?: Patch<PodDisruptionBudget>;
  readonly autoscaler?: Patch<HorizontalPodAutoscaler>;
}
