import type { Metrics } from "../application/metrics.ts";
import type { Access } from "../core/access.ts";
import type { Patch } from "../core/user-patch.ts";
import type {
  Container,
  NetworkPolicy,
  PodDisruptionBudget,
  PodSpec,
  Service,
  ServiceAccount,
  StatefulSet,
} from "../kubernetes/types.ts";
import type { PodMonitor } from "../kubernetes/types-custom.ts";
import type { Health, PodProps, Spread } from "../pod/props.ts";
import type { MountedVolume, PodVolume, WhenDeleted } from "../volume/props.ts";

/** What a stateful service is made from. Only the image, the port and the volumes must be said. */
export interface StatefulServiceProps extends PodProps {
  /** The port that the program listens on, 1 to 65535; the service has the same. */
  readonly port: number;
  /** More ports of the program by name. @default - none */
  readonly ports?: Readonly<Record<string, number>>;
  /** The volumes of each pod by name, or a `Volume` that all of them mount. */
  readonly volumes: Readonly<Record<string, PodVolume | MountedVolume>>;
  /** When the volumes of pods are deleted with their data. @default - never */
  readonly retention?: Retention;
  /** How many pods run, each with volumes and a name of its own; they may call each other. @default 1 */
  readonly replicas?: number;
  /** How pods keep apart: over nodes and zones. @default "preferred" */
  readonly spread?: Spread;
  /** How to see that a pod can serve. @default - the port accepts connections, with a warning */
  readonly health?: Health;
  /** Who outside of the cluster reaches the service: the other clusters of its set. @default "cluster" - nobody */
  readonly expose?: "cluster" | "clusterSet";
  /** Who may call the service, and whom it may call. @default - nobody may call it, it may call anyone */
  readonly access?: Access;
  /** Where the program tells its metrics. Only those who read metrics may come there. @default - nowhere */
  readonly metrics?: Metrics;
  /** Changes the objects themselves, for what has no property here. @default - none */
  readonly patch?: StatefulServicePatch;
}

/** When the volumes of pods are deleted with their data. */
export interface Retention {
  /** When the service is deleted. @default "Retain" */
  readonly whenDeleted?: WhenDeleted;
  /** When the service has less pods than before. @default "Retain" */
  readonly whenScaled?: WhenDeleted;
}

/** Patches of the objects, applied in this order: what a later one says, holds. */
export interface StatefulServicePatch {
  readonly container?: Patch<Container>;
  readonly pod?: Patch<PodSpec>;
  readonly statefulSet?: Patch<StatefulSet>;
  readonly service?: Patch<Service>;
  readonly peers?: Patch<Service>;
  readonly serviceAccount?: Patch<ServiceAccount>;
  readonly networkPolicy?: Patch<NetworkPolicy>;
  readonly podMonitor?: Patch<PodMonitor>;
  readonly podDisruptionBudget?: Patch<PodDisruptionBudget>;
}
