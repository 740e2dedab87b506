import { isIP } from "node:net";
import type { Problem } from "../../errors.ts";
import { flag, invalid, list, number, object, oneOf, record, text } from "../data/shape.ts";
import type { Shape } from "../data/shape.ts";

/** What differs from a usual control plane. Plain data; the same for all of its hosts. */
export interface ControlPlaneSettings {
  /** Names and addresses, beside the cluster's own, under which the API is asked. @default [] */
  readonly certSans?: readonly string[];
  readonly apiServer?: ComponentSettings;
  readonly controllerManager?: ComponentSettings;
  readonly scheduler?: ComponentSettings;
  readonly etcd?: EtcdSettings;
}

/** What differs from a usual etcd. */
export interface EtcdSettings {
  /** How many bytes a member's file may have, from 64 MiB to 8 GiB; when it has them, etcd refuses every write. @default - etcd's own: 2 GiB */
  readonly quotaBackendBytes?: number;
}

/** Less is filled by the cluster itself; of more, etcd itself warns when it starts. */
const quota = { min: 64 * 1024 ** 2, max: 8 * 1024 ** 3 };

/** What differs from kubeadm's way of running one component. */
export interface ComponentSettings {
  /** Flags by name, without dashes; a list gives a flag several times. They win over kubeadm's. @default {} */
  readonly extraArgs?: Readonly<Record<string, FlagValue>>;
  /** Files and folders of the host that the component sees. @default [] */
  readonly extraVolumes?: readonly ExtraVolume[];
  /**
   * A strategic merge patch of the component's Pod, by kubeadm: resources, probes, annotations. Flags and volumes are set
   * above. @default - none
   */
  readonly patch?: object;
}

export type FlagValue = string | number | boolean | readonly string[];

/** A file or folder of every control-plane host, seen by one component. */
export interface ExtraVolume {
  /** RFC 1123 label, unique in the component. */
  readonly name: string;
  readonly hostPath: string;
  readonly mountPath: string;
  /** @default true */
  readonly readOnly?: boolean;
  /** What must be there, or is made. @default - whatever is there */
  readonly pathType?: (typeof pathTypes)[number];
}

export const pathTypes = ["DirectoryOrCreate", "Directory", "FileOrCreate", "File"] as const;

/** The components that have settings, by their names in the program and in Kubernetes. */
export const components = {
  apiServer: "kube-apiserver",
  controllerManager: "kube-controller-manager",
  scheduler: "kube-scheduler",
} as const;

export type ComponentKey = keyof typeof components;

/** A flag's values as text, in their order. */
export function flagValues(value: FlagValue): readonly string[] {
  return typeof value === "object" ? value : [String(value)];
}

const anyText = text(/^/, "text");

const flagValue: Shape<FlagValue> = {
  schema: { type: ["string", "number", "boolean", "array"] },
  problems: (value, where) =>
    ["string", "number", "boolean"].includes(typeof value) ? [] : list(anyText).problems(value, where),
};

const component = object(
  {},
  {
    extraArgs: record(anyText, flagValue),
    extraVolumes: list(
      object(
        { name: anyText, hostPath: anyText, mountPath: anyText },
        { readOnly: flag, pathType: oneOf(...pathTypes) },
      ),
    ),
    patch: record(anyText, { schema: {}, problems: () => [] }),
  },
);

const shape = object(
  {},
  {
    certSans: list(anyText),
    apiServer: component,
    controllerManager: component,
    scheduler: component,
    etcd: object({}, { quotaBackendBytes: number({ min: quota.min, whole: true }) }),
  },
);

/** What is wrong with the settings of a control plane. Pure. */
export function controlPlaneProblems(settings: ControlPlaneSettings = {}): readonly Problem[] {
  const misshapen = shape.problems(settings, "controlPlane");
  if (misshapen.length > 0) return misshapen;
  const { quotaBackendBytes = quota.max } = settings.etcd ?? {};
  const sans = (settings.certSans ?? []).filter((name) => isIP(name) === 0 && !dnsName.test(name));
  return [
    ...sans.map((name) =>
      invalid("controlPlane.certSans", `"${name}" is neither a DNS name nor an IP address`),
    ),
    ...(quotaBackendBytes <= quota.max
      ? []
      : [
          invalid(
            "controlPlane.etcd.quotaBackendBytes",
            `${String(quotaBackendBytes)} is more than 8 GiB (${String(quota.max)}), which etcd advises against`,
          ),
        ]),
    ...(Object.keys(components) as ComponentKey[]).flatMap((key) => [
      ...flagProblems(key, settings[key]?.extraArgs ?? {}),
      ...volumeProblems(key, settings[key]?.extraVolumes ?? []),
      ...patchProblems(key, settings[key]?.patch),
    ]),
  ];
}

