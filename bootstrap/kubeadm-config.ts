import { stringify } from "yaml";
import type { ClusterHost } from "../clusters/cluster.ts";
import { apiPortOf, authorityOf } from "../clusters/endpoint.ts";
import type { HostFacts } from "../clusters/facts.ts";
import { settingsFile } from "./kubelet-settings/settings-file.ts";
import { kubernetesYaml } from "./kubernetes-yaml.ts";
import { quotaArgs } from "./etcd/quota.ts";
import { paths } from "./paths.ts";
import { kubeletPatch } from "./phases/kubelet.ts";
import { isAnyPodPatched } from "./static-pods/pod-patch.ts";
import { kubeadmComponent } from "./static-pods/kubeadm-component.ts";
import type { ControlPlaneView, HostView } from "./view.ts";
import { isContainer } from "./view.ts";

const apiVersion = "kubeadm.k8s.io/v1beta4";

/** The configuration with which `kubeadm init` makes this cluster on this host. Holds no secret. */
export function initConfig(view: ControlPlaneView): string {
  return documents([
    {
      apiVersion,
      kind: "InitConfiguration",
      // kubeadm makes one token whatever we say; ours are made per join, so that this one may end at once.
      bootstrapTokens: [{ description: "made by kubeadm init, unused", ttl: "1m0s" }],
      localAPIEndpoint: localEndpoint(view),
      nodeRegistration: nodeRegistration(view, initIgnores(view.facts)),
      ...patches(view),
      skipPhases: ["upload-certs", "addon", "show-join-command"],
    },
    clusterConfiguration(view),
    {
      apiVersion: "kubelet.config.k8s.io/v1beta1",
      kind: "KubeletConfiguration",
      cgroupDriver: "systemd",
      // Said here, or kubeadm would make what the first host has the rule for all; a host's own patch says otherwise.
      resolvConf: "/etc/resolv.conf",
    },
  ]);
}

/** The configuration with which kubeadm makes certificates of this host anew, in a folder with their authorities. */
export function certificateConfig(
  view: ControlPlaneView,
  names: readonly string[],
  certificatesDir: string,
): string {
  const whole = { ...clusterConfiguration(view), apiServer: { certSANs: names }, certificatesDir };
  return documents([livingNode(view), whole]);
}

/** The configuration with which kubeadm makes the manifests of this living host's components anew, with a folder's patches. */
export function staticPodConfig(view: ControlPlaneView, directory: string): string {
  return documents([{ ...livingNode(view), patches: { directory } }, clusterConfiguration(view)]);
}

function livingNode(view: ControlPlaneView): object {
  return {
    apiVersion,
    kind: "InitConfiguration",
    localAPIEndpoint: localEndpoint(view),
    nodeRegistration: { name: view.host.nodeName, criSocket: paths.containerdSocket },
  };
}

/** The configuration with which `kubeadm join` makes this host a worker. Holds a token. */
export function joinConfig(view: HostView, token: string): string {
  return documents([joinConfiguration(view, token)]);
}

/** The configuration with which `kubeadm join` makes this host one more control plane. Holds a token. */
export function controlPlaneJoinConfig(view: ControlPlaneView, token: string): string {
  const controlPlane = { localAPIEndpoint: localEndpoint(view) };
  return documents([{ ...joinConfiguration(view, token), controlPlane }]);
}

function joinConfiguration(view: HostView, token: string): object {
  return {
    apiVersion,
    kind: "JoinConfiguration",
    discovery: {
      file: { kubeConfigPath: paths.discovery },
      tlsBootstrapToken: token,
    },
    nodeRegistration: nodeRegistration(view, joinIgnores(view.facts)),
    ...patches(view),
  };
}

/** The kubeconfig without a user from which a joining host learns whom to trust. */
export function discoveryConfig(view: HostView): string {
  return joiningConfig(view, {});
}

/** The kubeconfig with which a kubelet asks for its first certificate, or for another one. Holds a token. */
export function bootstrapConfig(view: HostView, token: string): string {
  return joiningConfig(view, { token });
}

function joiningConfig({ cluster, caCertificate }: HostView, user: object): string {
  return documents([
    {
      apiVersion: "v1",
      kind: "Config",
      clusters: [
        {
          name: cluster.name,
          cluster: {
            server: `https://${authorityOf(cluster.endpoint)}`,
            "certificate-authority-data": Buffer.from(caCertificate).toString("base64"),
          },
        },
      ],
      users: [{ name: "joining", user }],
      contexts: [{ name: cluster.name, context: { cluster: cluster.name, user: "joining" } }],
      "current-context": cluster.name,
    },
  ]);
}

