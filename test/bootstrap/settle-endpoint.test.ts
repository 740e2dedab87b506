import assert from "node:assert/strict";
import { parse, stringify } from "yaml";
import { formerEndpoint } from "../../bootstrap/phases/former-endpoint.ts";
import { staleNames, staleRecords, withLivingEndpoint } from "../../bootstrap/services/living-endpoint.ts";
import { apiServerNames } from "../../bootstrap/api-names.ts";
import { blankFacts } from "../../bootstrap/facts/blank.ts";
import { completeEndpoint } from "../../clusters/endpoint.ts";
import { kubeClient } from "../../kube/client.ts";
import type { KubeClient } from "../../kube/client.ts";
import { startApiServer } from "../support/api-server.ts";
import { blankView, cluster } from "../support/bootstrap.ts";

const { signal } = new AbortController();
const addresses = { cp1: "10.0.0.11", cp2: "10.0.0.12" };
const local = { ...cluster, endpoint: completeEndpoint("nodeLocal", addresses) };
const controlPlane = Object.entries(addresses).map(([name, nodeAddress]) => ({
  ...blankView("controlPlane").host,
  name,
  nodeAddress,
  connection: undefined,
}));

describe("the records of an endpoint", () => {
  const ends: (() => unknown)[] = [];

  afterEach(async () => {
    for (const end of ends.splice(0).reverse()) await end();
  });

  async function apiWith(configMaps: Readonly<Record<string, object>>): Promise<KubeClient> {
    const server = await startApiServer(({ path }) => {
      const data = configMaps[path.split("/").at(-1) ?? ""];
      return data === undefined ? { status: 404, body: {} } : { body: { data } };
    });
    const client = await kubeClient({ kubeconfig: server.kubeconfig });
    ends.push(server.stop, () => {
      client.close();
    });
    return client;
  }

  const kubeadm = (controlPlaneEndpoint: string, certSANs: readonly string[]): object => ({
    ClusterConfiguration: stringify({ clusterName: "edge", controlPlaneEndpoint, apiServer: { certSANs } }),
  });
  const info = (server: string): object => ({
    kubeconfig: stringify({ clusters: [{ cluster: { server } }] }),
  });

  it("are those that kubeadm made, and keep what is not the endpoint's", async () => {
    const client = await apiWith({
      "kubeadm-config": kubeadm("10.0.0.11:6443", ["10.0.0.11"]),
      "cluster-info": info("https://10.0.0.11:6443"),
    });
    const records = await staleRecords(client, local, signal);
    assert.deepEqual(
      records.map(({ what }) => what),
      ["kubeadm's configuration", "what joining hosts are told"],
    );
    assert.deepEqual(parse(records[0]?.data["ClusterConfiguration"] ?? ""), {
      clusterName: "edge",
      controlPlaneEndpoint: "127.0.0.1:7443",
      apiServer: { certSANs: ["10.0.0.11"] },
    });
    assert.match(records[1]?.data["kubeconfig"] ?? "", /server: https:\/\/127\.0\.0\.1:7443/);
  });

  it("carry the settings of the control plane, and lose those that the program lost", async () => {
    const right = apiServerNames(local, controlPlane);
    const client = await apiWith({
      "kubeadm-config": {
        ClusterConfiguration: stringify({
          controlPlaneEndpoint: "127.0.0.1:7443",
          apiServer: { certSANs: right, extraArgs: [{ name: "profiling", value: "false" }] },
          controllerManager: {},
        }),
      },
    });
    const settings = { ...local, controlPlane: { scheduler: { extraArgs: { v: 4 } } } };
    const [record] = await staleRecords(client, settings, signal);
    assert.deepEqual(parse(record?.data["ClusterConfiguration"] ?? ""), {
      controlPlaneEndpoint: "127.0.0.1:7443",
      apiServer: { certSANs: right },
      controllerManager: {},
      scheduler: { extraArgs: [{ name: "v", value: "4" }] },
    });
  });

  it("carry the names for certificates, which come before the endpoint", async () => {
    const names = apiServerNames(local, controlPlane);
    const client = await apiWith({ "kubeadm-config": kubeadm("10.0.0.11:6443", ["10.0.0.11"]) });
    const [record] = await staleNames(client, names, signal);
    assert.deepEqual(parse(record?.data["ClusterConfiguration"] ?? ""), {
      clusterName: "edge",
      controlPlaneEndpoint: "10.0.0.11:6443",
      apiServer: { certSANs: names },
    });
    const right = await apiWith({ "kubeadm-config": kubeadm("10.0.0.11:6443", names) });
    assert.deepEqual(await staleNames(right, names, signal), []);
    assert.deepEqual(await staleNames(await apiWith({}), names, signal), []);
  });

  it("are left alone where they are right, or not there yet", async () => {
    const right = await apiWith({
      "kubeadm-config": kubeadm("127.0.0.1:7443", apiServerNames(local, controlPlane)),
      "cluster-info": info("https://127.0.0.1:7443"),
    });
    assert.deepEqual(await staleRecords(right, local, signal), []);
    assert.deepEqual(await staleRecords(await apiWith({}), local, signal), []);
  });

  it("tell the endpoint that the cluster's services keep until they are moved", async () => {
    const endpointOf = async (client: KubeClient): Promise<string> => {
      const { endpoint } = await withLivingEndpoint(client, local, signal);
      return `${endpoint.host} ${String(endpoint.port)}`;
    };
    assert.equal(
      await endpointOf(await apiWith({ "kubeadm-config": kubeadm("10.0.0.11:6443", []) })),
      "10.0.0.11 6443",
    );
    assert.equal(
      await endpointOf(await apiWith({ "kubeadm-config": kubeadm("[fd00::1]:443", []) })),
      "fd00::1 443",
    );
    assert.equal(await endpointOf(await apiWith({})), "127.0.0.1 7443");
  });

  it("do not keep services from an endpoint that all nodes have at once, a worker that joins meanwhile included", async () => {
    const client = await apiWith({ "kubeadm-config": kubeadm("127.0.0.1:7443", []) });
    const address = { ...local, endpoint: { mode: "vip", host: "10.0.0.200", port: 6443 } } as const;

    assert.deepEqual(await withLivingEndpoint(client, address, signal), address);
  });
});

describe("formerEndpoint", () => {
  const on = { active: true, enabled: true, stale: false };
  const units = { "keelson-balancer.service": on, "keelson-vip.service": on };
  const intentsOf = (wanted: typeof local): readonly string[] => {
    const facts = { ...blankFacts({ name: "cp1" }), units };
    return formerEndpoint
      .plan(blankView("controlPlane", { facts, cluster: wanted }))
      .map(({ intent }) => intent);
  };

  it("takes away what keeps another endpoint, and nothing of the cluster's own", () => {
    const vip = { ...cluster, endpoint: completeEndpoint({ vip: "10.0.0.100" }, addresses) };
    assert.deepEqual(intentsOf(local), ["take away the virtual address"]);
    assert.deepEqual(intentsOf(vip), ["take away the API's balancer"]);
    assert.equal(intentsOf(cluster).length, 2);
  });

  it("finds nothing on a host that has neither", () => {
    assert.deepEqual(formerEndpoint.plan(blankView("worker")), []);
  });
});
