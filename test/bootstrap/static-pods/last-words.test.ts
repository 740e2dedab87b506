import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { trialScript } from "../../../bootstrap/static-pods/trial-script.ts";

const run = promisify(execFile);
const trial = { component: "kube-scheduler", nodeName: "cp1", demand: "", isHealthy: "", make: "", keep: "" };

/** As the kubelet's journal has it. */
const lines = [
  `I1130 07:08:21.670000    2062 pod_workers.go:1301] "Error syncing pod" pod="kube-system/kube-scheduler-cp1"`,
  `E1130 07:08:21.676473    2062 nestedpendingoperations.go:348] Operation for "{volumeName:kubernetes.io/host-path/9353f39350e9b96992574649b05617d7-none podName:9353f39350e9b96992574649b05617d7 nodeName:}" failed. No retries permitted until 2026-11-30 07:08:53.676441401 +0000 UTC m=+490.365808198 (durationBeforeRetry 32s). Error: MountVolume.SetUp failed for volume "none" (UniqueName: "kubernetes.io/host-path/9353f39350e9b96992574649b05617d7-none") pod "kube-scheduler-cp1" (UID: "9353f39350e9b96992574649b05617d7") : hostPath type check failed: /nowhere is not a file`,
];

describe("the last words of a component", () => {
  it("are the kubelet's reason, once, where its container never began", async () => {
    const [, whole = ""] = /^(last_words\(\) \{.*?)^restore\(\)/ms.exec(trialScript({ ...trial })) ?? [];
    const journal = [...lines, ...lines].map((line) => `echo '${line}'`).join("\n");
    const script = `c=kube-scheduler; node=cp1; began=0; logs() { :; }\njournalctl() { ${journal}\n}\n${whole}\nlast_words`;

    const { stdout } = await run("sh", ["-c", script]);

    assert.equal(
      stdout,
      `MountVolume.SetUp failed for volume "none" (UniqueName: "kubernetes.io/host-path/9353f39350e9b96992574649b05617d7-none") pod "kube-scheduler-cp1" (UID: "9353f39350e9b96992574649b05617d7") : hostPath type check failed: /nowhere is not a file\n`,
    );
  });
});
