import type { Metrics } from "../application/metrics.ts";
import type { Access } from "../core/access.ts";
import type { Patch } from "../core/user-patch.ts";
import type { Container, DaemonSet, NetworkPolicy, PodSpec, ServiceAccount } from "../kubernetes/types.ts";
import type { PodMonitor } from "../kubernetes/types-custom.ts";
import type { Health, PodProps } from "../pod/props.ts";

/** What a node agent is made from. Only the image must be said. */
export interface NodeAgentProps extends PodProps {
  /** How to see that the program works, by a command or by a port that is named in full. @default - it runs */
  readonly health?: Health;
  /** How many nodes may be without their agent during an update: a number, or a share. @default "10%" */
  readonly maxUnavailable?: number | `${number}%`;
  /** Whom the program may call. @default - anyone */
  readonly access?: Pick<Access, "to">;
  /** Where the program tells its metrics. Only those who read metrics may come there. @default - nowhere */
  readonly metrics?: Metrics;
  /** Changes the objects themselves, for what has no property here. @default - none */
  readonly patch?: NodeAgentPatch;
}

/** Patches of the objects, applied in this order: what a later one says, holds. */
export interface NodeAgentPatch {
  readonly container?: Patch<Container>;
  readonly pod?: Patch<PodSpec>;
  readonly daemonSet?: Patch<DaemonSet>;
  readonly serviceAccount?: Patch<ServiceAccount>;
  readonly networkPolicy?: Patch<NetworkPolicy>;
  readonly podMonitor?: Patch<PodMonitor>;
}
