import { LocalCluster } from "./components/local-cluster.ts";

const east = new LocalCluster("east", { workers: 1, labels: { region: "east" } });
const west = new LocalCluster("west", { workers: 1, labels: { region: "west" } });

export const kubeconfigs = { east: east.kubeconfig, west: west.kubeconfig };
