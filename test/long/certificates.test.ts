import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { parse } from "yaml";
import { kubeletLeaf, planeLeaves } from "../../bootstrap/certificates/leaves.ts";
import { blankFacts } from "../../bootstrap/facts/blank.ts";
import { createIdentity } from "../../bootstrap/identity.ts";
import { paths } from "../../bootstrap/paths.ts";
import { certificates } from "../../bootstrap/phases/certificates.ts";
import { identityFiles } from "../../bootstrap/phases/identity-files.ts";
import type { ChangeContext } from "../../bootstrap/view.ts";
import { defaultKubernetes, resolveBundle } from "../../toolchain/index.ts";
import { clusterHost, viewOf } from "../support/bootstrap.ts";
import { runCommand } from "../support/command.ts";
import { SimulatedHost } from "../support/simulated-host.ts";

describe("certificates that have ended, with the real kubeadm", function () {
  this.timeout(120_000);
  let root: string;

  before(async () => {
    root = await mkdtemp(join(tmpdir(), "keelson-certificates-"));
  });

  after(() => rm(root, { recursive: true, force: true }));

  /** The same text, for a host whose files are below a folder of this computer. */
  function below(text: string): string {
    return text.replaceAll(/(\/etc\/kubernetes|\/run\/keelson|\/var\/lib\/kubelet)/g, (path) => root + path);
  }

  /** Renews everything, with the script that a control-plane host would run. Nothing is started anew here. */
  async function renewAll(): Promise<void> {
    const identity = await createIdentity("edge");
    const { clusterId } = identity;
    const { kubernetes } = blankFacts({ name: "cp1" });
    const initialized = { initialized: clusterId, etcdData: true, apiReady: true, kubeletConf: true };
    const host = new SimulatedHost("cp1", { kubernetes: { ...kubernetes, ...initialized } });
    host.expire("2026-01-02T03:04:05.000Z");
    const view = viewOf(host, clusterHost("controlPlane"), {
      ...{ identity, clusterId, apiNames: ["api.example.org", "10.0.0.11"] },
    });
    const signal = new AbortController().signal;
    const context: ChangeContext = { runner: host, signal, log: () => undefined };
    for (const change of [...identityFiles.plan(view), ...certificates.plan(view)])
      await change.work(context);
    for (const [path, content] of host.files) {
      await mkdir(dirname(below(path)), { recursive: true });
      await writeFile(below(path), below(content.toString()), { mode: 0o600 });
    }
    await mkdir(below(`${paths.kubelet}/pki`), { recursive: true });
    const { directory } = await resolveBundle(defaultKubernetes);
    const { stdin = "" } = host.ran.find(({ command }) => command.includes("-run-certificates")) ?? {};
    const script = below(stdin)
      .split("\n")
      .filter((line) => !/^(umask|systemctl|for c in )/.test(line));
    const PATH = `${join(directory, "bin")}:${process.env["PATH"] ?? ""}`;
    const { exitCode, output } = await runCommand("sh", ["-c", script.join("\n")], { env: { PATH } });
    assert.equal(exitCode, 0, output);
  }

  async function certificateIn(path: string): Promise<X509Certificate> {
    const text = await readFile(below(path), "utf8");
    if (!path.endsWith(".conf")) return new X509Certificate(text);
    const { users } = parse(text) as { users: { user: Record<string, string> }[] };
    return new X509Certificate(Buffer.from(users[0]?.user["client-certificate-data"] ?? "", "base64"));
  }

  it("are all made anew for another year, with their keys, and leave nothing behind", async () => {
    await renewAll();

    for (const { path } of [...planeLeaves, { ...kubeletLeaf, path: paths.kubeletCertificate }]) {
      const { validToDate } = await certificateIn(path);
      assert.ok(validToDate.getTime() - Date.now() > 360 * 24 * 60 * 60 * 1000, path);
    }
    const { subject } = await certificateIn(paths.kubeletCertificate);
    assert.match(subject, /O=system:nodes\nCN=system:node:cp1/);
    assert.match(await readFile(below(paths.kubeletCertificate), "utf8"), /PRIVATE KEY/);
    const { subjectAltName = "" } = await certificateIn(paths.apiCertificate);
    assert.match(subjectAltName, /DNS:api\.example\.org/);
    await assert.rejects(readFile(below(`${paths.run}/certificates/pki/ca.key`)), { code: "ENOENT" });
  });
});
