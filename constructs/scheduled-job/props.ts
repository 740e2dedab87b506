import type { Patch } from "../core/user-patch.ts";
import type { RunProps } from "../job/props.ts";
import type { Container, CronJob, NetworkPolicy, PodSpec, ServiceAccount } from "../kubernetes/types.ts";

/** What a scheduled job is made from. Only the image and the schedule must be said. */
export interface ScheduledJobProps extends RunProps {
  /** When it starts: minute, hour, day of the month, month and day of the week, or `@hourly` and the like. */
  readonly schedule: Schedule;
  /** The time zone of the schedule, `Europe/Oslo` for example. @default "Etc/UTC" */
  readonly timeZone?: string;
  /** What happens if the last run has not ended. @default "forbid" - the new one is left out */
  readonly overlap?: "forbid" | "replace" | "allow";
  /** How late a run may start, in seconds, 60 at least. @default 300 */
  readonly lateSeconds?: number;
  /** True to start nothing for now. @default false */
  readonly suspend?: boolean;
  /** Changes the objects themselves, for what has no property here. @default - none */
  readonly patch?: ScheduledJobPatch;
}

/** Five fields, or a word for a common schedule. */
export type Schedule =
  | `${string} ${string} ${string} ${string} ${string}`
  | "@hourly"
  | "@daily"
  | "@weekly"
  | "@monthly"
  | "@yearly";

/** Patches of the objects, applied in this order: what a later one says, holds. */
export interface ScheduledJobPatch {
  readonly container?: Patch<Container>;
  readonly pod?: Patch<PodSpec>;
  readonly cronJob?: Patch<CronJob>;
  readonly serviceAccount?: Patch<ServiceAccount>;
  readonly networkPolicy?: Patch<NetworkPolicy>;
}
