import type { ClusterApi } from "../../bootstrap/api.ts";
import { kubeletLeaf, planeLeaves } from "../../bootstrap/certificates/leaves.ts";
import type { Leaf } from "../../bootstrap/certificates/leaves.ts";
import { blankFacts } from "../../bootstrap/facts/blank.ts";
import type { NodeFacts } from "../../bootstrap/node-facts.ts";
import { ruleText } from "../../bootstrap/facts/firewall.ts";
import { paths } from "../../bootstrap/paths.ts";
import { sha256 } from "../../bootstrap/view.ts";
import { setImmediate as turn } from "node:timers/promises";
import { parse } from "yaml";
import type { Taint } from "../../clusters/cluster.ts";
import type { HostFacts, OwnerToken } from "../../clusters/facts.ts";
import type { RunOptions, RunResult, WriteOptions } from "../../remote/runner.ts";
import { bundle } from "./bootstrap.ts";
import { commandsIn } from "./commands-in.ts";
import { downloadsOf } from "./downloads-of.ts";
import { FakeRunner, type Reply } from "./fake-runner.ts";
import type { SimulatedEtcd } from "./simulated-etcd.ts";
import { factsText } from "./simulated-facts.ts";
import { type Changeable, type KubeadmHost, kubeadmUnits } from "./simulated-kubeadm.ts";

/** A host that behaves as a real one would, as far as facts tell: commands of the phases change what a look sees. */
export class SimulatedHost extends FakeRunner {
  /** Answers for the host's etcd. */
  etcdctl: (script: string) => string = () => "";
  /** The flags of the components that were changed, by component. */
  readonly podArgs = new Map<string, Record<string, readonly string[]>>();
  /** The program's hooks that ran to their end, in that order. */
  readonly hooksRun: string[] = [];
  /** What happens elsewhere between a join's vote and its end. */
  afterVote: () => Promise<unknown> = turn;
  /** The etcd that kubeadm makes the host a member of. */
  etcd: SimulatedEtcd | undefined;
  /** Called before each command and each write, and with the name of a point inside of kubeadm or a script. May throw. */
  tick: (point?: string) => void = () => undefined;
  readonly #facts: Changeable<HostFacts>;
  #node: NodeFacts | undefined;
  #delay = 0;
  #starts = 0;
  #hidden = 0;

