import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { bootstrapThrough, settleKubelet } from "../../../bootstrap/phases/kubelet-bootstrap.ts";

const beside = "https://10.0.0.12:6443";
const endpoint = "https://127.0.0.1:7443";

describe("a control plane's kubelet that joins", () => {
  let folder: string;
  let bootstrap: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "keelson-bootstrap-"));
    await mkdir(join(folder, "etc/kubernetes"), { recursive: true });
    bootstrap = join(folder, "etc/kubernetes/bootstrap-kubelet.conf");
    await writeFile(
      join(folder, "systemctl"),
      `#!/bin/sh\ncase $1 in is-active) [ -e ${folder}/active ] ;; *) echo "$@" >>${folder}/calls ;; esac\n`,
    );
    await chmod(join(folder, "systemctl"), 0o755);
  });

  afterEach(async () => {
    await rm(folder, { recursive: true, force: true });
  });

  /** kubeadm writes the file a moment after it was started, in the mode of a secret. */
  async function run(lines: string, kubeadm = ""): Promise<string> {
    const here = lines.replaceAll("/etc/kubernetes/", `${folder}/etc/kubernetes/`);
    await promisify(execFile)("sh", ["-c", `set -e\n${here}\n${kubeadm}\nwait`], {
      env: { PATH: `${folder}:${process.env["PATH"] ?? ""}` },
    });
    return readFile(join(folder, "calls"), "utf8").catch(() => "");
  }

  function kubeadm(): string {
    return `sleep 0.3\n(umask 077; printf '${kubeconfig(beside).replaceAll("\n", "\\n")}' >${bootstrap})`;
  }

  it("asks the endpoint for its certificate", async () => {
    const calls = await run(bootstrapThrough(endpoint), kubeadm());

    assert.equal(await readFile(bootstrap, "utf8"), kubeconfig(endpoint));
    assert.equal(calls, "", "it had not started yet, and reads the file when it does");
  });

  it("is started anew if it may have read its file before", async () => {
    await writeFile(join(folder, "active"), "");

    assert.equal(await run(bootstrapThrough(endpoint), kubeadm()), "restart kubelet.service\n");
  });

  it("does not take the file of a join that was cut off for its own", async () => {
    await writeFile(bootstrap, kubeconfig("https://old:6443"));

    await run(bootstrapThrough(endpoint), kubeadm());

    assert.equal(await readFile(bootstrap, "utf8"), kubeconfig(endpoint));
  });

  it("asks the server beside it from then on", async () => {
    const own = join(folder, "etc/kubernetes/kubelet.conf");
    await writeFile(own, kubeconfig(endpoint));

    assert.equal(await run(settleKubelet(beside)), "restart kubelet.service\n");
    assert.equal(await readFile(own, "utf8"), kubeconfig(beside));
  });
});

function kubeconfig(server: string): string {
  return `clusters:\n- cluster:\n    server: ${server}\n  name: edge\nusers:\n- user:\n    token: abcdef.0123456789abcdef\n`;
}