function clusterConfiguration({ cluster, bundle, apiNames }: ControlPlaneView): object {
  const { podCidr, serviceCidr, dnsDomain } = cluster.network;
  const { apiServer, controllerManager, scheduler } = cluster.controlPlane ?? {};
  const extraArgs = quotaArgs({ cluster });
  return {
    apiVersion,
    kind: "ClusterConfiguration",
    clusterName: cluster.name,
    kubernetesVersion: `v${bundle.kubernetes}`,
    controlPlaneEndpoint: authorityOf(cluster.endpoint),
    encryptionAlgorithm: "ECDSA-P256",
    networking: { podSubnet: podCidr, serviceSubnet: serviceCidr, dnsDomain },
    apiServer: { certSANs: apiNames, ...kubeadmComponent(apiServer) },
    controllerManager: kubeadmComponent(controllerManager),
    scheduler: kubeadmComponent(scheduler),
    ...(extraArgs && { etcd: { local: { extraArgs } } }),
  };
}

/** Where this host's API server listens. */
function localEndpoint({ host, cluster }: ControlPlaneView): object {
  return { advertiseAddress: host.nodeAddress, bindPort: apiPortOf(cluster.endpoint) };
}

function nodeRegistration({ host }: HostView, ignorePreflightErrors: readonly string[]): object {
  return {
    name: host.nodeName,
    criSocket: paths.containerdSocket,
    imagePullPolicy: "IfNotPresent",
    ...registration(host),
    ...(ignorePreflightErrors.length > 0 && { ignorePreflightErrors }),
  };
}

/**
 * Taints are there before the first pod lands on a node. kubeadm has a default for control planes, which it sets some seconds after
 * the kubelet has registered one: the kubelet registers it with the same.
 */
function registration({ role, taints, nodeAddress }: ClusterHost): object {
  const address = { name: "node-ip", value: nodeAddress };
  if (role === "worker") return { kubeletExtraArgs: [address], ...(taints.length > 0 && { taints }) };
  const register = {
    name: "register-with-taints",
    value: "node-role.kubernetes.io/control-plane=:NoSchedule",
  };
  return { kubeletExtraArgs: [address, register] };
}

function patches(view: HostView): object {
  const { facts, host } = view;
  const isPatched =
    kubeletPatch(facts) !== undefined ||
    settingsFile(facts, host.kubelet) !== undefined ||
    isAnyPodPatched(view);
  return isPatched ? { patches: { directory: paths.patches } } : {};
}

/** Our own judgement came first; of kubeadm's checks those are left out that the host's facts prove pointless. */
function initIgnores(facts: HostFacts): readonly string[] {
  const { manifests, etcdData, kubeletConf } = facts.kubernetes;
  const isPartial = manifests.length > 0 || etcdData || kubeletConf;
  return [
    ...hostIgnores(facts),
    ...manifests.map((name) => `FileAvailable--etc-kubernetes-manifests-${name}`),
    // Where its manifest is, etcd may begin to write after the host was read.
    ...(etcdData || manifests.includes("etcd.yaml") ? ["DirAvailable--var-lib-etcd"] : []),
    ...(isPartial ? portIgnores : []),
  ];
}

function joinIgnores(facts: HostFacts): readonly string[] {
  const { caSha256, bootstrapKubeletConf } = facts.kubernetes;
  return [
    ...hostIgnores(facts),
    ...(caSha256 === undefined ? [] : ["FileAvailable--etc-kubernetes-pki-ca.crt"]),
    ...(bootstrapKubeletConf ? ["FileAvailable--etc-kubernetes-bootstrap-kubelet.conf"] : []),
    ...(caSha256 === undefined && !bootstrapKubeletConf ? [] : ["Port-10250"]),
  ];
}

/**
 * What an earlier, cut-off run started may come up at any moment, so that a look says little about the ports; judging
 * has made sure that whoever listens there is of this cluster.
 */
const portIgnores = [6443, 10259, 10257, 10250, 2379, 2380].map((port) => `Port-${String(port)}`);

function hostIgnores(facts: HostFacts): readonly string[] {
  const isStock = facts.cgroupVersion === 2 && !isContainer(facts);
  return [...(isStock ? [] : ["SystemVerification"]), ...(facts.swap.active.length > 0 ? ["Swap"] : [])];
}

function documents(values: readonly object[]): string {
  return values.map((value) => stringify(value, kubernetesYaml)).join("---\n");
}
