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

  it("lead containerd to the world by a proxy with a password, and directly again", async () => {
    const asked: string[] = [];
    const server = createServer();
    server.on("connect", ({ url, headers }, socket) => {
      asked.push(`${url ?? ""} ${headers["proxy-authorization"] ?? "nobody"}`);
      socket.end("HTTP/1.1 502 Bad Gateway\r\n\r\n");
    });
    const host = fleet.endpoint.external;
    await new Promise<void>((resolve) => server.listen(0, host, resolve));
    const { port } = server.address() as AddressInfo;
    const password = "hunter2-of-the-proxy";
    const http = `http://ops:${password}@${host}:${String(port)}`;
    fleet.spec = { proxy: { http, https: http } };
    try {
      const { intents } = await fleet.apply(["cp1"]);
      const each = ["cp1", "w1"].flatMap((name) => [
        `${name}: restart containerd`,
        `${name}: set the proxies`,
      ]);
      assert.deepEqual([...intents].sort(), each);
      const pod = { spec: { nodeName: "w1" } };
      await fleet.run(
        "cp1",
        `${kubectl} run proxied --image=registry.proxied.test/app:1 --overrides='${JSON.stringify(pod)}'`,
      );
      const token = Buffer.from(`ops:${password}`).toString("base64");
      const expected = `registry.proxied.test:443 Basic ${token}`;
      await waitFor({
        what: "containerd to ask the proxy",
        deadlineMs: 60_000,
        probe: () => Promise.resolve(asked.includes(expected) || undefined),
        diagnose: () => Promise.resolve(asked.join("; ")),
      });
      assert.equal(await fleet.run("w1", "stat -c %a /etc/keelson/proxy.env"), "600\n");
      assert.equal(
        await fleet.run("w1", `systemctl show containerd | grep -cF -e ${password} -e ${token} || true`),
        "0\n",
      );
    } finally {
      server.close();
    }
    fleet.spec = {};
    await fleet.run("cp1", `${kubectl} delete pod proxied --now`);
    const { intents } = await fleet.apply(["cp1"]);
    const each = ["cp1", "w1"].flatMap((name) => [
      `${name}: forget the proxies`,
      `${name}: restart containerd`,
    ]);
    assert.deepEqual([...intents].sort(), each);
    assert.equal(await fleet.run("w1", "cat /etc/keelson/proxy.env"), "");
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

  describe("which have hooks", () => {
    const log = "/root/hooks.log";
    const secret = "hunter2-of-the-hook";
    const file = "/etc/hooked.test";
    const before = 'w1: run hook "a-before" before files';
    const after = 'w1: run hook "b-after" after files';

    function declare(content: string, script: string, timeoutSeconds?: number): void {
      const hooks = {
        "a-before": {
          before: "files" as const,
          script: `: ${secret}; echo "before $(cat ${file} 2>/dev/null) $KEELSON_HOST $KEELSON_ROLE" >>${log}`,
        },
        "b-after": { after: "files" as const, script, ...(timeoutSeconds && { timeoutSeconds }) },
      };
      fleet.hostSpecs = { w1: { files: { [file]: { content } }, hooks } };
    }

    async function refused(expected: RegExp): Promise<void> {
      await assert.rejects(fleet.apply(["cp1"]), (error: Error) => {
        console.log(error.message);
        assert.match(error.message, expected);
        return true;
      });
    }

    it("run them around what changes, and run again what failed, and nothing else", async () => {
      const failing = `echo "after $(cat ${file})" >>${log}; [ -e /root/allowed ] || { echo "no leave yet"; exit 3; }`;
      declare("one\n", failing);
      assert.deepEqual((await fleet.apply(["cp1"], { preview: true })).intents, [
        before,
        `w1: write ${file}`,
        after,
      ]);
      await refused(/hook "b-after" after files on w1: it ended with exit code 3; it said:\nno leave yet/);
      assert.deepEqual((await fleet.apply(["cp1"], { preview: true })).intents, [after]);

      await fleet.run("w1", "touch /root/allowed");
      assert.deepEqual((await fleet.apply(["cp1"])).intents, [after]);

      assert.equal(await fleet.run("w1", `cat ${log}`), "before  w1 worker\nafter one\nafter one\n");
      assert.deepEqual((await fleet.apply(["cp1"])).intents, []);
    });

    it("end one that takes too long, with everything it started", async () => {
      declare("two\n", `sleep 98765 & echo begun; sleep 98765`, 2);
      await refused(/hook "b-after" after files on w1: it did not end within 2 s; it said:\nbegun/);
      assert.equal(await fleet.run("w1", "pgrep -fc '^sleep 9876[5]' || true"), "0\n");
    });

    it("run again what was cut off with its run", async () => {
      declare("two\n", `echo "cut off" >>${log}; sleep 98765`);
      const stop = new AbortController();
      const cut = fleet.apply(["cp1"], { signal: stop.signal });
      await waitFor({
        what: "the hook to begin",
        deadlineMs: 60_000,
        probe: async () => (await fleet.run("w1", `tail -n 1 ${log}`)).startsWith("cut off") || undefined,
      });
      stop.abort();
      await assert.rejects(cut, { code: "KEELSON_ABORTED" });

      declare("two\n", `echo "in the end" >>${log}`);
      assert.deepEqual((await fleet.apply(["cp1"])).intents, [after]);
      assert.equal(
        await fleet.run("w1", `tail -n 1 ${log}; pgrep -fc '^sleep 9876[5]' || true`),
        "in the end\n0\n",
      );
    });

    it("leave nothing of the scripts on the host", async () => {
      assert.equal(
        await fleet.run("w1", "ls -A /run/keelson/hooks /etc/keelson/due-hooks | grep -v '^$'"),
        "/etc/keelson/due-hooks:\n/run/keelson/hooks:\n",
      );
      const seen = await fleet.run(
        "w1",
        `journalctl --no-pager | grep -cF ${secret} || true; grep -rlF ${secret} /etc /run/keelson /var/lib/keelson || true`,
      );
      assert.equal(seen, "0\n");
      fleet.hostSpecs = {};
      assert.deepEqual((await fleet.apply(["cp1"])).intents, [`w1: take away ${file}`]);
    });
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
