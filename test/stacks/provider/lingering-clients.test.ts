import assert from "node:assert/strict";
import { mock } from "node:test";
import type { KubeClient } from "../../../delivery/index.ts";
import { lingering } from "../../../stacks/provider/lingering-clients.ts";

describe("Clients that linger", () => {
  let opened: string[];
  let closed: string[];

  beforeEach(() => {
    opened = [];
    closed = [];
    mock.timers.enable({ apis: ["setTimeout"] });
  });

  afterEach(() => {
    mock.timers.reset();
  });

  const open = (kubeconfig: string): Promise<KubeClient> => {
    opened.push(kubeconfig);
    return Promise.resolve({
      request: <Answer>() => Promise.resolve(kubeconfig as Answer),
      find: <Answer>() => Promise.resolve(kubeconfig as Answer),
      close: () => {
        closed.push(kubeconfig);
      },
    });
  };

  it("serve again who comes a moment later, and each cluster by itself", async () => {
    const connect = lingering(open);

    (await connect("a")).close();
    const again = await connect("a");
    const other = await connect("b");

    assert.equal(await again.request({ path: "/" }), "a");
    assert.equal(await other.request({ path: "/" }), "b");
    assert.deepEqual([opened, closed], [["a", "b"], []]);
  });

  it("end when nobody has used them for a while, and are opened anew", async () => {
    const connect = lingering(open, 1000);
    const [first, second] = [await connect("a"), await connect("a")];

    first.close();
    first.close();
    mock.timers.tick(2000);
    assert.deepEqual(closed, []);
    second.close();
    mock.timers.tick(2000);
    await connect("a");

    assert.deepEqual([opened, closed], [["a", "a"], ["a"]]);
  });

  it("are tried anew after one could not be opened", async () => {
    let count = 0;
    const connect = lingering((kubeconfig) => {
      count += 1;
      return count === 1 ? Promise.reject(new Error("no kubeconfig")) : open(kubeconfig);
    });

    await assert.rejects(connect("a"), /no kubeconfig/);
    const client = await connect("a");

    assert.equal(await client.request({ path: "/" }), "a");
  });
});
