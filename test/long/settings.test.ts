import assert from "node:assert/strict";
import type { ControlPlaneSettings } from "../../clusters/settings/control-plane.ts";
import { watchApi } from "../support/api-watch.ts";
import { HaFleet } from "../support/ha-fleet.ts";
import { skipWithoutLocalMachines } from "../support/skip.ts";

const three = ["cp1", "cp2", "cp3"];
const workers = ["w1", "w2"];
const apiServer = "/etc/kubernetes/manifests/kube-apiserver.yaml";
const kubectl = "/usr/local/bin/kubectl --kubeconfig /etc/kubernetes/admin.conf";

describe("the settings of a living cluster", function () {
  this.timeout(900_000);
  let fleet: HaFleet;

  before(async function () {
    skipWithoutLocalMachines(this);
    fleet = await HaFleet.open("settings");
    fleet.workers = workers;
    await fleet.boot(...three, ...workers);
    await fleet.apply(three);
    assert.deepEqual((await fleet.apply(three)).intents, [], "a new cluster has nothing to change");
  });

  after(() => fleet.close());

  /** The preview, then the change: both must say the same, and the second run nothing. */
  async function becomes(controlPlane: ControlPlaneSettings): Promise<readonly string[]> {
    fleet.spec = { controlPlane };
    const previewed = (await fleet.apply(three, { preview: true })).intents;
    const { intents } = await fleet.apply(three);
    // The record of kubeadm comes before a host that joins, and after those that are there: a preview tells it first.
    assert.deepEqual(intents.toSorted(), previewed.toSorted());
    assert.deepEqual(await changesLeft(), []);
    return intents;
  }

  /** What a run changes now; a pod network that is not back yet after a restart is waited for, which is no change. */
  async function changesLeft(): Promise<readonly string[]> {
    const { intents } = await fleet.apply(three);
    return intents.filter((intent) => !intent.startsWith("settings: wait until "));
  }

  const flags = (extraArgs: Record<string, string>): ControlPlaneSettings => ({ apiServer: { extraArgs } });
  const on = (what: string): string[] => three.map((name) => `${name}: ${what}`);

  async function runningFlags(name: string, component: string): Promise<string> {
    const find = `for p in /proc/[0-9]*; do [ "$(cat $p/comm)" = ${component} ] && tr '\\0' ' ' <$p/cmdline; done 2>/dev/null; true`;
    return fleet.run(name, find);
  }

  it("roll over three control planes while the API goes on answering", async () => {
    const { external, port } = fleet.endpoint;
    const watch = watchApi(external, port, "/version");
    const intents = await becomes({
      apiServer: {
        extraArgs: { "audit-log-path": "/var/log/audit/audit.log", "audit-log-maxage": "30" },
        extraVolumes: [
          {
            name: "audit",
            hostPath: "/var/log/kubernetes-audit",
            mountPath: "/var/log/audit",
            readOnly: false,
            pathType: "DirectoryOrCreate",
          },
        ],
      },
    });
    const { failures, asked, longestSilenceMs } = await watch.end();
    console.log(`asked ${asked} times, ${failures.length} failed, longest silence ${longestSilenceMs} ms`);
    // What a failover may take: nobody waits longer for a planned restart.
    assert.ok(longestSilenceMs < 15_000, failures.join("\n"));
    assert.deepEqual(
      intents
        .filter((intent) => intent.includes("restart the API server"))
        .map((intent) => intent.slice(0, 3)),
      three,
    );
    for (const name of three) {
      assert.match(await runningFlags(name, "kube-apiserver"), /--audit-log-maxage=30/);
      assert.match(await fleet.run(name, "ls /var/log/kubernetes-audit"), /audit\.log/);
    }
    const config = await fleet.run("cp1", `${kubectl} -n kube-system get configmap kubeadm-config -o yaml`);
    assert.match(config, /audit-log-maxage/);
  });

  it("are put back when somebody changed them by hand", async () => {
    await fleet.run(
      "cp2",
      `sed -i 's/--audit-log-maxage=30/--audit-log-maxage=1/; s/Node,RBAC/AlwaysAllow/' ${apiServer}`,
    );
    const { intents } = await fleet.apply(three);
    assert.deepEqual(intents, [
      "cp2: restart the API server with --authorization-mode=Node,RBAC (was AlwaysAllow), --audit-log-maxage=30 (was 1)",
    ]);
    assert.match(await runningFlags("cp2", "kube-apiserver"), /--authorization-mode=Node,RBAC /);
  });

  it("are refused by the first control plane, which gets its manifest back and says why", async () => {
    const before = await Promise.all(three.map((name) => fleet.run(name, `sha256sum ${apiServer}`)));
    const { spec } = fleet;
    const { apiServer: settings } = spec.controlPlane ?? {};
    fleet.spec = {
      controlPlane: { apiServer: { ...settings, extraArgs: { ...settings?.extraArgs, nonsense: "yes" } } },
    };
    const began = performance.now();
    await assert.rejects(fleet.apply(three), (error: Error & { code: string }) => {
      console.log(`refused after ${Math.round((performance.now() - began) / 1000)} s: ${error.message}`);
      assert.equal(error.code, "KEELSON_SETTING_REFUSED");
      assert.match(
        error.message,
        /the API server of "cp1".*former manifest is back, and it is ready; it said:\n.*unknown flag: --nonsense/s,
      );
      return true;
    });
    const after = await Promise.all(three.map((name) => fleet.run(name, `sha256sum ${apiServer}`)));
    assert.deepEqual(after, before);
    fleet.spec = spec;
    assert.deepEqual(await changesLeft(), []);
  });

  it("are refused when a volume cannot be mounted", async () => {
    const { spec } = fleet;
    const volume = { name: "none", hostPath: "/nowhere", mountPath: "/nowhere", pathType: "File" as const };
    fleet.spec = { controlPlane: { ...spec.controlPlane, scheduler: { extraVolumes: [volume] } } };
    await assert.rejects(fleet.apply(three), (error: Error) => {
      console.log(error.message);
      assert.match(error.message, /the scheduler of "cp1".*hostPath type check failed/s);
      return true;
    });
    fleet.spec = spec;
    assert.deepEqual(await changesLeft(), []);
  });

  it("reach controller manager and scheduler, and leave them again with the program", async () => {
    await becomes({ controllerManager: { extraArgs: { v: 3 } }, scheduler: { extraArgs: { v: 3 } } });
    for (const name of three) {
      assert.doesNotMatch(await runningFlags(name, "kube-apiserver"), /audit/);
      assert.match(await runningFlags(name, "kube-controller"), /--v=3/);
      assert.match(await runningFlags(name, "kube-scheduler"), /--v=3/);
    }
    const intents = await becomes({});
    assert.deepEqual(
      intents.filter((intent) => intent.includes("restart")).sort(),
      [
        ...on("restart the controller manager with no --v"),
        ...on("restart the scheduler with no --v"),
      ].sort(),
    );
    const config = await fleet.run("cp1", `${kubectl} -n kube-system get configmap kubeadm-config -o yaml`);
    assert.doesNotMatch(config, /extraArgs|extraVolumes/);
  });

  it("put a name into every API server's certificate, and take it out again", async () => {
    const names = (name: string): Promise<string> =>
      fleet.run(name, `openssl x509 -noout -ext subjectAltName -in /etc/kubernetes/pki/apiserver.crt`);
    await becomes({ certSans: ["api.example.org"] });
    for (const name of three) assert.match(await names(name), /DNS:api\.example\.org/);
    await becomes(flags({}));
    for (const name of three) assert.doesNotMatch(await names(name), /api\.example\.org/);
  });

  it("give etcd another quota member by member while the API goes on answering, and the usual one again", async () => {
    const { external, port } = fleet.endpoint;
    const watch = watchApi(external, port, "/version");
    const quota = String(4 * 1024 ** 3);
    const intents = await becomes({ etcd: { quotaBackendBytes: Number(quota) } });
    const { failures, asked, longestSilenceMs } = await watch.end();
    console.log(`asked ${asked} times, ${failures.length} failed, longest silence ${longestSilenceMs} ms`);
    // What a failover may take: nobody waits longer for a planned restart.
    assert.ok(longestSilenceMs < 15_000, failures.join("\n"));
    const restarts = on(`restart etcd with --quota-backend-bytes=${quota}`);
    assert.deepEqual(
      intents.filter((intent) => intent.includes("etcd")),
      restarts,
    );
    for (const name of three) assert.match(await runningFlags(name, "etcd"), new RegExp(`=${quota} `));
    assert.equal((await fleet.members("cp1")).length, 3);
    await becomes({});
    for (const name of three) assert.doesNotMatch(await runningFlags(name, "etcd"), /quota/);
  });

  it("change a pool's kubelets one after the other, each one Ready before the next", async () => {
    fleet.spec = {};
    const settings = {
      maxPods: 150,
      evictionSoft: { "memory.available": "150Mi" },
      evictionSoftGracePeriod: { "memory.available": "1m" },
    };
    fleet.hostSpecs = Object.fromEntries(workers.map((name) => [name, { kubelet: settings }]));
    const before = await starts();
    const { intents } = await fleet.apply(three);
    assert.deepEqual(
      intents.map((intent) => intent.replace(/ with .*/, "")).sort(),
      workers.map((name) => `${name}: restart the kubelet`),
    );
    const began = (await starts()).sort((left, right) => left - right);
    assert.ok(
      (began[1] ?? 0) - (began[0] ?? 0) >= 4,
      `started at ${String(began)}, before at ${String(before)}`,
    );
    const capacity = await fleet.run(
      "cp1",
      `${kubectl} get nodes -o jsonpath='{.items[*].status.capacity.pods}'`,
    );
    assert.deepEqual(capacity.trim().split(" "), ["110", "110", "110", "150", "150"]);
    assert.deepEqual(await changesLeft(), []);
  });

  it("are refused by the first kubelet, and never tried on the next", async () => {
    const good = fleet.hostSpecs;
    fleet.hostSpecs = Object.fromEntries(
      workers.map((name) => [name, { kubelet: { evictionHard: { nonsense: "1" } } }]),
    );
    await assert.rejects(fleet.apply(three), (error: Error) => {
      console.log(error.message);
      assert.match(error.message, /former configuration is back, and it is healthy; it said:\n/);
      assert.match(error.message, /this host was not touched/);
      return true;
    });
    fleet.hostSpecs = good;
    assert.deepEqual(await changesLeft(), []);
  });

  it("leave a kubelet with the program", async () => {
    fleet.hostSpecs = {};
    const { intents } = await fleet.apply(three);
    assert.equal(intents.length, 2, intents.join("\n"));
    const capacity = await fleet.run(
      "cp1",
      `${kubectl} get nodes -o jsonpath='{.items[*].status.capacity.pods}'`,
    );
    assert.deepEqual(new Set(capacity.trim().split(" ")), new Set(["110"]));
    assert.deepEqual(await changesLeft(), []);
  });

  it("patch a component's Pod, and take the patch away", async () => {
    const container = { name: "kube-scheduler", resources: { requests: { memory: "77Mi" } } };
    const manifest = "cat /etc/kubernetes/manifests/kube-scheduler.yaml";
    await becomes({ scheduler: { patch: { spec: { containers: [container] } } } });
    for (const name of three) assert.match(await fleet.run(name, manifest), /memory: 77Mi/);
    await becomes({});
    for (const name of three) assert.doesNotMatch(await fleet.run(name, manifest), /memory: 77Mi/);
  });

  /** When each worker's kubelet was started, in seconds. */
  function starts(): Promise<number[]> {
    const ask = 'date -d "$(systemctl show -p ExecMainStartTimestamp --value kubelet)" +%s';
    return Promise.all(workers.map(async (name) => Number(await fleet.run(name, ask))));
  }
});
