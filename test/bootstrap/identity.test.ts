import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { parse } from "yaml";
import { caHash, createIdentity, mintKubeconfig, needsRenewal } from "../../bootstrap/identity.ts";
import { completeEndpoint } from "../../clusters/endpoint.ts";
import { cluster } from "../support/bootstrap.ts";

describe("createIdentity", () => {
  it("makes authorities that are valid for ten years and differ every time", async () => {
    const [one, two] = await Promise.all([createIdentity("edge"), createIdentity("edge")]);
    const ca = new X509Certificate(one.ca.certificate);
    assert.equal(ca.ca, true);
    assert.ok(ca.verify(ca.publicKey));
    assert.ok(ca.validToDate.getTime() > Date.now() + 3640 * 86_400_000);
    assert.match(one.clusterId, /^edge-[0-9a-f]{16}$/);
    assert.notEqual(one.clusterId, two.clusterId);
    assert.equal(caHash(one.ca.certificate), ca.fingerprint256.replaceAll(":", "").toLowerCase());
  });
});

describe("mintKubeconfig", () => {
  it("signs an administrator's certificate for the cluster's endpoint", async () => {
    const identity = await createIdentity("edge");
    const { kubeconfig, expires } = await mintKubeconfig(identity, cluster, { days: 30 });
    const config = parse(kubeconfig) as {
      clusters: { cluster: { server: string } }[];
      users: { user: { "client-certificate-data": string } }[];
    };
    const client = new X509Certificate(
      Buffer.from(config.users[0]?.user["client-certificate-data"] ?? "", "base64"),
    );
    assert.equal(config.clusters[0]?.cluster.server, "https://10.0.0.11:6443");
    assert.ok(client.verify(new X509Certificate(identity.ca.certificate).publicKey));
    assert.match(client.subject, /O=kubeadm:cluster-admins/);
    assert.equal(client.validToDate.toISOString(), expires);
  });

  it("has a context for each control-plane host where each node is its own endpoint", async () => {
    const endpoint = completeEndpoint("nodeLocal", { cp2: "10.0.0.12", cp1: "10.0.0.11" });
    const identity = await createIdentity("edge");
    const { kubeconfig } = await mintKubeconfig(identity, { name: "edge", endpoint });
    const config = parse(kubeconfig) as {
      clusters: { name: string; cluster: { server: string } }[];
      contexts: { name: string; context: { cluster: string; user: string } }[];
      "current-context": string;
    };
    assert.deepEqual(
      config.clusters.map(({ name, cluster: { server } }) => `${name} ${server}`),
      ["edge https://10.0.0.11:6443", "edge-cp1 https://10.0.0.11:6443", "edge-cp2 https://10.0.0.12:6443"],
    );
    assert.deepEqual(
      config.contexts.map(({ name, context }) => `${name} ${context.cluster} ${context.user}`),
      ["edge", "edge-cp1", "edge-cp2"].map((name) => `${name} ${name} keelson-admin`),
    );
    assert.equal(config["current-context"], "edge");
  });
});

describe("needsRenewal", () => {
  it("asks for it in the last 90 days", () => {
    const now = new Date("2026-01-01T00:00:00Z");
    assert.equal(needsRenewal("2026-03-31T00:00:00Z", now), true);
    assert.equal(needsRenewal("2026-04-02T00:00:00Z", now), false);
  });
});
