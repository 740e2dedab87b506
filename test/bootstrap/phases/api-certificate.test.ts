import assert from "node:assert/strict";
import { parseAllDocuments } from "yaml";
import { isSameName } from "../../../bootstrap/api-names.ts";
import { blankFacts } from "../../../bootstrap/facts/blank.ts";
import { certificateConfig } from "../../../bootstrap/kubeadm-config.ts";
import { apiCertificate, certifiedNames, wantedSans } from "../../../bootstrap/phases/api-certificate.ts";
import { blankView, cluster, identity } from "../../support/bootstrap.ts";

function intentsOf(apiNames: readonly string[] | undefined, initialized?: string): readonly string[] {
  const blank = blankFacts({ name: "cp1" });
  const kubernetes = {
    ...blank.kubernetes,
    ...(apiNames && { apiNames }),
    ...(initialized !== undefined && { initialized }),
  };
  const facts = { ...blank, kubernetes };
  const view = blankView("controlPlane", { facts, apiNames: ["10.0.0.100", "10.0.0.11", "fd00::64"] });
  return apiCertificate.plan(view).map(({ intent }) => intent);
}

describe("apiCertificate", () => {
  const { clusterId } = identity;

  it("adds the names that a living server's certificate lacks", () => {
    const names = ["kubernetes", "cp1", "10.0.0.11", "FD00:0:0:0:0:0:0:64"];
    assert.deepEqual(intentsOf(names, clusterId), ["add to the API server's certificate: 10.0.0.100"]);
  });

  it("leaves a certificate alone that carries more", () => {
    assert.deepEqual(intentsOf(["10.0.0.11", "10.0.0.100", "10.9.9.9", "fd00::64"], clusterId), []);
  });

  it("takes away a name that the program once wanted, and no other", () => {
    const blank = blankFacts({ name: "cp1" });
    const has = ["kubernetes", "10.0.0.11", "10.0.0.100", "fd00::64", "old.example.org", "10.9.9.9"];
    const certSans = ["old.example.org"];
    const kubernetes = { ...blank.kubernetes, initialized: clusterId, apiNames: has, certSans };
    const apiNames = ["10.0.0.100", "10.0.0.11", "fd00::64"];
    const view = blankView("controlPlane", { facts: { ...blank, kubernetes }, apiNames });
    assert.deepEqual(
      apiCertificate.plan(view).map(({ intent }) => intent),
      ["take from the API server's certificate: old.example.org"],
    );
    assert.deepEqual(certifiedNames(view), has.filter((name) => name !== "old.example.org").sort());
  });

  it("notes which names are the program's before a certificate has them", () => {
    const wanted = { ...cluster, controlPlane: { certSans: ["api.example.org"] } };
    const intents = (certSans: readonly string[]): number => {
      const blank = blankFacts({ name: "cp1" });
      const facts = { ...blank, kubernetes: { ...blank.kubernetes, certSans } };
      return wantedSans.plan(blankView("controlPlane", { facts, cluster: wanted })).length;
    };
    assert.equal(intents([]), 1);
    assert.equal(intents(["api.example.org", "old.example.org"]), 0);
    assert.deepEqual(wantedSans.plan(blankView("controlPlane")), []);
  });

  it("leaves the first certificate to kubeadm's own beginning", () => {
    assert.deepEqual(intentsOf(undefined), []);
    assert.equal(intentsOf(undefined, clusterId).length, 1);
  });

  it("is made in a folder of its own, with the names and nothing of other certificates", () => {
    const config = certificateConfig(blankView("controlPlane"), ["10.0.0.100"], "/run/keelson/certificate");
    const [init, whole] = parseAllDocuments(config).map(
      (document) => document.toJS() as Record<string, unknown>,
    ) as [Record<string, unknown>, Record<string, unknown>];
    assert.deepEqual(whole["apiServer"], { certSANs: ["10.0.0.100"] });
    assert.equal(whole["certificatesDir"], "/run/keelson/certificate");
    assert.deepEqual(init["localAPIEndpoint"], { advertiseAddress: "10.0.0.11", bindPort: 6443 });
  });
});

describe("isSameName", () => {
  it("knows an IPv6 address however it is written", () => {
    assert.ok(isSameName("fd00::64", "FD00:0:0:0:0:0:0:64"));
    assert.ok(!isSameName("fd00::64", "fd00::65"));
    assert.ok(isSameName("API.example.com", "api.example.com"));
    assert.ok(!isSameName("10.0.0.1", "10.0.0.10"));
  });
});
