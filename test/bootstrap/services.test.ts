import assert from "node:assert/strict";
import fc from "fast-check";
import { parse } from "yaml";
import { clusterServicesOf } from "../../bootstrap/services/index.ts";
import { isAsWanted, marked } from "../../bootstrap/services/drift.ts";
import { bundle, cluster } from "../support/bootstrap.ts";

const titles = (cni: "canal" | "none"): readonly string[] =>
  clusterServicesOf({ ...cluster, network: { ...cluster.network, cni } }, bundle).map(({ title }) => title);

describe("clusterServicesOf", () => {
  it("leaves the pod network to the user who asks for none, and CoreDNS out of the gate", () => {
    assert.deepEqual(titles("canal"), ["the pod network canal", "kube-proxy", "CoreDNS"]);
    assert.deepEqual(titles("none"), ["kube-proxy", "CoreDNS"]);
    const services = clusterServicesOf({ ...cluster, network: { ...cluster.network, cni: "none" } }, bundle);
    assert.deepEqual(
      services.map(({ gates }) => gates.length),
      [1, 0],
    );
  });

  it("gives CoreDNS the tenth address of the service range", () => {
    const objects = clusterServicesOf(cluster, bundle).flatMap((service) => service.objects);
    const service = objects.find(({ kind }) => kind === "Service");
    assert.partialDeepStrictEqual(service, { spec: { clusterIP: "10.96.0.10" } });
  });

  it("runs kube-proxy with nftables and leaves the connection table to the hosts", () => {
    const objects = clusterServicesOf(cluster, bundle).flatMap((service) => service.objects);
    const config = objects.find(
      ({ kind, metadata }) => kind === "ConfigMap" && metadata.name === "kube-proxy",
    );
    const { data } = config as { data?: Record<string, string> };
    const text = data?.["config.conf"] ?? "";
    assert.deepEqual(parse(text), {
      apiVersion: "kubeproxy.config.k8s.io/v1alpha1",
      kind: "KubeProxyConfiguration",
      mode: "nftables",
      clusterCIDR: "10.244.0.0/16",
      clientConnection: { kubeconfig: "/var/lib/kube-proxy/kubeconfig.conf" },
      conntrack: { maxPerCore: 0, min: 0 },
    });
  });

  it("uses images of the bundle only, and never pulls one that is there", () => {
    const text = JSON.stringify(clusterServicesOf(cluster, bundle));
    const images = [...text.matchAll(/"image":"([^"]+)"/g)].map(([, image]) => image);
    const known = new Set<string | undefined>(Object.values(bundle.images));
    assert.deepEqual(
      images.filter((image) => !known.has(image)),
      [],
    );
    assert.equal(text.match(/"imagePullPolicy":"IfNotPresent"/g)?.length, images.length);
  });
});

describe("isAsWanted", () => {
  const json = fc.jsonValue({ maxDepth: 3 });

  it("holds for what was sent, whatever the server adds beside it", () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), json), fc.dictionary(fc.string(), json), (sent, added) => {
        assert.ok(isAsWanted(sent, { ...added, ...sent }));
      }),
    );
  });

  it("fails for a changed value, a missing field and a longer list", () => {
    assert.equal(isAsWanted({ a: 1 }, { a: 2 }), false);
    assert.equal(isAsWanted({ a: { b: "x" } }, { a: {} }), false);
    assert.equal(isAsWanted({ a: [1] }, { a: [1, 2] }), false);
  });

  it("notices a field that is sent no more by the digest of the whole", () => {
    const object = { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "x" }, data: { a: "1", b: "2" } };
    assert.equal(isAsWanted(marked({ ...object, data: { a: "1" } }), marked(object)), false);
  });
});
