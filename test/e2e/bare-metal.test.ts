import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import * as bootstrap from "../../bootstrap/index.ts";
import { gatherFacts } from "../../bootstrap/facts/gather.ts";
import { localMachines } from "../../machines/index.ts";
import { waitFor } from "../../remote/wait.ts";
import { stateDirectory } from "../../stacks/engine/state.ts";
import { type BareHosts, bareHosts } from "../support/bare-hosts.ts";
import { Evidence } from "../support/evidence.ts";
import { fingerprint } from "../support/host-fingerprint.ts";
import { describeLong, itLong } from "../support/long.ts";
import { clientKeyOf, privateKeysIn } from "../support/private-keys.ts";
import { succeed } from "../support/command.ts";
import type { CommandResult } from "../support/pulumi-cli.ts";
import { findSecret, type SecretSighting } from "../support/secret-search.ts";
import { skipWithoutLocalMachines } from "../support/skip.ts";
import type { Settings } from "./programs/bare-metal/index.ts";

const project = "bare-metal";
const fleet = "metal";
const names = ["cp1", "w1", "w2", "spare"] as const;
type Name = (typeof names)[number];

describe("a bare-metal cluster on hosts that the stack does not own", function () {
  this.timeout(600_000);
  const canary = randomBytes(12).toString("hex");
  const secrets = new Map<string, string>();
  let evidence: Evidence;
  let all: BareHosts<Name>;
  const ends: (() => Promise<void>)[] = [];

  before(async function () {
    skipWithoutLocalMachines(this);
    evidence = await Evidence.open(project);
    ends.push(() => evidence.close());
    all = await bareHosts(fleet, names, evidence.privateFolder);
    ends.push(() => all.close());
    addSecrets("login", all.secrets);
  });

  after(async () => {
    for (const end of ends) await end();
    for (const machine of await localMachines().list(fleet)) await localMachines().destroy(machine);
    await rm(join(import.meta.dirname, "programs", project, "Pulumi.test.yaml"), { force: true });
  });

  const preview = (settings: Settings): Promise<CommandResult> => evidence.run(["preview"], settings);
  const up = (settings: Settings): Promise<CommandResult> =>
    evidence.run(["up", "--yes", "--skip-preview"], settings);
  const sh = async (name: Name, command: string): Promise<string> =>
    (await all.hosts[name].runner.run(command)).stdout;
  const fingerprints = (of: readonly Name[] = names): Promise<readonly (readonly string[])[]> =>
    Promise.all(of.map((name) => fingerprint(all.hosts[name].runner)));

  /** The program's settings: a control-plane host and these workers. */
  function cluster(...workers: readonly Name[]): Settings {
    const pool = Object.fromEntries(workers.map((name) => [name, all.hosts[name].declared]));
    return {
      canary,
      controlPlane: { hosts: { cp1: all.hosts.cp1.declared } },
      pools: { general: { hosts: pool } },
    };
  }

  describe("with everything wrong at once", () => {
    let untouched: unknown;

    before(async () => {
      await sh("cp1", "systemd-run --quiet --unit=taken --collect systemd-socket-activate -l 6443 cat");
      await sh("spare", "systemd-run --quiet --unit=taken --collect systemd-socket-activate -l 10250 cat");
      const machineId = await sh("cp1", "cat /etc/machine-id");
      const { runner } = all.hosts.spare;
      await runner.run("cp /etc/machine-id /root/machine-id && cat > /etc/machine-id", { stdin: machineId });
      const owner = { clusterId: "other-0123", clusterName: "other", nodeName: "n1", role: "worker" };
      await runner.write("/etc/keelson/owner.json", JSON.stringify({ ...owner, kubernetes: "1.35.4" }));
      untouched = await fingerprints();
    });

    after(async () => {
      await sh("cp1", "systemctl stop taken");
      await sh(
        "spare",
        "systemctl stop taken; cat /root/machine-id > /etc/machine-id; rm -r /root/machine-id /etc/keelson",
      );
    });

    for (const [command, run, test] of [
      ["preview", preview, it],
      ["up", up, itLong],
    ] as const) {
      test(`names every problem in one "pulumi ${command}" and touches no host`, async () => {
        const { exitCode, output } = await run(wrong());

        assert.notEqual(exitCode, 0);
        const found = [...output.matchAll(/^ *- (\S+): .*\[(KEELSON_\w+)\]$/gm)];
        assert.deepEqual(
          found.map(([, where, code]) => `${where ?? ""} ${code ?? ""}`),
          problems,
          output,
        );
        assert.deepEqual(await fingerprints(), untouched);
      });
    }

    function wrong(): Settings {
      const { cp1, w1, w2, spare } = all.hosts;
      const [a = "", b = "", c = ""] = cp1.machine.address.split(".");
      const rekeyed = { ...w1.declared, ssh: { privateKey: all.strangeKey, hostKey: w1.machine.hostKey } };
      const reinstalled = { ...w2.declared, ssh: { ...w2.declared.ssh, hostKey: cp1.machine.hostKey } };
      const ghost = { ...spare.declared, address: `${a}.${b}.${c}.254` };
      return {
        ...cluster(),
        network: { podCidr: `${a}.${b}.${c}.0/24`, serviceCidr: `${a}.${b}.0.0/16` },
        pools: { general: { hosts: { w1: rekeyed, w2: reinstalled, spare: spare.declared, ghost } } },
      };
    }
  });

  describe("when it is new", () => {
    it("lists in a preview what it would do on each host, and touches none", async () => {
      const before = await fingerprints();
      const { output } = succeed(await preview(cluster("w1")));

      assert.match(output, /cp1: claim the host for cluster "metal".*; initialize the control plane/);
      assert.match(output, /w1: claim the host for cluster "metal".*; join the cluster with kubeadm/);
      assert.doesNotMatch(output, /(w2|spare): /);
      assert.deepEqual(await fingerprints(), before);
    });

    it("brings the cluster up", async () => {
      succeed(await up(cluster("w1")));

      assert.deepEqual(await readyNodes(), ["cp1", "w1"]);
    });
  });

  describeLong("when the control plane is down", () => {
    before(async () => {
      await sh("cp1", "systemctl stop kubelet containerd && systemctl stop kubepods.slice");
    });

    it("refuses to begin anew on a blank host in its place, and touches neither", async () => {
      const before = await fingerprints(["cp1", "spare"]);
      const replaced = { ...cluster("w1"), controlPlane: { hosts: { cp1: all.hosts.spare.declared } } };
      for (const { exitCode, output } of [await preview(replaced), await up(replaced)]) {
        assert.notEqual(exitCode, 0);
        assert.match(output, /- cp1: holds no etcd data, .*\[KEELSON_CLUSTER_MAY_EXIST\]/);
      }
      assert.deepEqual(await fingerprints(["cp1", "spare"]), before);
    });

    it("brings it back on its own host", async () => {
      succeed(await up(cluster("w1")));

      assert.deepEqual(await readyNodes(), ["cp1", "w1"]);
    });
  });

  describe("until its end", () => {
    it("adds two workers without a login to the one that is there", async () => {
      const watch = watchJoinTokens();
      const before = await logins("w1");
      const start = performance.now();
      succeed(await up(cluster("w1", "w2", "spare")));
      const seconds = (performance.now() - start) / 1000;
      process.stdout.write(`      two workers in ${seconds.toFixed(1)} s, "pulumi up" and all\n`);

      assert.equal(await logins("w1"), before);
      assert.deepEqual(await readyNodes(), ["cp1", "spare", "w1", "w2"]);
      const tokens = await watch.end();
      assert.ok(tokens.length >= 2, `${String(tokens.length)} tokens`);
      addSecrets("join token", tokens);
      await collectJournals();
    });

    itLong(
      "says what it could not tidy when it removes a worker that is off, and removes its Node",
      async () => {
        await sh(
          "cp1",
          `${kubectl} run stays --image=registry.k8s.io/pause:3.10.1 --overrides='${onNode("w2")}'`,
        );
        await localMachines().powerOff(all.hosts.w2.machine.name);
        const { output } = succeed(await up(cluster("w1", "spare")));

        assert.match(output, /warning: Host w2 does not answer and was not reset/);
        assert.deepEqual(await readyNodes(), ["cp1", "spare", "w1"]);
      },
    );

    it("finds a text that is no secret wherever it looks for secrets", async () => {
      const state = join(stateDirectory(), "stacks/.pulumi");
      await sayOnCommandLine(canary);
      const places = (await sightings(canary)).map(({ path }) =>
        path
          .replace(`${state}/`, "")
          .replace(`${evidence.folder}/`, "")
          .replace(/[-/].*/, ""),
      );

      const expected = ["backups", "command", "events", "history", "journal", "output", "stacks"];
      assert.deepEqual([...new Set(places)].sort(), expected);
    });

    it("shows no secret in state, logs, events, output, command lines or journals", async () => {
      const kubeconfig = await evidence.reveal(["stack", "output", "kubeconfig"]);
      const keys = privateKeysIn(JSON.parse(await evidence.reveal(["stack", "export"])));
      assert.ok(keys.length >= 6, `only ${String(keys.length)} keys in state`);
      addSecrets("key in state", keys);
      addSecrets("kubeconfig", [clientKeyOf(kubeconfig)]);
      addSecrets("passphrase", [await readFile(join(stateDirectory(), "passphrase"), "utf8")]);

      assert.deepEqual(await leaks(), []);
    });

    it("destroys the cluster, leaves the hosts that answer clean and names the one that does not", async () => {
      await localMachines().powerOff(all.hosts.spare.machine.name);
      const { output } = succeed(await evidence.run(["destroy", "--yes", "--skip-preview"], cluster()));

      assert.match(output, /warning: .*not reset: spare/);
      for (const name of ["cp1", "w1"] as const) {
        const facts = await gatherFacts(all.hosts[name].runner, { files: [], units: {}, traces: true });
        assert.deepEqual(bootstrap.residue(facts), []);
      }
      const { deployment } = JSON.parse(await evidence.reveal(["stack", "export"])) as {
        readonly deployment: { readonly resources?: readonly unknown[] };
      };
      assert.deepEqual(deployment.resources ?? [], []);
      assert.deepEqual(await leaks(), []);
    });
  });

  const kubectl = "kubectl --kubeconfig /etc/kubernetes/admin.conf";

  async function readyNodes(): Promise<readonly string[]> {
    const rows = (await sh("cp1", `${kubectl} get nodes --no-headers`)).trim().split("\n");
    return rows.flatMap((row) => (/^(\S+) +Ready /.exec(row) ?? []).slice(1));
  }

  async function logins(name: Name): Promise<number> {
    const journal = await sh(name, "journalctl --sync; journalctl --no-pager -o cat -u ssh");
    return journal.split("\n").filter((line) => line.startsWith("Accepted ")).length;
  }

  /** Hears of every token with which a node joins, while it is valid. */
  function watchJoinTokens(): { end(): Promise<readonly string[]> } {
    const tokens = new Set<string>();
    const stop = new AbortController();
    const ofTokens = "--field-selector type=bootstrap.kubernetes.io/token";
    const parts = String.raw`-o jsonpath='{.data.token-id} {.data.token-secret}{"\n"}'`;
    const watching = all.hosts.cp1.runner
      .run(`${kubectl} -n kube-system get secrets --watch ${ofTokens} ${parts}`, {
        signal: stop.signal,
        onLine: (line) => {
          const [id = "", secret = ""] = line
            .split(" ")
            .map((part) => Buffer.from(part, "base64").toString());
          tokens.add(`${id}.${secret}`);
        },
      })
      .catch(() => undefined);
    return {
      end: async () => {
        stop.abort();
        await watching;
        return [...tokens];
      },
    };
  }

  async function collectJournals(): Promise<void> {
    for (const name of names) {
      await all.hosts[name].runner.run("systemd-cat", { stdin: `${canary}\n` });
      await evidence.keep(
        `journal-${name}.txt`,
        await sh(name, "journalctl --sync; journalctl --no-pager -o export"),
      );
    }
  }

  async function sayOnCommandLine(text: string): Promise<void> {
    const child = spawn(process.execPath, ["-e", "process.stdin.resume()", text], {
      stdio: ["pipe", "ignore", "ignore"],
    });
    await waitFor({
      what: "the command line to be seen",
      deadlineMs: 10_000,
      probe: () => Promise.resolve(evidence.sawOnCommandLine(text) || undefined),
    });
    child.stdin.end();
  }

  function addSecrets(what: string, texts: readonly string[]): void {
    for (const [index, text] of texts.entries()) secrets.set(`${what} ${String(index + 1)}`, text);
  }

  async function leaks(): Promise<readonly string[]> {
    const found: string[] = [];
    for (const [what, text] of secrets) {
      for (const { path, spelling } of await sightings(text)) found.push(`${what} as ${spelling} in ${path}`);
    }
    return found;
  }

  async function sightings(text: string): Promise<readonly SecretSighting[]> {
    await evidence.keepCommandLines();
    const state = stateDirectory();
    return await findSecret(text, [evidence.folder, join(state, "stacks"), join(state, "pulumi")]);
  }
});

/** Where and which, in the order in which a person reads them: the engine sorts hosts by name. */
const problems = [
  "network.serviceCidr KEELSON_NETWORK_OVERLAP",
  "cp1 KEELSON_HOST_PORT_TAKEN",
  "cp1 KEELSON_NETWORK_OVERLAP",
  "cp1 KEELSON_NETWORK_OVERLAP",
  "ghost KEELSON_HOST_UNREACHABLE",
  "spare KEELSON_HOST_OWNED",
  "spare KEELSON_HOST_PORT_TAKEN",
  "spare KEELSON_NETWORK_OVERLAP",
  "spare KEELSON_NETWORK_OVERLAP",
  "w1 KEELSON_HOST_AUTH_FAILED",
  "w2 KEELSON_HOST_KEY_CHANGED",
  "spare KEELSON_HOST_DUPLICATE",
];

function onNode(nodeName: string): string {
  return JSON.stringify({ spec: { nodeName } });
}
