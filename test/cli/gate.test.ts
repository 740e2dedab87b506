import assert from "node:assert/strict";
import { waitAtGate } from "../../cli/fleet/gate.ts";
import type { GateRequest, Verdict } from "../../cli/fleet/world.ts";
import { parentObject, partOfLabel, setId } from "../../delivery/apply-set.ts";
import { digestAnnotation, releaseDigest } from "../../delivery/digest.ts";
import type { KubeObject } from "../../delivery/index.ts";
import { KeelsonError } from "../../errors.ts";
import { KubeError } from "../../kube/errors.ts";
import { configMap } from "../support/objects.ts";

const inventory = { name: "keelson-shop", namespace: "shop" };

describe("The gate of a wave", () => {
  it("lets a cluster through whose objects are the release", async () => {
    assert.deepEqual(await wait(() => [member("one", "d1")], releaseDigest(["d1"])), { state: "verified" });
  });

  it("does not take an empty set for a healthy one (Karmada #7455)", async () => {
    const verdict = await wait(() => [], releaseDigest([]));

    assert.deepEqual(verdict, { state: "failed", reason: "not healthy in time: the set is empty" });
  });

  it("does not take the objects of another release for those of this one", async () => {
    const verdict = await wait(() => [member("one", "d0")], releaseDigest(["d1"]));

    assert.equal(verdict.state, "failed");
    assert.match(JSON.stringify(verdict), /its objects are not those of the release/);
  });

  it("waits until they are, and begins the soak anew when they are not any more", async () => {
    const seen: string[] = [];
    const states = ["d0", "d1", "d0", "d1"];

    const verdict = await wait(
      () => {
        const digest = states.shift() ?? "d1";
        seen.push(digest);
        return [member("one", digest)];
      },
      releaseDigest(["d1"]),
      { deadlineMs: 20_000, soakMs: 600 },
    );

    assert.equal(verdict.state, "verified");
    assert.ok(seen.length > 4 && seen.slice(3).every((digest) => digest === "d1"), seen.join());
  }).timeout(30_000);

  it("says how much of the soak was left at the deadline", async () => {
    const verdict = await wait(() => [member("one", "d1")], releaseDigest(["d1"]), { soakMs: 60_000 });

    assert.equal(verdict.state, "failed");
    assert.match(
      JSON.stringify(verdict),
      /not healthy in time: it was healthy for \d of the 60 s of its soak/,
    );
  });

  it("asks services through the API server, and waits until they answer with a success", async () => {
    const statuses = [503, 404, 200];
    const asked: string[] = [];
    const onProxy = (path: string): void => {
      asked.push(path);
      const status = statuses.shift() ?? 200;
      if (status !== 200) throw new KubeError("read", status, "");
    };

    const http = [{ service: "web", port: "http", path: "/readyz" }];
    const request = { http, deadlineMs: 20_000 };
    const verdict = await wait(() => [member("one", "d1")], releaseDigest(["d1"]), request, onProxy);

    assert.deepEqual(verdict, { state: "verified" });
    assert.deepEqual(new Set(asked), new Set(["/api/v1/namespaces/shop/services/web:http/proxy/readyz"]));
    assert.equal(asked.length, 3);
    const never = await wait(
      () => [member("one", "d1")],
      releaseDigest(["d1"]),
      { http },
      () => {
        throw new KubeError("read", 503, "");
      },
    );
    assert.deepEqual(never, {
      state: "failed",
      reason: "not healthy in time: web:http/readyz answers with 503",
    });
  }).timeout(30_000);

  it("takes a service that does not answer for a failure of the release, and not for a silent cluster", async () => {
    const http = [{ service: "web", port: 80, path: "/" }];

    const verdict = await wait(
      () => [member("one", "d1")],
      releaseDigest(["d1"]),
      { http },
      () => {
        throw new KeelsonError("KEELSON_API_UNAVAILABLE", "Cannot read: no answer in time");
      },
    );

    assert.deepEqual(verdict, { state: "failed", reason: "not healthy in time: web:80/ does not answer" });
  });

  const prometheus = [
    { service: "prometheus", port: 9090, query: "errors", max: 0.01, intervalSeconds: 0.001 },
  ];
  const scalar = (value: string): unknown => ({
    status: "success",
    data: { resultType: "scalar", result: [1, value] },
  });

  it("asks Prometheus once the release is healthy, and waits until what it says lies within the bounds", async () => {
    const values = ["NaN", "0.5", "0"];

    const verdict = await wait(
      () => [member("one", "d1")],
      releaseDigest(["d1"]),
      { prometheus, deadlineMs: 20_000 },
      () => scalar(values.shift() ?? "0"),
    );

    assert.deepEqual([verdict, values], [{ state: "verified" }, []]);
    const never = await wait(
      () => [member("one", "d1")],
      releaseDigest(["d1"]),
      { prometheus },
      () => scalar("0.5"),
    );
    assert.deepEqual(never, {
      state: "failed",
      reason: "not healthy in time: Prometheus gives 0.5, more than 0.01",
    });
  }).timeout(30_000);

  it("does not wait for the deadline once the release is out of bounds too often", async () => {
    const verdict = await wait(
      () => [member("one", "d1")],
      releaseDigest(["d1"]),
      { prometheus: prometheus.map((probe) => ({ ...probe, failureLimit: 2 })), deadlineMs: 1e9 },
      () => scalar("0.5"),
    );

    assert.deepEqual(verdict, { state: "failed", reason: "failed: Prometheus gives 0.5, more than 0.01" });
  }).timeout(30_000);

  it("calls a cluster silent that does not answer until the wave ends", async () => {
    const unavailable = new KeelsonError("KEELSON_API_UNAVAILABLE", "Cannot read: no answer");

    const verdict = await wait(() => {
      throw unavailable;
    }, "digest");

    assert.deepEqual(verdict, { state: "silent" });
  });

  it("passes on what the cluster refuses: a list that failed is no verdict (Argo CD #18480)", async () => {
    const refused = new KeelsonError("KEELSON_API_REFUSED", "Cannot list: forbidden");

    await assert.rejects(
      wait(() => {
        throw refused;
      }, "digest"),
      { code: "KEELSON_API_REFUSED" },
    );
  });

  it("ends with the signal", async () => {
    await assert.rejects(
      wait(() => [], "digest", { signal: AbortSignal.abort() }),
      { code: "KEELSON_ABORTED" },
    );
  });
});

