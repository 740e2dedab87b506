import { isDeepStrictEqual } from "node:util";
import type { StaticPodFacts, StaticPodVolume } from "../../clusters/facts.ts";
import { components, flagValues, isKubeadmVolume } from "../../clusters/settings/control-plane.ts";
import type { ComponentKey, ExtraVolume } from "../../clusters/settings/control-plane.ts";
import type { ControlPlaneView } from "../view.ts";
import { kubeadmArgs } from "./kubeadm-args.ts";
import { patchDigest } from "./pod-patch.ts";

/** The flags that a component shall have, each with its values: the program's win over kubeadm's. Pure. */
export function wantedArgs(
  view: ControlPlaneView,
  key: ComponentKey,
): Readonly<Record<string, readonly string[]>> {
  const usual = Object.entries(kubeadmArgs(view, key)).map(([name, value]) => [name, [value]] as const);
  const extra = Object.entries(view.cluster.controlPlane?.[key]?.extraArgs ?? {});
  return Object.fromEntries([...usual, ...extra.map(([name, value]) => [name, flagValues(value)] as const)]);
}

/**
 * In words, how a living component differs from what it shall be; empty if it does not, or is not there yet. Its manifest
 * is the cluster's own: whatever else it says is a change that somebody made by hand. Pure.
 */
export function podDifferences(view: ControlPlaneView, key: ComponentKey): readonly string[] {
  const pod = view.facts.kubernetes.staticPods?.[components[key]];
  if (pod === undefined) return [];
  return [
    ...argDifferences(wantedArgs(view, key), pod.args),
    ...volumeDifferences(view.cluster.controlPlane?.[key]?.extraVolumes ?? [], pod.volumes),
    ...patchDifference(patchDigest(view, key), pod.patch),
  ];
}

function argDifferences(wanted: StaticPodFacts["args"], has: StaticPodFacts["args"]): readonly string[] {
  const changed = Object.entries(wanted).flatMap(([name, values]) => {
    const before = has[name];
    if (isDeepStrictEqual(values, before)) return [];
    return [`--${name}=${short(values)}${before === undefined ? "" : ` (was ${short(before)})`}`];
  });
  const gone = Object.keys(has).filter((name) => !(name in wanted));
  return [...changed, ...gone.map((name) => `no --${name}`)];
}

function volumeDifferences(
  wanted: readonly ExtraVolume[],
  has: readonly StaticPodVolume[],
): readonly string[] {
  const extra = new Map(has.filter(({ name }) => !isKubeadmVolume(name)).map((each) => [each.name, each]));
  const changed = wanted.filter((volume) => !isDeepStrictEqual(extra.get(volume.name), complete(volume)));
  const gone = [...extra.keys()].filter((name) => wanted.every((volume) => volume.name !== name));
  return [
    ...changed.map(({ name, hostPath }) => `volume "${name}" of ${hostPath}`),
    ...gone.map((name) => `no volume "${name}"`),
  ];
}

function patchDifference(wanted: string, has: string): readonly string[] {
  if (wanted === has) return [];
  return [wanted === "" ? "no patch" : has === "" ? "a patch" : "another patch"];
}

function complete({ name, hostPath, mountPath, readOnly = true, pathType }: ExtraVolume): StaticPodVolume {
  return { name, hostPath, mountPath, readOnly, pathType: pathType ?? "" };
}

function short(values: readonly string[]): string {
  const text = values.join(",");
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
}
