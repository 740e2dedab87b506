import assert from "node:assert/strict";
import { cgroupFolders } from "../../../machines/nspawn/cgroups.ts";

const mount = (root: string, point: string, type: string, options: string): string =>
  `30 25 0:26 ${root} ${point} rw,nosuid - ${type} ${type} ${options}`;

const v1 = [
  mount("/", "/", "ext4", "rw"),
  mount("/", "/sys/fs/cgroup/cpu,cpuacct", "cgroup", "rw,cpu,cpuacct"),
  mount("/", "/sys/fs/cgroup/memory", "cgroup", "rw,memory"),
  mount("/", "/sys/fs/cgroup/systemd", "cgroup", "rw,xattr,name=systemd"),
  mount("/", "/sys/fs/cgroup/unified", "cgroup2", "rw,nsdelegate"),
].join("\n");

describe("cgroupFolders", () => {
  it("gives a child of the caller's own cgroup in every hierarchy of cgroup v1", () => {
    const own = "12:memory:/session/1\n4:cpu,cpuacct:/\n1:name=systemd:/user.slice\n0::/user.slice\n";

    assert.deepEqual(cgroupFolders(own, v1, "kl1"), [
      "/sys/fs/cgroup/memory/session/1/kl1",
      "/sys/fs/cgroup/cpu,cpuacct/kl1",
      "/sys/fs/cgroup/systemd/user.slice/kl1",
      "/sys/fs/cgroup/unified/user.slice/kl1",
    ]);
  });

  it("leaves out a hierarchy that is not mounted", () => {
    assert.deepEqual(cgroupFolders("3:memory:/\n2:net_cls:/\n", v1, "kl1"), ["/sys/fs/cgroup/memory/kl1"]);
  });

  it("gives one child of the root with cgroup v2 alone", () => {
    const mountinfo = mount("/", "/sys/fs/cgroup", "cgroup2", "rw,nsdelegate,memory_recursiveprot");

    assert.deepEqual(cgroupFolders("0::/user.slice/user-0.slice/session-1.scope\n", mountinfo, "kl1"), [
      "/sys/fs/cgroup/kl1",
    ]);
  });

  it("strips what a container's mount hides of the path", () => {
    const mountinfo = mount("/docker/abc", "/sys/fs/cgroup/memory", "cgroup", "rw,memory");

    assert.deepEqual(cgroupFolders("5:memory:/docker/abc/sub\n4:cpu:/\n", mountinfo, "kl1"), [
      "/sys/fs/cgroup/memory/sub/kl1",
    ]);
  });
});
