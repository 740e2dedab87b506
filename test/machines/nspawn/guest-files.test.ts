import assert from "node:assert/strict";
import { mkdir, mkdtemp, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ensureGuestFiles, readHostKey } from "../../../machines/nspawn/guest-files.ts";
import { ensureKey } from "../../../machines/nspawn/keys.ts";
import { fleetPaths, machinePaths, type Layout } from "../../../machines/nspawn/layout.ts";
import { hasTool } from "../../../machines/nspawn/requirements.ts";
import { skipBecause } from "../../support/skip.ts";

const fleet = { subnet: "10.128.0.0/24", gateway: "10.128.0.1", bridge: "kl1", mirrorPort: 1234 };
const spec = { fleet: "edge", name: "w1" };

describe("ensureGuestFiles", function () {
  // Every test makes keys, which takes as long as it takes.
  this.timeout(120_000);

  let layout: Layout;
  let mask = 0;
  const paths = () => machinePaths(layout, spec.fleet, spec.name);
  const read = async (path: string): Promise<string> => await readFile(join(paths().upper, path), "utf8");
  const modeOf = async (path: string): Promise<number> => (await stat(path)).mode & 0o777;

  beforeEach(async function () {
    if (!(await hasTool("ssh-keygen"))) skipBecause(this, "needs ssh-keygen");
    mask = process.umask(0o077);
    const state = await mkdtemp(join(tmpdir(), "keelson-guest-"));
    layout = { state, cache: state };
    await mkdir(paths().directory, { recursive: true });
    await ensureKey(fleetPaths(layout, spec.fleet).key, "ed25519", "test");
  });

  afterEach(async () => {
    process.umask(mask);
    await rm(layout.state, { recursive: true });
  });

  it("gives the guest its name, its address, its mirror and the fleet's key", async () => {
    await ensureGuestFiles(layout, spec, "10.128.0.10", fleet);

    assert.equal(await read("etc/hostname"), "w1\n");
    assert.match(await read("etc/hosts"), /^10\.128\.0\.10 w1$/m);
    assert.equal(await read("etc/apt/sources.list"), "deb [trusted=yes] http://10.128.0.1:1234/apt ./\n");
    assert.match(
      await read("usr/local/sbin/keelson-machine"),
      /^ip address replace 10\.128\.0\.10\/24 dev host0$/m,
    );
    const key = await readFile(`${fleetPaths(layout, spec.fleet).key}.pub`, "utf8");
    assert.ok(key.startsWith((await read("root/.ssh/authorized_keys")).trim()));
    assert.match((await readHostKey(layout, spec)) ?? "", /^ssh-ed25519 AAAA\S+$/);
  });

  it("sets the modes that the guest needs, whatever the umask", async () => {
    await ensureGuestFiles(layout, spec, "10.128.0.10", fleet);

    const { upper, data } = paths();
    const folders = [
      "",
      "etc",
      "etc/systemd/system/sysinit.target.wants",
      "usr/local/sbin",
      "root",
      "root/.ssh",
    ];
    const modes = await Promise.all(folders.map(async (folder) => await modeOf(join(upper, folder))));
    assert.deepEqual(modes, [0o755, 0o755, 0o755, 0o755, 0o700, 0o700]);
    assert.equal(await modeOf(join(upper, "root/.ssh/authorized_keys")), 0o600);
    assert.equal(await modeOf(join(upper, "etc/ssh/ssh_host_ed25519_key")), 0o600);
    assert.equal(await modeOf(join(data, "etcd")), 0o700);
  });

  it("keeps keys and machine id, and follows the mirror's port", async () => {
    await ensureGuestFiles(layout, spec, "10.128.0.10", fleet);
    const before = [await read("etc/machine-id"), await readHostKey(layout, spec)];

    await ensureGuestFiles(layout, spec, "10.128.0.10", { ...fleet, mirrorPort: 99 });

    assert.deepEqual([await read("etc/machine-id"), await readHostKey(layout, spec)], before);
    assert.match(await read("etc/apt/sources.list"), /:99\/apt/);
  });

  it("has no host key to tell before the files are whole", async () => {
    assert.equal(await readHostKey(layout, spec), undefined);
  });
});
