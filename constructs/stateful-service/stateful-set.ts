import type { Context } from "../application/recipe.ts";
import type { PersistentVolumeClaim, StatefulSet, VolumeMount } from "../kubernetes/types.ts";
import { type PodPlan, podLabels, podTemplateOf } from "../pod/pod-template.ts";
import type { StatefulServiceProps } from "./props.ts";

/** The path of the pods' spec in a StatefulSet. */
export const statefulPods = "statefulSet.spec.template.spec";

/** The StatefulSet: pods that keep their names and volumes. */
export function statefulSetOf(
  { draft, identity, ports }: Context,
  props: StatefulServiceProps,
  probes: PodPlan["probes"],
): StatefulSet {
  const { name, selector } = identity;
  const template = podTemplateOf(
    {
      draft,
      identity,
      path: statefulPods,
      ports,
      probes,
      drains: true,
      // A pod is replaced in its place, so old and new ones never stand side by side.
      spread: { given: props.spread, countBy: [] },
      mounts: mountsOf(props),
    },
    props,
  );
  return {
    apiVersion: "apps/v1",
    kind: "StatefulSet",
    metadata: { name, labels: podLabels(identity, props) },
    spec: {
      replicas: draft.fill(
        "replicas",
        props.replicas,
        1,
        "only the program knows how its pods share their data",
      ),
      serviceName: `${name}-peers`,
      selector: { matchLabels: selector },
      ...draft.fill(
        "statefulSet.spec",
        undefined,
        {
          updateStrategy: { type: "RollingUpdate" },
          persistentVolumeClaimRetentionPolicy: { whenDeleted: "Retain", whenScaled: "Retain" },
        } as const,
        "pods are replaced one by one, and no data is deleted with them",
      ),
      template,
      volumeClaimTemplates: claimsOf(props),
    },
  };
}

function claimsOf({ volumes }: StatefulServiceProps): readonly PersistentVolumeClaim[] {
  return Object.entries(volumes).map(([name, { size, storageClass }]) => ({
    apiVersion: "v1",
    kind: "PersistentVolumeClaim",
    metadata: { name },
    spec: {
      accessModes: ["ReadWriteOnce"],
      resources: { requests: { storage: size } },
      ...(storageClass !== undefined && { storageClassName: storageClass }),
    },
  }));
}

function mountsOf({ volumes }: StatefulServiceProps): readonly VolumeMount[] {
  return Object.entries(volumes).map(([name, { path }]) => ({ name, mountPath: path }));
}
