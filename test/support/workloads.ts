import type { Construct } from "constructs";
import {
  type Application,
  Job,
  type JobProps,
  NodeAgent,
  type NodeAgentProps,
  ScheduledJob,
  type ScheduledJobProps,
  StatefulService,
  type StatefulServiceProps,
  WebService,
  type WebServiceProps,
  Worker,
  type WorkerProps,
} from "../../constructs/index.ts";
import { newChart } from "./constructs.ts";

const image = "ghcr.io/acme/app:1.4.2";
const served = { health: { ready: "/readyz" }, access: { from: ["namespace"] } } as const;

/** Properties of each kind of workload without a finding. */
export const soundWorkloads = {
  webService: { ...served, image, port: 8080 } satisfies WebServiceProps,
  worker: { image } satisfies WorkerProps,
  job: { image } satisfies JobProps,
  scheduledJob: { image, schedule: "15 3 * * 1-5" } satisfies ScheduledJobProps,
  statefulService: {
    ...served,
    image,
    port: 5432,
    volumes: { data: { path: "/data", size: "10Gi" } },
  } satisfies StatefulServiceProps,
  nodeAgent: { image } satisfies NodeAgentProps,
} as const;

export type WorkloadKind = keyof typeof soundWorkloads;

/** A workload "app" of a kind, alone in a chart. Takes properties that the compiler would refuse. */
export function workload(
  kind: WorkloadKind,
  props: object = {},
  scope: Construct = newChart(),
  id = "app",
): Application {
  const given = { ...soundWorkloads[kind], ...props };
  switch (kind) {
    case "webService":
      return new WebService(scope, id, given as WebServiceProps);
    case "worker":
      return new Worker(scope, id, given as WorkerProps);
    case "job":
      return new Job(scope, id, given as JobProps);
    case "scheduledJob":
      return new ScheduledJob(scope, id, given as ScheduledJobProps);
    case "statefulService":
      return new StatefulService(scope, id, given as StatefulServiceProps);
    case "nodeAgent":
      return new NodeAgent(scope, id, given as NodeAgentProps);
  }
}
