import assert from "node:assert/strict";
import { type Profile, StoredSecret, type StoredSecretProps, Worker } from "../../constructs/index.ts";
import { goldenCases, render, type Rendering } from "../../constructs/testing/index.ts";

const image = "ghcr.io/acme/app:1.4.2";
const external: Profile = { kubernetes: "1.35", secrets: { by: "external-secrets", store: "vault" } };
const keys = { password: { path: "shop/db", property: "password" }, "ca.crt": "shop/ca" };

function withWorker(profile: Profile, props: Partial<StoredSecretProps> = {}): Rendering {
  return render(
    (chart) => {
      const secret = new StoredSecret(chart, "db", { keys, ...props });
      const isFile = profile.secrets?.by === "csi";
      new Worker(chart, "app", {
        image,
        ...(isFile ? { files: { "/etc/db": secret } } : { env: { DB_PASSWORD: secret.value("password") } }),
      });
    },
    { profile },
  );
}

describe("A stored secret", () => {
  it("is an ExternalSecret that keeps a Secret of the same name, which pods read", () => {
    const shop = withWorker(external);
    shop.expectFindings();
    const { name } = shop.get("ExternalSecret").metadata;
    assert.match(name, /^db-[0-9a-f]{8}$/);
    shop.expect("ExternalSecret", {
      spec: {
        refreshInterval: "3600s",
        secretStoreRef: { name: "vault", kind: "ClusterSecretStore" },
        target: { name, creationPolicy: "Owner" },
        data: [
          { secretKey: "password", remoteRef: { key: "shop/db", property: "password" } },
          { secretKey: "ca.crt", remoteRef: { key: "shop/ca" } },
        ],
      },
    });
    assert.ok(JSON.stringify(shop.get("Deployment")).includes(JSON.stringify({ key: "password", name })));
  });

  it("replaces the pods when its revision changes, and only then", () => {
    const deployment = (props: Partial<StoredSecretProps>): string =>
      JSON.stringify(withWorker(external, props).get("Deployment"));
    assert.equal(deployment({ revision: "1" }), deployment({ revision: "1" }));
    assert.notEqual(deployment({ revision: "1" }), deployment({ revision: "2" }));
    assert.equal(deployment({ refreshSeconds: 60 }), deployment({}));
    assert.equal(deployment({ keys: { "ca.crt": keys["ca.crt"], password: keys.password } }), deployment({}));
  });

  for (const [provider, list, text] of [
    [
      "vault",
      "objects",
      '[{"objectName":"password","secretPath":"shop/db","secretKey":"password"},{"objectName":"ca.crt","secretPath":"shop/ca"}]',
    ],
    [
      "aws",
      "objects",
      '[{"objectName":"shop/db","objectType":"secretsmanager","jmesPath":[{"path":"password","objectAlias":"password"}]},{"objectName":"shop/ca","objectType":"secretsmanager","objectAlias":"ca.crt"}]',
    ],
    [
      "gcp",
      "secrets",
      '[{"resourceName":"shop/db/versions/latest","path":"password"},{"resourceName":"shop/ca/versions/latest","path":"ca.crt"}]',
    ],
  ] as const) {
    it(`is files of the CSI driver where the profile says so: ${provider}`, () => {
      const shop = withWorker({
        kubernetes: "1.35",
        secrets: { by: "csi", provider, parameters: { roleName: "shop" } },
      });
      shop.expectFindings();
      const { name } = shop.get("SecretProviderClass").metadata;
      shop.expect("SecretProviderClass", {
        spec: { provider, parameters: { roleName: "shop", [list]: text } },
      });
      const volume = {
        driver: "secrets-store.csi.k8s.io",
        readOnly: true,
        volumeAttributes: { secretProviderClass: name },
      };
      const { spec } = shop.get("Deployment") as unknown as {
        spec: { template: { spec: { volumes: readonly object[] } } };
      };
      assert.deepEqual(spec.template.spec.volumes.at(-1), { name: "files-0", csi: volume });
    });
  }

  const cases = goldenCases<object>(
    {
      error_without_keys: { input: { keys: {} }, findings: ["invalid-value"] },
      error_key_without_a_place: { input: { keys: { a: "" } }, findings: ["invalid-value"] },
      error_key_that_names_no_file: { input: { keys: { "a/b": "shop/db" } }, findings: ["invalid-name"] },
      error_misspelled: { input: { keys: { a: { path: "a", field: "b" } } }, findings: ["unknown-property"] },
      error_hasty: { input: { keys: { a: "b" }, refreshSeconds: 0 }, findings: ["invalid-value"] },
    },
    (chart, input) => new StoredSecret(chart, "db", input as StoredSecretProps),
    { profile: external },
  );
  for (const { title, run } of cases) it(`is judged: ${title.replaceAll("_", " ")}`, run);

  it("needs a store", () => {
    render((chart) => new StoredSecret(chart, "db", { keys })).expectFindings("store-missing");
  });
});
