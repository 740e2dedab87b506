import assert from "node:assert/strict";
import { controlPlaneProblems } from "../../../clusters/settings/control-plane.ts";
import type { ControlPlaneSettings } from "../../../clusters/settings/control-plane.ts";

const volume = { name: "audit", hostPath: "/etc/audit.yaml", mountPath: "/etc/audit.yaml" };

describe("controlPlaneProblems", () => {
  it("accepts what kubeadm and the components take", () => {
    const settings: ControlPlaneSettings = {
      certSans: ["api.example.org", "*.api.example.org", "203.0.113.7", "fd00::1"],
      apiServer: {
        extraArgs: {
          "audit-log-maxage": 30,
          profiling: false,
          "service-account-issuer": ["https://a", "https://b"],
        },
        extraVolumes: [{ ...volume, pathType: "File", readOnly: true }],
      },
      scheduler: { extraArgs: { v: 4 } },
      etcd: { quotaBackendBytes: 8 * 1024 ** 3 },
    };
    assert.deepEqual(controlPlaneProblems(settings), []);
    assert.deepEqual(controlPlaneProblems(), []);
  });

  const refused: readonly (readonly [string, object, RegExp])[] = [
    [
      "a component that there is not",
      { apiserver: {} },
      /^apiserver: there is no such property, did you mean "apiServer"/,
    ],
    ["a name that no certificate can carry", { certSans: ["api_1"] }, /^certSans: "api_1" is neither/],
    ["dashes before a flag", flags({ "--v": 4 }), /^apiServer\.extraArgs\.--v: .*without dashes/],
    ["a flag with a value that is no text", flags({ v: {} }), /^apiServer\.extraArgs\.v: .* is not a list/],
    ["a flag that gets no value", flags({ v: [] }), /gives it no value/],
    [
      "a flag of the cluster's own",
      flags({ "secure-port": 1 }),
      /keelson sets this flag itself: see endpoint/,
    ],
    ["modes without which nobody gets in", flags({ "authorization-mode": "RBAC" }), /lacks Node/],
    [
      "what the kubelet's probes do not survive",
      flags({ "anonymous-auth": false }),
      /probes ask anonymously/,
    ],
    ["a value of several lines", flags({ v: "1\n2" }), /one line/],
    ["a relative path", volumes({ ...volume, hostPath: "etc" }), /hostPath "etc" is not an absolute path/],
    [
      "a path with steps back",
      volumes({ ...volume, mountPath: "/etc/../x" }),
      /mountPath .* is not an absolute path/,
    ],
    ["a volume of kubeadm's", volumes({ ...volume, name: "k8s-certs" }), /that of a volume of kubeadm's/],
    ["a volume that is given twice", volumes(volume, volume), /name "audit" is given twice/],
    [
      "flags in a patch",
      { apiServer: { patch: { spec: { containers: [{ command: [] }] } } } },
      /see extraArgs/,
    ],
    ["a quota that the cluster itself fills", { etcd: { quotaBackendBytes: 1000 } }, /from 67108864 on/],
    ["a quota that etcd advises against", { etcd: { quotaBackendBytes: 9 * 1024 ** 3 } }, /more than 8 GiB/],
    ["half a byte", { etcd: { quotaBackendBytes: 1e9 + 0.5 } }, /not a whole number/],
    ["a type that there is not", volumes({ ...volume, pathType: "Socket" }), /is none of DirectoryOrCreate/],
  ];
  for (const [what, settings, expected] of refused) {
    it(`refuses ${what}`, () => {
      const problems = controlPlaneProblems(settings);
      const [first] = problems.map(
        ({ where, message }) => `${where.replace(/^controlPlane\./, "")}: ${message}`,
      );
      assert.match(first ?? "", expected);
    });
  }
});

function flags(extraArgs: object): object {
  return { apiServer: { extraArgs } };
}

function volumes(...extraVolumes: readonly object[]): object {
  return { apiServer: { extraVolumes } };
}
