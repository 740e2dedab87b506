import assert from "node:assert/strict";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { bootstrapThrough, settleKubelet } from "../../../bootstrap/phases/kubelet-bootstrap.ts";
import { execute } from "../../../toolchain/execute.ts";
import { type StandIns, standIns } from "../../support/stand-ins.ts";

const beside = "https://10.0.0.12:6443";
const endpoint = "https://127.0.0.1:7443";
const servers = { endpoint, beside };

describe("a control plane's kubelet that joins", () => {
  let programs: StandIns;
  let folder: string;
  let bootstrap: string;
  let own: string;

  beforeEach(async () => {
    programs = await standIns({
      systemctl: `here=$(dirname "$0"); case $1 in is-active) [ -e $here/active ] ;; *) echo "$@" >>$here/calls ;; esac`,
    });
    folder = programs.path;
    for (const path of ["etc/kubernetes", "var/lib/kubelet/pki"])
      await mkdir(join(folder, path), { recursive: true });
    own = join(folder, "etc/kubernetes/kubelet.conf");
    bootstrap = join(folder, "etc/kubernetes/bootstrap-kubelet.conf");
  });

  afterEach(async () => {
    await programs.remove();
  });

  /** kubeadm writes the file a moment after it was started, in the mode of a secret; the kubelet its own before it has its certificate. */
  async function run(lines: string, kubeadm = ""): Promise<string> {
    const here = lines.replaceAll(/\/(etc\/kubernetes|var\/lib\/kubelet)\//g, `${folder}/$1/`);
    const env = { ...process.env, PATH: `${folder}:${process.env["PATH"] ?? ""}` };
    const { code, tail } = await execute("sh", ["-c", `set -e\n${here}\n${kubeadm}\nwait`], { env });
    assert.equal(code, 0, tail);
    return readFile(join(folder, "calls"), "utf8").catch(() => "");
  }

  function kubeadm(): string {
    const print = (text: string): string => `printf '${text.replaceAll("\n", "\\n")}'`;
    const certificate = join(folder, "var/lib/kubelet/pki/kubelet-client-current.pem");
    return `sleep 0.3
(umask 077; ${print(kubeconfig(beside))} >${bootstrap})
${print(kubeconfig(endpoint))} >${own}
sleep 0.5
touch ${certificate}`;
  }

  it("asks the endpoint for its certificate", async () => {
    const calls = await run(bootstrapThrough(servers), kubeadm());

    assert.equal(await readFile(bootstrap, "utf8"), kubeconfig(endpoint));
    assert.equal(await readFile(own, "utf8"), kubeconfig(beside), "for its next start");
    assert.equal(calls, "", "it had not started yet, and reads the file when it does");
  });

  it("is started anew if it may have read its file before", async () => {
    await writeFile(join(folder, "active"), "");

    assert.equal(await run(bootstrapThrough(servers), kubeadm()), "restart kubelet.service\n");
  });

  it("does not take the file of a join that was cut off for its own", async () => {
    await writeFile(bootstrap, kubeconfig("https://old:6443"));

    await run(bootstrapThrough(servers), kubeadm());

    assert.equal(await readFile(bootstrap, "utf8"), kubeconfig(endpoint));
  });

  it("asks the server beside it from then on", async () => {
    await writeFile(own, kubeconfig(endpoint));

    assert.equal(await run(settleKubelet(servers)), "restart kubelet.service\n");
    assert.equal(await readFile(own, "utf8"), kubeconfig(beside));
  });
});

function kubeconfig(server: string): string {
  return `clusters:\n- cluster:\n    server: ${server}\n  name: edge\nusers:\n- user:\n    token: abcdef.0123456789abcdef\n`;
}