const dnsName =
  /^(?=.{1,253}$)(\*\.)?[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?(\.[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?)*$/i;

function flagProblems(key: ComponentKey, flags: Readonly<Record<string, FlagValue>>): readonly Problem[] {
  return Object.entries(flags).flatMap(([name, value]) => {
    const where = `controlPlane.${key}.extraArgs.${name}`;
    const why = nameProblem(key, name) ?? valueProblem(name, value);
    return why === undefined ? [] : [invalid(where, why)];
  });
}

function nameProblem(key: ComponentKey, name: string): string | undefined {
  if (!/^[a-z0-9][a-z0-9.-]*$/.test(name)) {
    return "the name of a flag is of a-z, 0-9, - and ., without dashes in front";
  }
  const owner = owners[key][name];
  return owner === undefined ? undefined : `keelson sets this flag itself${owner === "" ? "" : `: ${owner}`}`;
}

function valueProblem(name: string, value: FlagValue): string | undefined {
  const values = flagValues(value);
  if (values.length === 0) return "an empty list gives it no value; leave it out instead";
  if (values.some((each) => /[\0\n]/.test(each))) return "a value is one line of text";
  if (name === "authorization-mode") {
    const modes = values.join(",").split(",");
    const missing = ["Node", "RBAC"].filter((mode) => !modes.includes(mode));
    if (missing.length > 0) return `lacks ${missing.join(" and ")}, by which nodes and keelson get in`;
  }
  if (name === "anonymous-auth" && values.includes("false")) {
    return "the kubelet's probes ask anonymously; limit anonymous requests with authentication-config instead";
  }
  return undefined;
}

const byNetwork = "see network";
const byEndpoint = "see endpoint";

/** Flags on which a cluster of keelson's stands, each with where it is set instead. */
const owners: Readonly<Record<ComponentKey, Readonly<Record<string, string>>>> = {
  apiServer: {
    "advertise-address": "see nodeAddress",
    "secure-port": byEndpoint,
    "bind-address": "",
    "service-cluster-ip-range": byNetwork,
    ...none("client-ca-file", "tls-cert-file", "tls-private-key-file", "enable-bootstrap-token-auth"),
    ...none("etcd-servers", "etcd-cafile", "etcd-certfile", "etcd-keyfile"),
    ...none("service-account-key-file", "service-account-signing-key-file"),
    ...none("kubelet-client-certificate", "kubelet-client-key"),
    ...none("proxy-client-cert-file", "proxy-client-key-file", "requestheader-client-ca-file"),
  },
  controllerManager: {
    "cluster-cidr": byNetwork,
    "service-cluster-ip-range": byNetwork,
    "allocate-node-cidrs": byNetwork,
    ...none("kubeconfig", "authentication-kubeconfig", "authorization-kubeconfig", "secure-port"),
    ...none("client-ca-file", "root-ca-file", "requestheader-client-ca-file", "cluster-name"),
    ...none("service-account-private-key-file", "cluster-signing-cert-file", "cluster-signing-key-file"),
    ...none("use-service-account-credentials", "leader-elect"),
  },
  scheduler: none(
    "kubeconfig",
    "authentication-kubeconfig",
    "authorization-kubeconfig",
    "secure-port",
    "leader-elect",
  ),
};

function none(...names: readonly string[]): Record<string, string> {
  return Object.fromEntries(names.map((name) => [name, ""]));
}

/** Volumes that kubeadm mounts, by name; those of distributions' certificate folders begin alike. */
const kubeadmVolume =
  /^(k8s-certs|ca-certs|kubeconfig|flexvolume-dir|etcd-(certs|data).*|etc-pki.*|etc-ca-certificates|usr-(local-)?share-ca-certificates)$/;

/** Whether kubeadm itself mounts a volume of that name. */
export function isKubeadmVolume(name: string): boolean {
  return kubeadmVolume.test(name);
}

function volumeProblems(key: ComponentKey, volumes: readonly ExtraVolume[]): readonly Problem[] {
  return volumes.flatMap((volume, index) => {
    const where = `controlPlane.${key}.extraVolumes[${String(index)}]`;
    return volumeComplaints(volume, volumes.slice(0, index)).map((message) => invalid(where, message));
  });
}

function volumeComplaints(
  { name, hostPath, mountPath }: ExtraVolume,
  earlier: readonly ExtraVolume[],
): readonly string[] {
  const paths = Object.entries({ hostPath, mountPath }).filter(([, path]) => !isPlainPath(path));
  return [
    ...(/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/.test(name)
      ? []
      : [`name "${name}" is not a lower-case label of at most 63 characters`]),
    ...(isKubeadmVolume(name) ? [`name "${name}" is that of a volume of kubeadm's`] : []),
    ...(earlier.some((other) => other.name === name) ? [`name "${name}" is given twice`] : []),
    ...(earlier.some((other) => other.mountPath === mountPath)
      ? [`mountPath "${mountPath}" is given twice`]
      : []),
    ...paths.map(([what, path]) => `${what} "${path}" is not an absolute path`),
  ];
}

function patchProblems(key: ComponentKey, patch: object = {}): readonly Problem[] {
  const where = `controlPlane.${key}.patch`;
  const keys = new Set<string>();
  JSON.stringify(patch, (name, value: unknown) => {
    keys.add(name);
    return value;
  });
  const instead = {
    command: "extraArgs",
    args: "extraArgs",
    volumes: "extraVolumes",
    volumeMounts: "extraVolumes",
  };
  return Object.entries(instead)
    .filter(([name]) => keys.has(name))
    .map(([name, place]) => invalid(where, `"${name}" is not for a patch: see ${place}`));
}

/** An absolute path without steps back or repeated slashes, and not the root. */
export function isPlainPath(path: string): boolean {
  return /^(\/[^/\0\n]+)+$/.test(path) && !path.split("/").some((part) => part === ".." || part === ".");
}
