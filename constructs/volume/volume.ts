import { Chart } from "cdk8s";
import { Construct } from "constructs";
import type { AccessMode } from "../../clusters/profile.ts";
import { checkExceptions, checkKeys } from "../core/check.ts";
import { Draft } from "../core/draft.ts";
import type { Finding } from "../core/finding.ts";
import { reportDraft } from "../core/findings.ts";
import { identify } from "../core/identity.ts";
import { PatchedObjects } from "../core/patched-objects.ts";
import { profileOf } from "../core/profile.ts";
import { checkRequest, requestProperties } from "./check.ts";
import { claimOf, retention } from "./claim.ts";
import type { VolumeProps, VolumeSource } from "./props.ts";
import { findUnserved, storageFor } from "./storage.ts";

/**
 * A volume that stands for itself, so that several workloads can mount it, or one after another. Its claim is kept when
 * the construct goes, unless `whenDeleted` says otherwise.
 */
export class Volume extends Construct implements VolumeSource {
  readonly claimName: string;
  readonly namespace: string | undefined;
  readonly accessMode: AccessMode;
  readonly isForeign = false;

  constructor(scope: Construct, id: string, props: VolumeProps) {
    super(scope, id);
    const draft = new Draft(this, props.allow);
    const { name, labels } = identify(this, draft, props.name);
    this.claimName = name;
    this.namespace = Chart.of(this).namespace;
    this.accessMode = storageFor(profileOf(this), props).accessMode;
    checkKeys(draft, "", props, [...requestProperties, "whenDeleted", "name", "allow", "patch"]);
    checkExceptions(draft, props.allow ?? []);
    checkRequest(draft, "", props);
    const objects = new PatchedObjects(draft, props.patch, ["claim"]);
    reportDraft(this, draft, () => [...this.#findUnserved(props), ...objects.findLost()]);
    if (draft.hasErrors) return;
    const whenDeleted = draft.fill(
      "whenDeleted",
      props.whenDeleted,
      "Retain" as const,
      "data outlives the program that was removed by mistake",
    );
    const metadata = { name, labels, ...retention(whenDeleted) };
    objects.add(this, "claim", () => claimOf(metadata, props, profileOf(this)));
  }

  #findUnserved(props: VolumeProps): readonly Finding[] {
    const late = new Draft(this, props.allow);
    findUnserved(late, "", profileOf(this), props);
    return late.findings;
  }
}
