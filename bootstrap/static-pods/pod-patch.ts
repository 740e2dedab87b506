import { stringify } from "yaml";
import { components } from "../../clusters/settings/control-plane.ts";
import type { ComponentKey } from "../../clusters/settings/control-plane.ts";
import { paths } from "../paths.ts";
import { kubernetesYaml } from "../kubernetes-yaml.ts";
import { sha256, writeFiles } from "../view.ts";
import type { ControlPlaneView, HostView, Phase, WantedFile } from "../view.ts";

/** On a component's Pod: the digest of the patch that made it. */
export const patchAnnotation = "keelson.dev/patch";

/** The digest of the patch that a component shall be made with; empty without one. Pure. */
export function patchDigest({ cluster }: Pick<HostView, "cluster">, key: ComponentKey): string {
  const patch = cluster.controlPlane?.[key]?.patch;
  return patch === undefined
    ? ""
    : sha256(stringify(patch, { ...kubernetesYaml, sortMapEntries: true })).slice(0, 16);
}

/**
 * A component's patch as kubeadm reads it. It marks the Pod with its digest, so that the manifest says which patch it has.
 * It is emptied, not deleted, when none is wanted any more.
 */
export function patchFile(
  view: Pick<HostView, "cluster" | "facts">,
  key: ComponentKey,
): WantedFile | undefined {
  const path = patchPath(key);
  const patch = view.cluster.controlPlane?.[key]?.patch;
  if (patch === undefined) {
    return view.facts.files[path] === undefined ? undefined : { path, content: "{}\n" };
  }
  const { metadata = {}, ...rest } = patch as Patch;
  const annotations = { ...metadata.annotations, [patchAnnotation]: patchDigest(view, key) };
  return { path, content: stringify({ ...rest, metadata: { ...metadata, annotations } }, kubernetesYaml) };
}

/** Where patches of components are. */
export const patchPaths = (Object.keys(components) as ComponentKey[]).map(patchPath);

/** Writes the components' patches for kubeadm, before it makes a control plane; later each change brings its own. */
export const podPatches: Phase<ControlPlaneView> = {
  title: "component patches",
  plan: (view) =>
    view.facts.kubernetes.initialized === view.clusterId
      ? []
      : writeFiles(
          view.facts,
          "write the patches of the control plane's components",
          (Object.keys(components) as ComponentKey[]).flatMap((key) => patchFile(view, key) ?? []),
        ),
};

/** Whether kubeadm has a patch of a component to apply. Pure. */
export function isAnyPodPatched(view: HostView): boolean {
  if (view.host.role !== "controlPlane") return false;
  return (Object.keys(components) as ComponentKey[]).some((key) => patchFile(view, key) !== undefined);
}

interface Patch {
  readonly metadata?: { readonly annotations?: Readonly<Record<string, string>> };
}

function patchPath(key: ComponentKey): string {
  return `${paths.patches}/${components[key]}+strategic.yaml`;
}
