import { parallel } from "../../remote/parallel.ts";
import { command } from "../../remote/quote.ts";
import { filesFor } from "../../toolchain/bundle.ts";
import type { BundleFile } from "../../toolchain/bundle.ts";
import { deliveryOf, fetchFiles, sizeOf } from "../fetch.ts";
import { paths } from "../paths.ts";
import { runUnit } from "../unit.ts";
import type { ChangeContext, HostView, Phase } from "../view.ts";

/** Brings the image archives that are not imported yet; apart from the import, so that it runs beside other work. */
export const imageArchives: Phase = {
  title: "image archives",
  plan: (view) => {
    const deliveries = missingArchives(view)
      .map(deliveryOf)
      .filter(({ file, path }) => view.facts.files[path]?.sha256 !== file.sha256);
    if (deliveries.length === 0) return [];
    const size = sizeOf(deliveries.map(({ file }) => file));
    return [
      {
        intent: `fetch container images (${size})`,
        work: (context) => fetchFiles(context, view, { name: "image-archives", deliveries }),
      },
    ];
  },
};

/** Archives are imported at once: unpacking one keeps hardly more than one processor busy. */
const widest = 2;

/** Imports images into containerd and pins them, so that the kubelet never collects them as garbage. */
export const images: Phase = {
  title: "images",
  plan: (view) => {
    const archives = missingArchives(view);
    if (archives.length === 0) return [];
    const names = archives.flatMap((file) => file.images ?? []);
    return [{ intent: `import images ${names.join(", ")}`, work: (context) => importAll(context, archives) }];
  },
};

/** All that have begun end before an error is raised, so that none runs on unseen. */
async function importAll(context: ChangeContext, archives: readonly BundleFile[]): Promise<void> {
  const { signal, runner } = context;
  const what = `import images on ${runner.host}`;
  await parallel(archives, { what, where: ({ name }) => name, limit: widest, signal }, (file) =>
    runUnit(context, {
      name: `images-${file.sha256.slice(0, 8)}`,
      script: importScript(file),
      deadlineSeconds: 600,
    }),
  );
}

/** While containerd is down the marks of earlier imports are all there is to go by. */
function missingArchives({ bundle, host, facts }: HostView): readonly BundleFile[] {
  const isDown = facts.units["containerd.service"]?.active !== true;
  const names = new Set(facts.images.names);
  return filesFor(bundle, host.role).filter(
    (file) =>
      file.kind === "images" &&
      !(
        facts.images.archives.includes(file.sha256) &&
        (isDown || (file.images ?? []).every((image) => names.has(image)))
      ),
  );
}

/** `--local` reads the archive in the client, which takes half the processor time of the transfer service. */
function importScript(file: BundleFile): string {
  const archive = deliveryOf(file).path;
  const mark = `${paths.importedArchives}/${file.sha256}`;
  return `set -e
${command`ctr -n k8s.io images import --local --label io.cri-containerd.pinned=pinned ${archive}`}
${command`mkdir -p ${paths.importedArchives} && touch ${mark} && rm -f ${archive}`}`;
}
