import assert from "node:assert/strict";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { kubeClient } from "../../kube/client.ts";
import { localMachines } from "../../machines/index.ts";
import { waitFor } from "../../remote/wait.ts";
import { fleetName } from "../../stacks/components/fleet-name.ts";
import { type Answer, ask, said } from "../support/app-answers.ts";
import { succeed } from "../support/command.ts";
import { describeLong } from "../support/long.ts";
import { pulumiStack } from "../support/pulumi-cli.ts";
import { skipWithoutLocalMachines } from "../support/skip.ts";

const project = "across";
const machinesOf = fleetName(project, "test");
const slices = "/apis/discovery.k8s.io/v1/namespaces/keelson-clusterset/endpointslices";
const services = "/api/v1/namespaces/keelson-clusterset/services";
const ports = { web: 30_080, other: 30_081 };

describeLong("A service of a cluster of this computer that another one uses", () => {
  const pulumi = pulumiStack(project, "test");
  let nodes: Readonly<Record<string, string>>;
  let kubeconfigs: Readonly<Record<string, string>>;

  before(async function () {
    skipWithoutLocalMachines(this);
    succeed(await pulumi(["stack", "init"]));
    // Neither the nodes' addresses nor the ports are known yet.
    const { output: planned } = succeed(await pulumi(["preview"]));
    assert.match(planned, /EndpointSlice.*west\/all\/shop\/api\/east.*create/);
    succeed(await pulumi(["up", "--yes", "--skip-preview"]));
    const read = async (output: string): Promise<unknown> =>
      JSON.parse(succeed(await pulumi(["stack", "output", output, "--json", "--show-secrets"])).stdout);
    nodes = (await read("nodes")) as Record<string, string>;
    kubeconfigs = (await read("kubeconfigs")) as Record<string, string>;
  });

  after(async () => {
    for (const machine of await localMachines().list(machinesOf)) await localMachines().destroy(machine);
    await rm(join(import.meta.dirname, "../e2e/programs", project, "Pulumi.test.yaml"), { force: true });
  });

  /** What the service said to a client of a cluster, or why it said nothing. */
  const heard = async (cluster: string, client: keyof typeof ports): Promise<string> => {
    const text = await ask({ address: nodes[cluster] ?? "", port: ports[client] });
    return said(JSON.parse(text) as Answer, "api");
  };
  const hears = async (cluster: string, wanted: RegExp): Promise<void> => {
    let last = "";
    await waitFor({
      what: `the client in ${cluster} to hear ${String(wanted)}`,
      // The kubelet brings a ConfigMap to CoreDNS within a minute and a half, and CoreDNS looks every half minute.
      deadlineMs: 240_000,
      probe: async () => {
        last = await heard(cluster, "web").catch(String);
        return wanted.test(last) ? last : undefined;
      },
      diagnose: () => Promise.resolve(last),
    });
  };
  const namesAt = async (cluster: string, path: string): Promise<readonly string[]> => {
    const client = await kubeClient({ kubeconfig: kubeconfigs[cluster] ?? "" });
    try {
      const found = await client.find<{ items: readonly { metadata: { name: string } }[] }>(path);
      return (found?.items ?? []).map(({ metadata }) => metadata.name);
    } finally {
      client.close();
    }
  };

  it("answers by the name of the cluster set, from the other cluster and from its own", async () => {
    await hears("west", /^api$/);
    await hears("east", /^api$/);

    assert.deepEqual(await namesAt("west", slices), ["api--shop-east"]);
    assert.deepEqual(await namesAt("east", slices), []);
  });

  it("does not answer to programs that do not use it", async () => {
    for (const cluster of ["west", "east"]) assert.match(await heard(cluster, "other"), /deadline|Timeout/);
  });

  it("has nothing left to do, and nothing to be done again", async () => {
    const { output } = succeed(await pulumi(["preview", "--expect-no-changes"]));
    assert.doesNotMatch(output, /EndpointSlice/);
  });

  it("is gone everywhere when it is exported no more, as the preview says", async () => {
    const env = { TEST_EXPORTED: "no" };
    const { output } = succeed(await pulumi(["preview"], { env }));
    assert.match(output, /EndpointSlice.*west\/all\/shop\/api\/east.*delete/);

    succeed(await pulumi(["up", "--yes", "--skip-preview"], { env }));

    assert.deepEqual(await namesAt("west", slices), []);
    assert.deepEqual(await namesAt("west", services), []);
    await hears("west", /no such host/);
  });
});
