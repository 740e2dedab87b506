import type {
  ApplyClusterServices,
  ApplyControlPlane,
  ApplyWorker,
  InspectHosts,
  Operation,
  PendingWork,
  RemoveWorker,
  ResetHosts,
  SettleEndpoint,
} from "../../bootstrap/operation.ts";
import type { RunLeases } from "../../bootstrap/run-leases.ts";
import type { Cluster } from "../../clusters/cluster.ts";
import type * as delivery from "../../delivery/index.ts";
import type { KeelsonError } from "../../errors.ts";
import type { Identity } from "../../clusters/identity.ts";
import type { MachineDriver } from "../../machines/driver.ts";
import type { Masker } from "../../remote/mask.ts";
import type { RunnerPool } from "../../remote/runner.ts";
import type { BundleOptions } from "../../toolchain/resolve-bundle.ts";
import type { Bundle } from "../../toolchain/bundle.ts";

/** Everything outside Pulumi that the resources work with. Tests give one of their own. */
export interface World {
  readonly bootstrap: Bootstrap;
  readonly createIdentity: (clusterName: string) => Promise<Identity>;
  /** Admin access to a cluster, a secret. */
  readonly mintKubeconfig: (
    identity: Identity,
    cluster: Pick<Cluster, "name" | "endpoint">,
  ) => Promise<{ readonly kubeconfig: string }>;
  readonly machines: () => MachineDriver;
  readonly bundle: (kubernetes: string, options: BundleOptions) => Promise<Bundle>;
  /** What keeps two runs from changing one cluster. */
  readonly leases: RunLeases;
  readonly openPool: (masker: Masker) => RunnerPool;
  readonly delivery: Delivery;
}

/** What brings an app's objects to a cluster: operations of delivery/index.ts, and where they get what they need. */
export interface Delivery extends Pick<typeof delivery, "apply" | "preview" | "remove" | "readHealth"> {
  readonly openStore: (
    reference: string,
    options: { readonly signal: AbortSignal },
  ) => Promise<Pick<delivery.ReleaseStore, "get" | "readRecord">>;
  readonly connect: (kubeconfig: string) => Promise<delivery.KubeClient>;
  /** Whether this run looks at what is on a cluster although nothing new is wanted there. */
  readonly isWatched: (cluster: string) => boolean;
  /** Ids of clusters that did not answer in this run, and why: one waits for each of them once. */
  readonly silences: Map<string, KeelsonError>;
}

/** The operations of bootstrap/index.ts. */
export interface Bootstrap {
  readonly inspectHosts: InspectHosts;
  readonly applyControlPlane: ApplyControlPlane;
  readonly applyClusterServices: ApplyClusterServices;
  readonly applyWorker: ApplyWorker;
  readonly removeWorker: RemoveWorker;
  readonly resetHosts: ResetHosts;
  readonly settleEndpoint: SettleEndpoint;
  readonly pendingControlPlane: Pending<ApplyControlPlane>;
  readonly pendingClusterServices: Pending<ApplyClusterServices>;
  readonly pendingWorker: Pending<ApplyWorker>;
}

type Pending<Apply extends (operation: Operation, request: never) => unknown> = (
  operation: Operation,
  request: Parameters<Apply>[1],
) => Promise<PendingWork>;
