import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { access, mkdir, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setImmediate as nextTurn } from "node:timers/promises";
import { fleetPaths, defaultLayout, machinePaths, shortId } from "../../machines/nspawn/layout.ts";
import { localMachines } from "../../machines/index.ts";
import { machineDriverContract } from "../contracts/machine-driver.ts";
import { skipWithoutLocalMachines } from "../support/skip.ts";
import { sshTo } from "../support/system-ssh.ts";

const spec = { fleet: "killed", name: "killed-1" };
const layout = defaultLayout();
const fleet = fleetPaths(layout, spec.fleet);
const paths = machinePaths(layout, spec.fleet, spec.name);
const ids = [shortId(fleet.directory), shortId(paths.directory)];

describe("local machines on this computer", function () {
  this.timeout(900_000);
  let strangers: readonly string[];

  before(async function () {
    skipWithoutLocalMachines(this);
    strangers = await namesIn("/run/keelson/inotify-users");
  });

  describe("nspawn", () => {
    machineDriverContract(localMachines);
  });

  describe("the mirror", () => {
    after(async () => {
      await localMachines().destroy(spec.name);
    });

    it("serves the toolchain's bundles to the fleet, whole and in part, and nothing else", async () => {
      const file = join(layout.cache, "bundles", "machines-test", "file");
      const { mirror } = await localMachines().create(spec);
      await mkdir(join(file, ".."), { recursive: true });
      await writeFile(file, "0123456789");
      try {
        const part = await fetch(`${mirror}/bundles/machines-test/file`, { headers: { range: "bytes=2-4" } });

        assert.equal(await (await fetch(`${mirror}/bundles/machines-test/file`)).text(), "0123456789");
        assert.deepEqual([part.status, await part.text()], [206, "234"]);
        assert.equal((await fetch(`${mirror}/bundles/machines-test`)).status, 404);
        assert.equal((await fetch(`${mirror}/roots`)).status, 404);
      } finally {
        await rm(join(file, ".."), { recursive: true });
      }
    });

    it("keeps its address when it is started again", async () => {
      const { mirror } = await localMachines().create(spec);
      const [pid] = (await readFile(fleet.mirrorRecord, "utf8")).split(" ");
      process.kill(Number(pid), "SIGKILL");

      assert.equal((await localMachines().create(spec)).mirror, mirror);
      assert.equal((await fetch(`${mirror}/apt/Packages`)).status, 200);
    });
  });

  describe("a run that is killed", () => {
    const stages: readonly (readonly [name: string, path: string])[] = [
      ["the machine has a folder", paths.directory],
      ["the fleet is recorded", fleet.record],
      ["the fleet has its key", fleet.key],
      ["the mirror runs", fleet.mirrorRecord],
      ["the machine has an address", paths.record],
      ["the guest's files are being written", paths.upper],
      ["the guest's files are written", paths.prepared],
      ["the machine has cgroups", paths.cgroups],
      ["the machine is wanted", paths.wanted],
      ["the supervisor runs", paths.supervisorPid],
    ];

    for (const [name, path] of stages) {
      it(`leaves nothing that destroy does not remove: when ${name}`, async () => {
        await killCreatorWhen(path);

        await localMachines().destroy(spec.name);

        assert.deepEqual(await tracesOf(ids), []);
      });

      it(`is finished by the next one: when ${name}`, async () => {
        await killCreatorWhen(path);

        const machine = await localMachines().create(spec);

        assert.equal(await sshTo(machine, "hostname"), `${spec.name}\n`);
        await localMachines().destroy(spec.name);
        assert.deepEqual(await tracesOf(ids), []);
      });
    }

    it("is finished by destroy when destroy itself was killed", async () => {
      await localMachines().create(spec);
      await killWhenGone("destroy", paths.directory);

      await localMachines().destroy(spec.name);

      assert.deepEqual(await tracesOf(ids), []);
    });
  });

  describe("afterwards", () => {
    it("leaves this computer as it was", async () => {
      const others = await namesIn("/run/keelson/inotify-users");

      assert.deepEqual(await namesIn(join(layout.state, "fleets")), []);
      assert.deepEqual(others, strangers);
      // What is kept for all fleets stays as long as one of them lives.
      if (others.length === 0) assert.deepEqual(await namesIn("/run/keelson"), []);
    });
  });
});

const program = (action: "create" | "destroy"): string =>
  `import { localMachines } from ${JSON.stringify(join(import.meta.dirname, "../../machines/index.ts"))};
   await localMachines().${action}(${action === "create" ? JSON.stringify(spec) : JSON.stringify(spec.name)});`;

async function killCreatorWhen(path: string): Promise<void> {
  await killWhen("create", async () => await exists(path));
}

async function killWhenGone(action: "destroy", path: string): Promise<void> {
  await killWhen(action, async () => !(await exists(path)));
}

/** Runs the action in a process of its own and ends that with SIGKILL as soon as the state is reached. */
async function killWhen(action: "create" | "destroy", isReached: () => Promise<boolean>): Promise<void> {
  const child = spawn(process.execPath, ["--input-type=module", "--eval", program(action)], {
    stdio: "inherit",
  });
  const ended = new Promise<void>((resolve) => {
    child.once("exit", () => {
      resolve();
    });
  });
  while (child.exitCode === null && !(await isReached())) await nextTurn();
  child.kill("SIGKILL");
  await ended;
  assert.ok(await isReached());
}

async function exists(path: string): Promise<boolean> {
  return await access(path).then(
    () => true,
    () => false,
  );
}

async function namesIn(directory: string): Promise<readonly string[]> {
  return await readdir(directory).catch(() => []);
}

/** Every mount, link, cgroup, process and folder of this computer that names one of the ids or the test's state. */
async function tracesOf(names: readonly string[]): Promise<readonly string[]> {
  const isOurs = (text: string): boolean => [layout.state, ...names].some((name) => text.includes(name));
  const mounts = (await readFile("/proc/self/mountinfo", "utf8")).split("\n").filter(isOurs);
  const links = (await readFile("/proc/net/dev", "utf8")).split("\n").filter(isOurs);
  const cgroups = (await readdir("/sys/fs/cgroup", { recursive: true })).filter(isOurs);
  const folders = (await namesIn("/run/systemd/nspawn/propagate")).filter(isOurs);
  const users = (await namesIn("/run/keelson/inotify-users")).filter(isOurs);
  const fleets = (await namesIn(join(layout.state, "fleets"))).filter((name) => name === spec.fleet);
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name) && name !== String(process.pid));
  const processes: string[] = [];
  for (const pid of pids) {
    const read = async (name: string): Promise<string> =>
      await readFile(`/proc/${pid}/${name}`, "utf8").catch(() => "");
    const state = /^State:\t(\w)/m.exec(await read("status"))?.[1];
    const text = `${(await read("cmdline")).replaceAll("\0", " ")}${await read("cgroup")}`;
    if (state !== "Z" && isOurs(text)) processes.push(`process ${pid}: ${text}`);
  }
  return [...mounts, ...links, ...cgroups, ...folders, ...users, ...fleets, ...processes];
}
