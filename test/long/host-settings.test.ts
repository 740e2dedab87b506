import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { waitFor } from "../../remote/wait.ts";
import { HaFleet } from "../support/ha-fleet.ts";
import { skipWithoutLocalMachines } from "../support/skip.ts";

const kubectl = "/usr/local/bin/kubectl --kubeconfig /etc/kubernetes/admin.conf";

describe("the settings of living hosts", function () {
  this.timeout(580_000);
  let fleet: HaFleet;

  before(async function () {
    skipWithoutLocalMachines(this);
    fleet = await HaFleet.open("hostsettings");
    await fleet.boot("cp1", "w1");
    await fleet.apply(["cp1"]);
    assert.deepEqual((await fleet.apply(["cp1"])).intents, [], "a new cluster has nothing to change");
  });

  after(() => fleet.close());

  it("bring a registry's credentials to containerd, which presents them, and to nobody else", async () => {
    const asked: string[] = [];
    const server = createServer((request, response) => {
      asked.push(`${request.url ?? ""} ${request.headers.authorization ?? "nobody"}`);
      response.writeHead(404).end();
    });
    const host = fleet.endpoint.external;
    await new Promise<void>((resolve) => server.listen(0, host, resolve));
    const { port } = server.address() as AddressInfo;
    const auth = { username: "robot", password: "hunter2-of-the-test" };
    fleet.spec = {
      registries: { "registry.test": { mirrors: [{ url: `http://${host}:${String(port)}`, auth }] } },
    };
    await fleet.run(
      "w1",
      "mkdir -p /etc/containerd/certs.d/theirs.test && echo '# theirs' >/etc/containerd/certs.d/theirs.test/hosts.toml",
    );
    try {
      const { intents } = await fleet.apply(["cp1"]);
      const everybody = ["cp1", "w1"].map((name) => `${name}: set the registries registry.test`);
      assert.deepEqual([...intents].sort(), everybody.sort());
      const pod = { spec: { nodeName: "w1" } };
      await fleet.run(
        "cp1",
        `${kubectl} run pull --image=registry.test/app:1 --overrides='${JSON.stringify(pod)}'`,
      );
      const token = Buffer.from(`${auth.username}:${auth.password}`).toString("base64");
      await waitFor({
        what: "containerd to ask the mirror",
        deadlineMs: 60_000,
        probe: () => Promise.resolve(asked.some((line) => line.endsWith(`Basic ${token}`)) || undefined),
        diagnose: () => Promise.resolve(asked.join("; ")),
      });
      assert.equal(
        await fleet.run("w1", "stat -c %a /etc/containerd/certs.d/registry.test/hosts.toml"),
        "600\n",
      );
      const seen = await fleet.run(
        "w1",
        `journalctl --no-pager | grep -cF -e ${auth.password} -e ${token} || true`,
      );
      assert.equal(seen.trim(), "0");
    } finally {
      server.close();
    }
    fleet.spec = {};
    await fleet.apply(["cp1"]);
    assert.equal(await fleet.run("w1", "ls /etc/containerd/certs.d"), "theirs.test\n");
    assert.deepEqual((await fleet.apply(["cp1"])).intents, []);
  });

  it("keep files on hosts, and give back what was there before", async () => {
    await fleet.run("w1", "echo before >/etc/motd.test");
    fleet.hostSpecs = { w1: { files: { "/etc/motd.test": { content: "ours\n", mode: 0o640 } } } };
    assert.deepEqual((await fleet.apply(["cp1"])).intents, ["w1: write /etc/motd.test"]);
    assert.equal(await fleet.run("w1", "cat /etc/motd.test; stat -c %a /etc/motd.test"), "ours\n640\n");
    assert.deepEqual((await fleet.apply(["cp1"])).intents, []);
    await fleet.run("w1", "echo drifted >/etc/motd.test");
    assert.deepEqual((await fleet.apply(["cp1"])).intents, ["w1: write /etc/motd.test"]);
    fleet.hostSpecs = {};
    assert.deepEqual((await fleet.apply(["cp1"])).intents, ["w1: take away /etc/motd.test"]);
    assert.equal(await fleet.run("w1", "cat /etc/motd.test"), "before\n");
    assert.deepEqual((await fleet.apply(["cp1"])).intents, []);
  });

  it("take labels and taints off with the program, and leave those of others", async () => {
    const marks = {
      labels: { tier: "general" },
      taints: [{ key: "dedicated", effect: "NoSchedule" as const }],
    };
    fleet.hostSpecs = { w1: marks };
    await fleet.apply(["cp1"]);
    await fleet.run(
      "cp1",
      `${kubectl} label node w1 theirs=yes && ${kubectl} taint node w1 theirs:NoSchedule`,
    );
    fleet.hostSpecs = {};
    assert.deepEqual((await fleet.apply(["cp1"])).intents, [
      "w1: set on the Node: labels -tier; taints theirs",
    ]);
    const node = await fleet.run(
      "cp1",
      `${kubectl} get node w1 -o jsonpath='{.metadata.labels} {.spec.taints}'`,
    );
    assert.match(node, /"theirs":"yes".*"key":"theirs"/s);
    assert.doesNotMatch(node, /tier|dedicated/);
    assert.deepEqual((await fleet.apply(["cp1"])).intents, []);
  });
});
