import type { Context, Render } from "../application/recipe.ts";
import type { Profile } from "../../clusters/profile.ts";
import type { PersistentVolumeClaim, StatefulSet } from "../kubernetes/types.ts";
import { type PodPlan, podLabels, podTemplateOf } from "../pod/pod-template.ts";
import { claimOf, isOwn } from "../volume/claim.ts";
import type { StatefulServiceProps } from "./props.ts";

/** The path of the pods' spec in a StatefulSet. */
export const statefulPods = "statefulSet.spec.template.spec";

/** The StatefulSet: pods that keep their names and volumes. */
export function statefulSetOf(
  { draft, identity, pods, profile }: Context,
  props: StatefulServiceProps,
  probes: PodPlan["probes"],
): Render {
  const { name, selector } = identity;
  const template = podTemplateOf(
    {
      draft,
      identity,
      path: statefulPods,
      ...pods,
      probes,
      drains: true,
      // A pod is replaced in its place, so old and new ones never stand side by side.
      spread: { given: props.spread, countBy: [] },
      isStateful: true,
    },
    props,
  );
  const spec = {
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
      { updateStrategy: { type: "RollingUpdate" } } as const,
      "pods are replaced one by one",
    ),
    persistentVolumeClaimRetentionPolicy: {
      whenDeleted: draft.fill("retention.whenDeleted", props.retention?.whenDeleted, "Retain", kept),
      whenScaled: draft.fill("retention.whenScaled", props.retention?.whenScaled, "Retain", kept),
    },
    template,
  } satisfies StatefulSet["spec"];
  const manifest = {
    apiVersion: "apps/v1",
    kind: "StatefulSet",
    metadata: { name, labels: podLabels(identity, props) },
  } as const;
  return () => ({ ...manifest, spec: { ...spec, volumeClaimTemplates: claimsOf(props, profile()) } });
}

const kept = "no data is deleted with the pods";

function claimsOf({ volumes }: StatefulServiceProps, profile: Profile): readonly PersistentVolumeClaim[] {
  return Object.entries(volumes).flatMap(([name, volume]) =>
    isOwn(volume) ? [claimOf({ name }, volume, profile)] : [],
  );
}
