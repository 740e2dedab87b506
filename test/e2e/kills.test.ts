import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { clusterServicesOf } from "../../bootstrap/services/index.ts";
import { controlPlanePlan, workerPlan } from "../../bootstrap/plan.ts";
import { localMachines } from "../../machines/index.ts";
import { processesIn } from "../../machines/nspawn/cgroups.ts";
import { defaultLayout, machinePaths } from "../../machines/nspawn/layout.ts";
import { readCgroups } from "../../machines/nspawn/supervisor.ts";
import { fleetName } from "../../stacks/components/fleet-name.ts";
import { bundle, cluster } from "../support/bootstrap.ts";
import { DoomedRun, killAt, killProcess, type Start } from "../support/doomed-run.ts";
import { itLong } from "../support/long.ts";
import { onMachine } from "../support/on-machine.ts";
import { succeed } from "../support/command.ts";
import { pulumiStack } from "../support/pulumi-cli.ts";
import { skipWithoutLocalMachines } from "../support/skip.ts";

const project = "one-cluster";
const stack = "kills";
const fleet = fleetName(project, stack);
const controlPlane = `${fleet}-solo-cp1`;
const worker = `${fleet}-solo-w1`;

/** What makes work for a phase that a new host does not need. In this order, after all the others. */
const damages: Readonly<Record<string, () => Promise<unknown>>> = {
  "WorkerNode:swap": () => onMachine(worker, addSwap),
  "WorkerNode:Node ready": async () => {
    await onMachine(controlPlane, `${kubectl} delete node w1 && ${kubectl} ${deletePods}`);
    await onMachine(worker, "rm -f /etc/cni/net.d/*");
  },
  "WorkerNode:registration": () => onMachine(controlPlane, `${kubectl} delete node w1`),
  "WorkerNode:kubelet running": () => onMachine(worker, "systemctl stop kubelet"),
  "ControlPlane:node settings": () =>
    onMachine(controlPlane, `${kubectl} annotate node cp1 keelson.dev/host-`),
  "ControlPlane:swap": () => onMachine(controlPlane, addSwap),
  "ControlPlane:kubelet running": () => onMachine(controlPlane, "systemctl stop kubelet"),
  "ControlPlane:API ready": () => onMachine(controlPlane, "kill -9 $(pidof kube-apiserver)"),
};
const addSwap = "echo '/swap none swap sw 0 0' >>/etc/fstab";
/** A Node that registers again has no network until new pods bring it. */
const deletePods = "-n kube-system delete pods --field-selector spec.nodeName=w1 --force --grace-period=0";
const kubectl = "kubectl --kubeconfig /etc/kubernetes/admin.conf";

const services = clusterServicesOf(cluster, bundle).map(({ title }) => title);
const titles = {
  // As soon as it is there, the control plane begins the services.
  ControlPlane: controlPlanePlan
    .flat()
    .flatMap(({ title }) => (title === "initialize" ? [title, ...services.slice(0, 1)] : [title])),
  ClusterServices: services,
  WorkerNode: workerPlan.flat().map(({ title }) => title),
};
/** Nothing to do on a minimal Debian whose control plane is found by its own address. */
const idle = new Set([
  "first boot",
  "proxy",
  "files",
  "needrestart",
  "firewall",
  "registries",
  "balancer",
  "certificate names",
  "component patches",
  "virtual address",
  "certificates",
  "etcd quota",
  "control plane settings",
  "API certificate",
  "endpoint clients",
  "kubelet credentials",
  "kubelet settings",
  "former files",
]);
const boundaries = Object.entries(titles).flatMap(([kind, list]) =>
  list.filter((title) => !idle.has(title)).map((title) => `${kind}:${title}`),
);
/** Until here the worker was prepared while the control plane came up: its machine is made anew, so that there is all to do. */
const firstOfWorker = boundaries.find((stop) => stop.startsWith("WorkerNode:"));
/** Where a host and its cluster may disagree about how far it is; the others run as long tests. */
const central = new Set([
  "ControlPlane:claim",
  "ControlPlane:initialize",
  "ControlPlane:the pod network canal",
  "WorkerNode:claim",
  "WorkerNode:join",
  "WorkerNode:node settings",
]);
const stops = [...boundaries.filter((stop) => !(stop in damages)), ...Object.keys(damages)];

