import { parseAllDocuments, stringify } from "yaml";
import { blankFacts } from "../../bootstrap/facts/blank.ts";
import { paths } from "../../bootstrap/paths.ts";
import type { HostFacts } from "../../clusters/facts.ts";
import type { SimulatedEtcd } from "./simulated-etcd.ts";

/** The same, and everything in it may be changed. */
export type Changeable<Value> = Value extends object
  ? { -readonly [Key in keyof Value]: Changeable<Value[Key]> }
  : Value;

/** A simulated host, as far as kubeadm works on it. */
export interface KubeadmHost {
  readonly host: string;
  readonly facts: Changeable<HostFacts>;
  readonly etcd: SimulatedEtcd | undefined;
  /** Is told each point that kubeadm, or a script, passes. May throw, as a power cut. */
  readonly tick: (point: string) => void;
  readonly textOf: (path: string) => string;
  readonly startKubelet: () => void;
  /** What happens elsewhere between a join's vote and its end. */
  readonly afterVote: () => Promise<unknown>;
}

interface Certified {
  readonly apiServer?: { readonly certSANs?: readonly string[] };
}

interface Joining {
  readonly controlPlane?: object;
}

interface Served {
  readonly localAPIEndpoint?: { readonly advertiseAddress: string; readonly bindPort: number };
  readonly controlPlaneEndpoint?: string;
  readonly clusters?: readonly { readonly cluster: { readonly server: string } }[];
}

/** What each transient unit of a bootstrap does to the facts that kubeadm makes, step by step. */
export const kubeadmUnits: Readonly<
  Record<string, (on: KubeadmHost, script: string) => void | Promise<void>>
> = {
  "kubeadm-init": (on, script) => {
    const { kubernetes } = on.facts;
    kubernetes.apiNames = namesIn(on.textOf(paths.initConfig));
    on.tick("certificates made");
    kubernetes.manifests = ["etcd.yaml", "kube-apiserver.yaml"];
    on.etcd?.begin(on.host);
    kubernetes.etcdData = true;
    on.tick("etcd began");
    startKubelet(on, serversIn(on.textOf(paths.initConfig)));
    if (on.etcd) on.etcd.config = on.textOf(paths.initConfig).split("---\n")[1] ?? "";
    on.tick("kubelet started");
    mark(on, script);
  },
  "api-certificate": (on, script) => {
    on.facts.kubernetes.apiNames = namesIn(on.textOf(/--config (\S+)/.exec(script)?.[1] ?? ""));
  },
  // kubeadm starts the kubelet with the token, and the kubelet asks for its certificate by itself.
  "kubeadm-join": (on) => {
    on.facts.kubernetes.bootstrapKubeletConf = true;
    on.tick("certificate asked for");
    on.facts.kubernetes.bootstrapKubeletConf = false;
    startKubelet(on, serversIn(on.textOf(paths.discovery)));
  },
  // In kubeadm's order: manifests, kubelet, a learner, its data, its promotion; then its API server, and our mark.
  "control-plane-join": async (on, script) => {
    const { kubernetes } = on.facts;
    const { config = "" } = on.etcd ?? {};
    kubernetes.apiNames = namesIn(config);
    kubernetes.manifests = ["kube-apiserver.yaml"];
    on.tick("manifests written");
    const local = parseAllDocuments(on.textOf(paths.joinConfig))[0]?.toJS() as Joining;
    startKubelet(on, serversIn(`${stringify(local.controlPlane)}---\n${config}`));
    on.tick("kubelet joined");
    on.etcd?.add(on.host);
    on.tick("learner added");
    kubernetes.manifests.push("etcd.yaml");
    on.etcd?.hold(on.host);
    kubernetes.etcdData = true;
    on.tick("learner started");
    on.etcd?.promote(on.host);
    on.tick("learner promoted");
    await on.afterVote();
    on.tick("API server started");
    for (const [, server = "", path = ""] of script.matchAll(/1(https:\S+)#' (\S+)/g))
      if (kubernetes.servers?.[path] !== undefined) kubernetes.servers[path] = server;
    mark(on, script);
  },
  // The mark first, the data last.
  clear: (on) => {
    const { kubernetes } = on.facts;
    delete kubernetes.initialized;
    kubernetes.apiReady = false;
    on.tick("mark cleared");
    Object.assign(kubernetes, { kubeletConf: false, manifests: [], servers: {} });
    on.tick("manifests cleared");
    blank(on);
  },
  // The owner token goes last.
  reset: (on) => {
    on.facts.units = {};
    on.tick("processes ended");
    blank(on);
    on.tick("cluster reset");
    on.facts.files = {};
    on.facts.images = { names: [], archives: [] };
    on.tick("files reset");
    delete on.facts.owner;
  },
};

function startKubelet(on: KubeadmHost, servers?: Record<string, string>): void {
  Object.assign(on.facts.kubernetes, { kubeletConf: true, ...(servers && { servers }) });
  on.startKubelet();
}

/** Our mark is written as the last act. */
function mark({ facts }: KubeadmHost, script: string): void {
  Object.assign(facts.kubernetes, {
    initialized: /^echo (\S+) >/m.exec(script)?.[1] ?? "",
    apiReady: true,
  });
}

function blank({ host, etcd, facts }: KubeadmHost): void {
  etcd?.lose(host);
  const { kubernetes } = blankFacts({ name: host });
  facts.kubernetes = structuredClone(kubernetes) as Changeable<HostFacts>["kubernetes"];
}

function namesIn(config: string): string[] {
  const documents = parseAllDocuments(config).map((document) => document.toJS() as Certified);
  return [...(documents.find(({ apiServer }) => apiServer)?.apiServer?.certSANs ?? [])];
}

/** As kubeadm does it: a control plane's kubelet asks the API server beside it. */
function serversIn(config: string): Record<string, string> {
  const [first, second] = parseAllDocuments(config).map((document) => document.toJS() as Served);
  const local = first?.localAPIEndpoint;
  if (local === undefined) return { [paths.kubeletConf]: first?.clusters?.[0]?.cluster.server ?? "" };
  return {
    [paths.kubeletConf]: `https://${local.advertiseAddress}:${String(local.bindPort)}`,
    [paths.adminConf]: `https://${second?.controlPlaneEndpoint ?? ""}`,
  };
}
