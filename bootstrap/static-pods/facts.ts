import { parse } from "yaml";
import { components } from "../../clusters/settings/control-plane.ts";
import type { StaticPodFacts, StaticPodVolume } from "../../clusters/facts.ts";
import type { Sections } from "../facts/sections.ts";
import type { WholeFile } from "../facts/whole-files.ts";
import { paths } from "../paths.ts";
import { patchAnnotation } from "./pod-patch.ts";

const names = [...Object.values(components), "etcd"];

/** The manifests of the control plane's components and of etcd, and the names that their program once wanted. */
export const staticPodFiles: readonly WholeFile[] = [
  ...names.map((name) => [`pod:${name}`, `${paths.manifests}/${name}.yaml`] as const),
  ["certSans", paths.certSans],
];

/** By component; one whose manifest cannot be read runs with nothing that is wanted. */
export function parseStaticPods({ text, lines }: Sections): Readonly<Record<string, StaticPodFacts>> {
  const kept = new Set(lines("kept"));
  return Object.fromEntries(
    names.flatMap((name) => {
      const manifest = text(`pod:${name}`);
      if (manifest === "") return [];
      return [[name, { ...parseManifest(manifest), isUnproven: kept.has(`${name}.yaml`) }]];
    }),
  );
}

interface Manifest {
  readonly metadata?: { readonly annotations?: Readonly<Record<string, string>> };
  readonly spec?: {
    readonly containers?: readonly {
      readonly command?: readonly unknown[];
      readonly args?: readonly unknown[];
      readonly volumeMounts?: readonly Mount[];
    }[];
    readonly volumes?: readonly {
      readonly name: string;
      readonly hostPath?: { readonly path?: string; readonly type?: string };
    }[];
  };
}

interface Mount {
  readonly name: string;
  readonly mountPath: string;
  readonly readOnly?: boolean;
}

function parseManifest(text: string): Omit<StaticPodFacts, "isUnproven"> {
  const { spec, metadata } = parseYaml(text);
  const [container] = spec?.containers ?? [];
  const { command = [], args = [], volumeMounts = [] } = container ?? {};
  const volumes = (spec?.volumes ?? []).flatMap(({ name, hostPath }): readonly StaticPodVolume[] => {
    const mounts = volumeMounts.filter((mount) => mount.name === name);
    return mounts.map(({ mountPath, readOnly = false }) => ({
      name,
      hostPath: hostPath?.path ?? "",
      mountPath,
      readOnly,
      pathType: hostPath?.type ?? "",
    }));
  });
  const patch = metadata?.annotations?.[patchAnnotation] ?? "";
  return { args: parseArgs([...command.slice(1), ...args]), volumes, patch };
}

function parseArgs(words: readonly unknown[]): Record<string, readonly string[]> {
  const args: Record<string, string[]> = {};
  for (const word of words) {
    const text = String(word);
    const [, name = text, value = "true"] = /^--([^=]+)(?:=(.*))?$/s.exec(text) ?? [];
    (args[name] ??= []).push(value);
  }
  return args;
}

function parseYaml(text: string): Manifest {
  try {
    return (parse(text) ?? {}) as Manifest;
  } catch {
    return {};
  }
}
