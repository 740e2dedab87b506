import type { KubeClient } from "../kube/client.ts";
import type { KubeObject } from "../kube/object.ts";
import { ResourcePaths } from "../kube/resource-paths.ts";
import { Masker } from "../remote/mask.ts";
import { type FieldChange, secretsIn } from "./diff.ts";

/** The cluster that objects are delivered to. */
export interface TargetCluster {
  /** For messages. */
  readonly name: string;
  readonly client: Pick<KubeClient, "request" | "find">;
}

/** What has been done with an object. */
export type Action =
  | "created"
  | "changed"
  | "unchanged"
  | "corrected"
  | "drifted"
  | "pruned"
  | "kept"
  | "terminating";

/** What an app has become on a cluster, object by object as it happens. */
export type DeliveryEvent =
  | {
      readonly type: "object";
      /** `apps/Deployment shop/web`. */
      readonly object: string;
      readonly action: Action;
      /** The fields that differ from before; values of Secrets are masked. */
      readonly changes: readonly FieldChange[];
    }
  /** Everything was looked at and judged; what comes now changes the cluster. */
  | { readonly type: "begins" }
  | { readonly type: "waiting"; readonly why: string };

/** What every operation on a cluster takes. */
export interface DeliveryOptions {
  /** How many objects are worked on at once. @default 8 */
  readonly limit?: number;
  readonly onEvent?: (event: DeliveryEvent) => void;
  readonly signal?: AbortSignal;
}

/** One operation on one cluster. */
export interface Session {
  readonly cluster: string;
  readonly client: TargetCluster["client"];
  readonly paths: ResourcePaths;
  readonly limit: number;
  readonly emit: (event: DeliveryEvent) => void;
  /** Hides the values of Secrets in what the server says. */
  readonly mask: (text: string) => string;
  readonly signal: AbortSignal | undefined;
}

/** Begins an operation; the secrets in these objects will not be seen in its errors. */
export function openSession(
  { name, client }: TargetCluster,
  objects: readonly KubeObject[],
  { limit = 8, onEvent = () => undefined, signal }: DeliveryOptions,
): Session {
  const masker = new Masker();
  for (const secret of objects.flatMap(secretsIn)) masker.add(secret);
  return {
    cluster: name,
    client,
    paths: new ResourcePaths(client),
    limit,
    emit: onEvent,
    mask: (text) => masker.mask(text),
    signal,
  };
}

/** The signal of a session as requests take it. */
export function signalOf({ signal }: Session): { readonly signal?: AbortSignal } {
  return signal === undefined ? {} : { signal };
}
