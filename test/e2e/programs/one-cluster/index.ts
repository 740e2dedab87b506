import { LocalCluster } from "../../../../stacks/library.ts";

const cluster = new LocalCluster("solo", { workers: Number(process.env["TEST_WORKERS"] ?? "1") });

export const kubeconfig = cluster.kubeconfig;
