import { Chart } from "cdk8s";
import { Construct } from "constructs";
import type { AppReference, Peer } from "../core/access.ts";
import { Draft, type FilledDefault } from "../core/draft.ts";
import type { Finding } from "../core/finding.ts";
import { explain, reportDraft } from "../core/findings.ts";
import { type Identity, identify } from "../core/identity.ts";
import { checkPatches, type Manifest, PatchedObject } from "../core/manifest.ts";
import type { NetworkPolicy } from "../kubernetes/types.ts";
import { canResolveLate, isLate } from "../late.ts";
import { checkProps } from "./check.ts";
import { disruptionBudgetOf, networkPolicyOf, serviceAccountOf, serviceOf } from "./companions.ts";
import { deploymentOf } from "./deployment.ts";
import { envSecret } from "./env.ts";
import { type ObjectKind, objectKinds, patchesOf } from "./patches.ts";
import type { WebServiceProps } from "./props.ts";

/**
 * A program that answers HTTP requests, with what production asks of it: Pod Security *restricted*, requests and
 * limits, probes, a disruption budget, spread, a network policy and an account of its own.
 * Wrong properties are findings that the synthesis shows all at once.
 */
export class WebService extends Construct implements AppReference {
  /** Names the objects, and the service in DNS. */
  readonly name: string;
  /** Undefined if the chart has none. */
  readonly namespace: string | undefined;
  /** The port of the pods. */
  readonly port: number;
  /** Where the service answers inside the cluster. */
  readonly url: string;
  readonly #props: WebServiceProps;
  readonly #identity: Identity;
  readonly #draft: Draft;
  readonly #objects: PatchedObject[] = [];
  readonly #from: Peer[];
  readonly #to: Peer[] | undefined;

  constructor(scope: Construct, id: string, props: WebServiceProps) {
    super(scope, id);
    this.#props = props;
    this.#draft = new Draft(this, props.allow);
    this.#identity = identify(this, this.#draft, props.name);
    this.name = this.#identity.name;
    this.namespace = Chart.of(this).namespace;
    this.port = props.port;
    this.url = `http://${this.namespace === undefined ? this.name : `${this.name}.${this.namespace}`}`;
    this.#from = [...(props.access?.from ?? [])];
    this.#to = props.access?.to && [...props.access.to];
    checkProps(this.#draft, props);
    for (const kind of objectKinds) checkPatches(this.#draft, kind, patchesOf(props.patch, kind));
    reportDraft(this, this.#draft, () => this.#findLate());
    if (this.#draft.hasErrors) return;
    this.#build();
    this.#openOtherEnds();
  }

  /** Lets a peer call this service, as `access.from` does. */
  allowFrom(peer: Peer): void {
    if (!this.#from.includes(peer)) this.#from.push(peer);
  }

  /** Lets this service call a peer, as `access.to` does. Changes nothing if it may call anyone. */
  allowTo(peer: Peer): void {
    if (this.#to?.includes(peer) === false) this.#to.push(peer);
  }

  /** The defaults that were filled in because nothing was given, each with its reason. */
  explain(): readonly FilledDefault[] {
    return explain(this);
  }

  #build(): void {
    const [draft, identity, props] = [this.#draft, this.#identity, this.#props];
    const deployment = deploymentOf(draft, identity, props);
    const secret = envSecret(props.env ?? {}, identity);
    this.#add("serviceAccount", () => serviceAccountOf(identity));
    if (secret) this.#add("secret", () => secret);
    this.#add("networkPolicy", () => this.#networkPolicy());
    this.#add("service", () => serviceOf(identity, props));
    this.#add("deployment", () => deployment);
    if (Number(deployment.spec?.replicas) > 1) {
      this.#add("podDisruptionBudget", () => disruptionBudgetOf(identity));
    } else if (props.patch?.podDisruptionBudget !== undefined) {
      draft.find("patch-target-missing", "patch.podDisruptionBudget", {
        message: "a service of one pod has no disruption budget",
        fix: "Use two or more replicas, or remove the patch",
      });
    }
  }

  #add(kind: ObjectKind, render: () => Manifest): void {
    this.#objects.push(new PatchedObject(this, kind, render, patchesOf(this.#props.patch, kind)));
  }

  #networkPolicy(): NetworkPolicy {
    const connections = { exposed: this.#isExposed, from: this.#from, to: this.#to };
    return networkPolicyOf(this.#identity, connections, this);
  }

  #openOtherEnds(): void {
    for (const peer of this.#from) if (peer instanceof WebService) peer.allowTo(this);
    for (const peer of this.#to ?? []) if (peer instanceof WebService) peer.allowFrom(this);
  }

  get #isExposed(): boolean {
    return (this.#props.expose ?? "cluster") !== "cluster";
  }

  /** What shows only when the tree is complete. */
  #findLate(): readonly Finding[] {
    const late = new Draft(this, this.#props.allow);
    if (!this.#isExposed && this.#from.length === 0) {
      late.find("unreachable", "access.from", {
        message: "nobody may call the service",
        fix: 'Name its callers, access: { from: [web] } or { from: ["namespace"] } for example, or expose it',
      });
    }
    for (const [name, value] of Object.entries(this.#props.env ?? {})) {
      if (!isLate(value) || canResolveLate(this)) continue;
      late.find("late-outside-stack", `env.${name}`, {
        message: "the value is known only while a stack is deployed",
        fix: "Give the value itself, or deploy the construct with a Workload",
      });
    }
    return [...late.findings, ...this.#objects.flatMap((object) => object.findLostPatches())];
  }
}
