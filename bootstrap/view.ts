import { createHash } from "node:crypto";
import type { Cluster, ClusterHost } from "../clusters/cluster.ts";
import type { HostFacts } from "../clusters/facts.ts";
import type { Identity } from "../clusters/identity.ts";
import type { Runner } from "../remote/runner.ts";
import type { Bundle } from "../toolchain/bundle.ts";
import type { NodeFacts } from "./node-facts.ts";

/** What a phase judges: a host as it is, and what it shall become. */
export interface HostView {
  readonly facts: HostFacts;
  readonly host: ClusterHost;
  readonly cluster: Cluster;
  readonly clusterId: string;
  readonly caCertificate: string;
  readonly bundle: Bundle;
  /** The host's Node; undefined if there is none, or no API to ask. */
  readonly node: NodeFacts | undefined;
}

/** A control-plane host's view: the only one with private keys in it. */
export interface ControlPlaneView extends HostView {
  readonly identity: Identity;
  /** All names and addresses under which an API server of the cluster may be asked. */
  readonly apiNames: readonly string[];
  /** The node addresses of all control-plane hosts, by logical name. */
  readonly peers: Readonly<Record<string, string>>;
}

/** One idempotent step. Planning is pure: no changes mean that its postcondition holds. */
export interface Phase<View extends HostView = HostView> {
  readonly title: string;
  readonly plan: (view: View) => readonly Change[];
  /** What of the same step must be done before it begins, known by its title. @default - nothing: it begins at once */
  readonly after?: (view: View) => readonly Pick<Phase, "title">[];
  /** Whether its changes are to the host's Node alone, so that the host need not be read again. @default - they are not */
  readonly isOfNode?: (view: View) => boolean;
  /** Whether no later phase asks about what it changes: it is verified when the host is read the next time. @default false */
  readonly isSeenLater?: true;
}

/** One change to a host, in words and as work. The work runs only through the plan's one door. */
export interface Change {
  readonly intent: string;
  readonly work: (context: ChangeContext) => Promise<void>;
}

export interface ChangeContext {
  readonly runner: Runner;
  readonly signal: AbortSignal;
  readonly log: (line: string) => void;
}

export interface WantedFile {
  readonly path: string;
  readonly content: string;
  /** @default 0o644 */
  readonly mode?: number;
}

/** Whether a file on the host has other content or another mode than wanted. */
export function differs(facts: HostFacts, { path, content, mode = 0o644 }: WantedFile): boolean {
  const file = facts.files[path];
  return file?.sha256 !== sha256(content) || file.mode !== mode.toString(8);
}

/** The change that writes those of the files which differ; none if all are as wanted. */
export function writeFiles(
  facts: HostFacts,
  intent: string,
  files: readonly WantedFile[],
): readonly Change[] {
  const wrong = files.filter((file) => differs(facts, file));
  if (wrong.length === 0) return [];
  const work = async ({ runner, signal }: ChangeContext): Promise<void> => {
    await Promise.all(
      wrong.map(({ path, content, mode = 0o644 }) => runner.write(path, content, { mode, signal })),
    );
  };
  return [{ intent, work }];
}

export function sha256(content: string): string {
  return createHash("sha256").update(content).digest("hex");
}

/** Whether the host is a container, which shares kernel, swap and firmware with its computer. */
export function isContainer({ virtualization }: HostFacts): boolean {
  return containers.has(virtualization);
}

const containers = new Set([
  "container-other",
  "docker",
  "lxc",
  "lxc-libvirt",
  "openvz",
  "podman",
  "systemd-nspawn",
]);
