import { LocalCluster } from "../../../../stacks/library.ts";

const clusters = ["one", "two", "three"].map((name) => new LocalCluster(name, { extraImages: ["demo"] }));

export const kubeconfigs = Object.fromEntries(clusters.map(({ name, kubeconfig }) => [name, kubeconfig]));
export const addresses = Object.fromEntries(clusters.map(({ name, nodeAddresses }) => [name, nodeAddresses]));
