import { findAt } from "../core/exceptions.ts";
import type { Finding } from "../core/finding.ts";
import { at, nameOf, namespaceOf } from "../core/parts.ts";
import { profileOf } from "../core/profile.ts";
import type { Rendered } from "../core/rendered.ts";
import { catalogueOf } from "../schema/catalogue.ts";
import { suggest } from "../schema/near.ts";
import { tenantLabel } from "../tenant/objects.ts";

/** Objects in a namespace that none of the app's tenants has. An app without tenants leaves namespaces to others. */
export function findStrays(rendered: readonly Rendered[]): readonly Finding[] {
  const namespaces = rendered.filter(({ json }) => json["kind"] === "Namespace");
  if (!namespaces.some(({ json }) => at(json, "metadata", "labels", tenantLabel) !== undefined)) return [];
  const known = new Set(namespaces.map(nameOf));
  return rendered.flatMap((each) => {
    const own = namespaceOf(each);
    if (!isNamespaced(each) || known.has(own)) return [];
    return [
      findAt(each.object, "namespace-unknown", "metadata.namespace", {
        message:
          own === ""
            ? "the object goes to whatever namespace is the current one when it is applied"
            : `no tenant of the app has the namespace "${own}"`,
        fix: suggest(own, known),
      }),
    ];
  });
}

function isNamespaced({ object, json }: Rendered): boolean {
  const catalogue = catalogueOf(profileOf(object).kubernetes);
  return catalogue.find(String(json["apiVersion"]), String(json["kind"]))?.namespaced === true;
}