function member(name: string, digest: string): KubeObject {
  const object = configMap(name);
  const metadata = {
    ...object.metadata,
    labels: { [partOfLabel]: setId(inventory) },
    annotations: { [digestAnnotation]: digest },
  };
  return { ...object, metadata };
}

/** Waits at the gate of a cluster that has these members of the set, asked anew for each list. */
function wait(
  members: () => readonly KubeObject[],
  version: string,
  request: Partial<GateRequest> = {},
  onProxy: (path: string) => unknown = () => undefined,
): Promise<Verdict> {
  const record = { kinds: new Set(["ConfigMap"]), namespaces: new Set(["shop"]), release: "" };
  const answer = (path: string): unknown => {
    if (path.includes("/secrets/")) return parentObject(inventory, record);
    if (path === "/api/v1")
      return { resources: [{ name: "configmaps", kind: "ConfigMap", namespaced: true, verbs: ["list"] }] };
    if (path.endsWith("/configmaps")) return { kind: "ConfigMapList", items: members() };
    if (path.includes("/proxy/")) {
      return onProxy(path) ?? {};
    }
    throw new Error(`Nobody asks for ${path}`);
  };
  const client = {
    request: <Answer>({ path }: { readonly path: string }) =>
      new Promise<Answer>((resolve) => {
        resolve(answer(path) as Answer);
      }),
    find: <Answer>(path: string) =>
      new Promise<Answer | undefined>((resolve) => {
        resolve(answer(path) as Answer);
      }),
  };
  const patient = { version, deadlineMs: 700, soakMs: 0, signal: new AbortController().signal, ...request };
  return waitAtGate({ name: "edge", client }, inventory, patient);
}
