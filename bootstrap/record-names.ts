import { apiServerNames } from "./api-names.ts";
import type { Plane } from "./plane.ts";
import { bringUpToDate, staleNames } from "./services/living-endpoint.ts";

/**
 * Brings the names for certificates of API servers in kubeadm's configuration up to date: before a control plane joins,
 * since it begins with those. `kubeadm init` writes them itself.
 */
export async function recordNames({ operation, request, client, begin }: Plane): Promise<void> {
  if (begin !== undefined) return;
  const { cluster, hosts } = request;
  const names = apiServerNames(cluster, hosts);
  for (const record of await staleNames(client, names, operation.signal))
    await bringUpToDate(operation, client, { cluster, record });
}
