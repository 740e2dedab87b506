import type { Access } from "../core/access.ts";
import type { Patch } from "../core/user-patch.ts";
import type { Container, Job, NetworkPolicy, PodSpec, ServiceAccount } from "../kubernetes/types.ts";
import type { PodProps } from "../pod/props.ts";

/** How a program runs to its end. */
export interface RunProps extends PodProps {
  /** How often a failed pod is tried again; pods that a drain or preemption ended do not count. @default 3 */
  readonly retries?: number;
  /** How long all of it may take, in seconds. @default - as long as it needs */
  readonly timeoutSeconds?: number;
  /** How long a finished job and its logs are kept, in seconds. @default 86400 */
  readonly keepSeconds?: number;
  /** How many pods have to succeed. Each learns its number as JOB_COMPLETION_INDEX. @default 1 */
  readonly completions?: number;
  /** How many of them run at once. @default 1 */
  readonly parallelism?: number;
  /** Whom the program may call. @default - anyone */
  readonly access?: Pick<Access, "to">;
}

/** What a job is made from. Only the image must be said. */
export interface JobProps extends RunProps {
  /** Changes the objects themselves, for what has no property here. @default - none */
  readonly patch?: JobPatch;
}

/** Patches of the objects, applied in this order: what a later one says, holds. */
export interface JobPatch {
  readonly container?: Patch<Container>;
  readonly pod?: Patch<PodSpec>;
  readonly job?: Patch<Job>;
  readonly serviceAccount?: Patch<ServiceAccount>;
  readonly networkPolicy?: Patch<NetworkPolicy>;
}
