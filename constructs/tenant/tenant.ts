import { Construct } from "constructs";
import { Draft } from "../core/draft.ts";
import { reportDraft } from "../core/findings.ts";
import { identify } from "../core/identity.ts";
import { PatchedObject } from "../core/manifest.ts";
import { PatchedObjects } from "../core/patched-objects.ts";
import { profileOf } from "../core/profile.ts";
import { checkTenant } from "./check.ts";
import {
  bindingOf,
  denialOf,
  limitRangeOf,
  namespaceOf,
  type Place,
  quotaOf,
  tenantLabel,
} from "./objects.ts";
import type { ContainerAmounts, NamespaceRules, TenantPatch, TenantProps } from "./props.ts";

const patchable: readonly (keyof TenantPatch)[] = [
  "namespace",
  "resourceQuota",
  "limitRange",
  "networkPolicy",
];

/**
 * A team's place on a cluster: namespaces that admit pods of a Pod Security level only, closed to each other and to
 * the outside until an application names its peers, with bounds for what they may ask for and roles for groups of
 * people. Applications are placed in it by charts with its `namespace`.
 */
export class Tenant extends Construct {
  readonly name: string;
  /** The first namespace. */
  readonly namespace: string;
  readonly namespaces: readonly string[];
  readonly #props: TenantProps;
  readonly #objects: PatchedObjects;

  constructor(scope: Construct, id: string, props: TenantProps = {}) {
    super(scope, id);
    this.#props = props;
    const draft = new Draft(this, props.allow);
    this.name = identify(this, draft, props.name).name;
    this.namespaces = Object.keys(props.namespaces ?? { [this.name]: {} });
    this.namespace = this.namespaces[0] ?? this.name;
    checkTenant(draft, props);
    this.#objects = new PatchedObjects(draft, props.patch, patchable);
    reportDraft(this, draft, () => this.#objects.findLost());
    if (draft.hasErrors) return;
    for (const namespace of this.namespaces) this.#build(draft, namespace);
    this.#findNeedless(draft);
  }

  #build(draft: Draft, namespace: string): void {
    const { groups = {}, namespaces = {} } = this.#props;
    const {
      podSecurity,
      labels,
      quota,
      limits = {},
    }: NamespaceRules = { ...this.#props, ...namespaces[namespace] };
    const place: Place = {
      namespace,
      labels: { "app.kubernetes.io/managed-by": "keelson", [tenantLabel]: this.name },
    };
    const level = (): NonNullable<typeof podSecurity> =>
      podSecurity ?? profileOf(this).podSecurity ?? "restricted";
    const why = "a container that says nothing must not count as nothing";
    // Where storage is bounded, one that says nothing would be refused, or take all that one may take.
    const hasStorage = quota?.ephemeralStorage !== undefined || limits.max?.ephemeralStorage !== undefined;
    const small: ContainerAmounts = {
      cpu: "100m",
      memory: "128Mi",
      ...(hasStorage && { ephemeralStorage: "256Mi" as const }),
    };
    const standard = draft.fill("limits.standard", limits.standard, small, why);
    const scope = new Construct(this, namespace);
    this.#objects.add(scope, "namespace", () => namespaceOf(place, level(), labels));
    if (quota !== undefined) this.#objects.add(scope, "resourceQuota", () => quotaOf(place, quota));
    this.#objects.add(scope, "limitRange", () => limitRangeOf(place, limits, standard));
    this.#objects.add(scope, "networkPolicy", () => denialOf(place));
    for (const [role, members] of Object.entries(groups as Readonly<Record<string, readonly string[]>>)) {
      new PatchedObject(scope, role, () => bindingOf(place, role, members), []);
    }
  }

  #findNeedless(draft: Draft): void {
    const { patch, namespaces = {}, quota } = this.#props;
    const hasQuota = quota !== undefined || Object.values(namespaces).some((own) => own.quota !== undefined);
    if (patch?.resourceQuota === undefined || hasQuota) return;
    draft.find("patch-target-missing", "patch.resourceQuota", {
      message: "the tenant has no quota",
      fix: "Remove the patch, or give a quota",
    });
  }
}
