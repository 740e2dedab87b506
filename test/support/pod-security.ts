/** What Pod Security *restricted* forbids in a pod, with the path of each. A reading of the standard's own table. */
export function findRestricted(pod: Pod): readonly string[] {
  const containers = [
    ...(pod.containers ?? []),
    ...(pod.initContainers ?? []),
    ...(pod.ephemeralContainers ?? []),
  ];
  const shared = pod.securityContext ?? {};
  return [
    ...["hostNetwork", "hostPID", "hostIPC"].filter((key) => pod[key as "hostPID"] === true),
    ...(pod.volumes ?? []).flatMap((volume) => {
      const kinds = Object.keys(volume).filter((key) => key !== "name" && !volumeKinds.has(key));
      return kinds.map((kind) => `volumes ${volume.name}: ${kind}`);
    }),
    ...containers.flatMap((container) => findInContainer(container, shared)),
  ];
}

export interface Pod {
  readonly hostNetwork?: boolean;
  readonly hostPID?: boolean;
  readonly hostIPC?: boolean;
  readonly securityContext?: Security;
  readonly volumes?: readonly { readonly name: string }[];
  readonly containers?: readonly Container[];
  readonly initContainers?: readonly Container[];
  readonly ephemeralContainers?: readonly Container[];
}

interface Container {
  readonly name: string;
  readonly ports?: readonly { readonly hostPort?: number }[];
  readonly securityContext?: Security;
}

interface Security {
  readonly runAsNonRoot?: boolean;
  readonly runAsUser?: number;
  readonly privileged?: boolean;
  readonly allowPrivilegeEscalation?: boolean;
  readonly seccompProfile?: { readonly type: string };
  readonly capabilities?: { readonly drop?: readonly string[]; readonly add?: readonly string[] };
}

const volumeKinds = new Set([
  "configMap",
  "csi",
  "downwardAPI",
  "emptyDir",
  "ephemeral",
  "persistentVolumeClaim",
  "projected",
  "secret",
]);

function findInContainer(
  { name, ports = [], securityContext: own = {} }: Container,
  shared: Security,
): string[] {
  const { drop = [], add = [] } = own.capabilities ?? {};
  const rules: readonly (readonly [string, boolean])[] = [
    ["runAsNonRoot", (own.runAsNonRoot ?? shared.runAsNonRoot) === true],
    ["runAsUser", (own.runAsUser ?? shared.runAsUser) !== 0],
    ["privileged", own.privileged !== true],
    ["allowPrivilegeEscalation", own.allowPrivilegeEscalation === false],
    ["seccompProfile", isConfined(own.seccompProfile ?? shared.seccompProfile)],
    ["capabilities.drop", drop.includes("ALL")],
    ["capabilities.add", add.every((capability) => capability === "NET_BIND_SERVICE")],
    ["hostPort", ports.every(({ hostPort = 0 }) => hostPort === 0)],
  ];
  return rules.filter(([, holds]) => !holds).map(([rule]) => `${name}: ${rule}`);
}

function isConfined(profile: { readonly type: string } | undefined): boolean {
  return profile?.type === "RuntimeDefault" || profile?.type === "Localhost";
}
