import { apiCertificate, wantedSans } from "./phases/api-certificate.ts";
import { apiReady } from "./phases/api-ready.ts";
import { balancer } from "./phases/balancer.ts";
import { etcdQuota } from "./etcd/quota.ts";
import { binaries } from "./phases/binaries.ts";
import { certificates } from "./phases/certificates.ts";
import { claim } from "./phases/claim.ts";
import { containerd } from "./phases/containerd.ts";
import { endpointClients } from "./phases/endpoint-clients.ts";
import { firewall } from "./phases/firewall.ts";
import { firstBoot } from "./phases/first-boot.ts";
import { hooked, hookedAgain } from "./hooks/hooked.ts";
import { formerFiles, hostFiles } from "./host-files/phases.ts";
import { identityFiles } from "./phases/identity-files.ts";
import { imageArchives, images } from "./phases/images.ts";
import { initialize } from "./phases/initialize.ts";
import { join, registration } from "./phases/join.ts";
import { joinControlPlane } from "./phases/join-control-plane.ts";
import { kernel } from "./phases/kernel.ts";
import { kubeletCredentials } from "./phases/kubelet-credentials.ts";
import { kubeletSettings } from "./kubelet-settings/phase.ts";
import { kubelet, kubeletPatches, kubeletRunning } from "./phases/kubelet.ts";
import { nodeReady, nodeSettings } from "./phases/node.ts";
import type { NodeView } from "./phases/node.ts";
import { containersNeedPackages, needrestart, packages } from "./phases/packages.ts";
import { proxy } from "./phases/proxy.ts";
import { podPatches } from "./static-pods/pod-patch.ts";
import { staticPods } from "./static-pods/phase.ts";
import { swap } from "./phases/swap.ts";
import { virtualAddress } from "./phases/virtual-address.ts";
import { registries } from "./registries/phase.ts";
import { after } from "./run-plan.ts";
import type { Step } from "./run-plan.ts";
import type { ControlPlaneView, HostView, Phase } from "./view.ts";

/** What is known of a host before anything is brought to it. */
const beginning: readonly Step<HostView>[] = [[firstBoot], [claim], [proxy, hooked("files", hostFiles)]];

/** What an operating system and a mirror have to give. */
const systemPackages = hooked("packages", packages);
const base: Step<HostView> = [
  hooked("kernel", kernel),
  swap,
  hooked("firewall", firewall),
  binaries,
  imageArchives,
];
const runtime: Step<HostView> = [
  hooked("containerd", containerd),
  hooked("registries", registries),
  hooked("kubelet", kubelet),
];

/**
 * From any host to one on which kubeadm can work, judged on one look. A package manager keeps one processor busy at
 * most, and containerd seldom needs it: containerd starts and imports images meanwhile.
 */
function preparation<View extends HostView>(...last: Step<View>): Step<View> {
  return [
    systemPackages,
    needrestart,
    ...base,
    ...after((view) => (containersNeedPackages(view) ? [systemPackages, ...base] : base), runtime),
    ...after(() => [systemPackages], [balancer]),
    ...after(() => runtime, [images, ...last]),
  ];
}

/** Its daemon comes as a package. */
const addressKeeper = after(() => [systemPackages], [virtualAddress]);

/** kubeadm's step: judged on a host that has everything else. */
function entry<View extends HostView>(phase: Phase<View>): Step<View> {
  return [kubeletPatches, ...after(() => [kubeletPatches], [hooked("join", phase)])];
}

/** From a host to one that can become a control plane, without touching any other; keeps one that is running. */
export const preparationPlan: readonly Step<ControlPlaneView & NodeView>[] = [
  ...beginning,
  preparation(identityFiles),
  [hooked("certificates", certificates)],
  [kubeletRunning],
  [hooked("controlPlane", etcdQuota)],
];

/** From a living control plane to one that others can join, under the names that they ask. */
export const servingPlan: readonly Step<ControlPlaneView & NodeView>[] = [
  ...preparationPlan,
  [wantedSans, virtualAddress],
  [hookedAgain("certificates", apiCertificate)],
];

/** From a host to the first control plane, whose API answers; keeps any that is one already. */
export const controlPlanePlan: readonly Step<ControlPlaneView & NodeView>[] = [
  ...beginning,
  preparation(identityFiles, wantedSans, podPatches, ...addressKeeper),
  entry(initialize),
  [hooked("certificates", certificates)],
  [kubeletRunning],
  [hooked("controlPlane", etcdQuota)],
  [hookedAgain("controlPlane", staticPods)],
  [apiReady],
  [hookedAgain("certificates", apiCertificate)],
  [endpointClients],
  [hooked("kubeletSettings", kubeletSettings)],
  [nodeSettings],
  [hookedAgain("files", formerFiles)],
];

/** From a host to one more control plane of a living cluster. */
export const controlPlaneJoinPlan: readonly Step<ControlPlaneView & NodeView>[] = [
  ...beginning,
  preparation(identityFiles, wantedSans, podPatches, ...addressKeeper),
  entry(joinControlPlane),
  [hooked("certificates", certificates)],
  [kubeletRunning],
  [hooked("controlPlane", etcdQuota)],
  [hookedAgain("controlPlane", staticPods)],
  [apiReady],
  [hookedAgain("certificates", apiCertificate)],
  [endpointClients],
  [hooked("kubeletSettings", kubeletSettings)],
  [nodeSettings],
  [hookedAgain("files", formerFiles)],
];

/** From a host to one that can become a worker, without an API. */
export const workerPreparationPlan: readonly Step<NodeView>[] = [...beginning, preparation()];

/** From a host to a worker that has joined a cluster whose services may be on their way. */
export const workerJoinPlan: readonly Step<NodeView>[] = [
  ...workerPreparationPlan,
  entry(join),
  [nodeSettings],
];

/** From a host to a worker whose Node is Ready. */
export const workerPlan: readonly Step<NodeView>[] = [
  ...workerPreparationPlan,
  entry(join),
  [kubeletCredentials],
  [endpointClients],
  [kubeletRunning],
  [registration],
  [hooked("kubeletSettings", kubeletSettings)],
  [nodeSettings],
  [nodeReady],
  [hookedAgain("files", formerFiles)],
];
