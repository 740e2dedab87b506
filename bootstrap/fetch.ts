import { basename, join } from "node:path";
import type { Bundle, BundleFile } from "../toolchain/bundle.ts";
import { downloadScript, noteSums } from "./fetch-script.ts";
import type { Delivery } from "./fetch-script.ts";
import { paths } from "./paths.ts";
import { runUnit } from "./unit.ts";
import type { ChangeContext, HostView } from "./view.ts";

/**
 * Brings files of the bundle to the host: from its mirror if it has one, else over SSH. Each is verified before it
 * takes its place, and its checksum is noted, so that later looks need not read it.
 */
export async function fetchFiles(
  context: ChangeContext,
  { host, bundle }: Pick<HostView, "host" | "bundle">,
  { name, deliveries }: { readonly name: string; readonly deliveries: readonly Delivery[] },
): Promise<void> {
  if (host.mirror === undefined) {
    for (const { file, path, mode } of deliveries) {
      const options = { mode, sha256: file.sha256, signal: context.signal };
      await context.runner.upload(join(bundle.directory, file.path), path, options);
    }
    await context.runner.run(noteSums(deliveries), { signal: context.signal });
    return;
  }
  const script = downloadScript(mirrorUrl(host.mirror, bundle), deliveries);
  await runUnit(context, { name, script, deadlineSeconds: 900 });
}

/** Binaries and CNI plugins have their folders; image archives wait in the downloads folder until they are imported. */
export function deliveryOf(file: BundleFile): Delivery {
  if (file.kind === "images") {
    return { file, path: `${paths.downloads}/${file.sha256}.tar`, mode: 0o600 };
  }
  const folder = file.kind === "cniPlugin" ? paths.cniPlugins : paths.binaries;
  return { file, path: `${folder}/${file.name}`, mode: 0o755 };
}

/** Sum of the files' sizes, for an intent: `182 MiB`. */
export function sizeOf(files: readonly BundleFile[]): string {
  const bytes = files.reduce((sum, { size }) => sum + size, 0);
  return `${String(Math.max(1, Math.round(bytes / 1024 / 1024)))} MiB`;
}

function mirrorUrl(mirror: string, bundle: Bundle): string {
  return `${mirror.replace(/\/$/, "")}/bundles/${encodeURIComponent(basename(bundle.directory))}`;
}
