import { Chart } from "cdk8s";
import { Construct } from "constructs";
import type { Profile } from "../../clusters/profile.ts";
import { clusterSetOf } from "../cluster-set/cluster-set.ts";
import { checkExport } from "../cluster-set/export.ts";
import { importedPeers, importFlaw } from "../cluster-set/import.ts";
import type { ClusterSetService } from "../cluster-set/names.ts";
import {
  type AppReference,
  type Caller,
  type CallerReference,
  checkPeers,
  isHost,
  type NodePorts,
  type Peer,
} from "../core/access.ts";
import { checkKeys, checkLabelName } from "../core/check.ts";
import { Draft, type FilledDefault } from "../core/draft.ts";
import { addExceptions } from "../core/exceptions.ts";
import type { Finding } from "../core/finding.ts";
import { explain, reportDraft } from "../core/findings.ts";
import { type Identity, identify } from "../core/identity.ts";
import { checkPatches, PatchedObject } from "../core/manifest.ts";
import { addOpening, type Opening } from "../core/network-rules.ts";
import { profileOf } from "../core/profile.ts";
import type { NetworkPolicy } from "../kubernetes/types.ts";
import { canResolveLate, isLate } from "../late.ts";
import { checkPod } from "../pod/check.ts";
import { sourcesOf, usesOf, variablesOf } from "../pod/env.ts";
import type { Ports } from "../pod/probes.ts";
import type { ImportedService } from "../uses/props.ts";
import { isImported, resolve } from "../uses/resolve.ts";
import { type Connections, networkPolicyOf } from "./companions.ts";
import { findBadVolumes, foreignClaims } from "../volume/find-bad-volumes.ts";
import { checkMetrics, podMonitorOf, scrapeAnnotations, type ScrapedPort, scrapedPort } from "./metrics.ts";
import type { ApplicationProps, Blueprint, Context } from "./recipe.ts";

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
  /** The ports of its Service by the same names. */
  readonly servicePorts: Ports;
  /** What its main port speaks, the first word of a URL; undefined if it is not known. */
  readonly scheme: string | undefined;
  readonly #plan: Blueprint;
  readonly #objects: PatchedObject[] = [];
  readonly #profile: Profile;
  readonly #from: Opening<Caller>[];
  readonly #to: Opening<Peer | NodePorts>[] | undefined;
  readonly #scrapers: Opening<Caller>[] = [];

  protected constructor(scope: Construct, id: string, plan: Blueprint) {
    super(scope, id);
    this.#plan = plan;
    const { access, allow, name } = plan.props;
    const draft = new Draft(this, allow);
    const identity = identify(this, draft, name);
    this.name = identity.name;
    this.namespace = Chart.of(this).namespace;
    this.ports = plan.ports;
    this.servicePorts = plan.servicePorts;
    this.scheme = plan.scheme;
    this.port = Object.values(plan.ports)[0];
    this.#profile = profileOf(this);
    this.#from = (access?.from ?? []).map((peer) => ({ peer }));
    this.#to = access?.to?.map((peer) => ({ peer }));
    if (identity.name.length > plan.longestName && identity.name.length <= 63) {
      checkLabelName(draft, name === undefined ? "id" : "name", identity.name, plan.longestName);
    }
    checkPlan(draft, plan, this.#profile);
    if (plan.isExported) checkExport(draft, this.#profile, this.name, this.namespace);
    addExceptions(this, foreignClaims(plan.props));
    reportDraft(this, draft, () => this.#findLate());
    if (draft.hasErrors) return;
    this.#build(draft, identity);
    this.#openOtherEnds();
  }

  /** Lets a peer call this program, as `access.from` does, or some ports of its pods alone. */
  allowFrom(peer: Caller, ports?: readonly number[]): void {
    addOpening(this.#from, { peer, ports });
  }

  /** Lets this program call a peer, as `access.to` does, or some ports of it alone. Changes nothing if it may call anyone. */
  allowTo(peer: Peer, ports?: readonly number[]): void {
    if (this.#to !== undefined) addOpening(this.#to, { peer, ports });
  }

  /** The services of other clusters that its containers use. */
  get imports(): readonly ClusterSetService[] {
    const used = usesOf(this.#plan.props).map(([, dependency]) => dependency);
    return used.filter(isImported).map(({ imported, namespace }) => ({ name: imported, namespace }));
  }

  /** The defaults that were filled in because nothing was given, each with its reason. */
  explain(): readonly FilledDefault[] {
    return explain(this);
  }

  #build(draft: Draft, identity: Identity): void {
    const { ports, patches } = this.#plan;
    const networkPolicy = (): NetworkPolicy => networkPolicyOf(identity, this.#connections, this);
    const profile = (): Profile => profileOf(this);
    const scraped = scrapedPort(draft, this.#plan.props, ports);
    const context = { draft, identity, ports, patches, networkPolicy, profile };
    const objects = this.#plan.objects({ ...context, ...this.#scrape(identity, scraped) });
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

  /** Opens the port of the metrics to those who read them, and tells them of it. */
  #scrape(identity: Identity, scraped: ScrapedPort | undefined): Pick<Context, "pods" | "podMonitor"> {
    const { ports } = this;
    if (scraped === undefined) return { pods: { ports, annotations: {} }, podMonitor: undefined };
    const { monitoring } = this.#profile;
    const isNew = scraped.name === "metrics" && !Object.values(ports).includes(scraped.number);
    const all = isNew ? { ...ports, metrics: scraped.number } : ports;
    if (monitoring !== undefined) {
      this.#scrapers.push({ peer: { namespace: monitoring.namespace }, ports: [scraped.number] });
    }
    const isAnnotated = monitoring?.finds === "annotations";
    const isMonitored = monitoring !== undefined && !isAnnotated;
    return {
      pods: { ports: all, annotations: isAnnotated ? scrapeAnnotations(scraped) : {} },
      podMonitor: isMonitored ? () => podMonitorOf(identity, scraped, monitoring) : undefined,
    };
  }

  get #connections(): Connections {
    const { isExposed, isGroup } = this.#plan;
    const self = isGroup ? [{ peer: this as AppReference }] : [];
    return {
      isExposed,
      from: [...self, ...this.#from, ...this.#scrapers],
      to: this.#to && [...self, ...this.#to],
    };
  }

  #openOtherEnds(): void {
    for (const { peer } of this.#from) if (peer instanceof Application) peer.allowTo(this as AppReference);
    for (const { peer } of this.#to ?? []) if (peer instanceof Application) peer.allowFrom(this);
    for (const [, dependency] of usesOf(this.#plan.props)) {
      if (isImported(dependency)) this.#openImport(dependency);
      for (const { peer, ports } of resolve(dependency).peers) {
        this.allowTo(peer, ports);
        if (peer instanceof Application) peer.allowFrom(this, ports);
      }
    }
  }

  #openImport(dependency: ImportedService): void {
    if (this.#to === undefined) return;
    for (const peer of importedPeers(dependency, this.#profile, clusterSetOf(this))) {
      addOpening(this.#to, { peer });
    }
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
    if (this.#to !== undefined) findUnrestricted(late, this.#plan.props, this.#profile);
    this.#findImports(late);
    for (const [fieldPath, value] of variablesOf(this.#plan.props)) {
      if (!isLate(value) || canResolveLate(this)) continue;
      late.find("late-outside-stack", fieldPath, {
        message: "the value is known only while a stack is deployed",
        fix: "Give the value itself, or deploy the construct with a Workload",
      });
    }
    return [...late.findings, ...this.#objects.flatMap((object) => object.findLostPatches())];
  }

  #findImports(draft: Draft): void {
    const flaw = importFlaw(this.#profile, clusterSetOf(this), this.#to !== undefined);
    if (flaw === undefined) return;
    for (const [fieldPath, dependency] of usesOf(this.#plan.props)) {
      if (isImported(dependency)) draft.find("cluster-set-missing", fieldPath, flaw);
    }
  }
}

/** What pods are to read and cannot: keys that are not there, and objects of another namespace. */
function findUnreadable(draft: Draft, props: ApplicationProps, own: string | undefined): void {
  for (const [fieldPath, { kind, objectName, namespace, keys }, key] of sourcesOf(props)) {
    if (kind === "csi" && key !== undefined) {
      draft.find("config-unreadable", fieldPath, {
        message: `the CSI driver gives "${objectName}" as files, and no variables`,
        fix: 'Read it from a file, files: { "/etc/secrets": secret }',
      });
    }
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

/** Hosts whose ports are open to every address, although the program is told whom it may call. */
function findUnrestricted(draft: Draft, props: ApplicationProps, { clusterSet }: Profile): void {
  const named = (props.access?.to ?? []).map((peer, index) => [`access.to.${index}`, [peer]] as const);
  const used = usesOf(props).map(
    ([path, dependency]) => [path, resolve(dependency).peers.map(({ peer }) => peer)] as const,
  );
  for (const [fieldPath, dependency] of usesOf(props)) {
    if (clusterSet !== "mcs" || !isImported(dependency) || dependency.cidrs !== undefined) continue;
    draft.find("host-unrestricted", fieldPath, {
      message: "a NetworkPolicy knows no pods of other clusters, so the program may call every address",
      fix: 'Name their pod networks, cidrs: ["10.32.0.0/16"] for example, or allow it with a reason',
    });
  }
  for (const [fieldPath, peers] of [...named, ...used]) {
    if (!peers.some(isHost)) continue;
    draft.find("host-unrestricted", `${fieldPath}.host`, {
      message: "a NetworkPolicy knows no host names, so the port is open to every address",
      fix: 'Name its addresses, cidrs: ["203.0.113.0/24"] or {cidr, ports} for example, or allow it with a reason',
    });
  }
}

function checkPlan(draft: Draft, plan: Blueprint, profile: Profile): void {
  const { props, properties, patchable, patches, ports, check } = plan;
  checkKeys(draft, "", props, properties);
  checkPod(draft, props, ports);
  check(draft);
  checkMetrics(draft, props, ports, profile);
  // Nobody can call a program without a port.
  checkKeys(draft, "access", props.access, Object.keys(ports).length === 0 ? ["to"] : ["from", "to"]);
  checkPeers(draft, "from", props.access?.from ?? []);
  checkPeers(draft, "to", props.access?.to ?? []);
  checkKeys(draft, "patch", props.patch, patchable);
  for (const [object, own] of patches) checkPatches(draft, object, own);
}
