import assert from "node:assert/strict";
import { blankFacts } from "../../../bootstrap/facts/blank.ts";
import { factsRequest } from "../../../bootstrap/facts/gather.ts";
import { containerd } from "../../../bootstrap/phases/containerd.ts";
import { proxy, proxyFile } from "../../../bootstrap/phases/proxy.ts";
import { sha256 } from "../../../bootstrap/view.ts";
import type { HostFacts } from "../../../clusters/facts.ts";
import { proxyProblems } from "../../../clusters/proxy.ts";
import { blankView, bundle, cluster } from "../../support/bootstrap.ts";

const stock = blankFacts({ name: "cp1" });
const secret = "http://ops:hunter2@proxy.example.org:3128";
const behind = { ...cluster, proxy: { http: secret, https: secret, noProxy: ["registry.example.org"] } };

function withFile(content: string): HostFacts {
  return { ...stock, files: { "/etc/keelson/proxy.env": { sha256: sha256(content), mode: "600" } } };
}

describe("the proxy phase", () => {
  it("does nothing on a host without a proxy", () => {
    assert.deepEqual(proxy.plan(blankView("controlPlane")), []);
  });

  it("writes a file that only root reads, in which everything of the cluster is direct", () => {
    const file = proxyFile(blankView("controlPlane", { cluster: behind }));

    assert.equal(file?.mode, 0o600);
    assert.match(file.content, /^HTTP_PROXY='http:\/\/ops:hunter2@proxy/m);
    assert.match(
      file.content,
      /^no_proxy='registry\.example\.org,localhost,127\.0\.0\.0\/8,10\.244\.0\.0\/16,10\.96\.0\.0\/16,\.svc,\.cluster\.local,10\.0\.0\.11'$/m,
    );
  });

  it("says nothing of a password in its intents", () => {
    const [change] = proxy.plan(blankView("controlPlane", { cluster: behind }));

    assert.equal(change?.intent, "set the proxies");
  });

  it("leaves no digest of its file in what a preflight reads, since that stands in the stack's state", () => {
    for (const role of ["controlPlane", "worker"] as const) {
      assert.ok(!factsRequest(role).files.includes("/etc/keelson/proxy.env"));
      assert.ok(factsRequest(role, bundle).files.includes("/etc/keelson/proxy.env"));
    }
  });

  it("forgets a proxy that left the program, and restarts containerd for it", () => {
    const units = { "containerd.service": { active: true, enabled: true, stale: false } };
    const view = blankView("controlPlane", { facts: { ...withFile(`HTTP_PROXY='${secret}'\n`), units } });

    assert.deepEqual(
      proxy.plan(view).map(({ intent }) => intent),
      ["forget the proxies"],
    );
    assert.ok(containerd.plan(view).some(({ intent }) => intent === "restart containerd"));
    assert.deepEqual(proxy.plan(blankView("controlPlane", { facts: withFile("") })), []);
  });
});

describe("proxyProblems", () => {
  it("names a proxy that is no address, and never shows it", () => {
    const [problem] = proxyProblems({ http: "ops:hunter2@proxy" });

    assert.equal(problem?.where, "proxy.http");
    assert.doesNotMatch(problem.message, /hunter2/);
    assert.deepEqual(proxyProblems(behind.proxy), []);
  });

  it("refuses what would end the line of a shell", () => {
    assert.equal(proxyProblems({ https: "http://a'; reboot #", noProxy: ["a b"] }).length, 2);
  });
});