describe("a run that is killed", function () {
  this.timeout(1_200_000);
  const pulumi = pulumiStack(project, stack);
  const up: Start = (env) => pulumi(["up", "--yes", "--skip-preview"], { env });
  const upOneByOne: Start = (env) => pulumi(["up", "--yes", "--skip-preview", "--parallel", "1"], { env });

  before(async function () {
    skipWithoutLocalMachines(this);
    succeed(await pulumi(["stack", "init"]));
  });

  after(async () => {
    for (const machine of await localMachines().list(fleet)) await localMachines().destroy(machine);
    await rm(join(import.meta.dirname, "programs", project, `Pulumi.${stack}.yaml`), { force: true });
  });

  for (const [index, stop] of stops.entries()) {
    const victim = index % 2 === 0 ? "run" : "provider";
    const test = central.has(stop) ? it : itLong;
    test(`goes on after its ${victim === "run" ? "processes" : "provider"} died at ${stop}`, async () => {
      if (stop === firstOfWorker) await localMachines().destroy(worker);
      await damages[stop]?.();

      await killAt(stop, victim, index % 4 < 2 ? up : upOneByOne);
    });

    if (stop === "ControlPlane:initialize") insideInit();
    if (stop === "WorkerNode:join") insideJoin();
  }

  it("converges after all that", async () => {
    succeed(await up({}));

    assert.deepEqual(await readyNodes(), ["cp1", "w1"]);
  });

  it("has nothing left to do, and nothing that is pending", async () => {
    succeed(await pulumi(["preview", "--expect-no-changes"]));

    const { stdout } = succeed(await pulumi(["stack", "export"]));
    assert.doesNotMatch(stdout, /pending_operations/);
  });

  it("leaves nothing when its cluster is destroyed one resource at a time", async () => {
    succeed(await pulumi(["destroy", "--yes", "--skip-preview", "--parallel", "1", "--remove"]));

    assert.deepEqual(await localMachines().list(fleet), []);
  });

  function insideInit(): void {
    const initialized = "etc/keelson/initialized";
    const etcd = "etc/kubernetes/manifests/etcd.yaml";

    itLong("goes on after it and kubeadm died when the certificates were made", async () => {
      const certificate = "etc/kubernetes/pki/apiserver.crt";
      assert.equal(await changeOf(controlPlane, certificate), undefined);
      const run = new DoomedRun(up);
      await run.until("certificates", () => changeOf(controlPlane, certificate));
      await Promise.all([killUnit(controlPlane, "keelson-run-kubeadm-init.service"), run.kill()]);

      assert.equal(await changeOf(controlPlane, initialized), undefined);
    });

    it("goes on after it died and the host lost its power when etcd's manifest was written", async () => {
      const before = await changeOf(controlPlane, etcd);
      const run = new DoomedRun(up);
      await run.until("etcd's manifest", async () => {
        const now = await changeOf(controlPlane, etcd);
        return now === before ? undefined : now;
      });
      await Promise.all([localMachines().powerOff(controlPlane), run.kill()]);

      assert.equal(await changeOf(controlPlane, initialized), undefined);
    });
  }

  function insideJoin(): void {
    itLong(
      "goes on after it died and the host lost its power when the kubelet asked for its certificate",
      async () => {
        // Nobody signs the certificate meanwhile, so that the kubelet is still waiting for it when its host dies.
        await onMachine(controlPlane, "kill -STOP $(pidof kube-controller-manager)");
        const run = new DoomedRun(up);
        await run.until("the kubelet starts", async () =>
          (await processesOf(worker, "kubelet.service")).length > 0 ? true : undefined,
        );
        await Promise.all([localMachines().powerOff(worker), run.kill()]);
        await onMachine(controlPlane, "kill -CONT $(pidof kube-controller-manager)");

        assert.ok(await changeOf(worker, "etc/kubernetes/bootstrap-kubelet.conf"));
        const { data } = machinePaths(defaultLayout(), fleet, worker);
        assert.ok(!existsSync(join(data, "kubelet/pki/kubelet-client-current.pem")));
      },
    );
  }

  async function readyNodes(): Promise<string[]> {
    const rows = (await onMachine(controlPlane, `${kubectl} get nodes --no-headers`)).trim().split("\n");
    return rows
      .map((row) => row.split(/\s+/))
      .filter(([, status]) => status === "Ready")
      .map(([name = ""]) => name);
  }
});

/** When a file of a machine was last written, in milliseconds; undefined if there is none. */
async function changeOf(machine: string, path: string): Promise<number | undefined> {
  const { upper } = machinePaths(defaultLayout(), fleet, machine);
  return await stat(join(upper, path)).then(
    ({ mtimeMs }) => mtimeMs,
    () => undefined,
  );
}

/** The processes of a unit of a machine, as this computer numbers them. */
async function processesOf(machine: string, unit: string): Promise<readonly number[]> {
  const cgroups = await readCgroups(machinePaths(defaultLayout(), fleet, machine));
  return await processesIn(cgroups.map((cgroup) => join(cgroup, "payload/system.slice", unit)));
}

async function killUnit(machine: string, unit: string): Promise<void> {
  const pids = await processesOf(machine, unit);
  assert.notEqual(pids.length, 0, `${unit} does not run`);
  for (const pid of pids) killProcess(pid);
}
