import { Chart } from "cdk8s";
import { Construct } from "constructs";
import type { Profile } from "../../clusters/profile.ts";
import { Application } from "../application/application.ts";
import { Draft } from "../core/draft.ts";
import { reportDraft } from "../core/findings.ts";
import { identify } from "../core/identity.ts";
import { type Manifest, PatchedObject } from "../core/manifest.ts";
import { PatchedObjects } from "../core/patched-objects.ts";
import { profileOf } from "../core/profile.ts";
import { listOf, targetsOf } from "./backends.ts";
import type { Backend, RoutedPort } from "./props.ts";
import { grantOf, type RoutePlan } from "./render.ts";

/** How one kind of route becomes objects: the only thing in which kinds differ. */
export interface RouteKind<Rule> {
  readonly kind: "HTTPRoute" | "GRPCRoute";
  /** The ids of the objects that it may become. */
  readonly patchable: readonly string[];
  readonly check: (draft: Draft, profile: Profile, namespace: string | undefined) => void;
  /** The object and the id of its construct. Called when all is well, so the profile has a gateway or an ingress. */
  readonly render: (plan: RoutePlan<Rule>, profile: Profile) => readonly [id: string, manifest: Manifest];
}

interface Given<Rule> {
  readonly host: string | readonly string[];
  readonly to?: Backend | readonly RoutedPort[];
  readonly rules?: readonly Rule[];
  readonly name?: string;
  readonly allow?: ConstructorParameters<typeof Draft>[1];
  readonly patch?: object;
}

/** Leads requests from outside of the cluster to programs: what all kinds of routes share. */
export abstract class BaseRoute<
  Rule extends { readonly to: Backend | readonly RoutedPort[] },
> extends Construct {
  /** Names the objects. */
  readonly name: string;

  protected constructor(scope: Construct, id: string, props: Given<Rule>, how: RouteKind<Rule>) {
    super(scope, id);
    const draft = new Draft(this, props.allow);
    const { name, labels } = identify(this, draft, props.name);
    const namespace = Chart.of(this).namespace;
    const profile = profileOf(this);
    this.name = name;
    how.check(draft, profile, namespace);
    const objects = new PatchedObjects(draft, props.patch, how.patchable);
    reportDraft(this, draft, () => objects.findLost());
    if (draft.hasErrors) return;
    const rules = props.rules ?? [{ to: props.to } as Rule];
    const hosts = typeof props.host === "string" ? [props.host] : props.host;
    const plan = { name, labels, namespace, hosts, rules };
    const [object, manifest] = how.render(plan, profile);
    objects.add(this, object, () => manifest);
    this.#grant(plan, how.kind);
    this.#open(rules, profile);
  }

  #grant(plan: RoutePlan<Rule>, kind: RouteKind<Rule>["kind"]): void {
    const targets = plan.rules.flatMap(({ to }) => targetsOf(to));
    const from = plan.namespace;
    const others = new Set(targets.map(({ service }) => service.namespace));
    for (const to of others) {
      if (to === undefined || from === undefined || to === from) continue;
      const own = targets.filter(({ service }) => service.namespace === to);
      const grant = grantOf(plan, kind, { from, to, targets: own });
      new PatchedObject(this, `grant-${to}`, () => grant, []);
    }
  }

  #open(rules: readonly Rule[], { gateway, ingress }: Profile): void {
    const namespace = gateway ? (gateway.proxies ?? gateway.namespace) : ingress?.namespace;
    if (namespace === undefined) return;
    const caller = { namespace };
    for (const { service, podPorts } of rules.flatMap(({ to }) => targetsOf(to))) {
      if (service instanceof Application) service.allowFrom(caller, podPorts);
    }
  }
}

/** Finds out whether anything carries the route, and whether the namespaces of its programs can be told from its own. */
export function checkWay(
  draft: Draft,
  { gateway, ingress }: Profile,
  namespace: string | undefined,
  targets: readonly object[],
): void {
  if (gateway === undefined && ingress === undefined) {
    draft.find("gateway-missing", "", {
      message: "the cluster's profile has neither a gateway nor an ingress controller",
      fix: 'Say which carries its requests, useProfile(app, { kubernetes: "1.35", gateway: { name, namespace } }), before the route is made',
    });
  }
  const isElsewhere = targets
    .flatMap((to) => listOf(to))
    .some(
      (each) => ("service" in each ? (each.service as Placed) : (each as Placed)).namespace !== namespace,
    );
  if (namespace !== undefined || !isElsewhere) return;
  draft.find("route-unsupported", "", {
    message: "a program of the route is in another namespace, and the chart of the route names none",
    fix: "Give the chart a namespace, which the other one lets in",
  });
}

interface Placed {
  readonly namespace?: string;
}
