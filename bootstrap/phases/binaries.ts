import { filesFor } from "../../toolchain/bundle.ts";
import { deliveryOf, fetchFiles, sizeOf } from "../fetch.ts";
import type { HostView, Phase } from "../view.ts";

/** Brings the programs and CNI plugins of the Kubernetes version. */
export const binaries: Phase = {
  title: "binaries",
  plan: (view) => {
    const { bundle, host, facts } = view;
    const deliveries = filesFor(bundle, host.role)
      .filter(({ kind }) => kind !== "images")
      .map(deliveryOf)
      .filter(
        ({ file, path }) => facts.files[path]?.sha256 !== file.sha256 || facts.files[path].mode !== "755",
      );
    if (deliveries.length === 0) return [];
    const files = deliveries.map(({ file }) => file);
    const names = files.map(({ name, version }) => `${name} ${version}`).join(", ");
    return [
      {
        intent: `install ${names} (${sizeOf(files)})`,
        work: (context) => fetchFiles(context, view, { name: "binaries", deliveries }),
      },
    ];
  },
};

/** Whether a program of the bundle is, or will be, replaced: what runs from it must be started anew. */
export function willReplace({ bundle, facts }: HostView, name: string): boolean {
  const file = bundle.files.find((candidate) => candidate.name === name && candidate.kind === "binary");
  return file !== undefined && facts.files[deliveryOf(file).path]?.sha256 !== file.sha256;
}
