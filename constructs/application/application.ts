import { Chart } from "cdk8s";
import { Construct } from "constructs";
import type { Profile } from "../../clusters/profile.ts";
import {
  type AppReference,
  type Caller,
  type CallerReference,
  checkPeers,
  type Peer,
} from "../core/access.ts";
import { checkKeys, checkLabelName } from "../core/check.ts";
import { Draft, type FilledDefault } from "../core/draft.ts";
import { addExceptions } from "../core/exceptions.ts";
import type { Finding } from "../core/finding.ts";
import { explain, reportDraft } from "../core/findings.ts";
import { type Identity, identify } from "../core/identity.ts";
import { checkPatches, PatchedObject } from "../core/manifest.ts";
import { profileOf } from "../core/profile.ts";
import type { NetworkPolicy } from "../kubernetes/types.ts";
import { canResolveLate, isLate } from "../late.ts";
import { checkPod } from "../pod/check.ts";
import { sourcesOf, variablesOf } from "../pod/env.ts";
import type { Ports } from "../pod/probes.ts";
import { type Connections, networkPolicyOf } from "./companions.ts";
import { findBadVolumes, foreignClaims } from "../volume/find-bad-volumes.ts";
import type { ApplicationProps, Blueprint } from "./recipe.ts";

/** A program that runs in pods: what all kinds of workloads share. */
export abstract class Application extends Construct implements CallerReference {
  /** Names the objects, and the service in DNS. */
  readonly name: string;
  /** Undefined if the chart has none. */
  readonly namespace: string | undefined;
  /** The main port of the pods; undefined if they have none. */
  readonly port: number | undefined;
  /** All ports of the pods by name. */
  readonly ports: Ports;
  readonly #plan: Blueprint;
  readonly #objects: PatchedObject[] = [];
  readonly #from: Caller[];
  readonly #to: Peer[] | undefined;

  protected constructor(scope: Construct, id: string, plan: Blueprint) {
    super(scope, id);
    this.#plan = plan;
    const { access, allow, name } = plan.props;
    const draft = new Draft(this, allow);
    const identity = identify(this, draft, name);
    this.name = identity.name;
    this.namespace = Chart.of(this).namespace;
    this.ports = plan.ports;
    this.port = Object.values(plan.ports)[0];
    this.#from = [...(access?.from ?? [])];
    this.#to = access?.to && [...access.to];
    if (identity.name.length > plan.longestName && identity.name.length <= 63) {
      checkLabelName(draft, name === undefined ? "id" : "name", identity.name, plan.longestName);
    }
    checkPlan(draft, plan);
    addExceptions(this, foreignClaims(plan.props));
    reportDraft(this, draft, () => this.#findLate());
    if (draft.hasErrors) return;
    this.#build(draft, identity);
    this.#openOtherEnds();
  }

  /** Lets a peer call this program, as `access.from` does. */
  allowFrom(peer: Caller): void {
    if (!this.#from.includes(peer)) this.#from.push(peer);
  }

  /** Lets this program call a peer, as `access.to` does. Changes nothing if it may call anyone. */
  allowTo(peer: Peer): void {
    if (this.#to?.includes(peer) === false) this.#to.push(peer);
  }

  /** The defaults that were filled in because nothing was given, each with its reason. */
  explain(): readonly FilledDefault[] {
    return explain(this);
  }

  #build(draft: Draft, identity: Identity): void {
    const { ports, patches } = this.#plan;
    const networkPolicy = (): NetworkPolicy => networkPolicyOf(identity, this.#connections, this);
    const profile = (): Profile => profileOf(this);
    const objects = this.#plan.objects({ draft, identity, ports, patches, networkPolicy, profile });
    for (const [object, [patch]] of patches) {
      if (patch !== undefined && objects[object] === undefined) {
        draft.find("patch-target-missing", patch.fieldPath, {
          message: "the workload has no such object",
          fix: "Remove the patch, or give the properties that make the object",
        });
      }
    }
    for (const [object, render] of Object.entries(objects)) {
      if (render) this.#objects.push(new PatchedObject(this, object, render, patches.get(object) ?? []));
    }
  }

  get #connections(): Connections {
    const { isExposed, isGroup } = this.#plan;
    const self = isGroup ? [this as AppReference] : [];
    return {
      isExposed,
      from: [...self, ...this.#from],
      to: this.#to && [...self, ...this.#to],
    };
  }

  #openOtherEnds(): void {
    for (const peer of this.#from) if (peer instanceof Application) peer.allowTo(this as AppReference);
    for (const peer of this.#to ?? []) if (peer instanceof Application) peer.allowFrom(this);
  }

  /** What shows only when the tree is complete. */
  #findLate(): readonly Finding[] {
    const late = new Draft(this, this.#plan.props.allow);
    if (this.port !== undefined && !this.#plan.isExposed && this.#from.length === 0) {
      late.find("unreachable", "access.from", {
        message: "nobody may call the service",
        fix: 'Name its callers, access: { from: [web] } or { from: ["namespace"] } for example, or expose it',
      });
    }
    findUnreadable(late, this.#plan.props, this.namespace);
    findBadVolumes(late, this.#plan.props, { profile: profileOf(this), namespace: this.namespace });
    for (const [fieldPath, value] of variablesOf(this.#plan.props)) {
      if (!isLate(value) || canResolveLate(this)) continue;
      late.find("late-outside-stack", fieldPath, {
        message: "the value is known only while a stack is deployed",
        fix: "Give the value itself, or deploy the construct with a Workload",
      });
    }
    return [...late.findings, ...this.#objects.flatMap((object) => object.findLostPatches())];
  }
}

/** What pods are to read and cannot: keys that are not there, and objects of another namespace. */
function findUnreadable(draft: Draft, props: ApplicationProps, own: string | undefined): void {
  for (const [fieldPath, { objectName, namespace, keys }, key] of sourcesOf(props)) {
    if (key !== undefined && keys?.includes(key) === false) {
      draft.find("config-unreadable", fieldPath, {
        message: `"${objectName}" has no key "${key}"`,
        fix: `Use one of ${keys.join(", ")}`,
      });
    }
    if (namespace !== undefined && namespace !== own) {
      draft.find("config-unreadable", fieldPath, {
        message: `"${objectName}" is in the namespace "${namespace}", and pods read those of their own only`,
        fix: "Make it in the chart of the pods",
      });
    }
  }
}

function checkPlan(draft: Draft, { props, properties, patchable, patches, ports, check }: Blueprint): void {
  checkKeys(draft, "", props, properties);
  checkPod(draft, props, ports);
  check(draft);
  // Nobody can call a program without a port.
  checkKeys(draft, "access", props.access, Object.keys(ports).length === 0 ? ["to"] : ["from", "to"]);
  checkPeers(draft, "access.from", props.access?.from ?? []);
  checkPeers(draft, "access.to", props.access?.to ?? []);
  checkKeys(draft, "patch", props.patch, patchable);
  for (const [object, own] of patches) checkPatches(draft, object, own);
}
