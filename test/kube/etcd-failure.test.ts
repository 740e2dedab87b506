import assert from "node:assert/strict";
import { KubeError } from "../../kube/errors.ts";
import { isEtcdFailure } from "../../kube/etcd-failure.ts";

/** A Service that gets no address, as a server of 1.36 refuses it. */
const noAddress = (why: string): string =>
  `Service "web" is invalid: spec.clusterIPs: Invalid value: null: failed to allocate IP: ${why}`;

describe("isEtcdFailure", () => {
  for (const [message, status, wanted] of [
    [noAddress("etcdserver: request timed out"), 422, true],
    [noAddress("etcdserver: leader changed"), 422, true],
    ["etcdserver: request timed out, possibly due to previous leader failure", 500, true],
    ["etcdserver: too many requests", 500, true],
    ["etcdserver: no leader", 500, true],
    ["rpc error: code = Unavailable desc = error reading from server: EOF", 500, true],
    ["context deadline exceeded", 500, true],
    // A bigger object, or more room, is somebody's decision.
    ["etcdserver: request is too large", 500, false],
    ["etcdserver: mvcc: database space exceeded", 500, false],
    ['failed calling webhook "a.example.org": Post "https://a": context deadline exceeded', 500, false],
    [noAddress("provided IP is already allocated"), 422, false],
    ['services "web" not found', 404, false],
  ] as const) {
    it(`${wanted ? "knows" : "leaves to others"} "${message}"`, () => {
      assert.equal(isEtcdFailure(new KubeError("change it", status, JSON.stringify({ message }))), wanted);
    });
  }

  it("judges answers of API servers alone", () => {
    assert.equal(isEtcdFailure(new Error("etcdserver: leader changed")), false);
  });
});
