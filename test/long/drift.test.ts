import assert from "node:assert/strict";
import { connect } from "node:tls";
import { stringify } from "yaml";
import type { Settings } from "../e2e/programs/ha/index.ts";
import { pendingIn, previewOf, upAsPreviewed } from "../support/believed-preview.ts";
import { succeed } from "../support/command.ts";
import { MetalStack } from "../support/metal-stack.ts";
import { skipWithoutLocalMachines } from "../support/skip.ts";

const fleet = "drift";
const kubectl = "/usr/local/bin/kubectl --kubeconfig /etc/kubernetes/admin.conf";
const etcdctl =
  "/usr/local/bin/etcdctl --endpoints https://127.0.0.1:2379 --cacert /etc/kubernetes/pki/etcd/ca.crt --cert /etc/kubernetes/pki/etcd/healthcheck-client.crt --key /etc/kubernetes/pki/etcd/healthcheck-client.key";

describe("a cluster that drifts", function () {
  this.timeout(900_000);
  let stack: MetalStack;

  before(async function () {
    skipWithoutLocalMachines(this);
    stack = await MetalStack.open(fleet);
    await stack.boot("cp1", "cp2", "cp3", "w1", "w2");
  });

  after(() => stack.close());

  /** The program's settings: these control planes, and these workers with the label `tier`. */
  function cluster(
    planes: readonly string[],
    workers: readonly string[],
    more: Readonly<Record<string, object>> = {},
  ): Settings {
    const hosts = Object.fromEntries(
      Object.entries(stack.hosts(...workers)).map(([name, host]) => [name, { ...host, ...more[name] }]),
    );
    return {
      hooks: { tell: { after: "join", script: 'echo "$KEELSON_HOST" >>/root/joined' } },
      controlPlane: { hosts: stack.hosts(...planes) },
      pools: { general: { hosts, labels: { tier: "general" } } },
    };
  }

  async function nodes(): Promise<readonly string[]> {
    const rows = (await stack.run("cp1", `${kubectl} get nodes --no-headers`)).trim().split("\n");
    return rows.flatMap((row) => (/^(\S+) +Ready /.exec(row) ?? []).slice(1));
  }

  async function assertSettled(settings: Settings): Promise<void> {
    succeed(await stack.pulumi(["preview", "--expect-no-changes"], settings));
  }

  /** What `pulumi refresh` finds to do, as `host: what`. */
  async function found(settings: Settings): Promise<readonly string[]> {
    succeed(await stack.pulumi(["refresh", "--yes", "--skip-preview"], settings));
    return pendingIn(stack, settings);
  }

  const one = (): Settings => cluster(["cp1"], ["w1"]);
  const three = (): Settings => cluster(["cp1", "cp2", "cp3"], ["w1", "w2"]);

  it("is made as its preview says", async () => {
    const intents = await upAsPreviewed(stack, one());

    assert.ok(
      intents.some((intent) => intent.startsWith("w1: join the cluster")),
      intents.join("\n"),
    );
    await assertSettled(one());
  });

  it("gets a worker and two control planes as their preview says, votes and all", async () => {
    const intents = await upAsPreviewed(stack, three());

    assert.ok(intents.includes("cp2: change etcd from 1 to 2 voting members: 2 needed, none may fail"));
    assert.ok(intents.includes("cp3: change etcd from 2 to 3 voting members: 2 needed, 1 may fail"));
    assert.deepEqual(await nodes(), ["cp1", "cp2", "cp3", "w1", "w2"]);
    for (const name of await nodes()) {
      assert.equal(await stack.run(name, "cat /root/joined"), `${name}\n`);
      if (name !== "cp1" && name !== "w1") assert.ok(intents.includes(`${name}: run hook "tell" after join`));
    }
  });

  it("shows in a refresh everything that was changed behind its back", async () => {
    await stack.run("w1", "systemctl disable --now kubelet");
    await stack.run("cp1", `${kubectl} label node w2 tier-`);
    await endSoon("cp2", ["etcd-peer", "apiserver"], ["scheduler"], "24h");
    await endSoon("cp2", ["front-proxy-client"], [], "1s");
    const list = await stack.run("cp1", `${etcdctl} member list`);
    const [, id = ""] = /^(\w+), started, cp3,/m.exec(list) ?? [];
    await stack.run("cp1", `${etcdctl} member remove ${id}`);

    const pending = (await found(three())).join("\n");

    assert.match(pending, /^w1: (install the kubelet's unit|start the kubelet)$/m);
    assert.match(pending, /^w2: set on the Node: labels tier$/m);
    assert.match(
      pending,
      /^cp2: renew certificates: apiserver \(ends .*\), front-proxy-client \(ended .*\), etcd-peer \(ends .*\), scheduler/m,
    );
    assert.match(pending, /^cp3: take the remains of an unfinished control plane off the host$/m);
    assert.match(pending, /^cp3: join the control plane with kubeadm$/m);
  });

  it("is repaired by a plain up, as previewed, and has nothing left to do", async () => {
    await upAsPreviewed(stack, three());

    assert.deepEqual(await nodes(), ["cp1", "cp2", "cp3", "w1", "w2"]);
    assert.match(await stack.run("cp1", `${kubectl} get node w2 --show-labels`), /tier=general/);
    const members = await stack.run("cp1", `${etcdctl} member list`);
    assert.equal(members.match(/started, cp\d/g)?.length, 3, members);
    await assertSettled(three());
  });

  it("is served by the renewed certificates", async () => {
    const expiration = await stack.run("cp2", "kubeadm certs check-expiration 2>&1 || true");
    assert.doesNotMatch(expiration, /invalid|\b[0-9]{1,2}d\b|\b[0-9]+h\b/, expiration);
    for (const port of [6443, 2380]) {
      const shown = await shownEnd(stack.machine("cp2").address, port);
      assert.ok(
        shown - Date.now() > 300 * 24 * 60 * 60 * 1000,
        `port ${String(port)}: ${new Date(shown).toISOString()}`,
      );
    }
  });

  it("refuses a worker that was installed anew until the program knows its key, then joins it again", async () => {
    const before = three();
    await stack.reinstall("w2");

    assert.ok((await found(before)).includes("w2: look at the host anew: its SSH key changed"));
    const { exitCode, output } = await stack.pulumi(["up", "--yes", "--skip-preview"], before);
    assert.notEqual(exitCode, 0);
    assert.match(output, /KEELSON_HOST_KEY_CHANGED/);

    const intents = await upAsPreviewed(stack, three());
    assert.ok(intents.includes("w2: join the cluster with kubeadm"), intents.join("\n"));
    assert.deepEqual(await nodes(), ["cp1", "cp2", "cp3", "w1", "w2"]);
  });

  it("fails closed in a preview that would change a host which does not answer", async () => {
    await stack.powerOff("w2");
    const relabelled = { w2: { labels: { more: "yes" } } };

    const { exitCode, output } = await stack.pulumi(
      ["preview"],
      cluster(["cp1", "cp2", "cp3"], ["w1", "w2"], relabelled),
    );

    assert.notEqual(exitCode, 0);
    assert.match(output, /KEELSON_HOST_UNREACHABLE/);
    await stack.powerOn("w2");
  });

  it("makes a worker anew, and lets another one and two control planes go, as previewed", async () => {
    const again = cluster(["cp1", "cp2", "cp3"], ["w1", "w2"], { w1: { generation: 2 } });
    const replaced = await upAsPreviewed(stack, again);
    assert.ok(replaced.includes("w1: reset the host"), replaced.join("\n"));

    const last = cluster(["cp1"], ["w1"], { w1: { generation: 2 } });
    const removed = await upAsPreviewed(stack, last);

    assert.ok(removed.includes("w2: remove the Node"), removed.join("\n"));
    assert.ok(removed.some((intent) => intent.startsWith("cp3: drain the Node")));
    assert.deepEqual(await nodes(), ["cp1", "w1"]);
  });

  describe("until etcd is full", () => {
    const small = 64 * 1024 ** 2;
    const large = 256 * 1024 ** 2;
    const last = (quotaBackendBytes = small): Settings => {
      const { controlPlane, ...rest } = cluster(["cp1"], ["w1"], { w1: { generation: 2 } });
      return { ...rest, controlPlane: { ...controlPlane, etcd: { quotaBackendBytes } } };
    };

    it("gets a small quota as previewed", async () => {
      assert.deepEqual(await upAsPreviewed(stack, last()), [
        `cp1: restart etcd with --quota-backend-bytes=${String(small)}`,
        "ha: bring kubeadm's configuration up to date",
      ]);
      const status = await stack.run("cp1", `${etcdctl} endpoint status -w json`);
      assert.match(status, new RegExp(`"dbSizeQuota":${String(small)}`));
      // One object, written again and again: all of it but the last is history.
      await fill("/fill");
    });

    it("sees it, and makes room as previewed", async () => {
      await assert.rejects(stack.run("cp1", `${kubectl} create configmap none`), /space exceeded/);

      const pending = await found(last());
      assert.ok(pending.includes("ha: give up etcd's history: no space is left"), pending.join("\n"));
      const intents = await upAsPreviewed(stack, last());

      assert.deepEqual(intents, [
        "cp1: defragment its member of etcd: no space is left",
        "ha: give up etcd's history: no space is left",
        "ha: let etcd accept writes again",
      ]);
      await stack.run("cp1", `${kubectl} create configmap some`);
      assert.deepEqual(await previewOf(stack, last()), []);
    });

    it("says so when it is full of what is in use, and goes on with a larger quota as previewed", async () => {
      // What a member frees when it is defragmented is room again, so it takes more than one turn.
      for (const turn of ["a", "b", "c"]) {
        await stack.run("cp1", `${etcdctl} defrag && ${etcdctl} alarm disarm`);
        await fill(`/fill/${turn}$i`);
      }
      const { exitCode, output } = await stack.pulumi(["up", "--yes", "--skip-preview"], last());
      assert.notEqual(exitCode, 0);
      assert.match(output, /KEELSON_ETCD_FULL/);

      assert.deepEqual(await upAsPreviewed(stack, last(large)), [
        "cp1: defragment its member of etcd: no space is left",
        `cp1: restart etcd with --quota-backend-bytes=${String(large)} (was ${String(small)})`,
        "ha: bring kubeadm's configuration up to date",
        "ha: give up etcd's history: no space is left",
        "ha: let etcd accept writes again",
      ]);
      await stack.run("cp1", `${kubectl} create configmap more`);
      await assertSettled(last(large));
    });

    /** Writes a megabyte under the key, which may name the loop's `$i`, until etcd takes no more. */
    async function fill(key: string): Promise<void> {
      const loop = `for i in $(seq 90); do ${etcdctl} put "${key}" </tmp/fill >/dev/null 2>&1 || break; done`;
      await stack.run("cp1", `head -c 1000000 /dev/zero | tr '\\0' x >/tmp/fill; ${loop}; rm /tmp/fill`);
    }
  });

  /** Makes certificates of a control plane anew that end early, as time would. */
  async function endSoon(
    host: string,
    certificates: readonly string[],
    kubeconfigs: readonly string[],
    validity: string,
  ): Promise<void> {
    const { address } = stack.machine(host);
    const common = { apiVersion: "kubeadm.k8s.io/v1beta4" };
    const config = [
      {
        ...common,
        kind: "InitConfiguration",
        nodeRegistration: { name: host },
        localAPIEndpoint: { advertiseAddress: address },
      },
      {
        ...common,
        kind: "ClusterConfiguration",
        certificateValidityPeriod: validity,
        kubernetesVersion: "v1.35.4",
        apiServer: { certSANs: [] },
      },
    ];
    await stack.runner(host).write("/root/early.yaml", config.map((part) => stringify(part)).join("---\n"));
    const fileOf = (name: string): string => `/etc/kubernetes/pki/${name.replace(/^etcd-/, "etcd/")}`;
    const lines = [
      ...certificates.map(
        (name) =>
          `rm ${fileOf(name)}.crt ${fileOf(name)}.key; kubeadm init phase certs ${name} --config /root/early.yaml`,
      ),
      ...kubeconfigs.map(
        (name) =>
          `rm /etc/kubernetes/${name}.conf; kubeadm init phase kubeconfig ${name} --config /root/early.yaml`,
      ),
    ];
    await stack.run(host, `set -e; export HOME=/root; ${lines.join("; ")}`);
  }
});

/** When the certificate ends that a server shows, in milliseconds since 1970. */
function shownEnd(host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, rejectUnauthorized: false }, () => {
      resolve(Date.parse(socket.getPeerCertificate().valid_to));
      socket.destroy();
    });
    socket.once("error", reject);
  });
}
