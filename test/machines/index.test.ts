import assert from "node:assert/strict";
import { localMachines } from "../../machines/index.ts";

describe("localMachines", () => {
  const platform = Object.getOwnPropertyDescriptor(process, "platform");

  afterEach(() => {
    if (platform !== undefined) Object.defineProperty(process, "platform", platform);
  });

  it("is nspawn on Linux", () => {
    Object.defineProperty(process, "platform", { ...platform, value: "linux" });

    assert.equal(localMachines().kind, "nspawn");
  });

  it("says what to do elsewhere", () => {
    Object.defineProperty(process, "platform", { ...platform, value: "darwin" });

    assert.throws(localMachines, { code: "KEELSON_NOT_SUPPORTED", fix: /Run on Linux/ });
  });
});
