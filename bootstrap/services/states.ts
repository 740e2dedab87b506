import type { KubeClient } from "../../kube/client.ts";
import type { KubeObject } from "../../kube/object.ts";
import { ResourcePaths } from "../../kube/resource-paths.ts";
import { isAsWanted, ownLabel } from "./drift.ts";

/** How a live object compares with the wanted one. */
export type ObjectState = "missing" | "differs" | "same";

/** Compares objects with the cluster's, with one list per kind: a request per object would take seconds. */
export async function readStates(
  client: KubeClient,
  objects: readonly KubeObject[],
  signal: AbortSignal,
): Promise<(object: KubeObject) => ObjectState> {
  const paths = new ResourcePaths(client);
  const places = await Promise.all(objects.map((object) => paths.of(object, signal)));
  const folders = [...new Set(places.map(folderOf))];
  const lists = await Promise.all(folders.map((folder) => list(client, folder, signal)));
  const live = new Map(lists.flat());
  return (object) => {
    const found = live.get(places[objects.indexOf(object)] ?? "");
    if (found === undefined) return "missing";
    return isAsWanted(contentOf(object), found) ? "same" : "differs";
  };
}

async function list(
  client: KubeClient,
  folder: string,
  signal: AbortSignal,
): Promise<readonly (readonly [string, KubeObject])[]> {
  const [[key, value]] = Object.entries(ownLabel) as [[string, string]];
  const { items } = await client.request<{ readonly items: readonly KubeObject[] }>({
    path: folder,
    query: { labelSelector: `${key}=${value}` },
    signal,
  });
  return items.map((item) => [`${folder}/${encodeURIComponent(item.metadata.name)}`, item] as const);
}

/** Items of a list say neither their kind nor their version. */
function contentOf(object: KubeObject): object {
  return Object.fromEntries(Object.entries(object).filter(([key]) => key !== "apiVersion" && key !== "kind"));
}

function folderOf(path: string): string {
  return path.slice(0, path.lastIndexOf("/"));
}
