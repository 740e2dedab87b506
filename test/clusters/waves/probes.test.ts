import assert from "node:assert/strict";
import type { PrometheusProbe } from "../../../clusters/waves/probes.ts";
import { rest, waves } from "../../../clusters/waves/waves.ts";

const url = "https://prometheus.acme.example";
const asked = { url, query: 'job:errors:ratio{cluster="{{cluster}}"}', max: 0.01 };

describe("The probes of a rollout", () => {
  for (const [title, probe] of [
    ["at an address, with credentials", { ...asked, authorizationFrom: "PROMETHEUS_AUTHORIZATION" }],
    [
      "in the cluster",
      { service: "prometheus", namespace: "monitoring", port: 9090, query: "up", min: 1, path: "/p" },
    ],
  ] as const) {
    it(`may be a query ${title}`, () => {
      assert.deepEqual(waves([rest()], { prometheus: [probe] }).rules.prometheus, [probe]);
    });
  }

  const refused: readonly (readonly [title: string, probe: PrometheusProbe, message: RegExp])[] = [
    ["no query", { ...asked, query: " " }, /prometheus\[0\]: it has no query$/],
    ["no bounds", { url, query: "up" }, /neither min nor max/],
    ["bounds that nothing lies between", { ...asked, min: 2, max: 1 }, /min is 2, and max is 1/],
    ["a bound that is no number", { ...asked, max: Number.NaN }, /no numbers/],
    ["unknown placeholders", { ...asked, query: "up{a='{{clutser}}'}" }, /nothing stands for {{clutser}}/],
    ["intervals longer than a wave", { ...asked, intervalSeconds: 600 }, /a wave ends after 600 s/],
    ["no time for an answer", { ...asked, timeoutSeconds: 0 }, /timeoutSeconds is 0/],
    ["half a failure", { ...asked, failureLimit: 0.5 }, /failureLimit is 0.5/],
    ["no address", { ...asked, url: "prometheus:9090" }, /no address of http or https/],
    ["an address with a query", { ...asked, url: `${url}?a=b` }, /has a query in it/],
    ["a path without its slash", { service: "p", port: 1, query: "up", min: 1, path: "p" }, /begin with \//],
  ];
  for (const [title, probe, message] of refused) {
    it(`refuses ${title}`, () => {
      assert.throws(() => waves([rest()], { prometheus: [probe] }), {
        code: "KEELSON_INVALID_INPUT",
        message,
      });
    });
  }

  for (const [title, probe] of [
    ["an address", { ...asked, url: "https://me:hunter2@prometheus.acme.example" }],
    ["the name of a variable", { ...asked, authorizationFrom: "Bearer hunter2" }],
  ] as const) {
    it(`refuses credentials in ${title}, and does not repeat them`, () => {
      assert.throws(
        () => waves([rest()], { prometheus: [probe] }),
        (error: Error) => !error.message.includes("hunter2"),
      );
    });
  }

  it("refuses paths of services that do not begin with a slash", () => {
    assert.throws(() => waves([rest()], { http: [{ service: "web", port: 80, path: "healthz" }] }), {
      message: /the path "healthz" does not begin with \//,
    });
  });
});
