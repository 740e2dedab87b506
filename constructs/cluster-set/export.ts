import type { Profile } from "../../clusters/profile.ts";
import type { Context, Render } from "../application/recipe.ts";
import type { Draft } from "../core/draft.ts";
import { isRecord } from "../core/json.ts";
import type { Service } from "../kubernetes/types.ts";
import type { ServiceExport } from "../kubernetes/types-custom.ts";
import { derivedName, exportedAnnotation } from "./names.ts";

/** True if a program's `expose` says that the other clusters of the set get its Service. */
export function isExported(expose: unknown): boolean {
  return expose === "clusterSet" || (isRecord(expose) && expose["clusterSet"] === true);
}

/** Finds what keeps a service from being exported, whatever the kind of its program. */
export function checkExport(
  draft: Draft,
  { clusterSet }: Profile,
  name: string,
  namespace: string | undefined,
): void {
  if (clusterSet === undefined) {
    draft.find("cluster-set-missing", "expose", {
      message: "the cluster's profile does not say how services get to other clusters",
      fix: 'Say clusterSet: "nodePort" or "mcs" in the profile, or leave expose out',
    });
  }
  if (clusterSet !== "nodePort" || namespace === undefined) return;
  const { length } = derivedName({ name, namespace });
  if (length <= 63) return;
  draft.find("invalid-name", "expose", {
    message: `the names of the service and of its namespace have ${length - 2} characters together, and 61 can be exported`,
    fix: "Use a shorter name",
  });
}

/** The Service of a program, with a port on every node and a mark if that is how its cluster exports. */
export function exported(context: Context, service: Service, isWanted: boolean): Service {
  if (!isWanted || context.profile().clusterSet !== "nodePort") return service;
  const { metadata, spec } = service;
  const annotations = { ...metadata?.annotations, [exportedAnnotation]: "true" };
  return { ...service, metadata: { ...metadata, annotations }, spec: { ...spec, type: "NodePort" } };
}

/** The export that a controller of the Multi-Cluster Services API looks for; undefined if the cluster has none. */
export function serviceExport({ identity, profile }: Context): Render | undefined {
  if (profile().clusterSet !== "mcs") return undefined;
  const { name, labels } = identity;
  return (): ServiceExport => ({
    apiVersion: "multicluster.x-k8s.io/v1alpha1",
    kind: "ServiceExport",
    metadata: { name, labels },
    spec: {},
  });
}
