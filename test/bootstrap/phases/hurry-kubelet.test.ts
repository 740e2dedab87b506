import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import type { AddressInfo, Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { hurryKubelet } from "../../../bootstrap/phases/hurry-kubelet.ts";

describe("hurryKubelet", () => {
  let folder: string;
  let server: Server;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "keelson-hurry-"));
    for (const path of ["etc/kubernetes/manifests", "var/lib/kubelet/pki", "usr/local/bin"])
      await mkdir(join(folder, path), { recursive: true });
    await writeFile(join(folder, "etc/kubernetes/manifests/kube-apiserver.yaml"), "- --secure-port=6443\n");
    // Ready the second time that it is asked.
    await stub("usr/local/bin/kubectl", `[ -e ${folder}/asked ] && printf ok; touch ${folder}/asked`);
    await stub("systemctl", `echo "$@" >>${folder}/calls`);
    server = createServer((socket) => socket.destroy());
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  });

  afterEach(async () => {
    server.close();
    await rm(folder, { recursive: true, force: true });
  });

  async function stub(path: string, script: string): Promise<void> {
    await writeFile(join(folder, path), `#!/bin/sh\n${script}\n`);
    await chmod(join(folder, path), 0o755);
  }

  async function run(): Promise<string> {
    const { port } = server.address() as AddressInfo;
    const here = hurryKubelet(port).replaceAll(/\/(etc\/kubernetes|var\/lib|usr\/local)\//g, `${folder}/$1/`);
    await promisify(execFile)("sh", ["-c", `set -e\n${here}\nwait`], {
      env: { PATH: `${folder}:${process.env["PATH"] ?? ""}` },
    });
    return readFile(join(folder, "calls"), "utf8").catch(() => "");
  }

  it("starts a kubelet anew that waits for its certificate when the API server beside it is ready", async () => {
    // Written as soon as the kubelet asks, long before it has what it names.
    await writeFile(join(folder, "etc/kubernetes/kubelet.conf"), "");

    assert.equal(await run(), "restart kubelet.service\n");
  });

  it("leaves a kubelet alone that has its certificate", async () => {
    await writeFile(join(folder, "var/lib/kubelet/pki/kubelet-client-current.pem"), "");

    assert.equal(await run(), "");
  });
});
