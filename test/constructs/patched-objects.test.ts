import assert from "node:assert/strict";
import type { Chart } from "cdk8s";
import { Config, type Profile, StoredSecret, Volume } from "../../constructs/index.ts";
import { render } from "../../constructs/testing/index.ts";

interface Case {
  readonly kind: string;
  readonly object: string;
  readonly build: (chart: Chart, props: object) => unknown;
  readonly profile?: Profile;
  /** True if the name says what the object holds. */
  readonly isNamedByContent: boolean;
}

const external: Profile = { kubernetes: "1.35", secrets: { by: "external-secrets", store: "vault" } };
const csi: Profile = { kubernetes: "1.35", secrets: { by: "csi", provider: "vault" } };
const stored = (chart: Chart, props: object): unknown =>
  new StoredSecret(chart, "x", { keys: { password: "shop/db" }, ...props });

const cases: Readonly<Record<string, Case>> = {
  "a Config": {
    kind: "ConfigMap",
    object: "configMap",
    build: (chart, props) => new Config(chart, "x", { data: { MODE: "strict" }, ...props }),
    isNamedByContent: true,
  },
  "a StoredSecret of External Secrets": {
    kind: "ExternalSecret",
    object: "externalSecret",
    build: stored,
    profile: external,
    isNamedByContent: true,
  },
  "a StoredSecret of the CSI driver": {
    kind: "SecretProviderClass",
    object: "secretProviderClass",
    build: stored,
    profile: csi,
    isNamedByContent: true,
  },
  "a Volume": {
    kind: "PersistentVolumeClaim",
    object: "claim",
    build: (chart, props) => new Volume(chart, "x", { size: "1Gi", ...props }),
    isNamedByContent: false,
  },
};

describe("The patch", () => {
  for (const [title, { kind, object, build, profile, isNamedByContent }] of Object.entries(cases)) {
    const rendered = (props: object): ReturnType<typeof render> =>
      render((chart) => build(chart, props), profile && { profile });

    it(`of ${title} shows in the output, and its name follows if it says what is in it`, () => {
      const patch = { [object]: { metadata: { annotations: { team: "shop" } } } };

      const [plain, patched] = [rendered({}), rendered({ patch })];

      patched.expectFindings();
      patched.expect(kind, { metadata: { annotations: { team: "shop" } } });
      const [before, after] = [plain, patched].map((each) => each.get(kind).metadata.name);
      assert.equal(before !== after, isNamedByContent);
    });

    it(`of ${title} is a finding if it names another object, or one's name`, () => {
      rendered({ patch: { deployment: { a: "b" } } }).expectFindings("unknown-property");
      rendered({ patch: { [object]: { metadata: { name: "other" } } } }).expectFindings("invalid-value");
      rendered({ patch: { [object]: { spec: 1n } } }).expectFindings("invalid-value");
    });
  }
});
