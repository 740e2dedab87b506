import type { Access } from "../core/access.ts";
import type { Exception } from "../core/finding.ts";
import type { MergePatch } from "../core/patch.ts";
import type { Size, SizeName } from "../core/size.ts";
import type {
  Container,
  Deployment,
  NetworkPolicy,
  PodDisruptionBudget,
  PodSpec,
  Service,
  ServiceAccount,
} from "../kubernetes/types.ts";
import type { Late } from "../late.ts";

/** What a web service is made from. Only the image and the port must be said. */
export interface WebServiceProps {
  /** With a tag other than `latest`, or with a digest. */
  readonly image: `${string}:${string}`;
  /** The port that the program listens on, 1 to 65535. The service itself answers on port 80. */
  readonly port: number;
  /** How many pods run. @default 2 */
  readonly replicas?: number;
  /** What one pod needs: a preset, or processors and memory. @default "small" */
  readonly size?: SizeName | Size;
  /** How to see that a pod can serve. @default - the port accepts connections, with a warning */
  readonly health?: Health;
  /** Who outside of the cluster reaches the service. @default "cluster" - nobody */
  readonly expose?: "cluster" | NodePort;
  /** Who may call the service, and whom it may call. @default - nobody may call it, it may call anyone */
  readonly access?: Access;
  /** Environment variables. A late secret is kept in a Secret, and the pods are replaced when it changes. */
  readonly env?: Env;
  /** Replaces the image's entry point. @default - the image's own */
  readonly command?: readonly string[];
  /** Arguments of the program. @default - the image's own */
  readonly args?: readonly string[];
  /** How long the program may take to finish its requests after SIGTERM, in seconds. @default 25 */
  readonly shutdownSeconds?: number;
  /** Pins the name, so that renaming the construct changes nothing. @default - the ids from the chart down, joined by `-` */
  readonly name?: string;
  /** Rules that do not hold for this service, with the reason. @default - none */
  readonly allow?: readonly Exception[];
  /** Changes the objects themselves, for what has no property here. @default - none */
  readonly patch?: WebServicePatch;
}

/** Environment variables by name. */
export type Env = Readonly<Record<string, string | Late<string> | PodField>>;

/** What a pod can learn about itself. */
export interface PodField {
  readonly field: "metadata.name" | "metadata.namespace" | "spec.nodeName" | "status.podIP" | "status.hostIP";
}

/** How to see that a pod can serve. */
export interface Health {
  /** While it fails, the pod gets no requests. */
  readonly ready: Check;
  /** When it keeps failing, the pod is restarted. Must not depend on other services. @default - never restarted */
  readonly live?: Check;
  /** How long the program may take to start before `live` counts, in seconds. @default 60 */
  readonly startupSeconds?: number;
}

/** A path that answers with 200 to 399, an accepted connection, a command that exits with 0, or gRPC's health service. */
export type Check = `/${string}` | "tcp" | { readonly exec: readonly string[] } | "grpc";

/** Opens a port on every node. */
export interface NodePort {
  /** 30000 to 32767, or `any` to let the cluster choose. */
  readonly nodePort: number | "any";
}

/** Merge patches (RFC 7396), applied in this order: what a later one says, holds. */
export interface WebServicePatch {
  readonly container?: MergePatch<Container>;
  readonly pod?: MergePatch<PodSpec>;
  readonly deployment?: MergePatch<Deployment>;
  readonly service?: MergePatch<Service>;
  readonly serviceAccount?: MergePatch<ServiceAccount>;
  readonly networkPolicy?: MergePatch<NetworkPolicy>;
  readonly podDisruptionBudget?: MergePatch<PodDisruptionBudget>;
}