  constructor(name: string, facts: Partial<HostFacts> = {}) {
    super(name);
    this.#facts = structuredClone({ ...blankFacts({ name }), ...facts }) as Changeable<HostFacts>;
    this.when(
      [/^mkdir -p -m 700 .*flock/s, "held\n"],
      [
        /--unit=keelson-run-/,
        (command, stdin) => this.#unit(/--unit=keelson-run-(\S+)/.exec(command)?.[1] ?? "", stdin),
      ],
      [/^modprobe -a /, (command) => this.#load(command.split(" ").slice(2))],
      [/\/proc\/sys\//, (command) => this.#setSysctls(command)],
      [/^set -eu\nswapoff/, () => this.#swapOff()],
      [/^sed -i 's#\^/, (command) => this.#lead(command)],
      [/systemctl restart containerd/, () => this.#start("containerd.service")],
      [/systemctl enable --quiet --no-reload kubelet/, () => this.#enable("kubelet.service")],
      [/systemctl restart kubelet/, () => this.#startKubelet()],
      [/systemctl restart (keelson-\S+)/, (command) => this.#start(/restart (\S+)/.exec(command)?.[1] ?? "")],
      [/systemctl disable --quiet --now keelson-/, (command) => this.#drop(command)],
      [/dev\/tcp\/127\.0\.0\.1\/2381/, () => this.etcd?.untilVotes(this.host) ?? ""],
      [/dev\/tcp/, ""],
      [/--tls-server-name/, "ok"],
      [/^mkdir -p \S+due-hooks && touch /, (command) => this.#owe(command.split(" && touch ")[1] ?? "")],
      [/^readlink -f /, () => this.#facts.kubernetes.certificates?.[paths.kubeletConf] ?? ""],
      [/^rm -f /, (command) => this.#remove(command.split(" ").slice(2))],
      [/^\[ -e \/run\/cloud-init/, () => this.#settle()],
      [/^\{\nfor p in \$\(find \/proc/, ""],
      ["sh -s", (_, stdin) => this.#shell(stdin)],
      ["systemctl stop kubelet.service", ""],
    );
  }

  /** What a look at the host would tell now. */
  get facts(): HostFacts {
    return structuredClone(this.#facts);
  }

  /** The Node as the API would show it. */
  get node(): NodeFacts | undefined {
    if (this.#hidden === 0) return this.#node;
    this.#hidden -= 1;
    return undefined;
  }

  /** From now on a Node registers late: the API does not know it for that many looks. */
  delayRegistration(looks: number): void {
    this.#delay = looks;
  }

  /** An API that knows this host's Node; whoever asks after it was patched finds it Ready. */
  get api(): ClusterApi {
    return {
      node: () => {
        const isPatched = Object.keys(this.#node?.annotations ?? {}).length > 0;
        if (this.#node && isPatched) this.#node = { ...this.#node, ready: true };
        return Promise.resolve(this.node);
      },
      kubeletConfig: () => Promise.resolve(this.#node && {}),
      patchNode: (_, { labels, annotations, taints }) => {
        const node = this.#node;
        if (!node) throw new Error("There is no Node to patch");
        this.#node = {
          ...node,
          labels: withoutNulls({ ...node.labels, ...labels }),
          annotations: withoutNulls({ ...node.annotations, ...annotations }),
          ...(taints && { taints }),
        };
        return Promise.resolve();
      },
      deleteNode: () => {
        this.#node = undefined;
        return Promise.resolve();
      },
      mintJoinToken: () =>
        Promise.resolve({ token: "abcdef.0123456789abcdef", revoke: () => Promise.resolve() }),
      diagnose: () => Promise.resolve("simulated"),
    };
  }

  override async run(command: string, options: RunOptions = {}): Promise<RunResult> {
    this.tick();
    return super.run(command, options);
  }

  override async write(
    path: string,
    content: string | Uint8Array,
    options: WriteOptions = {},
  ): Promise<void> {
    this.tick();
    await super.write(path, content, options);
    const text = Buffer.from(content).toString();
    this.#facts.files[path] = { sha256: sha256(text), mode: (options.mode ?? 0o644).toString(8) };
    if (path === paths.certSans) this.#facts.kubernetes.certSans = text.split("\n").filter(Boolean);
    if (path === paths.owner) this.#facts.owner = JSON.parse(text) as Changeable<OwnerToken>;
    this.#outdate(/keelson-\S+\.service$/.exec(path)?.[0]);
    if (path === paths.containerdUnit || path === paths.containerdConfig) this.#outdate("containerd.service");
    if (path === paths.balancerConfig) this.#outdate("keelson-balancer.service");
    if (path === paths.vipConfig || path === paths.vipCheck) this.#outdate("keelson-vip.service");
  }

  #outdate(unit = ""): void {
    const state = this.#facts.units[unit];
    if (state?.active === true) state.stale = true;
  }

  #drop(command: string): string {
    const [, unit = ""] = /--now (\S+)/.exec(command) ?? [];
    this.#facts.units[unit] = { active: false, enabled: false, stale: false };
    return this.#remove((/rm -f ([^;]+);/.exec(command)?.[1] ?? "").split(" "));
  }

  #remove(gone: readonly string[]): string {
    const left = Object.entries(this.#facts.files).filter(([path]) => !gone.includes(path));
    this.#facts.files = Object.fromEntries(left);
    return "";
  }

  #lead(command: string): string {
    const [, server = "", path = ""] = /1(https:\S+)#' (\S+)/.exec(command) ?? [];
    this.#facts.kubernetes.servers = { ...this.#facts.kubernetes.servers, [path]: server };
    return command.includes("restart kubelet") ? this.#startKubelet() : "";
  }

  /** A component does not know the flag "nonsense". */
  #changePod(component: string | undefined, script: string): Reply {
    if (component === undefined) return "";
    if (component === "etcd") {
      const quota = /- --quota-backend-bytes=(\d+)/.exec(script)?.[1];
      this.podArgs.set("etcd", quota === undefined ? {} : { "quota-backend-bytes": [quota] });
      return "";
    }
    const lines =
      this.files.get(`/run/keelson/static-pods/${component}.args`)?.toString().trim().split("\n") ?? [];
    const args = lines.map((line) => /^--([^=]+)=(.*)$/.exec(line) ?? []);
    if (args.some(([, flag]) => flag === "nonsense"))
      return {
        exitCode: 1,
        stderr: "keelson: verdict\nits former manifest is back\nError: unknown flag: --nonsense\n",
      };
    this.podArgs.set(component, Object.fromEntries(args.map(([, flag = "", value = ""]) => [flag, [value]])));
    return "";
  }

  /** What a script takes with it is in the host's memory: a power cut does so, too. */
  async #unit(name: string, script: string): Promise<Reply> {
    const [, gone = ""] = /^trap 'rm -f (.*)' EXIT$/m.exec(script) ?? [];
    try {
      return await this.#work(name, script);
    } finally {
      if (gone !== "") this.#remove(gone.split(" "));
    }
  }

  async #work(name: string, script: string): Promise<Reply> {
    if (name === "packages") this.#install(script);
    const isDelivery = ["binaries", "image-archives"].includes(name);
    if (isDelivery) this.#deliver(script);
    if (name.startsWith("images-")) this.#import(script);
    if (name === "certificates")
      this.#certify([...planeLeaves, kubeletLeaf].filter((leaf) => script.includes(` ${leaf.name} `)));
    await kubeadmUnits[name]?.(this.#kubeadm(), script);
    if (name.startsWith("hook-")) this.#runHook(name.slice("hook-".length));
    return this.#changePod(/^static-pod-(.+)$/.exec(name)?.[1], script);
  }

  #install(script: string): void {
    const brought = commandsIn(script);
    this.#facts.commands = [...new Set([...this.#facts.commands, ...brought])];
    if (brought.includes("container-selinux")) this.#facts.security.containerPolicy = true;
  }

  #owe(notes: string): string {
    const names = notes.split(" ").map((path) => path.split("/").at(-1) ?? "");
    this.#facts.dueHooks = [...new Set([...(this.#facts.dueHooks ?? []), ...names])].sort();
    return "";
  }

  #runHook(name: string): void {
    this.hooksRun.push(name);
    if (this.#facts.dueHooks) this.#facts.dueHooks = this.#facts.dueHooks.filter((due) => due !== name);
  }

  #kubeadm(): KubeadmHost {
    return {
      host: this.host,
      facts: this.#facts,
      etcd: this.etcd,
      tick: this.tick,
      textOf: (path) => this.files.get(path)?.toString() ?? "",
      startKubelet: () => void this.#startKubelet(),
      afterVote: () => this.afterVote(),
    };
  }

  #shell(stdin: string): string {
    if (stdin.includes("etcdctl")) return this.etcdctl(stdin);
    return stdin.includes("section()") ? factsText(this.#facts) : this.#open(stdin);
  }

  #deliver(script: string): string {
    for (const [to, file] of downloadsOf(script)) {
      this.#facts.files[to] = file;
      const unit = this.#facts.units[`${to.split("/").at(-1) ?? ""}.service`];
      if (unit?.active === true) unit.stale = true;
    }
    return "";
  }

  #import(script: string): void {
    const sum = /touch \S+\/([0-9a-f]+)/.exec(script)?.[1] ?? "";
    const file = bundle.files.find(({ sha256: own }) => own === sum);
    this.#facts.images = {
      names: [...new Set([...this.#facts.images.names, ...(file?.images ?? [])])],
      archives: [...new Set([...this.#facts.images.archives, sum])],
    };
  }

  /** Sets when certificates end, ISO 8601. */
  expire(end: string, leaves: readonly Leaf[] = [...planeLeaves, kubeletLeaf]): void {
    const ends = leaves.map(({ path }) => [path, end] as const);
    this.#facts.kubernetes.certificates = {
      ...this.#facts.kubernetes.certificates,
      ...Object.fromEntries(ends),
    };
  }

  #certify(leaves: readonly Leaf[]): void {
    this.expire("2099-01-01T00:00:00.000Z", leaves);
  }

  #load(names: readonly string[]): string {
    for (const name of names) this.#facts.kernelFeatures[name] = "loaded";
    return "";
  }

  #setSysctls(command: string): string {
    for (const [, value = "", path = ""] of command.matchAll(/echo (\S+) > \/proc\/sys\/(\S+)/g)) {
      this.#facts.sysctls[path.replaceAll("/", ".")] = { value, writable: true };
    }
    return "";
  }

  #swapOff(): string {
    this.#facts.swap = { active: [], configured: [] };
    return "";
  }

  #settle(): string {
    this.#facts.firstBoot = false;
    return "status: done\n";
  }

  #open(script: string): string {
    const rules = this.#facts.firewall.open[""] ?? [];
    for (const [, protocol = "any", from = "", ports = ""] of script.matchAll(
      /^ufw allow (?:proto (\S+) )?from (\S+)(?: to any port (\S+))?/gm,
    )) {
      rules.push(ruleText(protocol, ports, from === "any" ? "" : from));
    }
    this.#facts.firewall.open[""] = rules;
    return "";
  }

  #start(unit: string): string {
    this.#facts.units[unit] = { active: true, enabled: true, stale: false };
    return "";
  }

  #enable(unit: string): string {
    const state = this.#facts.units[unit] ?? { active: false, enabled: false, stale: false };
    this.#facts.units[unit] = { ...state, enabled: true };
    return "";
  }

  #registeredTaints(): readonly Taint[] {
    const config = this.files.get(paths.joinConfig)?.toString();
    if (config === undefined) return [];
    const { nodeRegistration } = parse(config) as { nodeRegistration: { taints?: Taint[] } };
    return nodeRegistration.taints ?? [];
  }

  #startKubelet(): string {
    if (this.files.has(paths.bootstrapKubeletConf)) this.#certify([kubeletLeaf]);
    if (this.#node === undefined) this.#hidden = this.#delay;
    this.#node ??= {
      ready: false,
      reason: "starting",
      schedulable: true,
      labels: {},
      taints: this.#registeredTaints(),
      annotations: {},
      kubeletVersion: "1.35.4",
    };
    this.#starts += 1;
    this.#node = { ...this.#node, heartbeat: String(this.#starts) };
    return this.#start("kubelet.service");
  }
}

/** A merge patch takes away what is null. */
function withoutNulls(record: Readonly<Record<string, string | null>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(record).filter((entry): entry is [string, string] => entry[1] !== null),
  );
}
